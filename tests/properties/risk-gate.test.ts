import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Instrument, instrument } from '../../src/domain/instrument.ts';
import type { Execution, OrderTerms } from '../../src/domain/order.ts';
import { fromNumber, type Price, type Quantity, toNumber } from '../../src/foundation/fixed-point.ts';
import { Random } from '../../src/foundation/random.ts';
import { DAY_MS, durationMs, epochMs, MINUTE_MS } from '../../src/foundation/time.ts';
import type { RiskLimits } from '../../src/risk/limits.ts';
import type { RefusalCode, RiskView } from '../../src/risk/risk-check.ts';
import { RiskGate } from '../../src/risk/risk-gate.ts';

const ORDERS = 100_000;

const SPOT = instrument({
  symbol: 'SPOT',
  baseCurrency: 'SPOT',
  quoteCurrency: 'USD',
  tickSize: '0.01',
  stepSize: '0.001',
  minimumQuantity: '0.01',
  maximumQuantity: '5000',
  minimumNotional: '5',
  shortable: false,
});
const PERPETUAL: Instrument = { ...SPOT, symbol: 'PERP', shortable: true };

/** A number that is now and then none. */
function oddly(random: Random, value: number): number {
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -value, -0];
  return random.next() < 0.02 ? odd[random.integer(0, odd.length - 1)]! : value;
}

/** Between the two, even in the number of digits. */
function between(random: Random, low: number, high: number): number {
  return low * (high / low) ** random.next();
}

const chance = (random: Random, probability: number): boolean => random.next() < probability;
const maybe = <Value extends number>(random: Random, value: Value): Value | null =>
  chance(random, 0.5) ? value : null;

function drawLimits(random: Random): RiskLimits {
  return {
    maximumPositionSize: between(random, 0.01, 3),
    maximumRiskPerTrade: between(random, 0.001, 1),
    assumedAdverseMove: random.next() * 0.5,
    minimumCashReserve: random.next() * 0.9,
    leverage: between(random, 0.5, 5),
    dailyLossLimit: maybe(random, between(random, 10, 5_000)),
    maximumTradesPerDay: maybe(random, random.integer(1, 40)),
    priceCollar: between(random, 0.001, 1),
    maximumOrderValue: maybe(random, between(random, 50, 50_000)),
    maximumOrderQuantity: maybe(random, between(random, 0.1, 500)),
    maximumOpenOrders: maybe(random, random.integer(1, 30)),
    maximumOrdersPerMinute: maybe(random, random.integer(1, 20)),
    maximumPriceAge: maybe(random, durationMs(random.integer(500, 60_000))),
  };
}

interface State {
  readonly time: number;
  readonly equity: number;
  readonly price: number;
  readonly low: number;
  readonly high: number;
  readonly besides: number;
  readonly open: number;
  /** Of the price. */
  readonly age: number;
  readonly traded: Instrument;
}

function drawState(random: Random, time: number): State {
  const equity = between(random, 100, 100_000);
  const price = between(random, 1, 1_000);
  const traded = chance(random, 0.5) ? SPOT : PERPETUAL;
  const unit = equity / price;
  const high = (random.next() * 1.5 - (traded.shortable ? 0.75 : 0)) * unit;
  return {
    time,
    equity: oddly(random, equity),
    price: oddly(random, price),
    low: high - random.next() * unit * (chance(random, 0.5) ? 1 : 0),
    high,
    besides: random.next() * equity,
    open: random.integer(0, 40),
    age: chance(random, 0.1) ? random.integer(0, 70_000) : 0,
    traded,
  };
}

function viewOf(state: State): RiskView {
  return {
    time: epochMs(state.time),
    equity: state.equity,
    price: () => state.price,
    priceAge: () => state.age,
    reach: () => ({ low: state.low, high: state.high }),
    exposureBesides: () => state.besides,
    openOrders: () => state.open,
    instrument: () => state.traded,
  };
}

