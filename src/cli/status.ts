import { Command } from 'commander';
import type { StageLatency, SystemStatus } from '../app/status.ts';
import { toIso } from '../foundation/time.ts';
import type { CommandContext } from './command-context.ts';
import { formatAmount, formatDuration, formatMoney } from './report/figure-format.ts';
import { type StoreOptions, storeOverride } from './store-option.ts';
import { textTable } from './text-table.ts';

interface StatusOptions extends StoreOptions {
  readonly config?: string;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ tradewind status                                 the store of tradewind.yaml, or the usual one
  $ tradewind status --store postgres://user@host/database
  $ tradewind status --json                          one JSON document, latencies in milliseconds`;

const STAGES: Readonly<Record<StageLatency['stage'], string>> = {
  'exchange-received': 'exchange → received',
  'received-published': 'received → published',
  'published-strategy': 'published → strategy',
  'strategy-sent': 'strategy → sent',
  'sent-acknowledged': 'sent → acknowledged',
};

export function statusCommand(context: CommandContext): Command {
  return new Command('status')
    .summary('show how a system does: bots, candles, how long each stage takes')
    .description(
      'Reads what the processes of a system have written to their store: its bots, the newest candle of each feed, and, of a live market, how long each stage from a price to an acknowledged order took, of all processes together.',
    )
    .option('--store <path or address>', 'file of the embedded store, or address of PostgreSQL')
    .option('-c, --config <file>', 'configuration file (default: tradewind.yaml where there is one)')
    .option('--json', 'print one JSON document instead of text')
    .addHelpText('after', EXAMPLES)
    .action((options: StatusOptions) => show(options, context));
}

async function show(options: StatusOptions, { console, cwd }: CommandContext): Promise<void> {
  const [{ configurationPath, loadConfiguration }, { readStatus }] = await Promise.all([
    import('../app/config.ts'),
    import('../app/status.ts'),
  ]);
  const overrides = storeOverride(options, cwd);
  const configuration = await loadConfiguration(configurationPath(options.config, cwd), { cwd, overrides });
  const status = await readStatus(configuration);
  if (options.json) console.out(`${JSON.stringify({ format: 'tradewind.status', version: 1, ...status })}\n`);
  else console.out(`${statusText(status, console.output.width())}\n`);
}

/** The status as text. */
export function statusText({ bots, feeds, latencies }: SystemStatus, width: number): string {
  const parts = [
    `Bots:\n${bots.length === 0 ? 'none' : botTable(bots, width)}`,
    `Newest candles:\n${feeds.length === 0 ? 'none' : feedTable(feeds, width)}`,
    ...latencyTexts(latencies, width),
  ];
  return parts.join('\n\n');
}

function botTable(bots: SystemStatus['bots'], width: number): string {
  const rows = bots.map(({ botId, strategy, lifecycle, reason, equity, startingBalance, fills, refusals }) => [
    botId,
    strategy,
    lifecycle,
    formatMoney(equity),
    formatMoney(equity - startingBalance),
    fills.toLocaleString('en'),
    refusals.toLocaleString('en'),
    reason ?? '',
  ]);
  const heads = ['bot', 'strategy', 'state', 'equity', 'profit', 'fills', 'refused', 'why'];
  return textTable(rows, { width, heads, right: new Set([3, 4, 5, 6]) });
}

function feedTable(feeds: SystemStatus['feeds'], width: number): string {
  const rows = feeds.map(({ feed, source, close, closeTime, ageMs }) => [
    feed,
    source,
    formatAmount(close),
    toIso(closeTime).slice(0, 16).replace('T', ' '),
    formatDuration(Math.max(0, ageMs)),
  ]);
  const heads = ['feed', 'source', 'close', 'closed (UTC)', 'ago'];
  return textTable(rows, { width, heads, right: new Set([2, 4]) });
}

function latencyTexts({ lastHour, all }: SystemStatus['latencies'], width: number): string[] {
  if (all.length === 0) return ['No latencies yet: they are measured on live markets, not in a replay.'];
  return [
    `Latencies of the last hour:\n${lastHour.length === 0 ? 'none' : stageTable(lastHour, width)}`,
    `Latencies of all that is kept (30 days):\n${stageTable(all, width)}`,
  ];
}

function stageTable(stages: readonly StageLatency[], width: number): string {
  const rows = stages.map(({ stage, count, p50, p99, p999, maximum }) => [
    STAGES[stage],
    count.toLocaleString('en'),
    ...[p50, p99, p999, maximum].map(milliseconds),
    '',
  ]);
  const heads = ['stage', 'count', 'p50', 'p99', 'p99.9', 'max', ''];
  return textTable(rows, { width, heads, right: new Set([1, 2, 3, 4, 5]) });
}

/** Three significant digits: 0.142 ms, 12.5 ms, 1,230 ms. */
function milliseconds(value: number): string {
  const rounded = Number(value.toPrecision(3));
  return `${rounded.toLocaleString('en', { maximumFractionDigits: rounded < 1 ? 3 : rounded < 10 ? 2 : rounded < 100 ? 1 : 0 })} ms`;
}
