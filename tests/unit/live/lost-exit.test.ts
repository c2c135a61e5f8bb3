import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { topics } from '../../../src/bus/topics.ts';
import type { SystemEvent } from '../../../src/domain/event.ts';
import { fixed, type Price } from '../../../src/foundation/fixed-point.ts';
import { epochMs, MINUTE_MS } from '../../../src/foundation/time.ts';
import { Bot } from '../../../src/live/bot.ts';
import { AccountLink } from '../../../src/live/orders/account-link.ts';
import { ScriptedGateway } from '../../support/scripted-gateway.ts';
import { minutes, type Script, scripted } from '../engine/scripted-strategy.ts';
import { specOf } from '../engine/session-bench.ts';
import { HandFeed, LiveBench, lease } from './live-bench.ts';

/* A whole bot whose way out of a position is lost at the venue. */

const BTC = 'BTCUSDT';
const FROM = 1_750_000_020_000;

/** A bot on an account, its clock at the close of the first minute. */
async function open(context: TestContext, script: Script) {
  const bench = await LiveBench.open(context);
  const gateway = new ScriptedGateway({ clock: bench.clock });
  gateway.truth.setPrice(BTC, fixed<Price>('100'));
  const feed = new HandFeed(minutes({ [BTC]: [100, 100, 100, 100] }, FROM));
  await bench.collector(feed, [BTC]);
  const spec = specOf({ definition: scripted(script), symbols: [BTC] });
  const account = new AccountLink([spec], { ...bench.parts, gateway, holdingsBesides: async () => [] });
  const started = account.start();
  await bench.clock.advance(50);
  await started;
  const told: string[] = [];
  await bench.bus.subscribe(topics.systemEvents, ({ payload }) => told.push((payload as SystemEvent).type));
  const venue = () => () => {
    throw new Error('not simulated');
  };
  const bot = new Bot(spec, { ...bench.parts, venue: venue as never, account, marketDelayMs: 0 });
  await bot.start((await lease(spec, bench))!);
  bot.holdUntil(Number.POSITIVE_INFINITY);
  const ended = bot.run();
  bench.onClose(async () => {
    const stopped = bot.stop();
    await bench.until(async () => bot.lifecycle !== 'running', 'the end of the bot');
    await Promise.all([stopped, ended]);
    await account.stop();
  });
  let given = 0;
  const minute = async (): Promise<void> => {
    given += 1;
    await bench.clock.advance(FROM + given * MINUTE_MS - bench.clock.now());
    await feed.give();
    await bench.settle();
  };
  const price = async (value: number): Promise<void> => {
    const at = epochMs(bench.clock.now());
    const message = { kind: 'price', symbol: BTC, price: value, bid: null, ask: null, source: 'hand' } as const;
    await bench.bus.publish(topics.market(BTC), { ...message, occurredAt: at, receivedAt: at });
    await bench.settle();
  };
  const pass = async (milliseconds: number): Promise<void> => {
    for (let passed = 0; passed < milliseconds; passed += 100) {
      await bench.clock.advance(100);
      await bench.settle();
    }
  };
  const position = () => gateway.truth.holdingsAt(bench.clock.now()).positions.length;
  const orders = () => gateway.sent.map(({ side, execution }) => `${side} ${execution.type}`);
  const signals = async () => (await bench.store.signals(spec.botId)).map(({ signal }) => signal.reason);
  return { gateway, told, minute, price, pass, position, orders, signals };
}

const protectedEntry: Script = (step) =>
  step === 1 ? { kind: 'enter', side: 'long', symbol: BTC, stopLoss: 95, reason: 'in' } : undefined;

