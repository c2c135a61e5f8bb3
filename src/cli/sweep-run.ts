import { configurationPath, loadConfiguration } from '../app/config.ts';
import type { Configuration } from '../app/configuration.ts';
import { DataReader } from '../app/data-reader.ts';
import { type ClusterRunOptions, openCluster, runSweepOnCluster } from '../app/sweep-cluster.ts';
import { type PreparedSweep, prepareSweep } from '../app/sweep-prepare.ts';
import { readRanking } from '../app/sweep-ranking.ts';
import { runSweep, type SweepTiming, sweepTable } from '../app/sweep-run.ts';
import { openSweepStore } from '../app/sweep-store.ts';
import { systemClock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import type { CommandContext } from './command-context.ts';
import { ProgressLine } from './progress-line.ts';
import { sweepJson } from './report/sweep-json.ts';
import { sweepTerminal } from './report/sweep-terminal.ts';
import { EXIT_INTERRUPTED, listenForStop } from './stop-signals.ts';
import { storeOverride } from './store-option.ts';
import { confirmLarge } from './sweep-confirm.ts';
import { type SweepOptions, sweepWishes } from './sweep-options.ts';
import { describeProgress } from './sweep-progress.ts';

export async function runSweepCommand(
  strategy: string | undefined,
  options: SweepOptions,
  context: CommandContext,
): Promise<void> {
  const { console, cwd, finish } = context;
  if (strategy === undefined)
    throw new UserError('Which strategy? Name one of `tradewind strategies`, or your own file.');
  if (options.cluster && options.path !== 'auto') throw new UserError('--path is for a sweep on this machine alone.');
  const ranking = readRanking(options.rank);
  const wishes = sweepWishes(strategy, options);
  const reader = new DataReader({ cache: options.cache, onNotice: (sentence) => console.err(`${sentence}\n`) });
  const progress = new ProgressLine(console, systemClock);
  const prepared = await prepareSweep(wishes, {
    cwd,
    reader,
    confirm: async (points) => options.yes === true || confirmLarge(points, console),
    onProgress: (step, fraction) => progress.show(step, fraction),
  }).finally(() => progress.clear());
  const configuration = await sweepConfiguration(options, cwd);
  const notice = (sentence: string): void => {
    progress.clear();
    console.err(`${sentence}\n`);
  };
  const cluster = options.cluster ? await openCluster(configuration, notice) : undefined;
  const store = cluster?.store ?? (await openSweepStore(configuration));
  const stop = listenForStop(systemClock, () => progress.clear());
  try {
    const run: ClusterRunOptions = {
      fresh: options.fresh ?? false,
      signal: stop.signal,
      onProgress: (at) => progress.show(describeProgress(at, prepared), at.fraction),
    };
    const { workers, memory: memoryMegabytes, path } = options;
    const here = { ...run, store, clock: systemClock, workers, memoryMegabytes, path };
    const timing = await (cluster ? runSweepOnCluster(cluster, prepared, run) : runSweep(prepared, here)).finally(() =>
      progress.clear(),
    );
    const most = options.json && options.all ? Number.MAX_SAFE_INTEGER : options.top;
    const table = await sweepTable(prepared, store, ranking, most);
    const { colour, width } = console.output;
    if (options.json) console.out(sweepJson({ prepared, table, ranking, timing }));
    else console.out(sweepTerminal({ prepared, table, ranking, timing }, { colour, width: width() }));
    if (!timing.isWhole) tellOfStop(prepared, timing, context);
  } finally {
    stop.release();
    await (cluster ?? store).close();
  }
  if (stop.signal.aborted) finish(EXIT_INTERRUPTED);
}

/** The configuration with the store and the bus that the command line names. */
export function sweepConfiguration(
  { config, store, bus }: Pick<SweepOptions, 'config' | 'store' | 'bus'>,
  cwd: string,
): Promise<Configuration> {
  const overrides = {
    ...storeOverride(store === undefined ? {} : { store }, cwd),
    ...(bus !== undefined && { bus: { url: bus } }),
  };
  return loadConfiguration(configurationPath(config, cwd), { cwd, overrides });
}

function tellOfStop({ chunks }: PreparedSweep, timing: SweepTiming, { console }: CommandContext): void {
  const share = Math.floor((100 * (timing.chunksFound + timing.chunksComputed)) / chunks);
  console.err(`Stopped with ${share} % done, which is kept: the same command goes on from there.\n`);
}
