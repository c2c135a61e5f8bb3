import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Fill } from '../../../src/domain/fill.ts';
import type { OrderTerms } from '../../../src/domain/order.ts';
import type { BarVenue } from '../../../src/engine/trading-session.ts';
import { fixed, type Money, type Price } from '../../../src/foundation/fixed-point.ts';
import type { Json } from '../../../src/foundation/json.ts';
import { durationMs, type EpochMs, epochMs, MINUTE_MS } from '../../../src/foundation/time.ts';
import { noLimits } from '../../../src/risk/limits.ts';
import { type Decision, defineStrategy, type Market, Strategy } from '../../../src/strategy/strategy.ts';
import { bench, minutes, type Script, scripted } from './scripted-strategy.ts';
import { SessionBench, specOf, venueOf } from './session-bench.ts';

const BTC = 'BTCUSDT';
const limits = { ...noLimits, maximumPriceAge: durationMs(30_000) };
const inAndOut =
  (entry: number, exit: number): Script =>
  (step) => {
    if (step === entry) return { kind: 'enter', side: 'long', symbol: BTC, reason: 'in' };
    return step === exit ? { kind: 'exit', symbol: BTC, reason: 'out' } : undefined;
  };

/** Steps through minutes of a price of 100; `lags` says how late each is decided on. */
function run(script: Script, lags: readonly (number | undefined)[]): SessionBench {
  const made = bench(script, { limits });
  for (const [index, instant] of minutes({ [BTC]: lags.map(() => 100) }).entries()) {
    made.session.engine.lag = lags[index];
    made.step(instant);
  }
  return made;
}

const told = ({ record }: SessionBench) =>
  record.signals.map(({ signal, outcome, priceAgeMs }) => {
    const became = outcome.kind === 'refused' ? outcome.code : outcome.kind;
    return `${signal.kind} ${became} at ${priceAgeMs}`;
  });

describe('a price that is too old', () => {
  test('refuses entries with a code, above the limit and not at it', () => {
    assert.deepEqual(told(run(inAndOut(1, 9), [30_001, 0])), ['enter STALE_PRICE at 30001']);
    assert.deepEqual(told(run(inAndOut(1, 9), [30_000, 0])), ['enter executed at 30000']);
  });

  test('does not count where the time of the market is all there is', () => {
    assert.deepEqual(told(run(inAndOut(1, 2), [undefined, undefined, undefined])), [
      'enter executed at 0',
      'exit executed at 0',
    ]);
  });

  test('postpones an exit to the first fresh price, once', () => {
    const made = run(inAndOut(1, 3), [0, 0, 90_000, 30_001, 200, 0, 0]);
    assert.deepEqual(told(made), ['enter executed at 0', 'exit STALE_PRICE at 90000', 'exit executed at 200']);
    assert.match(made.record.signals[2]!.signal.reason, /postponed while the price was stale: out/);
    assert.equal(made.session.engine.account.position(BTC), 0);
  });

  test('forgets a postponed exit when the strategy wishes something else meanwhile', () => {
    const script: Script = (step) => {
      if (step === 5) return { kind: 'target', symbol: BTC, weight: 0.5, reason: 'more' };
      return inAndOut(1, 3)(step, undefined as unknown as Market);
    };
    const made = run(script, [0, 0, 90_000, 90_000, 0, 0, 0]);
    assert.deepEqual(told(made).slice(1), ['exit STALE_PRICE at 90000', 'target executed at 0']);
    assert.ok(made.session.engine.account.position(BTC) > 0);
  });

  test('leaves the stop where it is while nothing can take its place', () => {
    const protectedEntry: Script = (step) => {
      if (step === 1) return { kind: 'enter', side: 'long', symbol: BTC, stopLoss: 90, reason: 'in' };
      if (step === 3) return { kind: 'exit', symbol: BTC, reason: 'out' };
      return step === 4 ? { kind: 'enter', side: 'long', symbol: BTC, reason: 'in again' } : undefined;
    };
    const made = run(protectedEntry, [0, 0, 90_000, 0]);
    assert.deepEqual(told(made).slice(1), ['exit STALE_PRICE at 90000', 'enter ignored at 0']);
    assert.deepEqual(
      made.session.engine.orders.live(BTC).map(({ terms }) => terms.execution.type),
      ['stop'],
    );
  });

  test('keeps a postponed exit over a restart', () => {
    const made = bench(inAndOut(1, 3), { limits });
    const instants = minutes({ [BTC]: [100, 100, 100, 100, 100] });
    for (const [index, instant] of instants.entries()) {
      if (index === 3) made.restart();
      made.session.engine.lag = index === 2 ? 60_000 : 0;
      made.step(instant);
    }
    assert.deepEqual(told(made).slice(1), ['exit STALE_PRICE at 60000', 'exit executed at 0']);
  });
});

const tellPrice = (made: SessionBench, value: number, time: EpochMs, isDecidedOn = true): void =>
  made.session.price({ symbol: BTC, price: value, time, source: 'price:hand' }, isDecidedOn);

