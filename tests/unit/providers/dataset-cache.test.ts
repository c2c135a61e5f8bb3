import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Clock, systemClock } from '../../../src/foundation/clock.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import type { Dataset } from '../../../src/market/dataset.ts';
import { encodeDataset } from '../../../src/market/dataset.ts';
import { DatasetCache } from '../../../src/providers/files/dataset-cache.ts';
import { loadCandles } from '../../../src/providers/files/load-candles.ts';
import { temporaryFile, temporaryPath } from './temporary-file.ts';

const MINUTE = 60_000;
const start = Date.parse('2026-01-01T00:00:00Z');

/** More than the cache thinks worth keeping. */
function csvOf(bars: number, seed: number): string {
  const lines = Array.from({ length: bars }, (_, row) => {
    const close = 100 + ((row * 7 + seed) % 97) / 8;
    return `${start + row * MINUTE},${close},${close + 1},${close - 1},${close},${row % 5}.25`;
  });
  return `timestamp,open,high,low,close,volume\n${lines.join('\n')}\n`;
}

/** A clock that runs `ahead` of the machine's: files written now look old to it. */
function clockAhead(ahead: number): Clock {
  return { ...systemClock, now: () => epochMs(systemClock.now() + ahead) };
}

interface Probe {
  readonly cache: DatasetCache;
  readonly notices: string[];
  readonly folder: string;
}

let folders = 0;
function probe(options: { mostBytes?: number; clock?: Clock; folder?: string } = {}): Probe {
  const folder = options.folder ?? temporaryPath(`cache-${++folders}`);
  const notices: string[] = [];
  const cache = new DatasetCache({
    folder,
    mostBytes: options.mostBytes ?? 1e9,
    clock: options.clock ?? clockAhead(10_000),
    onNotice: (sentence) => notices.push(sentence),
  });
  return { cache, notices, folder };
}

/** Reads a file as the program does: from the cache, else from its source. */
async function read(
  { cache }: Probe,
  path: string,
): Promise<{ from: 'cache' | 'source'; dataset: Dataset; hashed: boolean }> {
  const source = (await cache.source(path))!;
  const hashed = source.bytes !== undefined;
  const found = await source.find({}, undefined);
  if (found !== undefined) return { from: 'cache', dataset: found, hashed };
  const { path: _, ...dataset } = await loadCandles({ path });
  source.keep({}, undefined, dataset);
  return { from: 'source', dataset, hashed };
}

const keptFiles = ({ folder }: Probe): string[] =>
  readdirSync(join(folder, 'datasets')).map((name) => join(folder, 'datasets', name));

test('the second reading is the first, bit for bit, and does not open the source', async () => {
  const one = probe();
  const path = temporaryFile('twice.csv', csvOf(9_000, 1));
  const first = await read(one, path);
  const second = await read(one, path);
  assert.deepEqual([first.from, first.hashed], ['source', true]);
  assert.deepEqual([second.from, second.hashed], ['cache', false]);
  assert.deepEqual(encodeDataset(second.dataset), encodeDataset(first.dataset));
  assert.deepEqual(one.notices, []);
});

test('a small file is not kept', async () => {
  const path = temporaryFile('small.csv', csvOf(100, 1));
  assert.equal(await probe().cache.source(path), undefined);
});

test('a file that was touched is known by its content, and one that was changed is read anew', async () => {
  const one = probe();
  const path = temporaryFile('touched.csv', csvOf(9_000, 1));
  await read(one, path);
  utimesSync(path, 1_000, 1_000);
  const touched = await read(one, path);
  assert.deepEqual([touched.from, touched.hashed], ['cache', true]);
  writeFileSync(path, csvOf(9_000, 2));
  const changed = await read(one, path);
  assert.equal(changed.from, 'source');
  assert.equal(changed.dataset.columns.close[0], 100.25);
});

test('a change that keeps size and time of modification is noticed by the time of change', async () => {
  const one = probe();
  const path = temporaryFile('disguised.csv', csvOf(9_000, 1));
  await read(one, path);
  assert.equal((await read(one, path)).hashed, false);
  const { atimeMs, mtimeMs, size } = statSync(path);
  writeFileSync(path, csvOf(9_000, 1).replace(',100.125,', ',100.375,'));
  utimesSync(path, atimeMs / 1_000, mtimeMs / 1_000);
  assert.equal(statSync(path).size, size);
  const { from, hashed, dataset } = await read(one, path);
  assert.deepEqual([from, hashed, dataset.columns.open[0]], ['source', true, 100.375]);
});

