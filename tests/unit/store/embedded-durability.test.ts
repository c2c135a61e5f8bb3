import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { systemClock } from '../../../src/foundation/clock.ts';
import { Random } from '../../../src/foundation/random.ts';
import { verifyAuditChain } from '../../../src/store/audit-chain.ts';
import { CandleCsvWriter } from '../../../src/store/candle-csv.ts';
import { EmbeddedDatabase } from '../../../src/store/embedded-database.ts';
import { openEmbeddedStore } from '../../../src/store/embedded-store.ts';
import { type StoreFault, StoreUnavailableError } from '../../../src/store/store-error.ts';
import { sampleCandle } from '../../contracts/store-samples.ts';
import { skipUnlessMountable, withSmallDisk } from './small-disk.ts';

const childProgram = fileURLToPath(new URL('./committing-child.ts', import.meta.url));
let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-durability-'));
});
after(() => rmSync(folder, { recursive: true }));

/** A committing child, and what it says. */
function startChild(path: string, wrapper: readonly string[] = []) {
  const [program, ...parameters] = [...wrapper, process.execPath, childProgram, path];
  const child = spawn(program!, parameters, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const said = async () => {
    const { value, done } = await lines.next();
    return done ? undefined : (value as string).split(' ');
  };
  return { child, said };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Everything that `revision` commits of the child wrote is there, once, and nothing is half there. */
async function assertWhole(path: string, atLeast: number): Promise<number> {
  const database = new DatabaseSync(path);
  assert.deepEqual(Object.values(database.prepare('pragma integrity_check').get()!), ['ok']);
  database.close();
  const store = await openEmbeddedStore({ path });
  await store.migrate();
  const { revision, state } = (await store.checkpoint('bot'))!;
  assert.ok(revision >= atLeast, `revision ${atLeast} was acknowledged, ${revision} is there`);
  assert.equal((state as { revision: number }).revision, revision);
  assert.equal(await store.countRows('fills'), revision);
  assert.equal((await store.equity('bot')).length, 20 * revision);
  const journal = [...(await store.auditRows(0, revision + 1)), ...(await store.outbox('bot'))];
  assert.deepEqual(
    journal.map((entry) => entry.eventId),
    Array.from({ length: revision }, (_, index) => `event-${index + 1}`),
  );
  const verdict = await verifyAuditChain(store);
  assert.ok(verdict.ok && verdict.count >= atLeast && verdict.count <= revision);
  const candles = await store.countRows('candles');
  assert.ok(candles === revision || candles === revision + 1);
  assert.equal(await store.countRows('raw_messages'), candles);
  await store.close();
  return revision;
}

test('kill -9 in the midst of commits, ten times: nothing that was acknowledged is lost', async () => {
  const path = join(folder, 'kill', 'tradewind.db');
  const random = new Random(20_250_624, 'kills');
  let acknowledged = 0;
  for (let kill = 0; kill < 10; kill++) {
    const { child, said } = startChild(path);
    // Some kills come right after an acknowledgement, others in the work that follows it.
    for (let commits = random.integer(3, 40); commits > 0; commits--) acknowledged = Number((await said())![1]);
    await killed(child);
    for (let line = await said(); line; line = await said()) acknowledged = Number(line[1]);
    acknowledged = await assertWhole(path, acknowledged);
  }
  assert.ok(acknowledged >= 30);
});

const hasPrlimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0;

test('a limit on the file size: a typed error, reading works on, and writing when the limit is gone', {
  skip: hasPrlimit ? false : 'prlimit is not installed',
}, async () => {
  const path = join(folder, 'limit.db');
  const { child, said } = startChild(path, ['prlimit', '--fsize=1500000:unlimited']);
  const fault = await untilFault(said);
  assert.equal(fault.code, 'FAILED_IO');
  execFileSync('prlimit', ['--pid', `${child.pid}`, '--fsize=unlimited:unlimited']);
  child.stdin!.write('go on\n');
  for (let commits = 0; commits < 5; commits++) assert.equal((await said())![0], 'commit');
  await killed(child);
  await assertWhole(path, fault.acknowledged + 5);
});

test(
  'a full disk: a typed error, reading works on, and writing when there is space again',
  {
    skip: skipUnlessMountable(),
  },
  () =>
    withSmallDisk(6, async (disk) => {
      const path = join(disk, 'tradewind.db');
      const ballast = join(disk, 'ballast');
      writeFileSync(ballast, Buffer.alloc(3_000_000));
      const { child, said } = startChild(path);
      try {
        const fault = await untilFault(said);
        assert.equal(fault.code, 'FULL');
        await assertCsvFails(join(disk, 'csv'));
        rmSync(ballast);
        child.stdin!.write('go on\n');
        for (let commits = 0; commits < 5; commits++) assert.equal((await said())![0], 'commit');
        await killed(child);
        await assertWhole(path, fault.acknowledged + 5);
      } finally {
        await killed(child);
      }
    }),
);

/** What the child read when the store failed is all that was acknowledged, or one more (the last answer was lost). */
async function untilFault(said: () => Promise<string[] | undefined>) {
  let acknowledged = 0;
  for (let line = await said(); line; line = await said()) {
    if (line[0] === 'fault') {
      const readable = Number(line[2]);
      assert.ok(readable === acknowledged || readable === acknowledged + 1, `${readable} after ${acknowledged}`);
      return { code: line[1], acknowledged };
    }
    acknowledged = Number(line[1]);
  }
  throw new Error('the child ended');
}

async function assertCsvFails(csvFolder: string): Promise<void> {
  const writer = new CandleCsvWriter(csvFolder);
  const candles = Array.from({ length: 100_000 }, (_, index) => sampleCandle(index + 1));
  await assert.rejects(writer.append(candles), faultOf('FULL'));
  await writer.close();
  rmSync(csvFolder, { recursive: true });
}

test('a path that can’t be a file, and a file that is no database', async () => {
  const plain = join(folder, 'plain.txt');
  writeFileSync(plain, 'this is a text file, and no database at all\n'.repeat(50));
  await assert.rejects(openEmbeddedStore({ path: folder }), faultOf('NOT_WRITABLE'));
  await assert.rejects(openEmbeddedStore({ path: join(plain, 'x.db') }), faultOf('NOT_WRITABLE'));
  await assert.rejects(openEmbeddedStore({ path: plain }), (error: Error) => {
    assert.ok(faultOf('DAMAGED')(error));
    assert.ok(error.message.includes(plain));
    return true;
  });
});

test('a write waits for another process, and gives up after the time allowed', async () => {
  const path = join(folder, 'busy.db');
  const store = await openEmbeddedStore({ path, busyTimeoutMs: 50 });
  await store.migrate();
  const other = new DatabaseSync(path);
  other.exec('begin immediate');
  await assert.rejects(store.recordMarket([{ candle: sampleCandle(1), raw: null }]), faultOf('BUSY'));
  assert.equal(await store.countRows('candles'), 0);
  other.exec('rollback');
  await store.recordMarket([{ candle: sampleCandle(1), raw: null }]);
  assert.equal(await store.countRows('candles'), 1);
  other.close();
  await store.close();
});

test('a commit is on the disk before it is acknowledged, unless asked otherwise', async () => {
  for (const [synchronous, expected] of [
    ['FULL', 2],
    ['NORMAL', 1],
  ] as const) {
    const path = join(folder, `${synchronous}.db`);
    const database = new EmbeddedDatabase({ path, synchronous, busyTimeoutMs: 1_000, clock: systemClock });
    // https://sqlite.org/pragma.html#pragma_synchronous, on the connection that writes
    const found = await database.transaction(async ({ kysely }) => [
      (await sql`pragma synchronous`.execute(kysely)).rows[0],
      (await sql`pragma journal_mode`.execute(kysely)).rows[0],
    ]);
    assert.deepEqual(
      found.map((row) => Object.values(row as object)),
      [[expected], ['wal']],
    );
    await database.close();
  }
});

function faultOf(code: StoreFault): (error: Error) => boolean {
  return (error) => error instanceof StoreUnavailableError && error.code === code;
}