/** Long, then short; then a stop of its own and an exit. */
const turning: Script = (step) => {
  if (step === 1) return { kind: 'enter', side: 'long', symbol: BTC, reason: 'in' };
  if (step === 2) return { kind: 'enter', side: 'short', symbol: BTC, reason: 'turn' };
  const stop = { kind: 'order', symbol: BTC, side: 'buy', type: 'stop', triggerPrice: 120, reduceOnly: true } as const;
  const order = {
    kind: 'order',
    symbol: BTC,
    side: 'buy',
    type: 'market',
    quantity: 9,
    reduceOnly: true,
    reason: 'out',
  };
  return step === 3 ? [{ ...stop, quantity: 9, reason: 'stop' }, order] : undefined;
};

/** Does nothing: the test says what the venue said. */
const passiveVenue: BarVenue = {
  onBar: () => {},
  passBar: () => true,
  submit: () => {},
  cancel: () => {},
  snapshot: () => null,
  restore: () => {},
};

function fillOne(
  { session }: SessionBench,
  { clientOrderId, botId, symbol, side, quantity, execution }: OrderTerms,
): void {
  assert.ok(quantity.kind === 'units');
  const base = { clientOrderId, botId, symbol, time: session.engine.market.time };
  session.onOrderEvent({ ...base, kind: 'accepted' });
  if (execution.type === 'stop') session.onOrderEvent({ ...base, kind: 'triggered', price: execution.triggerPrice });
  const fill: Fill = {
    ...base,
    fillId: `${clientOrderId}/1`,
    side,
    price: fixed<Price>('100'),
    quantity: quantity.quantity,
    fee: fixed<Money>('0'),
    feeCurrency: 'USDT',
    liquidity: 'taker',
  };
  session.onOrderEvent({ ...base, kind: 'filled', fill, complete: true });
}

function fillAll(made: SessionBench): void {
  for (const { terms } of made.session.engine.orders.live(BTC)) fillOne(made, terms);
}

describe('a way out at a venue outside', () => {
  const LOST = { symbol: BTC, side: 'sell', reason: 'the stop was lost' } as const;

  /** Long since the close of the second minute, at a venue that counts as one outside. */
  function holding(script: Script = () => undefined) {
    const made = bench(
      (step, market) =>
        step === 1 ? { kind: 'enter', side: 'long', symbol: BTC, reason: 'in' } : script(step, market),
      { limits },
    );
    const instants = minutes({ [BTC]: [100, 100, 100, 100, 100, 100] });
    made.session.engine.lag = 0;
    made.session.engine.orders.areOutside = true;
    for (const instant of instants.slice(0, 2)) made.step(instant);
    assert.ok(made.session.engine.account.position(BTC) > 0);
    return { made, engine: made.session.engine, instants };
  }
  const exits = ({ record }: SessionBench) =>
    record.signals.filter(({ signal }) => signal.kind === 'exit').map(({ decisionTime }) => decisionTime);
  const TWO = 2 * MINUTE_MS;

  test('a stop that was lost: the position ends at the first fresh price a little later, once', () => {
    const { made, engine } = holding();
    assert.equal(engine.onLostStop(LOST, epochMs(TWO + 1_000)), true);
    tellPrice(made, 100, epochMs(TWO + 5_000));
    engine.lag = 31_000;
    tellPrice(made, 100, epochMs(TWO + 6_000));
    assert.deepEqual(exits(made), [], 'too early, and too old');
    engine.lag = 0;
    tellPrice(made, 100, epochMs(TWO + 7_000));
    tellPrice(made, 100, epochMs(TWO + 8_000));
    assert.deepEqual(exits(made), [TWO + 7_000]);
  });

  test('nothing else is taken until then, whatever is wished, also over a restart', () => {
    const more: Script = () => ({ kind: 'target', symbol: BTC, weight: 0.9, reason: 'more' });
    const { made, instants } = holding(more);
    made.session.engine.onLostStop(LOST, epochMs(TWO + 1_000));
    made.session.engine.lag = 31_000;
    made.step(instants[2]!);
    assert.equal(told(made).at(-1), 'target ignored at 31000');
    made.restart();
    made.session.engine.orders.areOutside = true;
    made.session.engine.lag = 0;
    made.step(instants[3]!);
    assert.deepEqual(exits(made), [4 * MINUTE_MS]);
    assert.equal(told(made).at(-1), 'target ignored at 0');
    made.step(instants[4]!);
    assert.deepEqual([told(made).at(-1), made.session.engine.account.position(BTC)], ['target executed at 0', 0]);
  });

  test('a stop of the other side, or where there is no position, protects nothing', () => {
    const { made, engine } = holding();
    assert.equal(engine.onLostStop({ ...LOST, side: 'buy' }, epochMs(TWO)), false);
    engine.onLostStop(LOST, epochMs(TWO + 1_000));
    tellPrice(made, 100, epochMs(TWO + 7_000));
    made.step(minutes({ [BTC]: [100, 100, 100] })[2]!);
    assert.equal(engine.account.position(BTC), 0);
    assert.equal(engine.onLostStop(LOST, epochMs(3 * MINUTE_MS)), false);
    assert.equal(engine.awaitsPrice(BTC, epochMs(4 * MINUTE_MS)), false);
  });

  test('what ways out fill beyond the position is closed; a turn that is heard of backwards is none', () => {
    const made = new SessionBench(specOf({ definition: scripted(turning), limits }), () => passiveVenue);
    const { engine } = made.session;
    engine.orders.areOutside = true;
    engine.lag = 0;
    const instants = minutes({ [BTC]: [100, 100, 100, 100] });
    made.step(instants[0]!);
    fillAll(made);
    made.step(instants[1]!);
    const [exit, entry] = engine.orders.live(BTC);
    assert.deepEqual([exit!.terms.reduceOnly, entry!.terms.reduceOnly], [true, false]);
    fillOne(made, entry!.terms);
    fillOne(made, exit!.terms);
    assert.ok(engine.account.position(BTC) < 0);
    made.step(instants[2]!);
    assert.equal(engine.awaitsPrice(BTC, epochMs(3 * MINUTE_MS + 50_000)), false, 'the wished position stays');
    const [stop, exitOfShort] = engine.orders.live(BTC);
    fillOne(made, exitOfShort!.terms);
    fillOne(made, stop!.terms);
    assert.ok(engine.account.position(BTC) > 0, 'both filled');
    assert.equal(engine.awaitsPrice(BTC, epochMs(3 * MINUTE_MS + 50_000)), true);
  });

  test('a store of before is taken up', () => {
    const made = new SessionBench(specOf({ definition: scripted(() => undefined), limits }), venueOf());
    made.step(minutes({ [BTC]: [100] })[0]!);
    const { engine } = made.session;
    const { terms, dueExits, lastEntries, ...before } = engine.snapshot() as Record<string, Json>;
    engine.restore({ ...before, signalIndex: 3, orderIndex: 5 });
    assert.deepEqual((engine.snapshot() as { terms: Json }).terms, { signalIndex: 3, orderIndex: 5 });
    assert.ok(terms && dueExits && lastEntries);
  });

  test('an awaited price is not decided on by a strategy that may not', () => {
    const made = new SessionBench(specOf({ definition: onPrices, limits }), venueOf());
    made.step(minutes({ [BTC]: [100] })[0]!);
    for (const second of [1, 2, 3]) tellPrice(made, 100, epochMs(MINUTE_MS + second * 1_000), false);
    assert.deepEqual(made.record.signals, []);
  });
});

