import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Instrument, instrument } from '../../../src/domain/instrument.ts';
import type { Side } from '../../../src/domain/side.ts';
import type { Signal } from '../../../src/domain/signal.ts';
import { exitDrafts, type OrderDraft, type PlanningView } from '../../../src/engine/order-draft.ts';
import { planOrders } from '../../../src/engine/order-planner.ts';
import { fixed, formatFixed, type Quantity } from '../../../src/foundation/fixed-point.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { defaultLimits, noLimits, type RiskLimits } from '../../../src/risk/limits.ts';
import type { PositionSizing } from '../../../src/risk/position-sizing.ts';

const X = instrument({
  symbol: 'X',
  baseCurrency: 'X',
  quoteCurrency: 'USD',
  tickSize: '0.5',
  stepSize: '0.1',
  minimumQuantity: '0.1',
  maximumQuantity: '50',
  minimumNotional: '10',
});
const LIMITS: RiskLimits = {
  ...defaultLimits,
  maximumPositionSize: 0.5,
  maximumRiskPerTrade: 0.1,
  assumedAdverseMove: 0.2,
};
const SIZING: PositionSizing = { kind: 'percent-of-equity', fraction: 0.2 };

/** A signal but for its symbol and its reason. */
type WishOf<One> = One extends Signal ? Omit<One, 'symbol' | 'reason'> : never;
type Wish = WishOf<Signal>;

interface Terms {
  readonly position?: string;
  readonly inFlight?: string;
  readonly pending?: readonly Side[];
  readonly price?: number;
  readonly equity?: number;
  readonly instrument?: Instrument;
}

function view({
  position = '0',
  inFlight = '0',
  pending = [],
  price = 100,
  equity = 10_000,
  ...rest
}: Terms): PlanningView {
  return {
    instrument: rest.instrument ?? X,
    price,
    position: fixed<Quantity>(position),
    equity,
    annualVolatility: 0.5,
    pendingEntries: new Set(pending),
    inFlight: fixed<Quantity>(inFlight),
  };
}

function plan(signal: Wish, terms: Terms = {}, limits = LIMITS, sizing = SIZING) {
  const { ignored, defect, cancelOpen, drafts } = planOrders(
    { symbol: 'X', reason: 'r', ...signal } as Signal,
    view(terms),
    sizing,
    limits,
  );
  return { said: ignored ?? defect, cancelOpen, orders: drafts.map(describeDraft), drafts };
}

/** `sell 5 stop@95 reduce after 0 oco`. */
function describeDraft({ side, quantity, execution, reduceOnly, after, oneCancelsOther }: OrderDraft): string {
  const amount = quantity.kind === 'units' ? formatFixed(quantity.quantity) : `${quantity.fraction} of equity`;
  const prices = Object.entries(execution).flatMap(([key, value]) =>
    typeof value === 'bigint' ? [`${key}=${formatFixed(value)}`] : [],
  );
  const flags = [reduceOnly && 'reduce', after !== undefined && `after ${after}`, oneCancelsOther && 'oco'].filter(
    Boolean,
  );
  return [side, amount, execution.type, ...prices, ...flags].join(' ');
}

