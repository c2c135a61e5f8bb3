import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fixed, type Price, type Quantity } from '../../../src/foundation/fixed-point.ts';
import { isOpen, latest } from '../../support/scripted-account.ts';
import { LIMIT, STOP } from '../execution/external-bench.ts';
import { DeskBench, idOf } from './order-bench.ts';

const SELL_FAR = { side: 'sell', execution: { ...LIMIT, limitPrice: fixed<Price>('99') } } as const;
/** Of the scripted venue: receive window 3000, look-ups 1000, margin 500, clock 1; and the first look before. */
const FENCE_MS = 4_501;

describe('what goes out', () => {
  test('orders of a symbol go one after the other, of two symbols at once', async () => {
    const bench = await new DeskBench().connect();
    bench.gateway.next({ arriveAfterMs: 5, answerAfterMs: 200 }, idOf(1));
    bench.submit(1).submit(2).submit(3, { symbol: 'Y' });
    await bench.pass(50);
    assert.deepEqual(bench.sentIds, [idOf(1), idOf(3)]);
    await bench.pass(200);
    assert.deepEqual(bench.sentIds, [idOf(1), idOf(3), idOf(2)]);
    assert.deepEqual(
      [1, 2, 3].map((number) => bench.last(number)),
      ['filled', 'filled', 'filled'],
    );
    assert.equal(bench.desk.isSettled, true);
  });

  test('a cancellation waits for its own order alone', async () => {
    const bench = await new DeskBench().connect();
    bench.submit(1, SELL_FAR);
    await bench.pass(50);
    bench.gateway.next({ answerAfterMs: 'never' });
    bench.submit(2, SELL_FAR).submit(3, SELL_FAR);
    await bench.pass(20);
    bench.venue.cancel(idOf(1));
    bench.venue.cancel(idOf(2));
    await bench.pass(50);
    assert.deepEqual(
      bench.gateway.cancels.map((one) => one.clientOrderId),
      [idOf(1)],
    );
    assert.equal(bench.last(1), 'cancelled');
    await bench.pass(6_000);
    assert.equal(bench.last(2), 'cancelled');
  });

  test('nothing is sent while the lease is in doubt, and what is sent then is what is still wanted', async () => {
    const bench = await new DeskBench().connect();
    bench.isHeld = false;
    bench.submit(1).submit(2, SELL_FAR);
    await bench.pass(400);
    bench.venue.cancel(idOf(2));
    await bench.pass(1_000);
    assert.deepEqual([bench.sentIds, bench.gateway.cancels], [[], []]);
    bench.isHeld = true;
    await bench.pass(1_000);
    assert.deepEqual([bench.sentIds, bench.last(1), bench.last(2)], [[idOf(1)], 'filled', 'cancelled']);
  });

  test('a lease that stays in doubt: an entry is given up after 10 s, an exit after 60 s', async () => {
    const bench = await new DeskBench().connect();
    bench.isHeld = false;
    bench.submit(1).submit(2, { side: 'sell', reduceOnly: true });
    await bench.pass(11_000);
    assert.deepEqual([bench.last(1), bench.last(2)], ['rejected', 'submitted']);
    await bench.pass(51_000);
    assert.deepEqual([bench.last(2), bench.sentIds], ['rejected', []]);
  });

  test('what was decided long before it could be made durable is not sent any more', async () => {
    const bench = await new DeskBench().connect();
    bench.submit(1).submit(2, { side: 'sell', reduceOnly: true, execution: STOP });
    await bench.clock.advance(15_000);
    await bench.pass(1_000);
    assert.deepEqual([bench.sentIds, bench.last(1)], [[idOf(2)], 'rejected']);
  });

  test('closed: what waits in its lane is not sent', async () => {
    const bench = await new DeskBench().connect();
    bench.submit(1).submit(2);
    bench.desk.send();
    await bench.clock.advance(6);
    bench.desk.close();
    await bench.pass(1_000);
    assert.deepEqual(bench.sentIds, [idOf(1)]);
  });

  test('a gateway that breaks its contract ends the bot where it hears', async () => {
    const bench = await new DeskBench().connect();
    bench.gateway.submit = () => Promise.reject(new Error('out of bounds'));
    bench.submit(1);
    bench.desk.send();
    await bench.clock.advance(10);
    assert.throws(() => bench.desk.hear(), /out of bounds/);
  });
});

