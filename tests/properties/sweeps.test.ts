import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { DataReader } from '../../src/app/data-reader.ts';
import { openPlannedSweep } from '../../src/app/sweep-open.ts';
import { type PreparedSweep, prepareSweep, type SweepWishes } from '../../src/app/sweep-prepare.ts';
import { runSweep, sweepTable } from '../../src/app/sweep-run.ts';
import { runChunk } from '../../src/backtest/sweep-chunk.ts';
import { readRanking } from '../../src/backtest/sweep-rank.ts';
import { decodeRows } from '../../src/backtest/sweep-rows.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import type { SweepChunk, SweepStore } from '../../src/store/sweep-store.ts';
import { MemorySweepStore } from '../support/memory-sweep-store.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tradewind-sweeps-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** A strategy file of these lines; `n` is its one swept parameter, 1 to 1,000. */
async function strategyFile(name: string, create: string): Promise<string> {
  const path = join(folder, `${name}.ts`);
  await writeFile(
    path,
    `import { defineStrategy, integer, Strategy } from 'tradewind';
class Counting extends Strategy {
  seen = 0;
  n: number;
  constructor(n: number) { super(); this.n = n; }
  process() {
    this.seen += 1;
    if (this.seen % this.n !== 0) return undefined;
    const isEntry = (this.seen / this.n) % 2 === 1;
    return isEntry ? { kind: 'enter', symbol: 'BTCUSDT', side: 'long', reason: 'count' } : { kind: 'exit', symbol: 'BTCUSDT', reason: 'count' };
  }
}
export default defineStrategy({
  name: '${name}', title: 'Counting', description: 'Enters and leaves by counting bars.',
  parameters: { n: integer({ default: 5, minimum: 1, maximum: 1000, description: 'Bars from one to the next' }) },
  create({ n }) { ${create} return new Counting(n); },
});
`,
  );
  return path;
}

function prepare(strategy: string, sets: readonly string[], more: Partial<SweepWishes> = {}): Promise<PreparedSweep> {
  const set = sets.map((text) => {
    const [name, value] = text.split('=') as [string, string];
    return { name, value };
  });
  return prepareSweep(
    { strategy, set, where: [], random: null, limits: true, timeframe: '30m', symbols: ['BTCUSDT'], ...more },
    { cwd: folder, reader: new DataReader(), confirm: async () => false },
  );
}

interface RunOptions {
  readonly store?: SweepStore;
  readonly workers?: number;
  readonly memoryMegabytes?: number;
  readonly signal?: AbortSignal;
  readonly fresh?: boolean;
}

async function run(prepared: PreparedSweep, options: RunOptions = {}): Promise<SweepStore> {
  const store = options.store ?? new MemorySweepStore();
  await runSweep(prepared, {
    store,
    clock: systemClock,
    workers: options.workers ?? 2,
    memoryMegabytes: options.memoryMegabytes ?? 256,
    path: 'auto',
    fresh: options.fresh ?? false,
    signal: options.signal ?? new AbortController().signal,
  });
  return store;
}

async function bytes(store: SweepStore, { id, chunks }: PreparedSweep): Promise<readonly string[]> {
  const found = await store.chunks(id, 0, chunks);
  return found.map(({ number, rows }) => `${number}:${Buffer.from(rows).toString('base64')}`);
}