describe('a way out that is lost at the venue', () => {
  test('a stop that is refused: the position is closed at the next price, once', async (context) => {
    const { gateway, told, minute, price, pass, position, orders, signals } = await open(context, protectedEntry);
    gateway.next({});
    gateway.next({ refuse: 'VENUE_FILTER' });
    await minute();
    await pass(6_000);
    assert.deepEqual([orders(), position()], [['buy market', 'sell stop'], 1]);
    assert.ok(told.includes('order.protection-lost'), told.join());
    await price(99);
    await pass(500);
    assert.deepEqual([orders().slice(2), position()], [['sell market'], 0]);
    assert.match((await signals()).at(-1)!, /was lost/);
    await price(98);
    await minute();
    assert.equal(orders().length, 3);
  });

  test('a stop that the venue takes back: the same, at the next bar where no price comes', async (context) => {
    const { gateway, minute, pass, position, orders } = await open(context, protectedEntry);
    gateway.next({});
    gateway.next({ end: { afterMs: 300, state: 'cancelled', reason: 'by the exchange' } });
    await minute();
    await pass(8_000);
    assert.deepEqual([orders(), position()], [['buy market', 'sell stop'], 1]);
    await minute();
    await pass(500);
    assert.deepEqual([orders().slice(2), position()], [['sell market'], 0]);
  });

  test('a stop that ended since the target beside it filled is not missed', async (context) => {
    const script: Script = (step) =>
      step === 1
        ? { kind: 'enter', side: 'long', symbol: BTC, stopLoss: 95, takeProfit: 105, reason: 'in' }
        : undefined;
    const { gateway, minute, price, pass, position, orders } = await open(context, script);
    gateway.next({});
    gateway.next({ end: { afterMs: 1_000, state: 'cancelled', reason: 'no position any more' } });
    await minute();
    await pass(900);
    gateway.truth.setPrice(BTC, fixed<Price>('106'));
    await pass(9_000);
    await price(106);
    await minute();
    assert.deepEqual([orders(), position()], [['buy market', 'sell stop', 'sell take-profit'], 0]);
  });

  test('an exit that is refused is tried again, later and later, until the position is closed', async (context) => {
    const script: Script = (step) => {
      if (step === 1) return { kind: 'enter', side: 'long', symbol: BTC, reason: 'in' };
      return step === 2 ? { kind: 'exit', symbol: BTC, reason: 'out' } : undefined;
    };
    const { gateway, minute, price, pass, position, orders, signals } = await open(context, script);
    await minute();
    await pass(500);
    for (let time = 0; time < 2; time++) gateway.next({ refuse: 'VENUE_FILTER' });
    await minute();
    await pass(29_000);
    await price(99);
    assert.equal(orders().length, 2, 'too soon');
    await pass(2_000);
    await price(99);
    await pass(200);
    assert.deepEqual([orders().slice(2), position()], [['sell market'], 1]);
    await minute();
    await price(99);
    assert.equal(orders().length, 3, 'too soon again');
    await pass(31_500);
    await price(99);
    await pass(500);
    assert.deepEqual([orders().slice(3), position()], [['sell market'], 0]);
    assert.equal((await signals()).at(-1), 'again: out');
    await minute();
    assert.equal(orders().length, 4);
  });

  test('an exit that was lost is given up when the strategy wishes something else', async (context) => {
    const script: Script = (step) => {
      if (step === 1) return { kind: 'enter', side: 'long', symbol: BTC, reason: 'in' };
      if (step === 2) return { kind: 'exit', symbol: BTC, reason: 'out' };
      return step === 3 ? { kind: 'target', symbol: BTC, weight: 0.05, reason: 'less' } : undefined;
    };
    const { gateway, minute, pass, position, orders } = await open(context, script);
    await minute();
    await pass(500);
    gateway.next({ refuse: 'VENUE_FILTER' });
    await minute();
    await minute();
    await pass(500);
    await minute();
    assert.deepEqual([orders(), position()], [['buy market', 'sell market', 'sell market'], 1]);
  });

  test('a stop that was cancelled for an exit is not lost', async (context) => {
    const script: Script = (step) => {
      if (step === 1) return protectedEntry(step, undefined as never);
      return step === 2 ? { kind: 'exit', symbol: BTC, reason: 'out' } : undefined;
    };
    const { told, minute, pass, position, orders } = await open(context, script);
    await minute();
    await pass(500);
    await minute();
    await pass(1_000);
    assert.deepEqual([orders(), position()], [['buy market', 'sell stop', 'sell market'], 0]);
    assert.ok(!told.includes('order.protection-lost'));
  });
});
