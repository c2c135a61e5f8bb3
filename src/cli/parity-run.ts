import { resolveSources } from '../app/backtest-sources.ts';
import { configurationPath, loadConfiguration } from '../app/config.ts';
import { BUNDLED_SYMBOLS } from '../app/config-defaults.ts';
import type { ParityComparison, ParityOutcome, ParityRequest, ParityWay } from '../app/parity-request.ts';
import { runParity } from '../app/run-parity.ts';
import { builtinNames } from '../app/strategy-help.ts';
import { resolveStrategy } from '../app/strategy-registry.ts';
import { systemClock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import type { CommandContext } from './command-context.ts';
import type { ParityOptions } from './parity-options.ts';
import { EXIT_INTERRUPTED, listenForStop } from './stop-signals.ts';
import { storeOverride } from './store-option.ts';
import { type Painter, painter } from './terminal-text.ts';
import { textTable } from './text-table.ts';

const DEFAULT_TIMEFRAME = '5m';

/** Compares, and tells; a difference makes the exit code 1. */
export async function runParityCommand(
  strategies: readonly string[],
  options: ParityOptions,
  context: CommandContext,
): Promise<void> {
  const request = await parityRequest(strategies, options, context.cwd);
  const { console } = context;
  const stop = listenForStop(systemClock, () => console.err('Stopping.\n'));
  let outcome: ParityOutcome;
  try {
    outcome = await runParity({
      ...request,
      signal: stop.signal,
      ...(console.errors.isTerminal && { onProgress: (text: string) => console.err(`${text}\n`) }),
    });
  } finally {
    stop.release();
  }
  if (options.json) console.out(`${JSON.stringify(outcome, undefined, 2)}\n`);
  else console.out(`${renderParity(outcome, console.output.width(), painter(console.output.colour))}\n`);
  const differs = outcome.comparisons.some(({ difference }) => difference !== null);
  if (stop.signal.aborted) {
    console.err('Stopped before everything was compared.\n');
    context.finish(EXIT_INTERRUPTED);
  } else if (differs) context.finish(1);
}

async function parityRequest(
  strategies: readonly string[],
  options: ParityOptions,
  cwd: string,
): Promise<Omit<ParityRequest, 'signal'>> {
  const overrides = {
    ...storeOverride(options, cwd),
    ...(options.bus !== undefined && { bus: { url: options.bus } }),
  };
  const configuration = await loadConfiguration(configurationPath(options.config, cwd), { cwd, overrides });
  const hasBus = configuration.bus.kind === 'redis';
  const hasStore = configuration.store.kind === 'postgres';
  if (hasBus !== hasStore && (options.bus !== undefined || options.store !== undefined)) {
    throw new UserError('--bus redis://… and --store postgres://… go together: give both, or neither.');
  }
  const ways: readonly ParityWay[] = hasBus && hasStore ? ['in-process', 'redis-postgres'] : ['in-process'];
  const names = strategies.length > 0 ? strategies : builtinNames;
  const resolved = await Promise.all(names.map((name) => resolveStrategy(name, { cwd })));
  return {
    configuration,
    strategies: resolved.map(({ reference }) => reference),
    sources: await resolveSources({
      data: options.data ?? [],
      symbols: options.symbol ?? (options.data === undefined ? BUNDLED_SYMBOLS : []),
      configured: configuration.market.data,
      cwd,
    }),
    timeframe: options.timeframe ?? DEFAULT_TIMEFRAME,
    bars: options.bars ?? null,
    ways,
  };
}

/** A table of all comparisons, and below it the first difference of each that has one. */
export function renderParity({ comparisons, elapsedMs }: ParityOutcome, width: number, paint: Painter): string {
  const rows = comparisons.map((one) => [
    one.difference === null ? 'same' : 'differs',
    one.strategy,
    one.way,
    one.bars.toLocaleString('en'),
    ...COUNTED.map((what) => one.compared[what].toLocaleString('en')),
    one.symbols.join(', '),
  ]);
  const table = textTable(rows, {
    width,
    heads: ['', 'Strategy', 'Way', 'Bars', ...COUNTED, 'Symbols'],
    right: new Set([3, 4, 5, 6, 7]),
    paint: (cell, _column, isHead) => (isHead ? paint('dim', cell) : paintVerdict(cell, paint)),
  });
  const differences = comparisons.filter(({ difference }) => difference !== null);
  const verdict =
    differences.length === 0
      ? `${paint('green', 'The same, bit for bit')}: ${countOf(comparisons.length)} with the backtest in ${(elapsedMs / 1_000).toFixed(1)} s.`
      : `${paint('red', 'Not the same')}: ${differences.length} of ${countOf(comparisons.length)} differ${differences.length === 1 ? 's' : ''} from the backtest.`;
  return [table, '', verdict, ...differences.map((one) => `\n${renderDifference(one, paint)}`)].join('\n');
}

function countOf(comparisons: number): string {
  return `${comparisons} comparison${comparisons === 1 ? '' : 's'}`;
}

const COUNTED = ['signals', 'orders', 'fills', 'equity'] as const;

function paintVerdict(cell: string, paint: Painter): string {
  if (cell.trim() === 'same') return paint('green', cell);
  return cell.trim() === 'differs' ? paint('red', cell) : cell;
}

function renderDifference({ strategy, way, difference }: ParityComparison, paint: Painter): string {
  const { what, index, expected, found, cause } = difference!;
  return [
    `${paint('bold', `${strategy}, ${way}`)}: the first difference is in ${what}, number ${index + 1}.`,
    `  backtest: ${expected}`,
    `  ${way}: ${found}`,
    `  ${cause}`,
  ].join('\n');
}
