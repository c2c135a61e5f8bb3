import { parentPort, workerData } from 'node:worker_threads';
import type { SweepPlan } from '../backtest/sweep-plan.ts';
import type { SharedColumns } from '../backtest/worker-message.ts';
import { messageOf } from '../foundation/errors.ts';
import { prepareEngineThread } from './engine-thread.ts';

/** The module that a thread of a cluster's worker runs: chunks of one sweep, one for each message that names one. */

/** What a thread is started with. */
export interface ThreadTask {
  readonly plan: SweepPlan;
  readonly columns: readonly SharedColumns[];
}

/** What it answers to the number of a chunk. */
export type ThreadAnswer =
  | { readonly ok: true; readonly rows: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly message: string };

prepareEngineThread();

const port = parentPort!;
const { plan, columns } = workerData as ThreadTask;

const opened = Promise.all([
  import('./sweep-open.ts'),
  import('../backtest/sweep-chunk.ts'),
  import('../market/candle-columns.ts'),
]).then(async ([{ openPlannedSweep }, { runChunk }, { CandleColumns }]) => {
  const feeds = columns.map(
    ({ feed, length, intervalMs, buffer }) => [feed, new CandleColumns(length, intervalMs, buffer)] as const,
  );
  const sweep = await openPlannedSweep(plan, new Map(feeds));
  return (number: number) => runChunk(sweep, number);
});
opened.catch(() => {}); // Each chunk that is asked for tells of it.

port.on('message', async (number: number) => {
  try {
    const rows = (await opened)(number) as Uint8Array<ArrayBuffer>;
    port.postMessage({ ok: true, rows } satisfies ThreadAnswer, [rows.buffer]);
  } catch (error) {
    port.postMessage({ ok: false, message: messageOf(error) } satisfies ThreadAnswer);
  }
});
