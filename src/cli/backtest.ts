import { resolve } from 'node:path';
import { Command } from 'commander';
import type { BacktestWishes } from '../app/backtest-plan.ts';
import type { BacktestRun } from '../app/backtest-run.ts';
import type { DataReader } from '../app/data-reader.ts';
import { systemClock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import type { RunReport } from '../statistics/run-report.ts';
import type { CommandContext } from './command-context.ts';
import { type Assignment, readAssignment, readSeed, value, values } from './option-values.ts';
import { ProgressLine } from './progress-line.ts';
import { checkReportPath, writeReport } from './report-file.ts';
import { withMarketOptions, withTermsOptions } from './run-options.ts';

/** The command line of `backtest`, each value checked by itself. */
interface BacktestOptions extends Omit<BacktestWishes, 'strategy' | 'symbols' | 'parameters' | 'latencyMs'> {
  readonly symbol?: readonly string[];
  readonly set?: readonly Assignment[];
  readonly latency?: number;
  readonly cache: boolean;
  readonly json?: true;
  readonly report?: string;
  readonly definitions?: true;
}

const EXAMPLES = `
Examples:
  Bars of BTCUSDT come with the program, so that this needs no file:
  $ tradewind backtest moving-average-cross --symbol BTCUSDT --timeframe 5m --set fast=10 --set slow=30

  Your own file of bars (CSV, also gzip or zip, or Parquet), and a page with charts:
  $ tradewind backtest bollinger-reversion --data ./SOLUSDT-1h.csv.gz --report out.html

  Several symbols, for a strategy that trades them together:
  $ tradewind backtest momentum-rotation --data BTCUSDT=btc.csv --data ETHUSDT=eth.csv --timeframe 1h

  Your own strategy, without fees, all in, as other backtesters do it:
  $ tradewind backtest ./my-strategy.ts --data GOOG.csv --fees none --spread none --slippage none \\
      --sizing all-in --no-limits --end close-at-open

Sizes (--sizing): percent:10 of equity, fixed:0.5 units, risk:1 % of equity lost at the stop, volatility:20 % a year,
all-in. Fees (--fees): bybit, binance, none, the name of a price list such as okx-spot, or maker:taker as 0.02%:0.055%.
Costs and limits that are not given come from tradewind.yaml, or are the defaults of tradewind.example.yaml.`;

export function backtestCommand(context: CommandContext): Command {
  const command = new Command('backtest')
    .summary('run a strategy over history and report')
    .description('Runs a strategy over history by the same engine that trades, and reports.')
    .argument('<strategy>', 'name of a built-in strategy (see "tradewind strategies"), or path of a strategy file');
  withMarketOptions(command);
  command.option('--set <parameter=value>', 'set a parameter of the strategy; several times', values(readAssignment));
  return withTermsOptions(command)
    .option('--seed <number>', 'seed of random slippage', value(readSeed))
    .option('-c, --config <file>', 'configuration file (default: tradewind.yaml where there is one)')
    .option('--json', 'print one JSON document instead of text')
    .option('-r, --report <file.html>', 'write a page with charts too')
    .option('--definitions', 'explain every figure below the report')
    .addHelpText('after', EXAMPLES)
    .action((strategy: string, options: BacktestOptions) => runBacktestCommand(strategy, options, context));
}

async function runBacktestCommand(strategy: string, options: BacktestOptions, context: CommandContext): Promise<void> {
  const { console, cwd } = context;
  const reportPath = options.report === undefined ? undefined : resolve(cwd, options.report);
  if (reportPath !== undefined) await checkReportPath(reportPath);
  const { DataReader } = await import('../app/data-reader.ts');
  const reader = new DataReader({ cache: options.cache, onNotice: (sentence) => console.err(`${sentence}\n`) });
  await prefetch(options, cwd, reader);
  const [{ backtestPlan }, { runBacktestPlan }] = await Promise.all([
    import('../app/backtest-plan.ts'),
    import('../app/backtest-run.ts'),
  ]);
  const plan = await backtestPlan(wishesOf(strategy, options), cwd, reader);
  const progress = new ProgressLine(console, systemClock);
  let run: BacktestRun;
  try {
    run = await runBacktestPlan(plan, (step, fraction) => progress.show(step, fraction), reader);
  } finally {
    progress.clear();
  }
  await printReport(run.report, options, context);
  if (reportPath !== undefined) {
    await writeReport(run.report, reportPath);
    console.err(`Wrote ${options.report}.\n`);
  }
}

/** Bars are read while the engine is loaded. A file is guessed at: `A=b.csv` is one, or that of A. */
async function prefetch(
  { data = [], timeframe, onDefect, timestampMeans }: BacktestOptions,
  cwd: string,
  reader: DataReader,
): Promise<void> {
  const reading = { ...(onDefect && { onDefect }), ...(timestampMeans && { timestampMeans }) };
  const paths = data.map((entry) => resolve(cwd, entry.replace(/^[^=]+=/s, '')));
  await Promise.all(paths.map((path) => reader.prefetch({ path, timeframe, reading })));
}

function wishesOf(strategy: string, options: BacktestOptions): BacktestWishes {
  const { symbol, set, latency, cache: _, ...same } = options;
  return { ...same, strategy, symbols: symbol, parameters: assigned(set ?? []), latencyMs: latency };
}

function assigned(assignments: readonly Assignment[]): Readonly<Record<string, string>> {
  const parameters = new Map<string, string>();
  for (const { name, value: text } of assignments) {
    if (parameters.has(name)) throw new UserError(`The parameter ${name} is set twice: give --set ${name}=… once.`);
    parameters.set(name, text);
  }
  return Object.fromEntries(parameters);
}

async function printReport(report: RunReport, options: BacktestOptions, { console }: CommandContext): Promise<void> {
  if (options.json) {
    const { jsonReport } = await import('./report/json-report.ts');
    console.out(jsonReport(report));
    return;
  }
  const { terminalReport } = await import('./report/terminal-report.ts');
  const { colour, width } = console.output;
  console.out(terminalReport(report, { colour, width: width(), definitions: options.definitions ?? false }));
}
