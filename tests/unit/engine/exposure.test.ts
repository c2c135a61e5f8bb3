import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { OrderTerms } from '../../../src/domain/order.ts';
import { Account } from '../../../src/engine/account.ts';
import { EngineMarket } from '../../../src/engine/engine-market.ts';
import { Exposure } from '../../../src/engine/exposure.ts';
import { OpenOrders } from '../../../src/engine/open-orders.ts';
import { fixed, fromNumber, type Money, type Price, type Quantity } from '../../../src/foundation/fixed-point.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { CandleColumns } from '../../../src/market/candle-columns.ts';
import { CandleWindow } from '../../../src/market/candle-window.ts';
import { perpetual } from './session-bench.ts';

const X = 'XUSDT';

interface Working {
  readonly side: 'buy' | 'sell';
  readonly units: number;
  readonly reduceOnly: boolean;
  readonly isMarket: boolean;
}

interface Cancelling {
  readonly ids: readonly string[];
  readonly mayFill: boolean;
}

function exposureOf(
  position: number,
  working: readonly Working[],
  cancelling: Cancelling = { ids: [], mayFill: false },
): Exposure {
  const instruments = [perpetual(X)];
  const window = CandleWindow.overRing(
    { symbol: X, timeframe: '1m' },
    1,
    (length) => new CandleColumns(length, 60_000),
  );
  const account = new Account('USDT', fixed<Money>('10000'), instruments, new Map());
  const orders = new OpenOrders();
  if (position !== 0) {
    account.book({
      fillId: 'f',
      clientOrderId: 'o',
      botId: 'b',
      symbol: X,
      side: position > 0 ? 'buy' : 'sell',
      price: fromNumber<Price>(10),
      quantity: fromNumber<Quantity>(Math.abs(position)),
      fee: 0n as Money,
      feeCurrency: 'USDT',
      liquidity: 'taker',
      time: epochMs(0),
    });
  }
  for (const [index, { side, units, reduceOnly, isMarket }] of working.entries()) {
    const terms: OrderTerms = {
      clientOrderId: `o${index}`,
      botId: 'b',
      signalId: 's',
      symbol: X,
      side,
      quantity: { kind: 'units', quantity: fromNumber<Quantity>(units) },
      execution: isMarket ? { type: 'market' } : { type: 'limit', limitPrice: fromNumber<Price>(10), postOnly: false },
      timeInForce: { kind: 'GTC' },
      reduceOnly,
      createdAt: epochMs(0),
    };
    orders.add(terms);
  }
  orders.areOutside = cancelling.mayFill;
  for (const id of cancelling.ids) orders.markCancelling(id);
  return new Exposure(new EngineMarket([X], '1m', [window]), account, orders, instruments, () => 0);
}

/** The bounds of the position over every choice of working orders that fill, in every order. Exits at the market always do, first. */
function extremes(position: number, working: readonly Working[]): { readonly low: number; readonly high: number } {
  const certain = working.filter((one) => one.reduceOnly && one.isMarket);
  const open = working.filter((one) => !certain.includes(one));
  const begin = certain.reduce(after, position);
  let [low, high] = [begin, begin];
  const visit = (held: number, left: readonly Working[]): void => {
    low = Math.min(low, held);
    high = Math.max(high, held);
    for (const [index, one] of left.entries()) visit(after(held, one), left.toSpliced(index, 1));
  };
  visit(begin, open);
  return { low, high };
}

function after(held: number, { side, units, reduceOnly }: Working): number {
  const sign = side === 'buy' ? 1 : -1;
  if (!reduceOnly) return held + sign * units;
  return held * sign < 0 ? held + sign * Math.min(units, Math.abs(held)) : held;
}

const working = fc.record({
  side: fc.constantFrom('buy' as const, 'sell' as const),
  units: fc.integer({ min: 1, max: 5 }),
  reduceOnly: fc.boolean(),
  isMarket: fc.boolean(),
});

test('the reach of a position covers whatever its working orders may do, and is exact where no exit waits', () => {
  fc.assert(
    fc.property(fc.integer({ min: -6, max: 6 }), fc.array(working, { maxLength: 4 }), (position, orders) => {
      const reach = exposureOf(position, orders).reach(X);
      const true_ = extremes(position, orders);
      // An exit of the other side's making: what the entry there has just opened may be reduced again, never enlarged.
      assert.ok(
        reach.low <= true_.low && reach.high >= true_.high,
        `${JSON.stringify(reach)} of ${JSON.stringify(true_)}`,
      );
      if (orders.every((one) => !one.reduceOnly)) assert.deepEqual({ low: reach.low + 0, high: reach.high + 0 }, true_);
    }),
    { numRuns: 2_000 },
  );
});

test('it is as tight as can be for a turn: the exit first, then the entry', () => {
  const turn: Working[] = [
    { side: 'sell', units: 3, reduceOnly: true, isMarket: true },
    { side: 'sell', units: 2, reduceOnly: false, isMarket: true },
  ];
  assert.deepEqual(exposureOf(3, turn).reach(X), { low: -2, high: 0 });
});

test('an order that is to be cancelled counts where it may still fill, and an exit that is no longer counts as done', () => {
  const buy: Working = { side: 'buy', units: 2, reduceOnly: false, isMarket: false };
  const exit: Working = { side: 'sell', units: 3, reduceOnly: true, isMarket: true };
  const reach = (mayFill: boolean) => exposureOf(3, [buy, exit], { ids: ['o0', 'o1'], mayFill }).reach(X);
  assert.deepEqual(reach(false), { low: 3, high: 3 });
  assert.deepEqual(reach(true), { low: 0, high: 5 });
});