describe('enter', () => {
  test('opens at the size of the sizing, cut to the step', () => {
    assert.deepEqual(plan({ kind: 'enter', side: 'long' }).orders, ['buy 20 market']);
    assert.deepEqual(plan({ kind: 'enter', side: 'short', strength: 0.333 }).orders, ['sell 6.6 market']);
    assert.deepEqual(plan({ kind: 'enter', side: 'long' }, { price: 333 }).orders, ['buy 6 market']);
  });

  test('turns a position round: out first, then in', () => {
    assert.deepEqual(plan({ kind: 'enter', side: 'short' }, { position: '3' }).orders, [
      'sell 3 market reduce',
      'sell 20 market',
    ]);
    assert.deepEqual(plan({ kind: 'enter', side: 'long' }, { position: '-3' }).orders, [
      'buy 3 market reduce',
      'buy 20 market',
    ]);
  });

  test('does nothing twice', () => {
    assert.equal(plan({ kind: 'enter', side: 'long' }, { position: '0.1' }).said, 'already long');
    assert.equal(plan({ kind: 'enter', side: 'short' }, { position: '-0.1' }).said, 'already short');
    assert.equal(plan({ kind: 'enter', side: 'long' }, { pending: ['buy'] }).said, 'an order to go long is working');
    assert.deepEqual(plan({ kind: 'enter', side: 'long' }, { pending: ['sell'] }).orders, ['buy 20 market']);
  });

  test('brings its protection, which waits for the entry and excludes one another', () => {
    const { orders, drafts } = plan(
      { kind: 'enter', side: 'long', stopLoss: 90.2, takeProfit: 120.3, trailingDistance: 7.3 },
      { position: '-3' },
    );
    assert.deepEqual(orders, [
      'buy 3 market reduce',
      'buy 20 market',
      'sell 20 stop triggerPrice=90 reduce after 1 oco',
      'sell 20 take-profit triggerPrice=120.5 reduce after 1 oco',
      'sell 20 trailing-stop distance=7.5 reduce after 1 oco',
    ]);
    assert.equal(drafts[1]!.protectivePrice, 90.2);
    const short = plan({ kind: 'enter', side: 'short', stopLoss: 110.2 });
    assert.deepEqual(short.orders, ['sell 20 market', 'buy 20 stop triggerPrice=110.5 reduce after 0']);
  });

  test('by a limit or a stop: at the price that it waits for, snapped so that it is no worse than wished', () => {
    assert.deepEqual(plan({ kind: 'enter', side: 'long', limitPrice: 80.3 }).orders, ['buy 25 limit limitPrice=80']);
    assert.deepEqual(plan({ kind: 'enter', side: 'short', limitPrice: 124.9 }).orders, [
      'sell 16 limit limitPrice=125',
    ]);
    assert.deepEqual(plan({ kind: 'enter', side: 'long', stopPrice: 124.9 }).orders, ['buy 16 stop triggerPrice=125']);
    assert.deepEqual(plan({ kind: 'enter', side: 'short', stopPrice: 80.3 }).orders, ['sell 25 stop triggerPrice=80']);
    // A limit that the market has reached already sells at the market.
    assert.deepEqual(plan({ kind: 'enter', side: 'short', limitPrice: 80 }).orders, ['sell 20 limit limitPrice=80']);
  });

  test('is made smaller by the limits on position and risk, not refused', () => {
    const large: PositionSizing = { kind: 'percent-of-equity', fraction: 3 };
    assert.deepEqual(
      plan({ kind: 'enter', side: 'long', stopLoss: 99 }, {}, LIMITS, large).orders[0],
      'buy 50 market',
      'position',
    );
    assert.deepEqual(
      plan({ kind: 'enter', side: 'long', stopLoss: 60 }, {}, LIMITS, large).orders[0],
      'buy 25 market',
      'risk',
    );
    assert.deepEqual(
      plan({ kind: 'enter', side: 'long' }, {}, LIMITS, large).orders[0],
      'buy 50 market',
      'assumed risk',
    );
    const risk = { ...LIMITS, assumedAdverseMove: 0.5 };
    assert.deepEqual(plan({ kind: 'enter', side: 'long' }, {}, risk, large).orders[0], 'buy 20 market', 'assumed risk');
  });

  test('takes no more than the venue takes in one order', () => {
    const all: PositionSizing = { kind: 'fixed', quantity: 1e300 };
    assert.deepEqual(plan({ kind: 'enter', side: 'long' }, {}, noLimits, all).orders, ['buy 50 market']);
  });

  test('of nothing is ignored, but gets out of what stands in the way', () => {
    const none: PositionSizing = { kind: 'fixed', quantity: 0.05 };
    assert.match(plan({ kind: 'enter', side: 'long' }, {}, LIMITS, none).said!, /less than one step/);
    assert.deepEqual(plan({ kind: 'enter', side: 'long' }, { position: '-3' }, LIMITS, none).orders, [
      'buy 3 market reduce',
    ]);
    assert.match(plan({ kind: 'enter', side: 'long' }, { equity: -5 }).said!, /less than one step/);
  });

  test('with a stop or a target on the wrong side is refused', () => {
    assert.match(
      plan({ kind: 'enter', side: 'long', stopLoss: 100 }).said!,
      /stop loss 100 of a long from 100 is not on its losing side/,
    );
    assert.match(plan({ kind: 'enter', side: 'short', stopLoss: 99 }).said!, /losing side/);
    assert.match(plan({ kind: 'enter', side: 'long', takeProfit: 99 }).said!, /winning side/);
    assert.match(plan({ kind: 'enter', side: 'short', takeProfit: 101 }).said!, /winning side/);
    // What counts is the entry's own price.
    assert.equal(
      plan({ kind: 'enter', side: 'long', limitPrice: 90, stopLoss: 95 }).said?.includes('losing side'),
      true,
    );
    assert.equal(plan({ kind: 'enter', side: 'long', stopPrice: 110, stopLoss: 105 }).said, undefined);
  });

  test('sized at the fill is left to the venue', () => {
    const share: PositionSizing = { kind: 'equity-fraction-at-fill', fraction: 0.8 };
    assert.deepEqual(plan({ kind: 'enter', side: 'long', strength: 0.5 }, {}, LIMITS, share).orders, [
      'buy 0.4 of equity market',
    ]);
  });
});

