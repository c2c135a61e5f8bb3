import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Fill } from '../../src/domain/fill.ts';
import { instrument } from '../../src/domain/instrument.ts';
import { Portfolio } from '../../src/domain/portfolio.ts';
import type { RoundTrip } from '../../src/domain/position.ts';
import {
  divide,
  fixed,
  type Money,
  notional,
  ONE,
  type Price,
  type Quantity,
} from '../../src/foundation/fixed-point.ts';
import type { Json } from '../../src/foundation/json.ts';
import { epochMs } from '../../src/foundation/time.ts';

const RUNS = { numRuns: 2_000 };
const START = fixed<Money>('100000');

const made = (symbol: string) =>
  instrument({ symbol, baseCurrency: symbol, quoteCurrency: 'USD', tickSize: '0.00000001', stepSize: '0.00000001' });
const INSTRUMENTS = [made('ONE'), made('TWO'), made('SIX')];

interface Trade {
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly price: bigint;
  readonly quantity: bigint;
  readonly fee: bigint;
  readonly feeCurrency: string;
}

// Prices and sizes of 8 decimals: their product has 16, so that every fill is rounded.
const trade: fc.Arbitrary<Trade> = fc.record({
  symbol: fc.constantFrom('ONE', 'TWO', 'SIX'),
  side: fc.constantFrom('buy', 'sell'),
  price: fc.bigInt({ min: 1n, max: 10n ** 12n }).map((ticks) => ticks * 10_000n),
  // Few sizes, so that positions often come back to zero exactly; and odd ones.
  quantity: fc.oneof(
    fc.constantFrom(ONE, 2n * ONE, ONE / 2n),
    fc.bigInt({ min: 1n, max: 10n ** 9n }).map((steps) => steps * 10_000n),
  ),
  fee: fc.bigInt({ min: -(10n ** 10n), max: 10n ** 12n }),
  feeCurrency: fc.constantFrom('USD', 'USD', 'USD', 'BNB'),
});
const trades = fc.array(trade, { maxLength: 40 });

function fillOf(one: Trade, index: number): Fill {
  return {
    fillId: `o${index}/1`,
    clientOrderId: `o${index}`,
    botId: 'bot',
    symbol: one.symbol,
    side: one.side,
    price: one.price as Price,
    quantity: one.quantity as Quantity,
    fee: one.fee as Money,
    feeCurrency: one.feeCurrency,
    liquidity: 'taker',
    time: epochMs(index),
  };
}

function portfolio(): Portfolio {
  return new Portfolio('USD', START, INSTRUMENTS);
}

function book(drawn: readonly Trade[]): { readonly portfolio: Portfolio; readonly trips: readonly RoundTrip[] } {
  const booked = portfolio();
  const trips = drawn.map((one, index) => booked.apply(fillOf(one, index))).filter((trip) => trip !== undefined);
  return { portfolio: booked, trips };
}

/** Signed quantity and value of a trade. */
function effect(one: Trade): { readonly quantity: bigint; readonly value: bigint } {
  const sign = one.side === 'buy' ? 1n : -1n;
  return { quantity: sign * one.quantity, value: sign * notional(one.price as Price, one.quantity as Quantity) };
}

const sum = (values: Iterable<bigint>): bigint => [...values].reduce((total, value) => total + value, 0n);

describe('money', () => {
  test('is conserved to the last unit: what the balances lose is the value of the fills and the fees', () => {
    fc.assert(
      fc.property(trades, (drawn) => {
        const { portfolio: booked } = book(drawn);
        const inUsd = drawn.filter((one) => one.feeCurrency === 'USD');
        const spent = sum(drawn.map((one) => effect(one).value)) + sum(inUsd.map((one) => one.fee));
        assert.equal(booked.balance('USD'), START - spent);
        assert.equal(
          booked.balance('BNB'),
          -sum(drawn.filter((one) => one.feeCurrency === 'BNB').map((one) => one.fee)),
        );
        const paid = sum(inUsd.map((one) => one.fee));
        assert.equal(booked.fees.get('USD') ?? 0n, paid);
        assert.equal(booked.fillCount, drawn.length);
      }),
      RUNS,
    );
  });

  test('equity is start + realised + unrealised − fees, exactly, at any marks', () => {
    const marks = fc.record({
      ONE: fc.bigInt(1n, 10n ** 17n),
      TWO: fc.bigInt(1n, 10n ** 17n),
      SIX: fc.bigInt(1n, 10n ** 17n),
    });
    fc.assert(
      fc.property(trades, marks, fc.bigInt(1n, 10n ** 15n), (drawn, prices, rate) => {
        const { portfolio: booked } = book(drawn);
        const mark = (symbol: string): Price => prices[symbol as keyof typeof prices] as Price;
        const unrealised = sum(
          [...booked.positions()].map((position) => position.unrealisedProfit(mark(position.symbol))),
        );
        const fees = booked.fees.get('USD') ?? 0n;
        const inBnb = (booked.balance('BNB') * rate) / ONE;
        const equity = booked.equity(mark, () => rate as Price);
        assert.equal(equity, START + booked.realisedProfit() + unrealised - fees + inBnb);
      }),
      RUNS,
    );
  });

  test('round trips add up to what was realised and paid while they lived', () => {
    fc.assert(
      fc.property(trades, (drawn) => {
        // Ends every position, so that every fill belongs to a round trip that is over.
        const open = book(drawn).portfolio;
        const closing = [...open.positions()].flatMap((position): Trade[] => {
          if (position.quantity === 0n) return [];
          const side = position.quantity > 0n ? 'sell' : 'buy';
          const quantity = position.quantity > 0n ? position.quantity : -position.quantity;
          return [{ symbol: position.symbol, side, price: 123_450_000n, quantity, fee: 7n, feeCurrency: 'USD' }];
        });
        const all = [...drawn, ...closing];
        const { portfolio: booked, trips } = book(all);
        assert.equal(sum(trips.map((trip) => trip.grossProfit)), booked.realisedProfit());
        assert.equal(sum(trips.map((trip) => trip.quoteFees)), booked.fees.get('USD') ?? 0n);
        assert.equal(sum(trips.map((trip) => trip.profit)), booked.balance('USD') - START);
        for (const position of booked.positions()) assert.deepEqual([position.quantity, position.cost], [0n, 0n]);
      }),
      RUNS,
    );
  });

  test('the order in which different symbols trade makes no difference', () => {
    fc.assert(
      fc.property(trades, fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), (drawn, keys) => {
        const one = book(drawn).portfolio;
        const other = portfolio();
        for (const [index, trade] of interleaved(drawn, keys)) other.apply(fillOf(trade, index));
        assert.deepEqual(contents(other), contents(one));
      }),
      { numRuns: 500 },
    );
  });

  test('a portfolio that was saved as JSON goes on as if it had not been', () => {
    fc.assert(
      fc.property(trades, trades, (before, after) => {
        const whole = portfolio();
        for (const [index, one] of before.entries()) whole.apply(fillOf(one, index));
        const restored = portfolio();
        restored.restore(JSON.parse(JSON.stringify(whole.snapshot())) as Json);
        for (const [index, one] of after.entries()) {
          assert.deepEqual(restored.apply(fillOf(one, index + 100)), whole.apply(fillOf(one, index + 100)));
        }
        assert.deepEqual(restored.snapshot(), whole.snapshot());
      }),
      { numRuns: 500 },
    );
  });
});