/** Mostly on the grid. */
function drawPrice(random: Random, around: number): Price {
  const price = (Number.isFinite(around) ? Math.abs(around) : 100) * (1 + (random.next() - 0.5) * 0.3);
  const ticks = Math.round(price * 100);
  return (fromNumber<Price>(ticks / 100) + (chance(random, 0.02) ? 1n : 0n)) as Price;
}

function drawExecution(random: Random, price: number): Execution {
  const limit = chance(random, 0.3) ? { limitPrice: drawPrice(random, price) } : {};
  switch (random.integer(0, 4)) {
    case 0:
      return { type: 'limit', limitPrice: drawPrice(random, price), postOnly: chance(random, 0.3) };
    case 1:
      return { type: 'stop', triggerPrice: drawPrice(random, price), ...limit };
    case 2:
      return { type: 'take-profit', triggerPrice: drawPrice(random, price), ...limit };
    case 3:
      return { type: 'trailing-stop', distance: drawPrice(random, price) };
    default:
      return { type: 'market' };
  }
}

function drawOrder(random: Random, state: State): OrderTerms {
  const size = Number.isFinite(state.equity / state.price) ? Math.abs(state.equity / state.price) : 10;
  const steps =
    BigInt(Math.round(between(random, 0.005, 1.5) * size * 1_000)) + (chance(random, 0.02) ? -5_000_000n : 0n);
  const quantity = (steps * 1_000_000_000n + (chance(random, 0.02) ? 1n : 0n)) as Quantity;
  return {
    clientOrderId: 'x',
    botId: 'bot',
    signalId: 's',
    symbol: state.traded.symbol,
    side: chance(random, 0.5) ? 'buy' : 'sell',
    quantity: chance(random, 0.1)
      ? { kind: 'equity-fraction', fraction: oddly(random, random.next() * 1.2) }
      : { kind: 'units', quantity },
    execution: drawExecution(random, state.price),
    timeInForce: { kind: 'GTC' },
    reduceOnly: chance(random, 0.25),
    ...(chance(random, 0.1) && { after: 'parent' }),
    createdAt: epochMs(state.time),
  };
}

/** The day and the minute, as the oracle counts them. */
interface Tally {
  entries: number;
  orders: number;
  loss: boolean;
  halted: boolean;
}

const WITHIN = 1 + 1e-9;

