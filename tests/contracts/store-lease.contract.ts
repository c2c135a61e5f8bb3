import assert from 'node:assert/strict';
import { epochMs } from '../../src/foundation/time.ts';
import type { Lease } from '../../src/store/store.ts';
import type { StoreTest } from './store-bench.ts';
import { START, sampleCommit } from './store-samples.ts';

const now = epochMs(START);
const TTL = 5_000;
const later = (ms: number) => epochMs(START + ms);

export function leaseContract(storeTest: StoreTest): void {
  storeTest('a lease is held by one owner at a time', async (store) => {
    assert.deepEqual(await store.acquireLease('bot', 'a', TTL, now), { name: 'bot', owner: 'a', token: 1 });
    assert.equal(await store.acquireLease('bot', 'b', TTL, now), undefined);
    assert.equal(await store.acquireLease('bot', 'b', TTL, later(TTL - 1)), undefined);
    assert.deepEqual(await store.acquireLease('other', 'b', TTL, now), { name: 'other', owner: 'b', token: 1 });
  });

  storeTest('its owner takes it again and prolongs it under the same token', async (store) => {
    const first = (await store.acquireLease('bot', 'a', TTL, now))!;
    assert.deepEqual(await store.acquireLease('bot', 'a', TTL, later(1_000)), first);
    assert.equal(await store.acquireLease('bot', 'b', TTL, later(TTL + 999)), undefined);
    assert.equal(await store.renewLease(first, TTL, later(5_000)), true);
    assert.equal(await store.acquireLease('bot', 'b', TTL, later(9_999)), undefined);
    assert.equal((await store.acquireLease('bot', 'b', TTL, later(10_000)))?.token, 2);
  });

  storeTest('a lease that ran out is taken over, and the old token is worth nothing', async (store) => {
    const old = (await store.acquireLease('bot', 'a', TTL, now))!;
    const taken = (await store.acquireLease('bot', 'b', TTL, later(TTL)))!;
    assert.equal(taken.token, 2);
    assert.equal(await store.renewLease(old, TTL, later(TTL)), false);
    await store.releaseLease(old);
    assert.equal(await store.acquireLease('bot', 'c', TTL, later(TTL + 1)), undefined);
    const refused = await store.commitBot(sampleCommit('bot', old, 0));
    assert.ok(!refused.ok && refused.error.code === 'LEASE_LOST');
    assert.equal(await store.checkpoint('bot'), undefined);
    assert.deepEqual(await store.commitBot(sampleCommit('bot', taken, 0)), { ok: true, value: 1 });
  });

  storeTest('an owner that comes back after another is told from its old self', async (store) => {
    const first = (await store.acquireLease('bot', 'a', TTL, now))!;
    await store.acquireLease('bot', 'b', TTL, later(TTL));
    const second = (await store.acquireLease('bot', 'a', TTL, later(3 * TTL)))!;
    assert.equal(second.token, 3);
    const refused = await store.commitBot(sampleCommit('bot', first, 0));
    assert.ok(!refused.ok && refused.error.code === 'LEASE_LOST');
  });

  storeTest('a lease that ran out and that nobody took is still its owner’s', async (store) => {
    const held = (await store.acquireLease('bot', 'a', TTL, now))!;
    assert.equal((await store.commitBot(sampleCommit('bot', held, 0))).ok, true);
    assert.equal(await store.renewLease(held, TTL, later(10 * TTL)), true);
    assert.equal(await store.acquireLease('bot', 'b', TTL, later(10 * TTL)), undefined);
  });

  storeTest('a lease that was given back is free at once, and its token does not come again', async (store) => {
    const first = (await store.acquireLease('bot', 'a', TTL, now))!;
    await store.releaseLease(first);
    assert.equal(await store.renewLease(first, TTL, now), false);
    const refused = await store.commitBot(sampleCommit('bot', first, 0));
    assert.ok(!refused.ok && refused.error.code === 'LEASE_LOST');
    assert.equal((await store.acquireLease('bot', 'b', TTL, now))?.token, 2);
  });

  storeTest('a lease that never was is nobody’s', async (store) => {
    const invented: Lease = { name: 'bot', owner: 'a', token: 1 };
    assert.equal(await store.renewLease(invented, TTL, now), false);
    const refused = await store.commitBot(sampleCommit('bot', invented, 0));
    assert.ok(!refused.ok && refused.error.code === 'LEASE_LOST');
  });

  storeTest('of many that reach for a lease exactly one gets it, in every round', async (_store, bench) => {
    const contenders = await Promise.all(Array.from({ length: 5 }, () => bench.open()));
    for (let round = 1; round <= 8; round++) {
      const at = later(round * TTL);
      const tries = await Promise.all(
        contenders.map((one, index) => one.acquireLease('bot', `owner-${round}-${index}`, TTL, at)),
      );
      const winners = tries.filter((one) => one !== undefined);
      assert.equal(winners.length, 1);
      assert.equal(winners[0]!.token, round);
    }
  });

  storeTest('a takeover in the middle of a writer’s commits fences it off at one point', async (store, bench) => {
    const other = await bench.open();
    const old = (await store.acquireLease('bot', 'a', TTL, now))!;
    let taken: Lease | undefined;
    const takeover = other.acquireLease('bot', 'b', TTL, later(TTL)).then((lease) => {
      taken = lease;
    });
    let committed = 0;
    for (;;) {
      const outcome = await store.commitBot(sampleCommit('bot', old, committed));
      if (!outcome.ok) {
        assert.equal(outcome.error.code, 'LEASE_LOST');
        break;
      }
      committed += 1;
      assert.ok(committed < 2_000, 'the takeover never came, or never fenced the old writer off');
    }
    await takeover;
    const resumed = await other.checkpoint('bot');
    assert.equal(resumed?.revision ?? 0, committed);
    const next = await other.commitBot(sampleCommit('bot', taken!, committed));
    assert.deepEqual(next, { ok: true, value: committed + 1 });
    assert.equal((await store.commitBot(sampleCommit('bot', old, committed + 1))).ok, false);
  });
}