/** What is in a portfolio, without the order in which currencies came into it. */
function contents(of: Portfolio): unknown {
  return [new Map(of.balances), new Map(of.fees), [...of.positions()].map((position) => position.snapshot())];
}

/** The same trades, each symbol's in its own order, the symbols mixed otherwise. */
function interleaved(drawn: readonly Trade[], keys: readonly number[]): (readonly [number, Trade])[] {
  const queues = new Map<string, (readonly [number, Trade])[]>();
  for (const [index, one] of drawn.entries()) queues.set(one.symbol, [...(queues.get(one.symbol) ?? []), [index, one]]);
  const mixed: (readonly [number, Trade])[] = [];
  for (let step = 0; mixed.length < drawn.length; step++) {
    const waiting = [...queues.values()].filter((queue) => queue.length > 0);
    mixed.push(waiting[keys[step]! % waiting.length]!.shift()!);
  }
  return mixed;
}

/** A position as a person would keep it: every unit held, with the price that was paid for it, in lots. */
class NaivePosition {
  quantity = 0n;
  /** Value paid (long) or received (short) for what is held, positive. */
  value = 0n;

  apply(one: Trade): void {
    const { quantity } = effect(one);
    const total = notional(one.price as Price, one.quantity as Quantity);
    const size = this.quantity < 0n ? -this.quantity : this.quantity;
    const opposes = this.quantity !== 0n && quantity > 0n !== this.quantity > 0n;
    if (!opposes) this.value += total;
    else if (one.quantity < size) this.value -= (this.value * one.quantity) / size;
    else if (one.quantity === size) this.value = 0n;
    else this.value = total - notional(one.price as Price, size as Quantity);
    this.quantity += quantity;
  }
}

describe('a position', () => {
  test('is what a plain count of it says: quantity, average price, flips', () => {
    fc.assert(
      fc.property(
        fc.array(
          trade.map((one) => ({ ...one, symbol: 'ONE' })),
          { maxLength: 30 },
        ),
        (drawn) => {
          const booked = portfolio();
          const naive = new NaivePosition();
          for (const [index, one] of drawn.entries()) {
            const before = booked.position('ONE').quantity;
            const trip = booked.apply(fillOf(one, index));
            naive.apply(one);
            const { quantity, cost, averagePrice } = booked.position('ONE');
            assert.equal(quantity, naive.quantity);
            assert.equal(cost, quantity < 0n ? -naive.value : naive.value);
            const size = quantity < 0n ? -quantity : quantity;
            assert.equal(averagePrice, size === 0n ? undefined : divide(naive.value, size));
            const ended = before !== 0n && (quantity === 0n || quantity > 0n !== before > 0n);
            assert.equal(trip !== undefined, ended);
            assert.equal(trip?.side, ended ? (before > 0n ? 'long' : 'short') : undefined);
          }
        },
      ),
      RUNS,
    );
  });

  test('of one entry and one exit has exactly their prices', () => {
    fc.assert(
      fc.property(trade, fc.bigInt({ min: 1n, max: 10n ** 16n }), (entry, exitPrice) => {
        const one = { ...entry, symbol: 'ONE', quantity: ONE };
        const side = one.side === 'buy' ? 'sell' : 'buy';
        const { trips } = book([one, { ...one, side, price: exitPrice }]);
        assert.deepEqual([trips[0]!.entryPrice, trips[0]!.exitPrice, trips[0]!.quantity], [one.price, exitPrice, ONE]);
        const gain = exitPrice - one.price;
        assert.equal(trips[0]!.grossProfit, one.side === 'buy' ? gain : -gain);
      }),
      RUNS,
    );
  });
});