describe('exit', () => {
  test('closes what is held', () => {
    assert.deepEqual(plan({ kind: 'exit' }, { position: '7.3' }).orders, ['sell 7.3 market reduce']);
    assert.deepEqual(plan({ kind: 'exit' }, { position: '-7.3' }).orders, ['buy 7.3 market reduce']);
  });

  test('takes back entries that work, also when nothing is held', () => {
    const { orders, cancelOpen, said } = plan({ kind: 'exit' }, { pending: ['buy'] });
    assert.deepEqual([orders, cancelOpen, said], [[], true, undefined]);
    assert.equal(plan({ kind: 'exit' }).said, 'there is no position to close');
  });

  test('is not sent anew while it is on its way', () => {
    assert.equal(
      plan({ kind: 'exit' }, { position: '7', inFlight: '-7' }).said,
      'an order to close the position is working',
    );
    assert.deepEqual(plan({ kind: 'exit' }, { position: '7', inFlight: '-5' }).orders, ['sell 7 market reduce']);
    assert.deepEqual(plan({ kind: 'exit' }, { position: '7', inFlight: '-7', pending: ['sell'] }).orders, [
      'sell 7 market reduce',
    ]);
  });

  test('of more than the venue takes in one order goes in parts', () => {
    assert.deepEqual(exitDrafts(view({ position: '-120.1' })).map(describeDraft), [
      'buy 50 market reduce',
      'buy 50 market reduce',
      'buy 20.1 market reduce',
    ]);
    const odd = { ...X, maximumQuantity: fixed<Quantity>('0.05') };
    assert.deepEqual(exitDrafts(view({ position: '1', instrument: odd })), [], 'no order is small enough');
  });
});

describe('target', () => {
  test('trades the difference, and says when it only reduces', () => {
    assert.deepEqual(plan({ kind: 'target', weight: 0.3 }).orders, ['buy 30 market']);
    assert.deepEqual(plan({ kind: 'target', weight: 0.3 }, { position: '10' }).orders, ['buy 20 market']);
    assert.deepEqual(plan({ kind: 'target', weight: 0.3 }, { position: '50' }).orders, ['sell 20 market reduce']);
    assert.deepEqual(plan({ kind: 'target', weight: -0.3 }, { position: '-50' }).orders, ['buy 20 market reduce']);
    assert.equal(plan({ kind: 'target', weight: 0.3 }, { position: '30' }).said, 'already at the target');
  });

  test('goes through zero in two orders, and to zero in one', () => {
    assert.deepEqual(plan({ kind: 'target', weight: -0.3 }, { position: '10' }).orders, [
      'sell 10 market reduce',
      'sell 30 market',
    ]);
    assert.deepEqual(plan({ kind: 'target', weight: 0 }, { position: '10' }).orders, ['sell 10 market reduce']);
    assert.equal(plan({ kind: 'target', weight: 0 }).said, 'already at the target');
    assert.equal(plan({ kind: 'target', weight: 0.000001 }).said, 'already at the target');
  });

  test('is cut to the limits on position and risk', () => {
    assert.deepEqual(plan({ kind: 'target', weight: 1 }).orders, ['buy 50 market']);
    assert.deepEqual(plan({ kind: 'target', weight: -1 }, {}, { ...LIMITS, maximumPositionSize: 0.2 }).orders, [
      'sell 20 market',
    ]);
    assert.deepEqual(plan({ kind: 'target', weight: 1 }, {}, { ...LIMITS, maximumRiskPerTrade: 0.02 }).orders, [
      'buy 10 market',
    ]);
    assert.deepEqual(
      plan({ kind: 'target', weight: 1 }, {}, { ...noLimits }).orders,
      ['buy 50 market'],
      'the largest order',
    );
  });

  test('leaves differences alone that are no order, and waits for orders on their way', () => {
    assert.deepEqual(plan({ kind: 'target', weight: 0.301 }, { position: '30' }).orders, ['buy 0.1 market']);
    assert.match(
      plan({ kind: 'target', weight: 0.2 }, { position: '39.9', price: 50 }).said!,
      /below the smallest order/,
    );
    assert.deepEqual(plan({ kind: 'target', weight: 0.2 }, { position: '40.1', price: 50 }).orders, [
      'sell 0.1 market reduce',
    ]);
    assert.equal(
      plan({ kind: 'target', weight: 0.3 }, { position: '10', inFlight: '20' }).said,
      'an order to the target is working',
    );
  });

  test('without a number is ignored', () => {
    assert.match(plan({ kind: 'target', weight: 1 }, { price: 1e-320 }).said!, /no number/);
  });
});