test('the stamp of a file that was written a moment ago is not trusted', async () => {
  const one = probe({ clock: systemClock });
  const path = temporaryFile('fresh.csv', csvOf(9_000, 1));
  await read(one, path);
  const again = await read(one, path);
  assert.deepEqual([again.from, again.hashed], ['cache', true]);
});

test('another name or another way of reading is another entry', async () => {
  const one = probe();
  const path = temporaryFile('named.csv', csvOf(9_000, 1));
  await read(one, path);
  const other = temporaryPath('other-name.csv');
  copyFileSync(path, other);
  assert.equal((await read(one, other)).from, 'source');
  const source = (await one.cache.source(path))!;
  assert.equal(await source.find({ onDefect: 'drop' }, undefined), undefined);
  assert.equal(await source.find({}, '5m'), undefined);
  mkdirSync(temporaryPath('elsewhere'));
  const same = temporaryPath('elsewhere/named.csv');
  copyFileSync(path, same);
  assert.equal((await read(one, same)).from, 'cache');
});

test('a damaged file is noticed wherever the damage is, told of, and made anew', async () => {
  const one = probe();
  const path = temporaryFile('damaged.csv', csvOf(9_000, 1));
  const sound = encodeDataset((await read(one, path)).dataset);
  const [kept] = keptFiles(one) as [string];
  const bytes = readFileSync(kept);
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= change;
      writeFileSync(kept, damaged);
      one.notices.length = 0;
      const { from, dataset } = await read(one, path);
      assert.equal(from, 'source');
      assert.equal(one.notices.length, 1);
      assert.match(one.notices[0]!, /damaged\.csv is not sound \(.*\): it is read anew from its source\.$/);
      assert.deepEqual(encodeDataset(dataset), sound);
      assert.deepEqual(readFileSync(kept), bytes);
    }),
    { numRuns: 60 },
  );
});

test('a file that is cut off, empty, foreign, or that of another source is not taken', async () => {
  const one = probe();
  const path = temporaryFile('cut.csv', csvOf(9_000, 1));
  await read(one, path);
  const [kept] = keptFiles(one) as [string];
  const bytes = readFileSync(kept);
  const other = temporaryFile('other.csv', csvOf(9_000, 5));
  await read(one, other);
  const foreign = readFileSync(keptFiles(one).find((file) => file !== kept)!);
  for (const content of [
    bytes.subarray(0, -1),
    bytes.subarray(0, 40),
    Buffer.alloc(0),
    Buffer.from('x'.repeat(9e5)),
    foreign,
  ]) {
    writeFileSync(kept, content);
    one.notices.length = 0;
    assert.equal((await read(one, path)).from, 'source');
    assert.equal(one.notices.length, 1);
    assert.equal((await read(one, path)).from, 'cache');
  }
});

test('what was not used for longest is thrown out first', async () => {
  const paths = [1, 2, 3].map((seed) => temporaryFile(`room-${seed}.csv`, csvOf(9_000, seed)));
  let ahead = 10_000;
  const clock: Clock = { ...systemClock, now: () => epochMs(systemClock.now() + ahead) };
  const one = probe({ mostBytes: 900_000, clock });
  for (const path of [paths[0]!, paths[1]!, paths[0]!, paths[2]!]) {
    await read(one, path);
    ahead += 10_000;
    // A new file has the machine's time, which lies behind this clock's.
    const newest = keptFiles(one).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0]!;
    utimesSync(newest, clock.now() / 1_000, clock.now() / 1_000);
  }
  assert.equal(keptFiles(one).length, 2);
  assert.equal((await read(one, paths[0]!)).from, 'cache');
  assert.equal((await read(one, paths[1]!)).from, 'source');
});

test('where nothing can be written it is said once, and the reading goes on', async () => {
  const folder = temporaryFile('not-a-folder', 'x');
  const one = probe({ folder });
  for (const seed of [1, 2]) {
    const path = temporaryFile(`unkept-${seed}.csv`, csvOf(9_000, seed));
    assert.equal((await read(one, path)).from, 'source');
  }
  assert.equal(one.notices.filter((notice) => /can't be kept/.test(notice)).length, 1);
});
