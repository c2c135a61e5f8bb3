import { Command } from 'commander';
import type { StageLatency, SystemStatus } from '../app/status.ts';
import type { CommandContext } from './command-context.ts';
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
    .summary('show how a system does: how long each stage from price to order takes')
    .description(
      'Reads what the processes of a system on a live market have written to their store: how long each stage from a price to an acknowledged order took, of all processes together.',
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
export function statusText({ latencies }: SystemStatus, width: number): string {
  const { lastHour, all } = latencies;
  if (all.length === 0) return 'No latencies yet: they are measured on live markets, not in a replay.';
  const parts = [
    `Latencies of the last hour:\n${lastHour.length === 0 ? 'none' : stageTable(lastHour, width)}`,
    `Latencies of all that is kept (30 days):\n${stageTable(all, width)}`,
  ];
  return parts.join('\n\n');
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
