import { resolve } from 'node:path';
import { configurationPath, loadConfiguration } from '../app/config.ts';
import type { Configuration } from '../app/configuration.ts';
import { DataReader } from '../app/data-reader.ts';
import { type ClusterRunOptions, openCluster, runSweepOnCluster } from '../app/sweep-cluster.ts';
import { type PreparedSweep, prepareSweep } from '../app/sweep-prepare.ts';
import { readRanking } from '../app/sweep-ranking.ts';
import { runSweep, type SweepTiming, sweepTable } from '../app/sweep-run.ts';
import { openSweepStore, type SweepStore } from '../app/sweep-store.ts';
import { systemClock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import type { CommandContext } from './command-context.ts';
import { ProgressLine } from './progress-line.ts';
import { sweepJson } from './report/sweep-json.ts';
import { sweepTerminal } from './report/sweep-terminal.ts';
import type { SweepView } from './report/sweep-view.ts';
import { checkReportPath } from './report-file.ts';
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
  for (const name of ['report', 'out'] as const) {
    const path = options[name];
    if (path !== undefined) await checkReportPath(resolve(cwd, path), `--${name}`);
  }
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
    const view: SweepView = { prepared, table, ranking, timing };
    const { colour, width } = console.output;
    if (options.json) console.out(sweepJson(view));
    else console.out(sweepTerminal(view, { colour, width: width() }));
    await writeFiles(view, options, { context, store, reader });
    if (!timing.isWhole) tellOfStop(prepared, timing, context);
  } finally {
    stop.release();
    await (cluster ?? store).close();
  }
  if (stop.signal.aborted) finish(EXIT_INTERRUPTED);
}

async function writeFiles(
  view: SweepView,
  { out, report }: SweepOptions,
  {
    context,
    store,
    reader,
  }: { readonly context: CommandContext; readonly store: SweepStore; readonly reader: DataReader },
): Promise<void> {
  const { cwd, console } = context;
  if (out !== undefined) {
    const { writeSweepFile } = await import('../app/sweep-file.ts');
    await writeSweepFile(view.prepared, store, resolve(cwd, out));
    console.err(`Wrote ${out}.\n`);
  }
  if (report !== undefined) {
    const { writeSweepReport } = await import('./sweep-report.ts');
    await writeSweepReport(view, store, reader, resolve(cwd, report));
    console.err(`Wrote ${report}.\n`);
  }
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