describe('what is in doubt', () => {
  test('a lost answer is found by asking; the order is not sent again', async () => {
    const bench = await new DeskBench({ streamPlan: () => ({ times: 0, delayMs: 0 }) }).connect();
    bench.gateway.next({ answerAfterMs: 'never' });
    bench.submit(1);
    await bench.pass(5_500);
    assert.deepEqual([bench.last(1), bench.atVenue, bench.sentIds.length], ['filled', 1, 1]);
    assert.equal(bench.desk.isSettled, true);
  });

  test('that it is absent counts only after the fence', async () => {
    const bench = await new DeskBench({ timeoutMs: 100 }).connect();
    bench.gateway.next({ arriveAfterMs: 'never' });
    bench.submit(1);
    await bench.pass(100 + FENCE_MS - 50);
    assert.equal(bench.last(1), 'unknown');
    await bench.pass(200);
    assert.equal(bench.last(1), 'rejected');
  });

  test('a request that comes late, within the receive window, is found before the fence', async () => {
    const bench = await new DeskBench({ timeoutMs: 100, streamPlan: () => ({ times: 0, delayMs: 0 }) }).connect();
    bench.gateway.next({ arriveAfterMs: 2_999 });
    bench.submit(1);
    await bench.pass(6_000);
    assert.deepEqual([bench.last(1), bench.atVenue], ['filled', 1]);
  });

  test('look-ups that lag do not make an order absent', async () => {
    const bench = await new DeskBench({
      timeoutMs: 100,
      lagMs: () => 1_000,
      streamPlan: () => ({ times: 0, delayMs: 0 }),
    }).connect();
    bench.gateway.next({ arriveAfterMs: 2_990 });
    bench.submit(1);
    await bench.pass(7_000);
    assert.deepEqual([bench.last(1), bench.atVenue], ['filled', 1]);
  });

  test('an order that the venue has spoken of is never ended because it is not found', async () => {
    const bench = await new DeskBench({ rules: { historyMs: 0 } }).connect();
    bench.submit(1, SELL_FAR);
    await bench.pass(100);
    bench.gateway.disconnect('the line broke');
    bench.gateway.truth.cancel(idOf(1));
    await bench.clock.advance(10);
    bench.desk.doubtAll('the private stream was away');
    await bench.pass(70_000);
    assert.deepEqual([bench.last(1), bench.told], ['accepted', ['order.unresolved']]);
    assert.equal(bench.desk.isSettled, false);
  });

  test('an order in a lane is not given up while it waits to be sent', async () => {
    const bench = await new DeskBench().connect();
    bench.gateway.next({ arriveAfterMs: 'never' }, idOf(1));
    bench.submit(1).submit(2);
    await bench.pass(20);
    // Everything that may be out is asked for; the second order leaves 5 s later.
    bench.desk.doubtAll('the private stream was away');
    await bench.pass(4_900);
    assert.equal(bench.last(2), 'submitted');
    await bench.pass(12_000);
    assert.deepEqual([bench.last(1), bench.last(2), bench.atVenue], ['rejected', 'filled', 1]);
  });

  test('an inquiry that began before an order was sent again does not end it', async () => {
    const bench = await new DeskBench({ timeoutMs: 1_000 }).connect();
    bench.submit(1);
    bench.gateway.next({ notSent: true });
    bench.desk.send();
    bench.desk.doubtAll('the private stream was away');
    for (const plan of Array.from({ length: 8 }, () => ({ notSent: true }))) bench.gateway.next(plan);
    bench.gateway.next({ arriveAfterMs: 2_500 });
    await bench.pass(12_000);
    assert.deepEqual([bench.last(1), bench.atVenue, bench.sentIds.length], ['filled', 1, 1]);
  });

  test('fills that were found by asking are passed on like those that were told', async () => {
    const bench = await new DeskBench({ streamPlan: () => ({ times: 0, delayMs: 0 }) }).connect();
    const quantity = fixed<Quantity>('5');
    bench.gateway.next({
      answerAfterMs: 'never',
      fills: [
        { afterMs: 1, quantity },
        { afterMs: 9_000, quantity },
      ],
    });
    bench.submit(1);
    await bench.pass(20_000);
    const filled = bench.events.filter(({ kind }) => kind === 'filled');
    assert.equal(filled.length, 1, 'the second part comes by the next reconciliation');
    bench.desk.doubtAll('the private stream was away');
    await bench.pass(1_000);
    assert.equal(bench.last(1), 'filled');
  });

  test('a cancellation that was lost is found out and repeated, also of an order that waits for its trigger', async () => {
    for (const terms of [SELL_FAR, { side: 'sell', execution: STOP } as const]) {
      const bench = await new DeskBench().connect();
      bench.submit(1, terms);
      await bench.pass(100);
      bench.gateway.nextCancel({ arriveAfterMs: 'never' });
      bench.venue.cancel(idOf(1));
      await bench.pass(6_000);
      assert.equal(bench.last(1), 'cancelled');
      assert.equal(isOpen(latest(bench.gateway.truth.orders[0]!)), false);
    }
  });
});

test('a desk owns the ids that its bot makes, and no others', () => {
  const { desk } = new DeskBench();
  const owned = [idOf(1), 'bot-mk0000000-zz', 'bot-2-mk000000-1', 'bot2-mk000000-1', 'bot-1', '', 'xbot-mk000000-1'];
  assert.deepEqual(
    owned.map((id) => desk.owns(id)),
    [true, true, false, false, false, false, false],
  );
});