class OnPrices extends Strategy {
  protected prices = 0;

  override process(): Decision {
    return undefined;
  }

  override onPrice(market: Market, symbol: string): Decision {
    this.prices += 1;
    if (this.prices === 2) return { kind: 'enter', side: 'long', symbol, reason: `a price of ${market.price(symbol)}` };
    return undefined;
  }
}

const onPrices = defineStrategy({
  name: 'on-prices',
  title: 'On prices',
  description: 'Buys at the second price.',
  parameters: {},
  create: () => new OnPrices(),
});

describe('a price between two bars', () => {
  test('is decided on by strategies that have onPrice, with its source and age', () => {
    const made = new SessionBench(specOf({ definition: onPrices, limits }), venueOf());
    const [first, second, third] = minutes({ [BTC]: [100, 104, 104] });
    made.step(first!);
    made.session.engine.lag = 120;
    tellPrice(made, 101, epochMs(MINUTE_MS + 10_000));
    tellPrice(made, 102, epochMs(MINUTE_MS + 20_000));
    const { decisionTime, price, priceSource, priceAgeMs, outcome, signal } = made.record.signals[0]!;
    assert.deepEqual(
      [decisionTime, price, priceSource, priceAgeMs, outcome.kind],
      [MINUTE_MS + 20_000, 102, 'price:hand', 120, 'executed'],
    );
    assert.equal(signal.reason, 'a price of 102');
    made.session.engine.lag = 0;
    made.step(second!);
    made.step(third!);
    // The order is active from a third of the bar on: its path goes from 104 to 104.
    assert.equal(made.record.fills.length, 1);
    assert.equal(made.record.fills[0]!.time, MINUTE_MS + 20_000);
  });

  test('leaves no trace where the strategy decides on bars alone', () => {
    const made = bench(inAndOut(1, 2), { limits });
    const [first] = minutes({ [BTC]: [100] });
    made.step(first!);
    const before = JSON.stringify(made.session.snapshot());
    tellPrice(made, 140, epochMs(MINUTE_MS + 1));
    assert.equal(JSON.stringify(made.session.snapshot()), before);
  });

  test('must come after what was decided before', () => {
    const made = new SessionBench(specOf({ definition: onPrices, limits }), venueOf());
    made.step(minutes({ [BTC]: [100] })[0]!);
    assert.throws(() => tellPrice(made, 101, epochMs(MINUTE_MS)), /Time must move on/);
  });
});
