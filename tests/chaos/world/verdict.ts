import { openStore, sessionSpecs } from '../../../src/app/compose.ts';
import { loadConfiguration } from '../../../src/app/config.ts';
import type { Configuration } from '../../../src/app/configuration.ts';
import { openProvider } from '../../../src/app/provider-registry.ts';
import { simulatedVenue } from '../../../src/app/simulated-venue.ts';
import { type Candle, type Feed, feedName } from '../../../src/domain/candle.ts';
import type { Fill } from '../../../src/domain/fill.ts';
import type { Instrument } from '../../../src/domain/instrument.ts';
import type { OrderEvent } from '../../../src/domain/order.ts';
import type { SignalRecord } from '../../../src/domain/signal.ts';
import { type Timeframe, timeframeMs } from '../../../src/domain/timeframe.ts';
import type { SessionSpec } from '../../../src/engine/open-session.ts';
import { firstDifference, type RunTrace } from '../../../src/engine/run-comparison.ts';
import { sleep, systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { Random } from '../../../src/foundation/random.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import type { CandleColumns } from '../../../src/market/candle-columns.ts';
import { CandleColumnsBuilder } from '../../../src/market/candle-columns-builder.ts';
import { verifyAuditChain } from '../../../src/store/audit-chain.ts';
import { findRecordFault } from '../../../src/store/audit-record.ts';
import type { Store } from '../../../src/store/store.ts';
import { strategyFeeds } from '../../../src/strategy/feeds.ts';
import { recordedRun } from '../../support/expected-run.ts';
import { type LocalBooks, ledgerDifferences } from './ledger-check.ts';
import { replayRun } from './replayed-run.ts';
import type { World } from './world.ts';

export interface Verdict {
  /** In words; empty when nothing is wrong. */
  readonly violations: readonly string[];
  readonly candles: number;
  readonly decisions: number;
  readonly fills: number;
  /** Decisions that were refused since their price was too old. */
  readonly refusedAsStale: number;
}

interface StoredCandle extends Candle {
  readonly sequence: number;
  readonly revision: number;
}

/** Longer than the account is reconciled, at any speed. */
const LEDGER_LOOKS = 200;
/** Longer than a recorder waits until it takes over what another was given (10 s). */
const RECORDER_LOOKS = 100;
const LOOK_AGAIN_MS = 150;
/** Relative. */
const SUM_TOLERANCE = 1e-14;

/** Judges a world by the exchange's own books: its candles, and what the backtester does with them. */
export class Judge {
  readonly #world: World;
  readonly #configuration: Configuration;
  readonly #store: Store;
  readonly #sessions: readonly SessionSpec[];

  private constructor(world: World, configuration: Configuration, store: Store, instruments: readonly Instrument[]) {
    this.#world = world;
    this.#configuration = configuration;
    this.#store = store;
    this.#sessions = sessionSpecs(configuration, instruments);
  }

  static async of(world: World): Promise<Judge> {
    const written = await loadConfiguration(world.configurationFile('bots-1'));
    if (written.store.kind !== 'postgres') throw new Error('the world has a PostgreSQL');
    const { schema } = written.store;
    const configuration: Configuration = { ...written, store: { kind: 'postgres', url: world.postgres.url, schema } };
    const surroundings = { clock: systemClock, logger: silentLogger };
    const store = await openStore(configuration, surroundings);
    return new Judge(world, configuration, store, await instrumentsOf(world, configuration));
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  /**
   * @param rest whether nothing moves any more: then the audit log must hold everything
   */
  async judge({ rest }: { readonly rest: boolean }): Promise<Verdict> {
    const violations: string[] = [];
    // First what was decided, then the candles: those that come meanwhile do no harm.
    const runs = await this.#recordedRuns();
    await this.#untilRecorded(runs);
    const candles = await this.#judgeCandles(violations);
    if (this.#world.options.trades) violations.push(...(await this.#ledgerViolations()));
    else for (const [session, run, through] of runs) this.#judgeRun(session, run, through, candles, violations);
    const fills = (await Promise.all(this.#sessions.map(({ botId }) => this.#store.fills(botId)))).flat().length;
    const signals = runs.flatMap(([, run]) => run.signals);
    violations.push(...signals.flatMap((signal) => this.#staleOrders(signal)));
    if (rest) await this.#judgeAudit(violations);
    return {
      violations,
      candles: [...candles.values()].reduce((sum, one) => sum + one.length, 0),
      decisions: signals.length,
      fills,
      refusedAsStale: signals.filter(({ outcome }) => outcome.kind === 'refused' && outcome.code === 'STALE_PRICE')
        .length,
    };
  }

  /** Orders that were made on a price that was older than the bot allows. */
  #staleOrders({ signalId, signal, priceAgeMs, outcome }: SignalRecord): readonly string[] {
    const most = this.#sessions[0]!.limits.maximumPriceAge ?? Number.POSITIVE_INFINITY;
    const orders = outcome.kind === 'ignored' ? [] : (outcome.clientOrderIds ?? []);
    if (orders.length === 0 || priceAgeMs <= most) return [];
    return [`${signalId} (${signal.kind}) made ${orders.length} orders on a price that was ${priceAgeMs} ms old`];
  }

  /** What each bot did, and up to which instant: read between two commits, so that all of it belongs together. */
  async #recordedRuns(): Promise<readonly (readonly [SessionSpec, RunTrace, number])[]> {
    for (;;) {
      const before = await this.#world.revisions();
      const statuses = new Map((await this.#world.statuses()).map((status) => [status.botId, status.marketTime ?? 0]));
      const runs: (readonly [SessionSpec, RunTrace, number])[] = [];
      for (const session of this.#sessions) {
        const run = await recordedRun(this.#store, session.botId);
        runs.push([session, run, statuses.get(session.botId) ?? 0]);
      }
      if ((await this.#world.revisions()) === before) return runs;
    }
  }

  /**
   * Bots hear candles as soon as the recorder does, and may be done with them sooner; and what a recorder had in hand when it
   * was killed comes late, when the next one takes it over. What does not come in time is missed.
   */
  async #untilRecorded(runs: readonly (readonly [SessionSpec, RunTrace, number])[]): Promise<void> {
    for (let looks = 0; looks < RECORDER_LOOKS; looks++) {
      const feeds = await this.#world.observer.rows<{ feed: string; through: string; holes: string }>(
        `select symbol || ':' || timeframe as feed, max(close_time) as through,
                max(sequence) - count(distinct sequence) as holes
         from candles group by symbol, timeframe`,
      );
      const through = new Map(feeds.map((one) => [one.feed, Number(one.through)]));
      const isBehind = ([session, , processed]: (typeof runs)[number]): boolean =>
        (through.get(feedName(feedsOf(session)[0]!)) ?? 0) < processed;
      if (!runs.some(isBehind) && feeds.every(({ holes }) => Number(holes) === 0)) return;
      await sleep(systemClock, LOOK_AGAIN_MS);
    }
  }

  /** Every candle once, in order, without a hole, as the exchange has it. @returns as they were first given, by feed */
  async #judgeCandles(violations: string[]): Promise<ReadonlyMap<string, readonly StoredCandle[]>> {
    const byFeed = new Map<string, readonly StoredCandle[]>();
    for (const feed of this.#feeds()) {
      const rows = await this.#candlesOf(feed);
      const name = feedName(feed);
      const first = rows.filter(
        ({ revision }, index) => revision === 1 || rows[index - 1]?.openTime !== rows[index]?.openTime,
      );
      byFeed.set(name, first);
      const newest = new Map(rows.map((row) => [row.openTime, row]));
      for (const [index, candle] of first.entries()) {
        const before = first[index - 1];
        if (candle.sequence !== index + 1)
          violations.push(`${name}: candle ${index + 1} has the number ${candle.sequence}`);
        if (before !== undefined && before.closeTime !== candle.openTime) {
          violations.push(`${name}: between ${before.closeTime} and ${candle.openTime} candles are missing`);
        }
      }
      await this.#compare(feed, newest, violations);
    }
    return byFeed;
  }

  async #compare(feed: Feed, stored: ReadonlyMap<number, StoredCandle>, violations: string[]): Promise<void> {
    const [first] = stored.values();
    const last = [...stored.values()].at(-1);
    if (first === undefined || last === undefined) return;
    const { symbol, timeframe } = feed;
    const truth = await this.#world.exchange.candles(symbol, timeframe, first.openTime, last.closeTime);
    // The first of the longer candles may have begun before the record.
    for (const candle of timeframe === this.#configuration.market.timeframe ? truth : truth.slice(1)) {
      const ours = stored.get(candle.openTime);
      if (ours !== undefined && sameCandle(ours, candle, timeframe !== this.#configuration.market.timeframe)) continue;
      const said = ours === undefined ? 'is missing' : `is ${shown(ours)}, not ${shown(candle)}`;
      violations.push(`${feedName(feed)}: the candle of ${candle.openTime} ${said}`);
    }
  }

  /** The bot did what the backtester does with the candles that it was given: to the last bit. */
  #judgeRun(
    session: SessionSpec,
    run: RunTrace,
    through: number,
    candles: ReadonlyMap<string, readonly StoredCandle[]>,
    violations: string[],
  ): void {
    const [feed] = feedsOf(session);
    const given = (candles.get(feedName(feed!)) ?? []).filter(({ closeTime }) => closeTime <= through);
    const expected = replayRun({
      session,
      columns: columnsOf(given, feed!.timeframe),
      venue: simulatedVenue(this.#configuration.costs),
      ages: new Map(run.signals.map(({ decisionTime, priceAgeMs }) => [decisionTime, priceAgeMs])),
    });
    const difference = firstDifference(expected, until(run, through));
    if (difference) violations.push(`${session.botId} did not what a backtest does: ${JSON.stringify(difference)}`);
  }

  /** Orders are under way all the time: the books must be equal at one moment, before too long. */
  async #ledgerViolations(): Promise<readonly string[]> {
    for (let tries = 0; ; tries++) {
      const before = await this.#world.revisions();
      const local = await this.#localBooks();
      const differences = ledgerDifferences(local, await this.#world.exchange.books());
      if (differences.length === 0 || tries >= LEDGER_LOOKS) return differences;
      if ((await this.#world.revisions()) === before) await sleep(systemClock, LOOK_AGAIN_MS);
    }
  }

  async #localBooks(): Promise<LocalBooks> {
    const intents = new Set<string>();
    const events: OrderEvent[] = [];
    const fills: Fill[] = [];
    for (const { botId } of this.#sessions) {
      for (const { clientOrderId } of await this.#store.orderIntents(botId)) intents.add(clientOrderId);
      events.push(...(await this.#store.orderEvents(botId)));
      fills.push(...(await this.#store.fills(botId)));
    }
    return { intents, events, fills };
  }

  async #judgeAudit(violations: string[]): Promise<void> {
    const audit = await verifyAuditChain(this.#store);
    if (!audit.ok) violations.push(`audit chain: ${JSON.stringify(audit)}`);
    const fault = await findRecordFault(this.#store);
    if (fault) violations.push(`audit log: ${fault.message}`);
    const [left] = await this.#world.observer.rows<{ count: string }>('select count(*) as count from outbox');
    if (Number(left?.count) > 0) violations.push(`${left?.count} entries of the outbox are not in the audit log`);
  }

  #feeds(): readonly Feed[] {
    const { symbols, timeframe } = this.#configuration.market;
    const feeds = [...symbols.map((symbol) => ({ symbol, timeframe })), ...this.#sessions.flatMap(feedsOf)];
    return [...new Map(feeds.map((feed) => [feedName(feed), feed])).values()];
  }

  async #candlesOf({ symbol, timeframe }: Feed): Promise<readonly StoredCandle[]> {
    const rows = await this.#world.observer.rows<Readonly<Record<string, string>>>(
      'select * from candles where symbol = $1 and timeframe = $2 order by close_time, revision',
      [symbol, timeframe],
    );
    return rows.map((row) => ({
      openTime: epochMs(Number(row.open_time)),
      closeTime: epochMs(Number(row.close_time)),
      open: Number(row.open),
      high: Number(row.high),
      low: Number(row.low),
      close: Number(row.close),
      volume: Number(row.volume),
      sequence: Number(row.sequence),
      revision: Number(row.revision),
    }));
  }
}

async function instrumentsOf(world: World, { market }: Configuration): Promise<readonly Instrument[]> {
  const { kind, data: files, symbols, timeframe } = market;
  const provider = await openProvider(market.provider, {
    ...{ url: world.exchange.url, kind, history: 0, speed: null, files },
    ...{ clock: world.clock, random: new Random(1), logger: silentLogger },
  });
  try {
    return await provider.instruments(symbols.map((symbol) => ({ symbol, timeframe })));
  } finally {
    await provider.stop();
  }
}

function feedsOf(session: SessionSpec): readonly Feed[] {
  return strategyFeeds(session.definition, session.parameters, session.symbols, session.timeframe);
}

function columnsOf(candles: readonly Candle[], timeframe: Timeframe): CandleColumns {
  const builder = new CandleColumnsBuilder(Math.max(1, candles.length));
  for (const { openTime, open, high, low, close, volume } of candles) {
    builder.add(openTime, open, high, low, close, volume);
  }
  return builder.build(timeframeMs(timeframe));
}

function until(run: RunTrace, through: number): RunTrace {
  return {
    signals: run.signals.filter(({ decisionTime }) => decisionTime <= through),
    intents: run.intents.filter(({ createdAt }) => createdAt <= through),
    orderEvents: run.orderEvents.filter(({ time }) => time <= through),
    equity: run.equity.filter(({ time }) => time <= through),
  };
}

/** @param isBuilt of shorter ones: its volume is a sum of numbers that are rounded to 53 bits */
function sameCandle(left: Candle, right: Candle, isBuilt: boolean): boolean {
  const fields = ['open', 'high', 'low', 'close'] as const;
  const tolerance = isBuilt ? SUM_TOLERANCE * right.volume : 0;
  return fields.every((field) => left[field] === right[field]) && Math.abs(left.volume - right.volume) <= tolerance;
}

function shown({ open, high, low, close, volume }: Candle): string {
  return [open, high, low, close, volume].join('/');
}
