import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { logs } from '../../../src/bus/topics.ts';
import { UserError } from '../../../src/foundation/errors.ts';
import { fixed, type Money, type Price, type Quantity } from '../../../src/foundation/fixed-point.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import type { AccountEvent } from '../../support/scripted-account.ts';
import { LIMIT } from '../execution/external-bench.ts';
import { idOf, LinkBench } from './order-bench.ts';

const ONE = fixed<Quantity>('1');
const TEN = fixed<Price>('10');
const FAR = { side: 'sell', execution: { ...LIMIT, limitPrice: fixed<Price>('99') } } as const;

describe('what stops entries', () => {
  test('until the account is connected and reconciled, and whenever it can not be heard', async () => {
    const bench = new LinkBench();
    assert.equal(bench.link.haltReason, 'the account is not connected yet');
    const started = bench.link.start();
    await bench.clock.advance(6);
    assert.equal(bench.link.haltReason, 'the account is being reconciled');
    await started;
    await bench.pass(200);
    assert.equal(bench.link.haltReason, undefined);
    bench.gateway.disconnect('the line broke');
    assert.match(bench.link.haltReason!, /can't be heard: the line broke/);
    await bench.pass(31_000);
    assert.match(bench.link.haltReason!, /can't be heard/, 'a look by REST is not the stream');
    bench.gateway.reconnect();
    assert.equal(bench.link.haltReason, 'the account is being reconciled');
    await bench.pass(200);
    assert.equal(bench.link.haltReason, undefined);
  });

  test('a venue that does not answer is asked again until it does', async () => {
    const bench = new LinkBench();
    bench.gateway.isUnreachable = true;
    await bench.start();
    await bench.pass(5_000);
    assert.equal(bench.link.haltReason, 'the account is being reconciled');
    bench.gateway.isUnreachable = false;
    await bench.pass(1_200);
    assert.equal(bench.link.haltReason, undefined);
  });

  test('another connection in the middle of a reconciliation asks for a whole one', async () => {
    const bench = new LinkBench();
    let release: (() => void) | undefined;
    bench.besides = [];
    const link = bench.link;
    await bench.start();
    await bench.pass(200);
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const holdings = bench.gateway.holdings.bind(bench.gateway);
    let asked = 0;
    bench.gateway.holdings = async () => {
      asked += 1;
      const answer = await holdings();
      if (asked === 1) await held;
      return answer;
    };
    bench.gateway.disconnect('once');
    bench.gateway.reconnect();
    await bench.pass(100);
    bench.gateway.disconnect('twice');
    bench.gateway.reconnect();
    release?.();
    await bench.clock.advance(0);
    assert.equal(link.haltReason, 'the account is being reconciled');
    await bench.pass(200);
    assert.deepEqual([link.haltReason, asked], [undefined, 2]);
  });
});

describe('what was not heard', () => {
  test('fills and ends while the stream was away are found after it is back', async () => {
    const bench = await new LinkBench().start();
    const { venue, held } = bench.join();
    await bench.trade(venue, 1, FAR);
    await bench.trade(venue, 2, FAR);
    bench.gateway.disconnect('the line broke');
    bench.gateway.truth.setPrice('XUSDT', fixed<Price>('100'));
    await bench.pass(500);
    assert.equal(held(), 0n);
    bench.gateway.reconnect();
    await bench.pass(2_000);
    assert.deepEqual([held(), venue.openIds()], [-2n * ONE, []]);
  });

  test('a fill that a sound stream lost is found within 30 s', async () => {
    const isLost = (event: AccountEvent): boolean => event.kind === 'fill';
    const bench = await new LinkBench({
      streamPlan: (event) => ({ times: isLost(event) ? 0 : 1, delayMs: 1 }),
    }).start();
    const { venue, held } = bench.join();
    await bench.trade(venue, 1);
    await bench.pass(30_500);
    assert.equal(held(), ONE);
    assert.equal(bench.count('fill.external'), 0);
  });

  test('an order that is not among the open ones is asked for; what a lagging list lacks is not ended', async () => {
    let lagMs = 0;
    const bench = await new LinkBench({ streamPlan: () => ({ times: 0, delayMs: 0 }), lagMs: () => lagMs }).start();
    const { venue, held } = bench.join();
    await bench.trade(venue, 1, FAR);
    assert.deepEqual(venue.openIds(), [idOf(1)]);
    bench.gateway.truth.cancel(idOf(1));
    await bench.trade(venue, 2, FAR);
    await bench.pass(31_000);
    assert.deepEqual([venue.openIds(), held()], [[idOf(2)], 0n]);
    lagMs = 1_000;
    await bench.pass(29_000);
    await bench.trade(venue, 3, FAR);
    await bench.pass(5_000);
    assert.deepEqual(venue.openIds(), [idOf(2), idOf(3)]);
  });

  test('a stop that is told in the open orders as waiting stays as it is', async () => {
    const bench = await new LinkBench().start();
    const { venue } = bench.join();
    const stop = { type: 'stop', triggerPrice: fixed<Price>('5') } as const;
    await bench.trade(venue, 1, { side: 'sell', execution: stop });
    await bench.pass(65_000);
    assert.deepEqual([venue.openIds(), venue.doubts()], [[idOf(1)], []]);
  });
});

describe('what belongs to nobody here', () => {
  test('an external fill is told once, however often it is heard, and is in the journal', async () => {
    const bench = await new LinkBench({ streamPlan: () => ({ times: 2, delayMs: 1 }) }).start();
    bench.join();
    await bench.pass(100);
    bench.gateway.truth.foreignFill('XUSDT', 'buy', ONE, TEN);
    await bench.pass(100_000);
    assert.equal(bench.count('fill.external'), 1);
    const journal = await bench.bus.read(logs.journal, '0', 100);
    assert.deepEqual(
      journal.map(({ entry }) => entry.eventId),
      ['external-fill/scripted/f-2'],
    );
    assert.equal(bench.count('account.difference'), 0, 'it explains what the account holds');
  });

  test('a fill of a bot that runs elsewhere, or of an order that this process does not know, is not external', async () => {
    const bench = await new LinkBench().start();
    bench.join('bot');
    await bench.pass(100);
    bench.gateway.truth.foreignFill('XUSDT', 'buy', ONE, TEN, idOf(7, 'other'));
    bench.gateway.truth.foreignFill('XUSDT', 'buy', ONE, TEN, idOf(7, 'bot'));
    await bench.pass(1_000);
    assert.equal(bench.count('fill.external'), 0);
    assert.equal(bench.logger.of('warn').length, 1);
    bench.gateway.truth.foreignFill('XUSDT', 'buy', ONE, TEN, 'bot-by-hand-1');
    await bench.pass(1_000);
    assert.equal(bench.count('fill.external'), 1, 'that only begins like one of ours');
  });

  test('a fill of an order that had ended is a phantom: told once, and the bot hears of it once', async () => {
    const bench = await new LinkBench().start();
    const { desk, venue } = bench.join();
    await bench.trade(venue, 1, FAR);
    const order = bench.gateway.truth.openOrder(idOf(1))!;
    desk.report({ ...order.versions.at(-1)!.report, state: 'cancelled' });
    await bench.pass(100);
    bench.gateway.truth.fill(order, ONE);
    await bench.pass(65_000);
    assert.deepEqual([bench.phantoms.length, bench.count('fill.phantom')], [1, 1]);
  });

  test('what a bot traded long ago is not told as external when the venue repeats it', async () => {
    const bench = await new LinkBench().start();
    const { venue, held } = bench.join();
    await bench.trade(venue, 1);
    for (let quote = 2; quote < 300; quote++) {
      await bench.trade(venue, quote, FAR);
      bench.gateway.truth.cancel(idOf(quote));
    }
    await bench.pass(31_000);
    assert.deepEqual([held(), bench.count('fill.external'), bench.count('fill.phantom')], [ONE, 0, 0]);
  });

  test('fills are asked for from some minutes back, not from the beginning', async () => {
    const bench = await new LinkBench().start();
    const since: number[] = [];
    const fills = bench.gateway.fills.bind(bench.gateway);
    bench.gateway.fills = (from) => {
      since.push(bench.clock.now() - from);
      return fills(from);
    };
    bench.join();
    await bench.pass(600_000);
    assert.ok(since.length >= 20);
    assert.ok(Math.max(...since) <= 151_000, `${since}`);
    assert.ok(Math.min(...since) >= 120_000, `${since}`);
  });
});

describe('what the account holds', () => {
  test('what it held before is told once, and is no news any more', async () => {
    const bench = new LinkBench();
    bench.gateway.truth.foreignFill('XUSDT', 'buy', ONE, TEN);
    await bench.clock.advance(300_000);
    await bench.start();
    bench.join();
    await bench.pass(125_000);
    assert.equal(bench.count('account.difference'), 1);
  });

  test('the trades of bots here and elsewhere are no difference', async () => {
    const bench = await new LinkBench({ feeRate: fixed<Money>('0.001') }).start();
    const { venue } = bench.join();
    await bench.pass(65_000);
    for (let number = 1; number < 8; number++) {
      await bench.trade(venue, number, { side: number % 3 === 0 ? 'sell' : 'buy' });
      bench.gateway.truth.setPrice('XUSDT', fixed<Price>(`${10 + number}`));
      await bench.pass(11_000);
    }
    await bench.pass(65_000);
    assert.equal(bench.count('account.difference'), 0);
  });

  test('nobody compares before a bot has joined, as nobody takes in what happens', async () => {
    const bench = await new LinkBench().start();
    bench.gateway.truth.foreignFill('XUSDT', 'buy', ONE, TEN, idOf(1));
    await bench.pass(95_000);
    assert.equal(bench.count('account.difference'), 0);
    bench.join();
    await bench.pass(65_000);
    assert.equal(bench.count('account.difference'), 1);
  });
});

test('it stops: asks for nothing any more, and leaves no timer', async () => {
  const bench = await new LinkBench().start();
  await bench.pass(100);
  const stopped = bench.link.stop();
  await bench.clock.advance(10);
  await stopped;
  bench.gateway.truth.foreignFill('XUSDT', 'buy', ONE, TEN);
  await bench.pass(epochMs(120_000));
  assert.equal(bench.count('fill.external'), 0);
  assert.equal(bench.clock.pendingTimers, 0);
});

test('a start that waits for the venue ends when it is stopped; a key that is refused does not', async () => {
  const bench = new LinkBench();
  const { gateway } = bench;
  let refuse!: (reason: Error) => void;
  gateway.open = () => new Promise((_, reject) => (refuse = reject));
  gateway.close = async () => refuse(new UserError('closed before it was open'));
  const started = bench.link.start();
  await bench.link.stop();
  await started;
  assert.equal(bench.clock.pendingTimers, 0);

  const other = new LinkBench();
  other.gateway.open = () => Promise.reject(new UserError('the key is not accepted'));
  await assert.rejects(other.link.start(), /not accepted/);
});
