import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fixed, type Price } from '../../../src/foundation/fixed-point.ts';
import type { Script } from '../engine/scripted-strategy.ts';
import { BTC, openAccountBot as open } from './account-bot.ts';

/* A whole bot whose way out of a position is lost at the venue. */

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
