import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerMessage, WorkerTask } from '../backtest/worker-message.ts';
import { messageOf } from '../foundation/errors.ts';
import { prepareEngineThread } from './engine-thread.ts';

/** The module that a thread of a sweep runs: it opens the sweep by its own means and works through the queue. */

prepareEngineThread();

const port = parentPort!;
const task = workerData as WorkerTask;

try {
  const [{ openPlannedSweep }, { workThrough }, { CandleColumns }] = await Promise.all([
    import('./sweep-open.ts'),
    import('../backtest/worker-loop.ts'),
    import('../market/candle-columns.ts'),
  ]);
  const columns = new Map(
    task.columns.map(({ feed, length, intervalMs, buffer }) => [feed, new CandleColumns(length, intervalMs, buffer)]),
  );
  const sweep = await openPlannedSweep(task.plan, columns, task.path);
  workThrough(sweep, task, tell);
} catch (error) {
  if (!(error instanceof Error && error.name === 'UserError')) throw error;
  tell({ kind: 'refused', message: messageOf(error) });
}

function tell(message: WorkerMessage): void {
  port.postMessage(message, message.kind === 'chunk' ? [message.rows.buffer as ArrayBuffer] : []);
}