describe('a sweep', () => {
  const wide = ['fast=2:24:2', 'slow=20:60:10'];

  it('gives the same bytes with one worker, several, and without any', async () => {
    for (const strategy of ['moving-average-cross', await strategyFile('counting', '')]) {
      const prepared = await prepare(strategy, strategy === 'moving-average-cross' ? wide : ['n=1:40']);
      const alone = await openPlannedSweep(prepared.plan, prepared.columns);
      const expected: string[] = [];
      for (let number = 0; number < prepared.chunks; number++) {
        expected.push(`${number}:${Buffer.from(runChunk(alone, number)).toString('base64')}`);
      }
      for (const workers of [1, 2, 5]) {
        assert.deepEqual(await bytes(await run(prepared, { workers }), prepared), expected, `${workers} workers`);
      }
    }
  });

  it('stopped after any number of chunks and begun again is the same as in one go', async () => {
    const prepared = await prepare('moving-average-cross', wide);
    const expected = await bytes(await run(prepared), prepared);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: prepared.chunks }), { maxLength: 3 }), async (stops) => {
        const store = new MemorySweepStore();
        for (const stop of stops) {
          const controller = new AbortController();
          await run(prepared, { store: stoppingAfter(store, stop, controller), signal: controller.signal });
        }
        await run(prepared, { store });
        assert.deepEqual(await bytes(store, prepared), expected);
      }),
      { numRuns: 12 },
    );
  });

  it('computes nothing twice unless it is told to begin anew', async () => {
    const prepared = await prepare('moving-average-cross', wide);
    const store = await run(prepared);
    const counting = new CountingStore(store);
    await run(prepared, { store: counting });
    assert.equal(counting.saved, 0);
    await run(prepared, { store: counting, fresh: true });
    assert.equal(counting.saved, prepared.chunks);
  });

  it('gives a point that throws a row with the sentence, and goes on', async () => {
    const path = await strategyFile('throwing', "if (n % 10 === 3) throw new Error('no luck with ' + n);");
    const prepared = await prepare(path, ['n=1:40']);
    const store = await run(prepared);
    const { counts, failures, best } = await sweepTable(prepared, store, readRanking('return'), 100);
    assert.deepEqual([counts.points, counts.failed], [40, 4]);
    assert.deepEqual(
      failures.map(({ message }) => message),
      [3, 13, 23, 33].map(
        (n) => `The strategy throwing failed (line 16): the strategy could not be created: no luck with ${n}.`,
      ),
    );
    assert.deepEqual(
      best.slice(-4).map(({ point }) => point),
      [2, 12, 22, 32],
    );
  });

  it('survives a worker that runs out of memory: only the point at fault has no figures', {
    timeout: 120_000,
  }, async () => {
    const path = await strategyFile(
      'hungry',
      'if (n === 7) { const hoard: unknown[] = []; for (;;) hoard.push({ a: hoard.length, b: [hoard.length] }); }',
    );
    const prepared = await prepare(path, ['n=1:200']);
    assert.ok(prepared.plan.chunkEntries > 1);
    const store = await run(prepared, { memoryMegabytes: 64 });
    const { counts, failures } = await sweepTable(prepared, store, readRanking('return'), 5);
    assert.deepEqual([counts.points, counts.failed, counts.chunksDone], [200, 1, prepared.chunks]);
    assert.deepEqual(failures, [{ message: 'The strategy ran out of memory.', count: 1, point: 6 }]);
    const sound = await prepare(await strategyFile('sound', ''), ['n=1:200']);
    const others = await figures(await run(sound), sound);
    others.delete(6);
    assert.deepEqual(await figures(store, prepared), others);
  });

  it('survives a strategy that ends its thread', { timeout: 60_000 }, async () => {
    const prepared = await prepare(await strategyFile('leaving', 'if (n === 4 || n === 5) process.exit(3);'), [
      'n=1:20',
    ]);
    const { counts, failures } = await sweepTable(prepared, await run(prepared), readRanking('return'), 5);
    assert.deepEqual([counts.points, counts.failed], [20, 2]);
    assert.deepEqual(failures, [{ message: 'The strategy ended its thread.', count: 2, point: 3 }]);
  });

  it('ends when its results can not be kept', async () => {
    const prepared = await prepare('moving-average-cross', wide);
    const store = new CountingStore(new MemorySweepStore());
    store.saveChunk = async () => {
      throw new Error('disk full');
    };
    await assert.rejects(run(prepared, { store }), { message: 'disk full' });
  });

  it('is another one when the file of the strategy has changed', async () => {
    const one = await prepare(await strategyFile('changing', ''), ['n=1:5']);
    const same = await prepare(await strategyFile('changing', ''), ['n=1:5']);
    const other = await prepare(await strategyFile('changing', '/* changed */'), ['n=1:5']);
    assert.equal(same.id, one.id);
    assert.notEqual(other.id, one.id);
    await assert.rejects(run(one), { name: 'UserError', message: /changing\.ts has changed since the sweep began/ });
  });

  it('refuses what can not be computed by columns when it is told to', async () => {
    const prepared = await prepare('momentum-rotation', ['holdings=1,2'], { symbols: ['BTCUSDT', 'ETHUSDT'] });
    await assert.rejects(openPlannedSweep(prepared.plan, prepared.columns, 'columns'), {
      name: 'UserError',
      message: /can't be computed by columns/,
    });
  });

  it('asks before a grid of a million points is begun, and says when nothing is left of it', async () => {
    await assert.rejects(prepare('moving-average-cross', ['fast=1:1000', 'slow=2:5000', 'stopAtr=0:2:0.01']), {
      name: 'UserError',
      message: /^The grid has 1,004,799,000 points\./,
    });
    await assert.rejects(prepare('moving-average-cross', ['fast=50:60', 'slow=20:40']), {
      name: 'UserError',
      message: "Nothing is left of the grid. All 231 points are left out: 231 by the strategy's own rules.",
    });
    await assert.rejects(prepare('moving-average-cross', ['fast=5'], { where: ['fast > 5'] }), {
      name: 'UserError',
      message: 'Nothing is left of the grid. The only point is left out: 1 by --where fast > 5.',
    });
  });
});

async function figures(store: SweepStore, prepared: PreparedSweep): Promise<Map<number, Float64Array>> {
  const found = new Map<number, Float64Array>();
  for (const { rows } of await store.chunks(prepared.id, 0, prepared.chunks)) {
    for (const { point, outcome } of decodeRows(rows).rows) if (outcome.ok) found.set(point, outcome.figures);
  }
  return found;
}

/** Stops the sweep when so many chunks have been saved. */
function stoppingAfter(store: SweepStore, count: number, controller: AbortController): SweepStore {
  let saved = 0;
  if (count === 0) controller.abort();
  return new Proxy(store, {
    get(target, name) {
      const own = Reflect.get(target, name);
      if (name !== 'saveChunk') return typeof own === 'function' ? own.bind(target) : own;
      return async (chunk: SweepChunk) => {
        await target.saveChunk(chunk);
        saved += 1;
        if (saved === count) controller.abort();
      };
    },
  });
}

class CountingStore extends MemorySweepStore {
  saved = 0;
  readonly #within: SweepStore;

  constructor(within: SweepStore) {
    super();
    this.#within = within;
  }

  override chunksDone(id: string): Promise<readonly number[]> {
    return this.#within.chunksDone(id);
  }

  override deleteSweep(id: string): Promise<void> {
    return this.#within.deleteSweep(id);
  }

  override saveChunk(chunk: SweepChunk): Promise<void> {
    this.saved += 1;
    return this.#within.saveChunk(chunk);
  }
}