/** Every rule that an order breaks, by the words of `limits.ts`: written apart from the gate, and in its own way. */
function broken(terms: OrderTerms, state: State, limits: RiskLimits, tally: Tally, stop?: number): Set<RefusalCode> {
  const codes = new Set<RefusalCode>();
  const { equity, price, traded } = state;
  const { execution, side, quantity, reduceOnly } = terms;
  const exit = reduceOnly;
  if (
    !(price > 0 && price < Number.POSITIVE_INFINITY) ||
    Math.abs(equity) === Number.POSITIVE_INFINITY ||
    Number.isNaN(equity)
  )
    return codes.add('NOT_A_NUMBER');
  const isFraction = quantity.kind === 'equity-fraction';
  if (limits.maximumPriceAge !== null && state.age > limits.maximumPriceAge) codes.add('STALE_PRICE');
  if (isFraction && !(quantity.fraction > 0 && quantity.fraction <= 1)) return codes.add('NOT_A_NUMBER');
  const named: Price[] = [];
  if ('limitPrice' in execution && execution.limitPrice !== undefined) named.push(execution.limitPrice);
  if ('triggerPrice' in execution) named.push(execution.triggerPrice);
  const onGrid = (one: bigint): boolean => one > 0n && one % traded.tickSize === 0n;
  if (!named.every(onGrid) || ('distance' in execution && !onGrid(execution.distance))) codes.add('FILTER_PRICE_TICK');
  const away = (one: Price): number => Math.abs(toNumber(one) / price - 1);
  const heldToCollar = exit && execution.type !== 'limit' ? [] : named;
  if (heldToCollar.some((one) => away(one) > limits.priceCollar + 1e-9)) codes.add('PRICE_COLLAR');

  // What it will probably trade at: the price that it waits for, or the market's.
  const trigger = 'triggerPrice' in execution ? toNumber(execution.triggerPrice) : Number.NaN;
  const limit =
    'limitPrice' in execution && execution.limitPrice !== undefined ? toNumber(execution.limitPrice) : Number.NaN;
  const buy = side === 'buy';
  let expected = price;
  if (execution.type === 'limit') expected = buy ? limit : limit > price ? limit : price;
  else if (execution.type === 'stop' || execution.type === 'take-profit') {
    const waits = buy === (execution.type === 'stop') ? trigger > price : trigger < price;
    expected = buy && !Number.isNaN(limit) ? limit : waits ? trigger : price;
  }

  const units = isFraction ? (quantity.fraction * equity) / expected : toNumber(quantity.quantity);
  if (!isFraction) {
    if (quantity.quantity % traded.stepSize !== 0n) codes.add('FILTER_QUANTITY_STEP');
    if (units < toNumber(traded.minimumQuantity)) codes.add('FILTER_QUANTITY_MINIMUM');
    if (units > toNumber(traded.maximumQuantity)) codes.add('FILTER_QUANTITY_MAXIMUM');
    const snapped = Math.round(price * 100) / 100;
    const values = named.length > 0 ? named.map((one) => toNumber(one) * units) : [snapped * units];
    if (!exit && values.some((value) => value < toNumber(traded.minimumNotional))) codes.add('FILTER_NOTIONAL_MINIMUM');
    if (!exit && limits.maximumOrderQuantity !== null && units > limits.maximumOrderQuantity * WITHIN)
      codes.add('ORDER_QUANTITY');
    if (!exit && limits.maximumOrderValue !== null && units * expected > limits.maximumOrderValue * WITHIN)
      codes.add('ORDER_VALUE');
  }
  const neverWaits = exit && (execution.type === 'market' || terms.after !== undefined);
  if (!neverWaits && limits.maximumOrdersPerMinute !== null && tally.orders >= limits.maximumOrdersPerMinute)
    codes.add('ORDER_RATE');
  if (!neverWaits && limits.maximumOpenOrders !== null && state.open >= limits.maximumOpenOrders)
    codes.add('OPEN_ORDERS');
  if (exit) return codes;

  if (equity <= 0) return codes.add('NOT_A_NUMBER');
  if (tally.halted) codes.add('HALTED');
  if (tally.loss) codes.add('DAILY_LOSS_LIMIT');
  if (limits.maximumTradesPerDay !== null && tally.entries >= limits.maximumTradesPerDay) codes.add('TRADES_PER_DAY');
  // The worst position on the order's side, and what of the order opens it.
  const towards = buy ? state.high : -state.low;
  const reached = towards + units;
  if (!buy && !traded.shortable && reached > units * 1e-9) codes.add('SHORT_NOT_ALLOWED');
  const opens = reached <= 0 ? 0 : towards >= 0 ? units : reached;
  const worth = (towards > 0 ? towards * price : 0) + opens * expected;
  if (worth > limits.maximumPositionSize * equity * WITHIN) codes.add('POSITION_SIZE');
  const perUnit = stop === undefined ? limits.assumedAdverseMove * expected : Math.abs(stop - expected);
  if (opens * perUnit > limits.maximumRiskPerTrade * equity * WITHIN) codes.add('RISK_PER_TRADE');
  const already = Math.max(state.high, -state.low, 0) * price;
  const most = limits.leverage * (1 - limits.minimumCashReserve) * equity * WITHIN;
  if (worth > already && state.besides + worth > most) codes.add('CASH_RESERVE');
  return codes;
}

/** Tighter by one limit. */
function tighter(random: Random, limits: RiskLimits): RiskLimits {
  const names = Object.keys(limits) as (keyof RiskLimits)[];
  const name = names[random.integer(0, names.length - 1)]!;
  const value = limits[name];
  const upwards = name === 'minimumCashReserve' || name === 'assumedAdverseMove';
  if (value === null) return { ...limits, [name]: between(random, 1, 1_000) };
  return { ...limits, [name]: upwards ? value + (1 - value) * random.next() : value * random.next() };
}

