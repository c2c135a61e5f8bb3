import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerMessage, WorkerTask } from '../backtest/worker-message.ts';
import { messageOf } from '../foundation/errors.ts';

/** The module that a thread of a sweep runs: it opens the sweep by its own means and works through the queue. */

// As the program itself is started, also where a sweep is begun by other means. Before anything of the engine is loaded.
setFlagsFromString('--max-inlined-bytecode-size-cumulative=6000');
setFlagsFromString('--max-inlined-bytecode-size=2000');

// As the program does in its main thread: a worker is ready in a third of the time.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/tradewind', import.meta.url)));

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
