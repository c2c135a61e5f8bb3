import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { DataReader } from '../../../src/app/data-reader.ts';
import { cancelSweep, findSweep, runSweepOnCluster } from '../../../src/app/sweep-cluster.ts';
import { type PreparedSweep, prepareSweep } from '../../../src/app/sweep-prepare.ts';
import { runSweep } from '../../../src/app/sweep-run.ts';
import { SweepWorkerRole } from '../../../src/app/sweep-worker-role.ts';
import { InProcessWorkQueue } from '../../../src/bus/in-process-work-queue.ts';
import { sleep, systemClock } from '../../../src/foundation/clock.ts';
import { UserError } from '../../../src/foundation/errors.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import type { SweepStore } from '../../../src/store/sweep-store.ts';
import { MemorySweepStore } from '../../support/memory-sweep-store.ts';

/** Workers and coordinator in this process, over a queue and a store in memory; threads and files are real. */
let folder: string;
let store: SweepStore;
let queue: InProcessWorkQueue;
let notices: string[];
let role: SweepWorkerRole;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-cluster-'));
  store = new MemorySweepStore();
  queue = new InProcessWorkQueue(systemClock, { attempts: 3, retryAfterMs: 20 });
  notices = [];
  role = newRole();
});
afterEach(async () => {
  await role.stop();
  await queue.close();
  rmSync(folder, { recursive: true, force: true });
});

function newRole(): SweepWorkerRole {
  const onNotice = (sentence: string): void => void notices.push(sentence);
  const cacheFolder = join(folder, 'cache');
  return new SweepWorkerRole({
    clock: systemClock,
    logger: silentLogger,
    store,
    queue,
    cacheFolder,
    threads: 2,
    onNotice,
  });
}

function prepare(more: { readonly strategy?: string; readonly set?: string } = {}): Promise<PreparedSweep> {
  return prepareSweep(
    {
      strategy: more.strategy ?? 'moving-average-cross',
      set: [{ name: more.strategy ? 'n' : 'fast', value: more.set ?? '5:40' }],
      where: [],
      random: null,
      limits: true,
      timeframe: '30m',
      symbols: ['BTCUSDT'],
    },
    { cwd: folder, reader: new DataReader(), confirm: async () => false },
  );
}

function onCluster(prepared: PreparedSweep, signal = new AbortController().signal) {
  const cluster = { store, queue, clock: systemClock, onNotice: (sentence: string) => void notices.push(sentence) };
  return runSweepOnCluster(cluster, prepared, { fresh: false, signal });
}

async function isAsOnOneMachine(prepared: PreparedSweep): Promise<void> {
  const alone = new MemorySweepStore();
  const signal = new AbortController().signal;
  const terms = {
    store: alone,
    clock: systemClock,
    workers: 2,
    memoryMegabytes: 256,
    path: 'auto',
    fresh: false,
  } as const;
  await runSweep(prepared, { ...terms, signal });
  const [found, expected] = await Promise.all([store, alone].map((one) => one.chunks(prepared.id, 0, prepared.chunks)));
  assert.deepEqual(found, expected);
  assert.equal(found!.length, prepared.chunks);
}

/** A strategy file whose `create` begins with these lines; `n` is its parameter. */
function strategyFile(lines: string, imports = ''): string {
  const path = join(folder, 'own.ts');
  writeFileSync(
    path,
    `import { defineStrategy, integer, Strategy } from 'tradewind';
${imports}
class Idle extends Strategy { process() { return undefined; } }
export default defineStrategy({
  name: 'own', title: 'Own', description: 'Does nothing.',
  parameters: { n: integer({ default: 5, minimum: 1, maximum: 1000, description: 'A number' }) },
  create({ n }) { ${lines} return new Idle(); },
});
`,
  );
  return path;
}

test('a sweep on workers is that of one machine, and found again as done', async () => {
  const prepared = await prepare();
  await role.start();
  const timing = await onCluster(prepared);
  assert.deepEqual([timing.isWhole, timing.chunksFound, timing.chunksComputed], [true, 0, prepared.chunks]);
  await isAsOnOneMachine(prepared);
  assert.equal(role.chunks, prepared.chunks);
  const again = await onCluster(prepared);
  assert.deepEqual([again.isWhole, again.chunksFound, again.chunksComputed], [true, prepared.chunks, 0]);
  assert.equal(role.chunks, prepared.chunks);
});

