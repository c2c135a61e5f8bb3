import { availableParallelism } from 'node:os';
import { configurationPath, loadConfiguration } from '../app/config.ts';
import { runSweepWorker } from '../app/run-sweep-worker.ts';
import { systemClock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import type { CommandContext } from './command-context.ts';
import { formatDuration } from './report/figure-format.ts';
import type { StartOptions } from './start-options.ts';
import { startOverrides } from './start-request.ts';
import { listenForStop } from './stop-signals.ts';

/** Lends this machine's cores to sweeps, until a signal or the end of its time. */
export async function runWorkerCommand(options: StartOptions, context: CommandContext): Promise<void> {
  refuseOthers(options);
  const { console, cwd } = context;
  const overrides = await startOverrides(options, cwd);
  const configuration = await loadConfiguration(configurationPath(options.config, cwd), { cwd, overrides });
  const stop = listenForStop(systemClock, () => console.err('Stopping. Press Ctrl+C again to stop at once.\n'));
  try {
    const { chunks, elapsedMs } = await runSweepWorker({
      configuration,
      threads: options.threads ?? availableParallelism(),
      ...(options.for !== undefined && { durationMs: options.for }),
      signal: stop.signal,
      onNotice: (sentence) => console.err(`${sentence}\n`),
    });
    if (options.json) {
      console.out(`${JSON.stringify({ format: 'tradewind.worker', version: 1, chunks, elapsedMs }, undefined, 2)}\n`);
    } else {
      console.out(`Stopped after ${formatDuration(elapsedMs)} and ${chunks.toLocaleString('en')} chunks of sweeps.\n`);
    }
  } finally {
    stop.release();
  }
}

/** Options of the trading system that would have no effect here. */
function refuseOthers(options: StartOptions): void {
  const stray = (['speed', 'untilEnd', 'mode', 'live', 'symbols', 'data', 'fresh'] as const).find(
    (name) => options[name] !== undefined,
  );
  if (stray === undefined) return;
  const flag = stray === 'untilEnd' ? 'until-end' : stray;
  throw new UserError(`--${flag} has no meaning with --role worker: the bars come with each sweep. Leave it out.`);
}