describe('the risk gate', () => {
  test(`judges ${ORDERS} random orders as an oracle does: none let through that should not be, none held that should not be`, (context) => {
    const random = new Random(20_240_701, 'risk-gate');
    const seen = new Map<string, number>();
    let approved = 0;
    for (let order = 0; order < ORDERS; ) {
      const limits = drawLimits(random);
      const gate = new RiskGate(limits);
      const tally: Tally = { entries: 0, orders: 0, loss: false, halted: false };
      let time = DAY_MS * random.integer(1, 20_000);
      let dayStart = Number.NaN;
      let day = -1;
      let minute = -1;
      for (let step = 0; step < 60 && order < ORDERS; step++, order++) {
        if (chance(random, 0.3)) time += random.integer(0, chance(random, 0.1) ? DAY_MS : MINUTE_MS);
        const state = drawState(random, time);
        if (chance(random, 0.02)) {
          tally.halted = !tally.halted;
          if (tally.halted) gate.halt('asked to');
          else gate.resume();
        }
        if (Number.isFinite(state.equity)) {
          if (Math.floor(time / DAY_MS) !== day) {
            day = Math.floor(time / DAY_MS);
            dayStart = state.equity;
            tally.entries = 0;
            tally.loss = false;
          }
          const isLoss =
            limits.dailyLossLimit !== null && !tally.loss && dayStart - state.equity >= limits.dailyLossLimit;
          assert.equal(gate.observe(epochMs(time), state.equity), isLoss);
          tally.loss ||= isLoss;
        }
        if (Math.floor(time / MINUTE_MS) !== minute) tally.orders = 0;
        minute = Math.floor(time / MINUTE_MS);
        const terms = drawOrder(random, state);
        const stop = chance(random, 0.3) ? Math.abs(state.price) * (1 + (random.next() - 0.5) * 0.2) : undefined;
        const expected = broken(terms, state, limits, tally, stop);
        const decision = gate.check(terms, viewOf(state), stop);
        const told = () =>
          JSON.stringify({ terms, state, limits, tally, stop }, (_, one) => (typeof one === 'bigint' ? `${one}` : one));
        if (decision.approved) {
          assert.deepEqual([...expected], [], `let through: ${told()}`);
          approved += 1;
          tally.orders += 1;
          const isQuote = terms.execution.type === 'limit' && terms.execution.postOnly;
          if (!terms.reduceOnly && terms.after === undefined && !isQuote) tally.entries += 1;
        } else {
          const { code, message, value } = decision.refusal;
          assert.ok(expected.has(code), `held by ${code}, expected ${[...expected]}: ${told()}`);
          assert.ok(message.length > 0 && typeof value === 'number');
          seen.set(code, (seen.get(code) ?? 0) + 1);
        }
      }
    }
    context.diagnostic(
      `${approved} let through; held: ${[...seen].map(([code, times]) => `${code} ${times}`).join(', ')}`,
    );
    assert.ok(approved > ORDERS / 20);
    assert.equal(seen.size, 19, 'every rule was tried');
  });

  test('lets no order through that has a number which is none', () => {
    const random = new Random(2, 'not-a-number');
    for (let order = 0; order < 5_000; order++) {
      const sound = drawState(random, DAY_MS);
      const terms = drawOrder(random, sound);
      for (const field of ['equity', 'price'] as const) {
        for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          const decision = new RiskGate(drawLimits(random)).check(terms, viewOf({ ...sound, [field]: value }));
          assert.equal(decision.approved, false, `${field} ${value}`);
        }
      }
      if (terms.reduceOnly) continue;
      for (const field of ['low', 'high', 'besides'] as const) {
        // What the order's side is judged by.
        if (field !== 'besides' && (field === 'high') !== (terms.side === 'buy')) continue;
        const decision = new RiskGate(drawLimits(random)).check(terms, viewOf({ ...sound, [field]: Number.NaN }));
        const passes = decision.approved && field === 'besides' && worthNothing(terms, sound);
        assert.ok(!decision.approved || passes, `${field} NaN`);
      }
    }
  });

  test('a limit that is no number lets nothing through that it limits', () => {
    const state: State = {
      ...drawState(new Random(3), DAY_MS),
      equity: 1_000,
      price: 10,
      low: 0,
      high: 0,
      besides: 0,
      open: 0,
      traded: PERPETUAL,
    };
    const terms: OrderTerms = {
      ...drawOrder(new Random(3), state),
      symbol: 'PERP',
      side: 'buy',
      reduceOnly: false,
      quantity: { kind: 'units', quantity: fromNumber<Quantity>(1) },
      execution: { type: 'limit', limitPrice: fromNumber<Price>(10), postOnly: false },
    };
    const wide: RiskLimits = {
      ...drawLimits(new Random(3)),
      maximumPositionSize: 10,
      maximumRiskPerTrade: 10,
      minimumCashReserve: 0,
      leverage: 10,
      dailyLossLimit: null,
      maximumTradesPerDay: 10,
      priceCollar: 1,
      maximumOrderValue: 1e6,
      maximumOrderQuantity: 1e6,
      maximumOpenOrders: 10,
      maximumOrdersPerMinute: 10,
      maximumPriceAge: null,
    };
    assert.ok(new RiskGate(wide).check(terms, viewOf(state)).approved);
    for (const name of Object.keys(wide) as (keyof RiskLimits)[]) {
      if (name === 'dailyLossLimit') continue;
      assert.equal(new RiskGate({ ...wide, [name]: Number.NaN }).check(terms, viewOf(state)).approved, false, name);
    }
  });

  test('tightening a limit never lets more through', () => {
    const random = new Random(4, 'monotone');
    let both = 0;
    for (let order = 0; order < 30_000; order++) {
      const limits = drawLimits(random);
      const narrow = tighter(random, limits);
      const state = drawState(random, DAY_MS);
      const terms = drawOrder(random, state);
      const approves = (under: RiskLimits): boolean => {
        const gate = new RiskGate(under);
        gate.observe(epochMs(DAY_MS), 10 * 100_000);
        if (Number.isFinite(state.equity)) gate.observe(epochMs(DAY_MS), state.equity);
        return gate.check(terms, viewOf(state)).approved;
      };
      const allowed = approves(limits);
      if (approves(narrow)) {
        assert.ok(allowed);
        both += 1;
      }
    }
    assert.ok(both > 1_000);
  });

  test('reduce-only orders pass every limit on exposure, losses, trades and size', () => {
    const random = new Random(5, 'exits');
    const nothing: RiskLimits = {
      ...drawLimits(random),
      maximumPositionSize: 0,
      maximumRiskPerTrade: 0,
      leverage: 0,
      minimumCashReserve: 1,
      dailyLossLimit: 0,
      maximumTradesPerDay: 0,
      maximumOrderValue: 0,
      maximumOrderQuantity: 0,
      maximumOpenOrders: 0,
      maximumOrdersPerMinute: 0,
      maximumPriceAge: null,
    };
    for (let order = 0; order < 3_000; order++) {
      const gate = new RiskGate(nothing);
      gate.halt('everything is shut');
      const state = {
        ...drawState(random, DAY_MS),
        equity: (random.next() - 0.5) * 1_000,
        price: between(random, 1, 1_000),
      };
      gate.observe(epochMs(DAY_MS), state.equity);
      const quantity = {
        kind: 'units',
        quantity: fromNumber<Quantity>(random.integer(10, 5_000_000) / 1_000),
      } as const;
      const exit: OrderTerms = {
        ...drawOrder(random, state),
        quantity,
        execution: { type: 'market' },
        reduceOnly: true,
      };
      assert.equal(gate.check(exit, viewOf(state)).approved, true);
      const { after: _, ...entry } = exit;
      assert.equal(gate.check({ ...entry, reduceOnly: false }, viewOf(state)).approved, false);
    }
  });

  test('an entry is refused with the first of its protection that is', () => {
    const state: State = {
      ...drawState(new Random(3), DAY_MS),
      equity: 1_000,
      price: 10,
      low: 0,
      high: 0,
      besides: 0,
      open: 0,
      traded: PERPETUAL,
    };
    const limits: RiskLimits = {
      ...drawLimits(new Random(3)),
      maximumPositionSize: 1,
      maximumRiskPerTrade: 1,
      assumedAdverseMove: 0,
      minimumCashReserve: 0,
      leverage: 1,
      dailyLossLimit: null,
      maximumTradesPerDay: 1,
      priceCollar: 1,
      maximumOrderValue: null,
      maximumOrderQuantity: null,
      maximumOpenOrders: null,
      maximumOrdersPerMinute: null,
      maximumPriceAge: null,
    };
    const { after: _, ...drawn } = drawOrder(new Random(3), state);
    const entry: OrderTerms = {
      ...drawn,
      symbol: 'PERP',
      side: 'buy',
      reduceOnly: false,
      quantity: { kind: 'units', quantity: fromNumber<Quantity>(1) },
      execution: { type: 'market' },
    };
    const stopAt = (price: string): OrderTerms => ({
      ...entry,
      side: 'sell',
      reduceOnly: true,
      after: 'x',
      execution: { type: 'stop', triggerPrice: fromNumber<Price>(Number(price)) },
    });
    const gate = new RiskGate(limits);
    const refused = gate.check(entry, viewOf(state), undefined, [stopAt('9'), stopAt('8.001')]);
    assert.ok(!refused.approved && refused.refusal.code === 'FILTER_PRICE_TICK');
    // It was not counted: the one trade of the day is still to be had.
    assert.ok(gate.check(entry, viewOf(state), undefined, [stopAt('9'), stopAt('8')]).approved);
    const second = gate.check(entry, viewOf(state));
    assert.ok(!second.approved && second.refusal.code === 'TRADES_PER_DAY');
  });

  test('its state goes through JSON text, halts and counters with it', () => {
    const random = new Random(6, 'restart');
    for (let run = 0; run < 300; run++) {
      const limits = { ...drawLimits(random), maximumTradesPerDay: 3, maximumOrdersPerMinute: 4, dailyLossLimit: 500 };
      const whole = new RiskGate(limits);
      let restarted = new RiskGate(limits);
      let time = DAY_MS;
      for (let step = 0; step < 30; step++) {
        time += random.integer(0, chance(random, 0.2) ? DAY_MS : 20_000);
        const state = drawState(random, time);
        if (chance(random, 0.1)) for (const gate of [whole, restarted]) gate.halt('once');
        if (chance(random, 0.2)) for (const gate of [whole, restarted]) gate.resume();
        if (Number.isFinite(state.equity))
          assert.equal(restarted.observe(epochMs(time), state.equity), whole.observe(epochMs(time), state.equity));
        const terms = drawOrder(random, state);
        assert.deepEqual(restarted.check(terms, viewOf(state)), whole.check(terms, viewOf(state)));
        const saved = JSON.parse(JSON.stringify(restarted.snapshot()));
        restarted = new RiskGate(limits);
        restarted.restore(saved);
      }
    }
  });
});

/** Whether the order opens nothing beyond what is held on the other side: then no sum over all positions is asked for. */
function worthNothing({ side, quantity }: OrderTerms, { low, high, equity, price }: State): boolean {
  const units = quantity.kind === 'units' ? toNumber(quantity.quantity) : (quantity.fraction * equity) / price;
  const towards = side === 'buy' ? high : -low;
  const opened = Math.min(units, towards + units);
  return Math.max(0, towards) + Math.max(0, opened) <= 1.5 * Math.max(high, -low, 0) || opened <= 0;
}