test('points that end their thread are rows with an error, as on one machine', { timeout: 60_000 }, async () => {
  const prepared = await prepare({ strategy: strategyFile('if (n === 7) process.exit(3);'), set: '1:12' });
  await role.start();
  assert.ok((await onCluster(prepared)).isWhole);
  await isAsOnOneMachine(prepared);
});

test('points that throw have the same words wherever the file lies', async () => {
  const prepared = await prepare({ strategy: strategyFile("if (n % 5 === 0) throw new Error('five');"), set: '1:30' });
  await role.start();
  assert.ok((await onCluster(prepared)).isWhole);
  await isAsOnOneMachine(prepared);
});

test('a strategy that is more than its file is refused before anything is sent', async () => {
  writeFileSync(join(folder, 'part.ts'), 'export const seven = 7;\n');
  const file = strategyFile('if (n === seven) return new Idle();', "import { seven } from './part.ts';");
  const prepared = await prepare({ strategy: file, set: '1:12' });
  await assert.rejects(onCluster(prepared), (error) => {
    return (
      error instanceof UserError &&
      /can't be sent to workers.*may import 'tradewind' and node: modules only/.test(error.message)
    );
  });
  assert.deepEqual(await store.sweeps(), []);
});

test('bars that were damaged in the folder of a worker are fetched anew', async () => {
  const first = await prepare();
  await role.start();
  await onCluster(first);
  await role.stop();
  const hash = Object.values(first.plan.data)[0]!;
  const path = join(folder, 'cache', hash.slice(0, 2), hash, 'content');
  assert.ok(readdirSync(join(folder, 'cache', hash.slice(0, 2), hash)).includes('content'));
  writeFileSync(path, 'nothing of that kind');
  role = newRole();
  await role.start();
  const second = await prepare({ set: '6:39' });
  assert.ok((await onCluster(second)).isWhole);
  await isAsOnOneMachine(second);
});

test('chunks that fail on every worker are named with the error, and tried again by the same command', async () => {
  const prepared = await prepare();
  const hash = Object.values(prepared.plan.data)[0]!;
  const original = store.dataset.bind(store);
  store.dataset = async () => new Uint8Array([1, 2, 3]);
  await role.start();
  await assert.rejects(onCluster(prepared), (error) => {
    return (
      error instanceof UserError &&
      /\d+ of \d+ chunks failed.*The store has other bytes under a hash/.test(error.message)
    );
  });
  assert.equal(
    createHash('sha256')
      .update((await original(hash))!)
      .digest('hex'),
    hash,
  );
  store.dataset = original;
  assert.ok((await onCluster(prepared)).isWhole);
  await isAsOnOneMachine(prepared);
});

test('cancelled, it ends within a second, even in the middle of a point that has no end', {
  timeout: 60_000,
}, async () => {
  const prepared = await prepare({ strategy: strategyFile('if (n > 2) for (;;);'), set: '1:12' });
  await role.start();
  const running = onCluster(prepared);
  while ((await queue.progress(prepared.id)).running.length === 0) await sleep(systemClock, 10);
  await sleep(systemClock, 300);
  const { id } = await findSweep(store, prepared.id.slice(0, 6));
  const asked = systemClock.monotonic();
  await cancelSweep({ store, queue }, id);
  assert.equal((await running).isWhole, false);
  while ((await queue.progress(id)).running.length > 0) await sleep(systemClock, 10);
  assert.ok(systemClock.monotonic() - asked < 1_000);
  assert.ok(notices.some((notice) => /was cancelled; what is done is kept/.test(notice)));
});

test('without a worker it says so, and waits', async () => {
  const prepared = await prepare();
  const running = onCluster(prepared);
  while (!notices.some((notice) => /No worker has taken a job yet/.test(notice))) await sleep(systemClock, 20);
  await role.start();
  assert.ok((await running).isWhole);
});

test('a sweep is found by the beginning of its id', async () => {
  await assert.rejects(findSweep(store, 'a'), /No sweep begins with a\. The store has no sweeps\./);
  for (const id of ['abc1', 'abc2']) {
    await store.createSweep({ id, plan: {}, chunks: 1, createdAt: systemClock.now(), cancelled: false });
  }
  assert.equal((await findSweep(store, 'ABC2')).id, 'abc2');
  await assert.rejects(findSweep(store, 'abc'), /More than one sweep begins with abc\. The newest are abc1, abc2\./);
});
