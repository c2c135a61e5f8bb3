import type { OpenSweep } from './sweep-chunk.ts';
import { chunkPoints, runChunk } from './sweep-chunk.ts';
import { ControlWords, type WorkerMessage, type WorkerTask } from './worker-message.ts';

/** The work of one worker, from its first chunk to the end of the queue. */
export function workThrough(
  sweep: OpenSweep,
  task: Pick<WorkerTask, 'control' | 'queue' | 'slot' | 'rescue'>,
  tell: (message: WorkerMessage) => void,
): void {
  const control = new ControlWords(task.control);
  const queue = new Int32Array(task.queue);
  const whole = (number: number): void => {
    control.workOn(task.slot, number);
    tell({ kind: 'chunk', number, rows: runChunk(sweep, number, (count) => control.addPoints(count)) });
    control.workOn(task.slot, -1);
  };
  if (task.rescue?.from === 'whole') whole(task.rescue.chunk);
  else if (task.rescue) {
    const { chunk, from } = task.rescue;
    control.workOn(task.slot, chunk);
    for (const point of chunkPoints(sweep, chunk).slice(from)) {
      tell({ kind: 'point', chunk, outcome: sweep.runner.run([point])[0]! });
      control.addPoints(1);
    }
    tell({ kind: 'points done', chunk });
    control.workOn(task.slot, -1);
  }
  for (let place = control.take(); place < queue.length; place = control.take()) whole(queue[place]!);
}
