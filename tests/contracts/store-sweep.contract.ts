import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { InvariantError } from '../../src/foundation/errors.ts';
import { epochMs } from '../../src/foundation/time.ts';
import type { SweepRecord } from '../../src/store/sweep-store.ts';
import type { StoreTest } from './store-bench.ts';
import { START } from './store-samples.ts';

const sampleSweep = (id: string, overrides: Partial<SweepRecord> = {}): SweepRecord => ({
  id,
  plan: { strategy: 'moving-average-cross', set: { fast: [5, 60, 5] }, share: 0.1, note: 'ü', nothing: null },
  chunks: 10,
  createdAt: epochMs(START),
  cancelled: false,
  ...overrides,
});

/** Bytes of every value, that a text encoding on the way would change. */
function sampleBytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + seed * 7 + (index >> 8)) & 0xff);
}

export function sweepContract(storeTest: StoreTest): void {
  storeTest('a sweep reads back as it was, and is written once', async (store) => {
    assert.equal(await store.sweep('one'), undefined);
    assert.deepEqual(await store.sweeps(), []);
    await store.createSweep(sampleSweep('one'));
    await store.createSweep(sampleSweep('one', { plan: 'another', chunks: 3, createdAt: epochMs(START + 9) }));
    assert.deepEqual(await store.sweep('one'), sampleSweep('one'));
  });

  storeTest('the newest sweep comes first', async (store) => {
    for (const [id, after] of [
      ['a', 5],
      ['b', 20],
      ['c', 10],
    ] as const) {
      await store.createSweep(sampleSweep(id, { createdAt: epochMs(START + after) }));
    }
    assert.deepEqual(
      (await store.sweeps()).map((sweep) => sweep.id),
      ['b', 'c', 'a'],
    );
  });

  storeTest('a sweep is cancelled and taken up again, and keeps its chunks', async (store) => {
    await store.createSweep(sampleSweep('one'));
    await store.createSweep(sampleSweep('two'));
    await store.saveChunk({ sweepId: 'one', number: 4, rows: sampleBytes(10, 4) });
    await store.cancelSweep('one', true);
    assert.equal((await store.sweep('one'))?.cancelled, true);
    assert.equal((await store.sweep('two'))?.cancelled, false);
    assert.deepEqual(await store.chunksDone('one'), [4]);
    await store.createSweep(sampleSweep('one'));
    assert.equal((await store.sweep('one'))?.cancelled, true);
    await store.cancelSweep('one', false);
    assert.equal((await store.sweep('one'))?.cancelled, false);
  });

  storeTest('chunks come back by number, to the last byte', async (store) => {
    for (const number of [11, 2, 0, 7]) {
      await store.saveChunk({ sweepId: 'one', number, rows: sampleBytes(300 * number, number) });
    }
    await store.saveChunk({ sweepId: 'two', number: 3, rows: sampleBytes(5, 3) });
    assert.deepEqual(await store.chunksDone('one'), [0, 2, 7, 11]);
    assert.deepEqual(await store.chunksDone('none'), []);
    assert.deepEqual(
      await store.chunks('one', 1, 11),
      [2, 7].map((number) => ({ sweepId: 'one', number, rows: sampleBytes(300 * number, number) })),
    );
    assert.deepEqual(await store.chunks('one', 0, 1), [{ sweepId: 'one', number: 0, rows: new Uint8Array() }]);
  });

  storeTest('a chunk written again changes nothing, and with other bytes is refused', async (store) => {
    const chunk = { sweepId: 'one', number: 1, rows: sampleBytes(1_000, 1) };
    await store.saveChunk(chunk);
    await store.saveChunk(chunk);
    await assert.rejects(
      store.saveChunk({ ...chunk, rows: sampleBytes(1_000, 2) }),
      (error) => error instanceof InvariantError && /sweep="one" chunk=1/.test(error.message),
    );
    assert.deepEqual(await store.chunks('one', 0, 10), [chunk]);
  });

  storeTest('a deleted sweep is gone with its chunks, and no other is', async (store) => {
    for (const id of ['one', 'two']) {
      await store.createSweep({ id, plan: { of: id }, chunks: 3, createdAt: epochMs(5), cancelled: false });
      await store.saveChunk({ sweepId: id, number: 0, rows: sampleBytes(10, 1) });
    }
    await store.deleteSweep('one');
    await store.deleteSweep('none');
    assert.equal(await store.sweep('one'), undefined);
    assert.deepEqual(await store.chunksDone('one'), []);
    assert.deepEqual(await store.chunksDone('two'), [0]);
    await store.saveChunk({ sweepId: 'one', number: 0, rows: sampleBytes(10, 2) });
  });

  storeTest('writers of the same chunks at once leave each of them once', async (_store, bench) => {
    const writers = await Promise.all(Array.from({ length: 4 }, () => bench.open()));
    await Promise.all(
      writers.flatMap((writer) =>
        Array.from({ length: 20 }, (_, number) =>
          writer.saveChunk({ sweepId: 'one', number, rows: sampleBytes(500, number) }),
        ),
      ),
    );
    const [{ count } = { count: 0 }] = await bench.query('select count(*) as count from sweep_chunks');
    assert.equal(Number(count), 20);
  });

  storeTest('data sets are kept by their hash, in shared memory or not', async (store) => {
    const content = new Uint8Array(new SharedArrayBuffer(10_000));
    content.set(sampleBytes(10_000, 1));
    await store.saveDataset('hash', content.subarray(100, 9_999));
    await store.saveDataset('hash', sampleBytes(5, 2));
    assert.deepEqual(await store.dataset('hash'), sampleBytes(10_000, 1).slice(100, 9_999));
    assert.equal(await store.dataset('another'), undefined);
    await store.saveDataset('empty', new Uint8Array());
    assert.deepEqual(await store.dataset('empty'), new Uint8Array());
  });

  storeTest('a data set of a million bars goes in and comes out', async (store) => {
    const content = new Uint8Array(48_000_123);
    for (let index = 0; index < content.length; index += 97) content[index] = (index * 31) & 0xff;
    await store.saveDataset('big', content);
    const back = await store.dataset('big');
    const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    assert.ok(back);
    assert.equal(digest(back), digest(content));
  });

  storeTest('a data set that two write at once is there once and whole', async (_store, bench) => {
    const [first, second] = await Promise.all([bench.open(), bench.open()]);
    const content = sampleBytes(9_000_000, 3);
    await Promise.all([first.saveDataset('hash', content), second.saveDataset('hash', content)]);
    assert.ok(Buffer.from(content).equals((await second.dataset('hash'))!));
  });
}
