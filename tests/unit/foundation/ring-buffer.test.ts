import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { InvariantError } from '../../../src/foundation/errors.ts';
import { RingBuffer, RingReader } from '../../../src/foundation/ring-buffer.ts';

test('it holds the latest records, oldest first', () => {
  const ring = RingBuffer.create(3, 2);
  assert.deepEqual([ring.length, ring.appended, ring.latest(5)], [0, 0, []]);
  for (let index = 0; index < 5; index++) ring.append([index, -index / 3]);
  assert.deepEqual([ring.length, ring.appended], [3, 5]);
  assert.deepEqual(
    ring.latest(2).map((record) => [...record]),
    [
      [3, -1],
      [4, -4 / 3],
    ],
  );
  assert.deepEqual(
    ring.latest(99).map((record) => record[0]),
    [2, 3, 4],
  );
  assert.deepEqual(ring.latest(0), []);
});

test('a record is there, overwritten, or not yet written', () => {
  const ring = RingBuffer.create(2, 1);
  for (let index = 0; index < 3; index++) ring.append([index + 10]);
  const target = new Float64Array(1);
  assert.equal(ring.read(0, target), 'overwritten');
  assert.equal(target[0], 0);
  assert.equal(ring.read(1, target), 'read');
  assert.equal(target[0], 11);
  assert.equal(ring.read(3, target), 'not yet written');
  assert.equal(target[0], 11);
});

test('every float64 comes out as it went in', () => {
  const ring = RingBuffer.create(4, 3);
  const target = new Float64Array(3);
  fc.assert(
    fc.property(fc.double(), fc.double(), fc.double(), (...record) => {
      ring.append(record);
      assert.equal(ring.read(ring.appended - 1, target), 'read');
      assert.deepEqual([...target], record);
    }),
  );
});

test('a reader that falls behind knows how many records it missed', () => {
  const ring = RingBuffer.create(4, 1);
  ring.append([0]);
  const reader = new RingReader(ring);
  const target = new Float64Array(1);
  assert.equal(reader.next(target), false);
  for (let index = 1; index <= 10; index++) ring.append([index]);
  const seen: number[] = [];
  while (reader.next(target)) seen.push(target[0]!);
  assert.deepEqual(seen, [7, 8, 9, 10]);
  assert.equal(reader.overwritten, 6);
  assert.equal(reader.position, 11);
});

test('its memory is what it says', () => {
  assert.equal(RingBuffer.bytesPerRecord(6), 56);
  assert.equal(RingBuffer.create(500, 6).buffer.byteLength, 28_016);
});

test('what is not a ring, or not a record, is refused', () => {
  assert.throws(() => RingBuffer.create(0, 1), InvariantError);
  assert.throws(() => RingBuffer.create(1.5, 1), InvariantError);
  assert.throws(() => new RingBuffer(new SharedArrayBuffer(64)), InvariantError);
  assert.throws(() => RingBuffer.create(2, 3).append([1, 2]), InvariantError);
});

/** Starts a thread that appends without pause, lets `read` work against it, and returns how many it appended. */
async function against(ring: RingBuffer, read: () => void): Promise<number> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./ring-buffer-writer.ts', import.meta.url), {
    workerData: { buffer: ring.buffer, stop },
  });
  const appended = once(worker, 'message') as Promise<[number]>;
  while (ring.appended === 0) await new Promise((resolve) => setImmediate(resolve));
  try {
    read();
  } finally {
    Atomics.store(stop, 0, 1);
  }
  return (await appended)[0];
}

test('a thread that reads what another overwrites never sees a torn record: one million reads', async () => {
  const ring = RingBuffer.create(4, 6);
  const target = new Float64Array(6);
  let reads = 0;
  let overtaken = 0;
  let attempts = 0;
  const appended = await against(ring, () => {
    while (reads < 1_000_000 || overtaken === 0) {
      assert.ok(++attempts < 500_000_000, `the threads never met: ${reads} reads, ${overtaken} overtaken`);
      const index = ring.appended - 1;
      const found = ring.read(index, target);
      if (found !== 'read') {
        assert.equal(found, 'overwritten');
        overtaken++;
        continue;
      }
      reads++;
      for (let field = 0; field < 6; field++) {
        if (target[field] !== index) assert.fail(`torn: ${[...target]} at ${index}`);
      }
    }
  });
  assert.equal(ring.appended, appended);
});

test('under a writer that never pauses, latest gives whole records without a gap, and a reader counts every one', async () => {
  const ring = RingBuffer.create(16, 6);
  const reader = new RingReader(ring, 0);
  const target = new Float64Array(6);
  let seen = 0;
  let last = -1;
  await against(ring, () => {
    for (let round = 0; round < 100_000; round++) {
      const records = ring.latest(8);
      assert.ok(records.length >= 1 && records.length <= 8);
      for (const [place, record] of records.entries()) {
        const expected = records[0]![0]! + place;
        if (record.some((field) => field !== expected)) assert.fail(`torn: ${[...record]} for ${expected}`);
      }
      if (!reader.next(target)) continue;
      seen++;
      assert.ok(target[0]! > last && target.every((field) => field === target[0]));
      last = target[0]!;
      assert.equal(seen + reader.overwritten, reader.position);
      assert.equal(last, reader.position - 1);
    }
  });
  assert.ok(reader.overwritten > 0);
});