describe('quote', () => {
  const quote = { kind: 'quote', bidPrice: 99.2, askPrice: 100.8, quantity: 10 } as const;

  test('both sides rest, snapped away from the market', () => {
    assert.deepEqual(plan(quote).orders, ['buy 10 limit limitPrice=99', 'sell 10 limit limitPrice=101']);
    assert.equal(plan(quote).cancelOpen, true);
    assert.deepEqual(plan({ kind: 'quote', quantity: 10 }).orders, [], 'withdrawn');
  });

  test('a side that can only reduce the position is an exit', () => {
    assert.deepEqual(plan(quote, { position: '10' }).orders, [
      'buy 10 limit limitPrice=99',
      'sell 10 limit limitPrice=101 reduce',
    ]);
    assert.deepEqual(plan(quote, { position: '9.9' }).orders[1], 'sell 10 limit limitPrice=101');
    assert.deepEqual(plan(quote, { position: '-20' }).orders[0], 'buy 10 limit limitPrice=99 reduce');
  });

  test('is cut to the room that the limits leave', () => {
    assert.deepEqual(plan(quote, { position: '45' }).orders, [
      'buy 5 limit limitPrice=99',
      'sell 10 limit limitPrice=101 reduce',
    ]);
    assert.deepEqual(plan(quote, { position: '50' }).orders, ['sell 10 limit limitPrice=101 reduce']);
    const narrow = { ...LIMITS, maximumRiskPerTrade: 0.01 };
    assert.deepEqual(plan(quote, {}, narrow).orders, ['buy 5 limit limitPrice=99', 'sell 4.9 limit limitPrice=101']);
    assert.deepEqual(
      plan(quote, { position: '60' }).orders,
      ['sell 10 limit limitPrice=101 reduce'],
      'beyond the limit by a rise',
    );
  });
});

describe('order', () => {
  test('goes as it was said', () => {
    assert.deepEqual(plan({ kind: 'order', side: 'buy', quantity: 3.14, type: 'market' }).orders, ['buy 3.1 market']);
    assert.deepEqual(
      plan({
        kind: 'order',
        side: 'sell',
        quantity: 3,
        type: 'limit',
        limitPrice: 100.2,
        postOnly: true,
        reduceOnly: true,
      }).orders,
      ['sell 3 limit limitPrice=100.5 reduce'],
    );
    assert.deepEqual(
      plan({ kind: 'order', side: 'sell', quantity: 3, type: 'stop', triggerPrice: 90.2, limitPrice: 89 }).orders,
      ['sell 3 stop triggerPrice=90 limitPrice=89'],
    );
    const { drafts, cancelOpen } = plan({
      kind: 'order',
      side: 'buy',
      quantity: 3,
      type: 'limit',
      limitPrice: 90,
      timeInForce: 'FOK',
      oneCancelsOther: 'pair',
    });
    assert.deepEqual(
      [drafts[0]!.timeInForce, drafts[0]!.oneCancelsOther, cancelOpen],
      [{ kind: 'FOK' }, 'pair', false],
    );
    const dated = plan({ kind: 'order', side: 'buy', quantity: 3, type: 'market', expiresAt: epochMs(5_000) });
    assert.deepEqual(dated.drafts[0]!.timeInForce, { kind: 'GTD', expiresAt: 5_000 });
  });

  test('says what it lacks', () => {
    assert.match(plan({ kind: 'order', side: 'buy', quantity: 3, type: 'limit' }).said!, /needs a limitPrice/);
    assert.match(plan({ kind: 'order', side: 'buy', quantity: 3, type: 'stop' }).said!, /needs a triggerPrice/);
    assert.match(
      plan({ kind: 'order', side: 'buy', quantity: 3, type: 'trailing-stop' }).said!,
      /needs a trailingDistance/,
    );
    assert.match(plan({ kind: 'order', side: 'buy', quantity: 0.01, type: 'market' }).said!, /less than one step/);
  });
});
