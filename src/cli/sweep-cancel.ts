import { cancelSweep, findSweep, openCluster } from '../app/sweep-cluster.ts';
import type { CommandContext } from './command-context.ts';
import type { SweepOptions } from './sweep-options.ts';
import { sweepConfiguration } from './sweep-run.ts';

/** `tradewind sweep --cancel ID`: the workers leave the sweep within a second; the same sweep can be taken up again. */
export async function runSweepCancelCommand(id: string, options: SweepOptions, context: CommandContext): Promise<void> {
  const { console, cwd } = context;
  const configuration = await sweepConfiguration(options, cwd);
  const cluster = await openCluster(configuration, (sentence) => console.err(`${sentence}\n`));
  try {
    const sweep = await findSweep(cluster.store, id);
    await cancelSweep(cluster, sweep.id);
    const done = (await cluster.store.chunksDone(sweep.id)).length;
    console.out(
      `Sweep ${sweep.id.slice(0, 12)} is cancelled; ${done} of its ${sweep.chunks} chunks are done and kept. The same sweep with --cluster goes on from there.\n`,
    );
  } finally {
    await cluster.close();
  }
}
