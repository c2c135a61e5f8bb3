import { openStore } from '../../src/app/compose.ts';
import { loadConfiguration } from '../../src/app/config.ts';
import { feedName } from '../../src/domain/candle.ts';
import { firstDifference } from '../../src/engine/run-comparison.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { verifyAuditChain } from '../../src/store/audit-chain.ts';
import { findRecordFault } from '../../src/store/audit-record.ts';
import type { Store } from '../../src/store/store.ts';
import { expectedRuns, recordedRun } from './expected-run.ts';
import type { RoleSystem } from './role-system.ts';

export interface RoleVerdict {
  /** What was found wrong, in words; empty when nothing was. */
  readonly violations: readonly string[];
  readonly signals: number;
  readonly orders: number;
  readonly fills: number;
  readonly candles: number;
  readonly auditRows: number;
}

/**
 * Compares what a system of roles recorded with what the backtester says it must: every signal, order, order event and
 * equity of every bot; every candle once, without a hole; the audit chain whole, with every fill and signal in it once.
 */
export async function checkRoles(roles: RoleSystem): Promise<RoleVerdict> {
  const configuration = await loadConfiguration(roles.configurationFile);
  const store = await openStore(configuration, { clock: systemClock, logger: silentLogger });
  const violations: string[] = [];
  const sums = { signals: 0, orders: 0, fills: 0 };
  try {
    for (const [botId, expected] of await expectedRuns(configuration)) {
      const recorded = await recordedRun(store, botId);
      const difference = firstDifference(expected, recorded);
      if (difference) violations.push(`${botId}: ${JSON.stringify(difference)}`);
      const fills = await store.fills(botId);
      const expectedFills = expected.orderEvents.filter((event) => event.kind === 'filled').length;
      if (fills.length !== expectedFills)
        violations.push(`${botId}: ${fills.length} fills instead of ${expectedFills}`);
      sums.signals += recorded.signals.length;
      sums.orders += recorded.intents.length;
      sums.fills += fills.length;
    }
    violations.push(...(await candleViolations(store)));
    const audit = await verifyAuditChain(store);
    if (!audit.ok) violations.push(`audit chain: ${JSON.stringify(audit)}`);
    const fault = await findRecordFault(store);
    if (fault) violations.push(`audit log: ${fault.message}`);
    const auditRows = await store.countRows('audit_log');
    violations.push(...(await auditViolations(store, sums)));
    return { violations, ...sums, candles: await store.countRows('candles'), auditRows };
  } finally {
    await store.close();
  }
}

/** Every feed's sequence runs 1, 2, 3 … without a hole, and no candle was recorded in two versions. */
async function candleViolations(store: Store): Promise<string[]> {
  const violations: string[] = [];
  let total = 0;
  for (const newest of await store.newestCandles()) {
    let sequence = 0;
    for (;;) {
      const page = await store.candlesAfter(newest, sequence, 10_000);
      for (const candle of page) {
        if (candle.sequence !== sequence + 1) violations.push(`${feedName(newest)}: candle ${sequence + 1} is missing`);
        sequence = candle.sequence;
      }
      total += page.length;
      if (page.length < 10_000) break;
    }
    if (sequence !== newest.sequence)
      violations.push(`${feedName(newest)}: ends at ${sequence}, not ${newest.sequence}`);
  }
  const rows = await store.countRows('candles');
  if (rows !== total) violations.push(`${rows} candle rows for ${total} candles: some were recorded twice`);
  return violations;
}

/** Each event is in the audit log once: nothing that was done is missing there. */
async function auditViolations(
  store: Store,
  sums: { readonly signals: number; readonly orders: number; readonly fills: number },
): Promise<string[]> {
  const counts = { signal: 0, 'order-intent': 0, fill: 0 };
  let after = 0;
  for (;;) {
    const page = await store.auditRows(after, 5_000);
    for (const row of page) {
      const { kind } = JSON.parse(row.entry) as { kind: string };
      if (kind in counts) counts[kind as keyof typeof counts] += 1;
    }
    const last = page.at(-1);
    if (!last) break;
    after = last.index;
  }
  const wanted = { signal: sums.signals, 'order-intent': sums.orders, fill: sums.fills };
  return Object.entries(wanted)
    .filter(([kind, count]) => counts[kind as keyof typeof counts] !== count)
    .map(([kind, count]) => `the audit log has ${counts[kind as keyof typeof counts]} of ${count} ${kind} entries`);
}

/** Bots on every idea, busy ones among them, for tests of the roles. */
export const ROLE_BOTS = [
  { id: 'trend', strategy: 'moving-average-cross', symbols: ['BTCUSDT'], timeframe: '1m' },
  { id: 'breakout', strategy: 'donchian-breakout', symbols: ['ETHUSDT'], timeframe: '5m' },
  { id: 'reversion', strategy: 'bollinger-reversion', symbols: ['SOLUSDT'], timeframe: '1m' },
  { id: 'rotation', strategy: 'momentum-rotation', symbols: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'], timeframe: '5m' },
] as const;
