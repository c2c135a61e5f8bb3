import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../../src/foundation/errors.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { postgresAddress } from '../../../src/store/postgres-address.ts';
import { postgresFault } from '../../../src/store/postgres-fault.ts';
import { connectPostgresStore } from '../../../src/store/postgres-store.ts';
import { StoreUnavailableError } from '../../../src/store/store-error.ts';
import { sampleCandle, sampleCommit, sampleStatus } from '../../contracts/store-samples.ts';
import { freePort } from '../../support/child-server.ts';
import { startPostgres } from '../../support/postgres-server.ts';

test('an address is told without its password', () => {
  const place = (url: string) => postgresAddress(url, 'public').place;
  assert.equal(place('postgres://trader:s3cret@db.example:6543/market'), 'db.example:6543/market');
  assert.equal(place('postgresql://trader:s3cret@db.example/'), 'db.example:5432/trader');
  assert.equal(place('postgresql:///market?host=/var/run/postgresql'), '/var/run/postgresql:5432/market');
  const options = new URL(postgresAddress('postgres://h/d?options=-c%20a=b', 'own').url).searchParams.get('options')!;
  for (const part of ['-c a=b', '-c search_path=own', '-c synchronous_commit=on'])
    assert.ok(options.includes(part), part);
});

test('what is not an address, or not a schema name, is a user’s mistake', () => {
  for (const url of ['', 'db.example', 'redis://h/0', 'mysql://u:s3cret@h/d']) {
    assert.throws(
      () => postgresAddress(url, 'public'),
      (error: Error) => error instanceof UserError && !error.message.includes('s3cret'),
    );
  }
  for (const schema of ['', 'A', 'x y', 'x; drop schema public', '1x']) {
    assert.throws(() => postgresAddress('postgres://h/d', schema), UserError);
  }
});

test('errors of the server and the link to it have their meaning', () => {
  const fault = (code: string) => postgresFault({ code });
  assert.equal(fault('53100'), 'FULL');
  assert.equal(fault('25006'), 'NOT_WRITABLE');
  assert.equal(fault('55P03'), 'BUSY');
  assert.equal(fault('57P01'), 'UNREACHABLE');
  assert.equal(fault('08006'), 'UNREACHABLE');
  assert.equal(fault('ECONNREFUSED'), 'UNREACHABLE');
  assert.equal(postgresFault(new Error('Connection terminated unexpectedly')), 'UNREACHABLE');
  for (const code of ['23505', '42P01', '22003']) assert.equal(fault(code), undefined);
  assert.equal(postgresFault(new Error('something else')), undefined);
});

test('a server that can’t be reached is a user’s mistake that says where', async () => {
  const port = await freePort();
  await assert.rejects(
    connectPostgresStore({ url: `postgres://trader:s3cret@127.0.0.1:${port}/market` }),
    (error: Error) => {
      assert.ok(error instanceof UserError);
      assert.match(
        error.message,
        new RegExp(`127\\.0\\.0\\.1:${port}/market refuses the connection.*Start the server`),
      );
      assert.ok(!error.message.includes('s3cret'));
      return true;
    },
  );
});

test('what was acknowledged survives a kill of the server, and work goes on when it is back', async () => {
  const server = await startPostgres();
  try {
    const missing = connectPostgresStore({ url: server.url.replace(/postgres$/, 'nowhere') });
    await assert.rejects(missing, /nowhere does not exist on that server/);
    const store = await connectPostgresStore({ url: server.url, schema: 'outage', connectTimeoutMs: 2_000 });
    await store.migrate();
    const lease = (await store.acquireLease('bot', 'me', 60_000, epochMs(0)))!;
    for (let round = 0; round < 3; round++) {
      const commits = Array.from({ length: 5 }, (_, index) => sampleCommit('bot', lease, round * 5 + index));
      for (const commit of commits) assert.equal((await store.commitBot(commit)).ok, true);
      // One that is under way when the server dies: whether it was done is unknown, so it is repeated below.
      const next = sampleCommit(`other-${round}`, lease, 0, { status: sampleStatus(`other-${round}`) });
      const underWay = store.commitBot(next).catch((error: Error) => error);
      await server.kill();
      const outcome = await underWay;
      if (outcome instanceof Error) assert.ok(unreachable(outcome), outcome.message);
      await assert.rejects(store.recordMarket([{ candle: sampleCandle(1), raw: null }]), unreachable);
      await assert.rejects(store.checkpoint('bot'), unreachable);
      await server.restart();
      assert.equal((await store.checkpoint('bot'))?.revision, round * 5 + 5);
      assert.deepEqual(await store.commitBot(next), { ok: true, value: 1 });
      assert.deepEqual(await store.commitBot(commits.at(-1)!), { ok: true, value: round * 5 + 5 });
    }
    await store.close();
  } finally {
    await server.stop();
  }
});

function unreachable(error: Error): boolean {
  return error instanceof StoreUnavailableError && error.code === 'UNREACHABLE';
}
