/** A thread that reads pieces of large files beside the program's own: see `piece-threads.ts`. */
import { parentPort } from 'node:worker_threads';
import { type CancelTimer, systemClock } from '../../foundation/clock.ts';
import { type CopyTask, copyPieces, type PiecesTask, readPieces } from './plain-pieces.ts';

/** For so long it waits for another file: as long as it is there it may hold the memory of the last one. */
const REST_MS = 2_000;

type Message = { readonly read: PiecesTask } | { readonly copy: CopyTask } | 'rest';

let cancelEnd: CancelTimer = () => {};

parentPort!.on('message', (message: Message) => {
  cancelEnd();
  if (message === 'rest') cancelEnd = systemClock.after(REST_MS, () => process.exit());
  else if ('read' in message) readPieces(message.read);
  else copyPieces(message.copy);
});
