/** A thread that does nothing but append records, all fields of which are the record's index, until it is told to end. */
import { parentPort, workerData } from 'node:worker_threads';
import { RingBuffer } from '../../../src/foundation/ring-buffer.ts';

const { buffer, stop } = workerData as { buffer: SharedArrayBuffer; stop: Int32Array };
const ring = new RingBuffer(buffer);
const record = new Float64Array(ring.fields);
let index = 0;
while (Atomics.load(stop, 0) === 0) {
  record.fill(index++);
  ring.append(record);
}
parentPort!.postMessage(index);
