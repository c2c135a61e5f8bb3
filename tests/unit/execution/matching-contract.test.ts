import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Instrument, instrument } from '../../../src/domain/instrument.ts';
import { type CostModel, costPresets, percentFees } from '../../../src/execution/cost-models.ts';
import { fixed, formatFixed, type Money, notional, type Price } from '../../../src/foundation/fixed-point.ts';
import type { Json } from '../../../src/foundation/json.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { ACME, inShort, limit, market, price, stop, takeProfit, trailing, units, Venue } from './venue.ts';

// The rules of the contract at the top of matching-engine.ts, in their order. Bars are minutes from time 0 on, so a leg
// of the path takes 20,000 ms.

const same: (actual: unknown, expected: unknown) => void = assert.deepEqual;

/** A venue that holds `quantity` (negative: short) bought at `at` in its first bar, which stood still there. */
function holding(quantity: number, at: number, terms: ConstructorParameters<typeof Venue>[0] = {}): Venue {
  const venue = new Venue(terms);
  venue.submit({
    clientOrderId: 'entry',
    side: quantity > 0 ? 'buy' : 'sell',
    quantity: units(String(Math.abs(quantity))),
    execution: market,
  });
  venue.bar(at, at, at, at);
  return venue;
}

describe('rule 1: the path through a bar', () => {
  const both = (venue: Venue): string[] => {
    venue.submit({ clientOrderId: 'high', side: 'sell', execution: limit('110') });
    venue.submit({ clientOrderId: 'low', side: 'buy', execution: limit('90') });
    return venue.hush().bar(100, 110, 90, 100);
  };
  const lowFirst = ['low filled 1 @ 90 maker', 'high filled 1 @ 110 maker'];
  const withoutTime = (said: string[]): string[] => said.map((line) => line.replace(/ at \d+$/, ''));

  test('a long meets the low first, a short the high', () => {
    same(withoutTime(both(holding(5, 100))), lowFirst);
    same(withoutTime(both(holding(-5, 100))), lowFirst.toReversed());
  });

  test('when flat the nearer extreme comes first; a tie is the low', () => {
    same(withoutTime(both(new Venue())), lowFirst);
    const nearHigh = new Venue();
    nearHigh.submit({ clientOrderId: 'high', side: 'sell', execution: limit('110') });
    nearHigh.submit({ clientOrderId: 'low', side: 'buy', execution: limit('90') });
    same(withoutTime(nearHigh.hush().bar(101, 110, 90, 100)), lowFirst.toReversed());
  });

  test('nearest-first takes no notice of the position', () => {
    same(withoutTime(both(holding(-5, 100, { options: { path: 'nearest-first' } }))), lowFirst);
  });

  test('each leg takes a third of the time: 110 is reached half-way on the second of three', () => {
    const venue = new Venue();
    venue.submit({ side: 'sell', execution: limit('110') });
    // 100 → 90 → 130 → 100
    same(venue.hush().bar(100, 130, 90, 100), ['o0 filled 1 @ 110 maker at 30000']);
  });

  test('a position that an order opens at the open does not change the path of that bar', () => {
    const venue = new Venue();
    venue.submit({ clientOrderId: 'entry', execution: market });
    venue.submit({ clientOrderId: 'up', side: 'sell', execution: takeProfit('104'), after: 'entry' });
    venue.submit({ clientOrderId: 'down', side: 'sell', execution: stop('90'), after: 'entry' });
    const said = venue.hush().bar(100, 104, 90, 95);
    same(said[1], 'up triggered @ 104 at 20000');
  });
});

describe('rule 2: activation', () => {
  test('without latency the open of the next bar is seen', () => {
    const venue = new Venue();
    venue.submit({ execution: market });
    same(venue.said(), ['o0 accepted at 0']);
    same(venue.bar(100, 110, 90, 105), ['o0 filled 1 @ 100 taker at 0']);
  });

  test('within a bar: that fraction of the path, snapped to the tick against the order', () => {
    const venue = new Venue({ latencyMs: 5_000 });
    venue.submit({ clientOrderId: 'buys', execution: market });
    venue.submit({ clientOrderId: 'sells', side: 'sell', execution: market });
    // 100 → 90 in 20 s: 97.5 after 5 s.
    const said = venue.hush().bar(100, 111, 90, 105);
    same(said, ['buys filled 1 @ 98 taker at 5000', 'sells filled 1 @ 97 taker at 5000']);
  });

  test('a bar that closes before or at the activation is not seen', () => {
    const venue = new Venue({ latencyMs: 60_000 });
    venue.submit({ execution: market });
    same(venue.hush().bar(100, 110, 90, 105), []);
    same(venue.bar(106, 110, 90, 105), ['o0 filled 1 @ 106 taker at 60000']);
  });

  test('what the price did before the activation is not seen', () => {
    const venue = new Venue({ latencyMs: 30_000 });
    venue.submit({ execution: limit('90') });
    // 100 → 90 → 111 → 105: the low has passed at 20 s.
    same(venue.hush().bar(100, 111, 90, 105), []);
    same(venue.engine.openOrders()[0]?.phase, 'resting');
  });

  test('a bar without length is its open', () => {
    const venue = new Venue();
    venue.submit({ execution: market });
    venue.hush();
    venue.engine.onBar('ACME', epochMs(0), epochMs(0), 100, 100, 100, 100, 1);
    same(venue.said(), ['o0 filled 1 @ 100 taker at 0']);
  });

  test('a cancellation takes effect at once; one of an order that is not open does nothing', () => {
    const venue = new Venue({ latencyMs: 5_000 });
    venue.submit({ execution: market });
    venue.hush().engine.cancel('o0', venue.now);
    venue.engine.cancel('o0', venue.now);
    venue.engine.cancel('never', venue.now);
    same(venue.said(), ['o0 cancelled at 0']);
    same(venue.bar(100, 110, 90, 105), []);
  });
});

describe('rule 3: market orders', () => {
  const costs: CostModel = {
    spread: { kind: 'ticks', ticks: 2 },
    slippage: { kind: 'basis-points', basisPoints: 50 },
    fees: { kind: 'percent', makerRate: 0, takerRate: 0 },
  };

  test('half the spread and slippage go against it, then the tick', () => {
    const venue = new Venue({ costs });
    venue.submit({ clientOrderId: 'buys', execution: market });
    venue.submit({ clientOrderId: 'sells', side: 'sell', execution: market });
    // 100 ± (1 + 0.5)
    const said = venue.hush().bar(100, 110, 90, 105);
    same(said, ['buys filled 1 @ 102 taker at 0', 'sells filled 1 @ 98 taker at 0']);
  });

  test('the fill price may lie outside the bar by the costs', () => {
    const venue = new Venue({ costs });
    venue.submit({ execution: market });
    same(venue.hush().bar(100, 100, 100, 100), ['o0 filled 1 @ 102 taker at 0']);
  });

  test('a market price off the grid is snapped against the order', () => {
    const venue = new Venue();
    venue.submit({ clientOrderId: 'buys', execution: market });
    venue.submit({ clientOrderId: 'sells', side: 'sell', execution: market });
    same(venue.hush().bar(100.25, 110, 90, 105), ['buys filled 1 @ 101 taker at 0', 'sells filled 1 @ 100 taker at 0']);
  });

  test('impact grows with the share in the bar, by the square root or in proportion', () => {
    const paid = (shape: 'square-root' | 'linear', quantity: string, volume: number): string => {
      const venue = new Venue({
        costs: {
          ...costs,
          spread: { kind: 'none' },
          slippage: { kind: 'volume-impact', shape, basisPointsAtFullVolume: 1000 },
        },
      });
      venue.submit({ quantity: units(quantity), execution: market });
      venue.bar(1000, 1000, 1000, 1000, volume);
      return formatFixed(venue.fills[0]!.price);
    };
    same(paid('square-root', '25', 100), '1050');
    same(paid('linear', '25', 100), '1025');
    same(paid('linear', '25', 0), '1100');
  });

  test('a sell never goes below one tick', () => {
    const venue = new Venue({ costs: { ...costs, slippage: { kind: 'basis-points', basisPoints: 20_000 } } });
    venue.submit({ side: 'sell', execution: market });
    same(venue.hush().bar(100, 110, 90, 105), ['o0 filled 1 @ 1 taker at 0']);
  });
});

describe('rule 4: limit orders', () => {
  test('at the limit when the path touches it, as a maker; not one tick before', () => {
    const venue = new Venue();
    venue.submit({ execution: limit('95') });
    same(venue.hush().bar(100, 101, 96, 100), []);
    same(venue.bar(100, 101, 95, 100), ['o0 filled 1 @ 95 maker at 100000']);
  });

  test('at the open when the bar opens beyond it', () => {
    const venue = new Venue();
    venue.submit({ execution: limit('95') });
    venue.bar(100, 101, 96, 100);
    same(venue.bar(93, 94, 92, 93), ['o0 filled 1 @ 93 maker at 60000']);
  });

  test('through: only one tick beyond, at the limit', () => {
    const venue = new Venue({ options: { limitFill: 'through' } });
    venue.submit({ clientOrderId: 'buys', execution: limit('95') });
    venue.submit({ clientOrderId: 'sells', side: 'sell', execution: limit('110') });
    same(venue.hush().bar(100, 110, 95, 100), []);
    const said = venue.bar(100, 111, 94, 100);
    same(
      said.map((line) => line.replace(/ at \d+$/, '')),
      ['buys filled 1 @ 95 maker', 'sells filled 1 @ 110 maker'],
    );
  });

  test('through: touched exactly at the open is not beyond; opened a tick beyond fills at the open', () => {
    const venue = new Venue({ options: { limitFill: 'through' } });
    venue.submit({ execution: limit('95') });
    venue.bar(100, 101, 96, 100);
    same(venue.bar(95, 96, 95, 96), []);
    same(venue.bar(94, 96, 94, 96), ['o0 filled 1 @ 94 maker at 120000']);
  });

  test('marketable on arrival: a taker at the price it sees', () => {
    const venue = new Venue();
    venue.submit({ execution: limit('105') });
    same(venue.hush().bar(100, 110, 90, 105), ['o0 filled 1 @ 100 taker at 0']);
    venue.submit({ execution: limit('100') });
    same(venue.hush().bar(100, 110, 90, 105), ['o1 filled 1 @ 100 taker at 60000']);
  });

  test('a taker limit pays spread and slippage, but never beyond its limit', () => {
    const costs: CostModel = { ...percentFees(0, 0), spread: { kind: 'ticks', ticks: 4 } };
    const venue = new Venue({ costs });
    venue.submit({ clientOrderId: 'room', execution: limit('105') });
    venue.submit({ clientOrderId: 'tight', execution: limit('101') });
    same(venue.hush().bar(100, 110, 90, 105), ['room filled 1 @ 102 taker at 0', 'tight filled 1 @ 101 taker at 0']);
  });

  test('a maker pays neither', () => {
    const costs: CostModel = { ...percentFees(0, 0), spread: { kind: 'ticks', ticks: 4 } };
    const venue = new Venue({ costs });
    venue.submit({ execution: limit('95') });
    same(venue.hush().bar(100, 110, 90, 105), ['o0 filled 1 @ 95 maker at 10000']);
  });

  test('post-only is rejected when it would take on arrival, and only then', () => {
    const venue = new Venue();
    venue.submit({ clientOrderId: 'takes', execution: limit('100', true) });
    venue.submit({ clientOrderId: 'rests', execution: limit('99', true) });
    same(venue.hush().bar(100, 110, 99, 105), [
      'takes rejected POST_ONLY_WOULD_TAKE at 0',
      'rests filled 1 @ 99 maker at 20000',
    ]);
  });
});

describe('rule 5: stop and take-profit', () => {
  test('a stop triggers where the path reaches it and then takes', () => {
    const venue = new Venue();
    venue.submit({ side: 'sell', execution: stop('95') });
    same(venue.hush().bar(100, 111, 90, 105), ['o0 triggered @ 95 at 10000', 'o0 filled 1 @ 95 taker at 10000']);
  });

  test('a gap: at the open beyond it', () => {
    const venue = new Venue();
    venue.submit({ side: 'sell', execution: stop('95') });
    venue.bar(100, 101, 96, 100);
    same(venue.bar(80, 85, 70, 75), ['o0 triggered @ 80 at 60000', 'o0 filled 1 @ 80 taker at 60000']);
  });

  test('a buy stop waits for a rise, a buy take-profit for a fall', () => {
    const venue = new Venue();
    venue.submit({ clientOrderId: 'stop', execution: stop('105') });
    venue.submit({ clientOrderId: 'profit', execution: takeProfit('95') });
    same(venue.hush().bar(100, 104, 96, 100), []);
    const said = venue.bar(100, 105, 95, 100);
    same(
      said.map((line) => line.replace(/ at \d+$/, '')),
      ['profit triggered @ 95', 'profit filled 1 @ 95 taker', 'stop triggered @ 105', 'stop filled 1 @ 105 taker'],
    );
  });

  test('a stop-limit takes within its limit, from its trigger on', () => {
    const venue = new Venue();
    venue.submit({ execution: stop('105', '106') });
    same(venue.hush().bar(100, 110, 99, 108).slice(1), ['o0 filled 1 @ 105 taker at 30909']);
  });

  test('a stop-limit that the market has left behind rests', () => {
    const venue = new Venue();
    venue.submit({ side: 'sell', execution: stop('95', '94') });
    venue.bar(100, 101, 96, 100);
    same(venue.bar(90, 93, 85, 92), ['o0 triggered @ 90 at 60000']);
    same(venue.bar(92, 96, 91, 95), ['o0 filled 1 @ 94 maker at 152000']);
  });

  test('a stop-limit with its limit behind the trigger waits for the way back', () => {
    const venue = new Venue();
    venue.submit({ execution: stop('105', '103') });
    // 100 → 99 → 110 → 101
    same(
      venue
        .hush()
        .bar(100, 110, 99, 101)
        .map((line) => line.replace(/ at \d+$/, '')),
      ['o0 triggered @ 105', 'o0 filled 1 @ 103 maker'],
    );
  });

  test('a take-profit with a limit', () => {
    const venue = new Venue();
    venue.submit({ side: 'sell', execution: takeProfit('105', '107') });
    same(
      venue
        .hush()
        .bar(100, 106, 99, 101)
        .map((line) => line.replace(/ at \d+$/, '')),
      ['o0 triggered @ 105'],
    );
    same(
      venue.bar(101, 107, 101, 101).map((line) => line.replace(/ at \d+$/, '')),
      ['o0 filled 1 @ 107 maker'],
    );
  });
});

describe('rule 6: trailing stops', () => {
  test('the trigger follows the best price along the path', () => {
    const venue = new Venue();
    venue.submit({ side: 'sell', execution: trailing('10') });
    // 100 → 98 → 120 → 108: best 120, trigger 110.
    const said = venue.hush().bar(100, 120, 98, 108);
    same(
      said.map((line) => line.replace(/ at \d+$/, '')),
      ['o0 triggered @ 110', 'o0 filled 1 @ 110 taker'],
    );
  });

  test('what lies before the best price does not count against it', () => {
    const venue = new Venue();
    venue.submit({ side: 'sell', execution: trailing('10') });
    // 100 → 95 → 104 → 101: the low of 95 came while the trigger was at 90.
    same(venue.hush().bar(100, 104, 95, 101), []);
    same(venue.engine.openOrders()[0]?.triggerPrice, price('94'));
  });

  test('it remembers over bars that come nowhere near, and never retreats', () => {
    const venue = new Venue();
    venue.submit({ side: 'sell', execution: trailing('10') });
    venue.bar(100, 101, 99, 100);
    venue.bar(100, 107, 99, 106);
    venue.bar(106, 106, 100, 104);
    same(venue.engine.openOrders()[0]?.triggerPrice, price('97'));
    same(venue.hush().bar(104, 105, 96, 100)[0], 'o0 triggered @ 97 at 217777');
  });

  test('a gap through the trigger: at the open', () => {
    const venue = new Venue();
    venue.submit({ side: 'sell', execution: trailing('10') });
    venue.bar(100, 105, 99, 104);
    same(venue.bar(90, 120, 90, 120), ['o0 triggered @ 90 at 60000', 'o0 filled 1 @ 90 taker at 60000']);
  });

  test('a buy follows the lowest price', () => {
    const venue = new Venue();
    venue.submit({ execution: trailing('10') });
    // 100 → 104 → 80 → 95
    const said = venue.hush().bar(100, 104, 80, 95);
    same(
      said.map((line) => line.replace(/ at \d+$/, '')),
      ['o0 triggered @ 90', 'o0 filled 1 @ 90 taker'],
    );
  });

  test('the best price counts from the activation on', () => {
    const venue = new Venue({ latencyMs: 40_000 });
    venue.submit({ side: 'sell', execution: trailing('10') });
    // 100 → 110 → 95 → 95: at 40 s the high has passed.
    same(venue.hush().bar(104, 110, 95, 95), []);
    same(venue.engine.openOrders()[0]?.triggerPrice, price('85'));
  });
});

describe('rule 7: quantity and the volume of a bar', () => {
  const options = { maximumVolumeShare: 0.1 };

  test('a bar fills any quantity by default, one without volume too', () => {
    const venue = new Venue();
    venue.submit({ quantity: units('1000000'), execution: market });
    same(venue.hush().bar(100, 110, 90, 105, 0), ['o0 filled 1000000 @ 100 taker at 0']);
  });

  test('a market order waits for more volume, bar by bar, and stays a taker', () => {
    const venue = new Venue({ options });
    venue.submit({ quantity: units('25'), execution: market });
    same(venue.hush().bar(100, 110, 90, 105, 100), ['o0 filled 10 @ 100 taker part at 0']);
    same(venue.bar(105, 110, 90, 105, 0), []);
    same(venue.bar(106, 110, 90, 105, 109), ['o0 filled 10 @ 106 taker part at 120000']);
    same(venue.bar(107, 110, 90, 105, 100), ['o0 filled 5 @ 107 taker at 180000']);
  });

  test('the share is floored to the step', () => {
    const venue = new Venue({ options });
    venue.submit({ quantity: units('25'), execution: market });
    same(venue.hush().bar(100, 110, 90, 105, 99), ['o0 filled 9 @ 100 taker part at 0']);
  });

  test('along the path first, then by submission, from one budget', () => {
    const venue = new Venue({ options });
    venue.submit({ clientOrderId: 'late', quantity: units('5'), execution: limit('92') });
    venue.submit({ clientOrderId: 'first', quantity: units('7'), execution: limit('95') });
    venue.submit({ clientOrderId: 'second', quantity: units('7'), execution: limit('95') });
    const said = venue.hush().bar(100, 111, 90, 105, 100);
    same(
      said.map((line) => line.replace(/ at \d+$/, '')),
      ['first filled 7 @ 95 maker', 'second filled 3 @ 95 maker part'],
    );
  });

  test('a resting limit fills the rest later as a maker', () => {
    const venue = new Venue({ options });
    venue.submit({ quantity: units('15'), execution: limit('95') });
    same(venue.hush().bar(100, 111, 90, 105, 100), ['o0 filled 10 @ 95 maker part at 10000']);
    same(venue.bar(100, 111, 90, 105, 100), ['o0 filled 5 @ 95 maker at 70000']);
  });

  test('a marketable limit that found no volume arrives anew, as a taker', () => {
    const venue = new Venue({ options });
    venue.submit({ quantity: units('15'), execution: limit('101') });
    same(venue.hush().bar(100, 111, 90, 105, 100), ['o0 filled 10 @ 100 taker part at 0']);
    same(venue.bar(99, 111, 90, 105, 100), ['o0 filled 5 @ 99 taker at 60000']);
  });

  test('a stop triggers without volume and fills when there is some', () => {
    const venue = new Venue({ options });
    venue.submit({ side: 'sell', execution: stop('95') });
    same(venue.hush().bar(100, 111, 90, 105, 0), ['o0 triggered @ 95 at 10000']);
    same(venue.bar(104, 111, 90, 105, 100), ['o0 filled 1 @ 104 taker at 60000']);
  });
});

describe('rule 8: time in force', () => {
  const options = { maximumVolumeShare: 0.1 };
  const IOC = { kind: 'IOC' } as const;
  const FOK = { kind: 'FOK' } as const;

  test('IOC: what can not trade on arrival is cancelled', () => {
    const venue = new Venue({ options });
    venue.submit({ clientOrderId: 'away', execution: limit('95'), timeInForce: IOC });
    venue.submit({ clientOrderId: 'some', quantity: units('15'), execution: limit('101'), timeInForce: IOC });
    venue.submit({ clientOrderId: 'none', execution: market, timeInForce: IOC });
    same(venue.hush().bar(100, 111, 90, 105, 100), [
      'away cancelled at 0',
      'some filled 10 @ 100 taker part at 0',
      'some cancelled at 0',
      'none cancelled at 0',
    ]);
  });

  test('FOK: all of it on arrival, or nothing', () => {
    const venue = new Venue({ options });
    venue.submit({ clientOrderId: 'away', execution: limit('95'), timeInForce: FOK });
    venue.submit({ clientOrderId: 'much', quantity: units('11'), execution: market, timeInForce: FOK });
    venue.submit({ clientOrderId: 'fits', quantity: units('10'), execution: market, timeInForce: FOK });
    same(venue.hush().bar(100, 111, 90, 105, 100), [
      'away cancelled at 0',
      'much cancelled at 0',
      'fits filled 10 @ 100 taker at 0',
    ]);
  });

  test('the clock of a conditional order starts at its trigger', () => {
    const venue = new Venue();
    venue.submit({ side: 'sell', execution: stop('95', '96'), timeInForce: IOC });
    same(venue.hush().bar(100, 101, 96, 100), []);
    same(venue.bar(100, 111, 94, 100), ['o0 triggered @ 95 at 76666', 'o0 cancelled at 76666']);
  });

  test('GTD: at its fraction of the bar, before anything else there', () => {
    const expiring = (expiresAt: number): string[] => {
      const venue = new Venue();
      venue.submit({ execution: limit('95'), timeInForce: { kind: 'GTD', expiresAt: epochMs(expiresAt) } });
      return venue.hush().bar(100, 111, 90, 105);
    };
    same(expiring(10_000), ['o0 expired at 10000']);
    same(expiring(10_001), ['o0 filled 1 @ 95 maker at 10000']);
    same(expiring(60_000), ['o0 filled 1 @ 95 maker at 10000']);
  });

  test('GTD: a bar that opens at the time expires it, though it opens beyond the limit', () => {
    const venue = new Venue();
    venue.submit({ execution: limit('95'), timeInForce: { kind: 'GTD', expiresAt: epochMs(60_000) } });
    same(venue.hush().bar(100, 111, 96, 105), []);
    same(venue.bar(90, 91, 89, 90), ['o0 expired at 60000']);
  });

  test('GTD: an order that has not become active, or waits for another, expires too', () => {
    const venue = new Venue({ latencyMs: 90_000 });
    const timeInForce = { kind: 'GTD', expiresAt: epochMs(30_000) } as const;
    venue.submit({ clientOrderId: 'slow', execution: market, timeInForce });
    venue.submit({ clientOrderId: 'waits', execution: market, after: 'slow' });
    venue.submit({ clientOrderId: 'parent', execution: market });
    venue.submit({ clientOrderId: 'child', execution: market, after: 'parent', timeInForce });
    same(venue.hush().bar(100, 111, 96, 105), [
      'slow expired at 30000',
      'waits cancelled at 30000',
      'child expired at 30000',
    ]);
  });
});

describe('rule 9: what only reduces', () => {
  test('is cut to the position and then complete', () => {
    const venue = holding(3, 100);
    venue.submit({ side: 'sell', quantity: units('5'), execution: market, reduceOnly: true });
    same(venue.hush().bar(101, 101, 101, 101), ['o0 filled 3 @ 101 taker at 60000']);
    same(venue.position, '0');
  });

  test('is cancelled where there is nothing to reduce, at the moment of its fill', () => {
    const venue = new Venue();
    venue.submit({ side: 'sell', execution: limit('105'), reduceOnly: true });
    same(venue.hush().bar(100, 104, 99, 100), []);
    same(venue.bar(100, 105, 99, 100), ['o0 cancelled at 100000']);
    const long = holding(3, 100);
    long.submit({ execution: market, reduceOnly: true });
    same(long.hush().bar(101, 101, 101, 101), ['o0 cancelled at 60000']);
  });

  test('two of them can not close more than there is', () => {
    const venue = holding(3, 100);
    venue.submit({ clientOrderId: 'a', side: 'sell', quantity: units('2'), execution: market, reduceOnly: true });
    venue.submit({ clientOrderId: 'b', side: 'sell', quantity: units('2'), execution: market, reduceOnly: true });
    venue.submit({ clientOrderId: 'c', side: 'sell', quantity: units('2'), execution: market, reduceOnly: true });
    same(venue.hush().bar(101, 101, 101, 101), [
      'a filled 2 @ 101 taker at 60000',
      'b filled 1 @ 101 taker at 60000',
      'c cancelled at 60000',
    ]);
  });

  test('what may not be held short is sold only as far as it is held', () => {
    const spot: Instrument = { ...ACME, shortable: false };
    const venue = holding(3, 100, { instruments: [spot] });
    venue.submit({ clientOrderId: 'a', side: 'sell', quantity: units('5'), execution: market });
    venue.submit({ clientOrderId: 'b', side: 'sell', quantity: units('5'), execution: market });
    same(venue.hush().bar(101, 101, 101, 101), ['a filled 3 @ 101 taker at 60000', 'b cancelled at 60000']);
  });
});

describe('rule 10: ties between orders', () => {
  const bracket = (venue: Venue): void => {
    venue.submit({ clientOrderId: 'entry', quantity: units('2'), execution: limit('95') });
    const exit = {
      side: 'sell',
      quantity: units('2'),
      reduceOnly: true,
      after: 'entry',
      oneCancelsOther: 'exits',
    } as const;
    venue.submit({ clientOrderId: 'loss', execution: stop('90'), ...exit });
    venue.submit({ clientOrderId: 'profit', execution: takeProfit('110'), ...exit });
  };

  test('an entry and its exit in one bar; the exit that is reached first cancels the other', () => {
    const venue = new Venue();
    bracket(venue);
    // 100 → 92 → 115 → 100
    same(
      venue
        .hush()
        .bar(100, 115, 92, 100)
        .map((line) => line.replace(/ at \d+$/, '')),
      ['entry filled 2 @ 95 maker', 'profit triggered @ 110', 'profit filled 2 @ 110 taker', 'loss cancelled'],
    );
    same(venue.position, '0');
  });

  test('both exits within one bar: the path decides', () => {
    const venue = new Venue();
    bracket(venue);
    venue.bar(100, 104, 95, 100);
    same(
      venue.bar(100, 115, 85, 100).map((line) => line.replace(/ at \d+$/, '')),
      ['loss triggered @ 90', 'loss filled 2 @ 90 taker', 'profit cancelled'],
    );
  });

  test('what the price did before the parent filled is not seen', () => {
    const venue = new Venue();
    venue.submit({ clientOrderId: 'entry', execution: limit('95') });
    venue.submit({ clientOrderId: 'profit', side: 'sell', execution: takeProfit('110'), after: 'entry' });
    // 101 → 110 → 90 → 100
    same(
      venue
        .hush()
        .bar(102, 110, 90, 100)
        .map((line) => line.replace(/ at \d+$/, '')),
      ['entry filled 1 @ 95 maker'],
    );
    same(
      venue.engine.openOrders().map((order) => order.phase),
      ['armed'],
    );
  });

  test('a part of a fill cancels the rest of the group', () => {
    const venue = new Venue({ options: { maximumVolumeShare: 0.1 } });
    venue.submit({ clientOrderId: 'a', quantity: units('20'), execution: market, oneCancelsOther: 'g' });
    venue.submit({ clientOrderId: 'b', quantity: units('20'), execution: limit('80'), oneCancelsOther: 'g' });
    same(venue.hush().bar(100, 110, 90, 100, 100), ['a filled 10 @ 100 taker part at 0', 'b cancelled at 0']);
  });

  test('groups belong to their bot', () => {
    const venue = new Venue();
    venue.submit({ clientOrderId: 'a', execution: market, oneCancelsOther: 'g' });
    venue.submit({ clientOrderId: 'b', botId: 'other', execution: limit('80'), oneCancelsOther: 'g' });
    same(venue.hush().bar(100, 110, 90, 100), ['a filled 1 @ 100 taker at 0']);
  });

  test('followers die with a parent that ends without a fill, and theirs with them', () => {
    const venue = new Venue();
    venue.submit({ clientOrderId: 'entry', execution: limit('95') });
    venue.submit({ clientOrderId: 'child', execution: market, after: 'entry' });
    venue.submit({ clientOrderId: 'grandchild', execution: market, after: 'child' });
    venue.hush().engine.cancel('entry', venue.now);
    same(venue.said(), ['entry cancelled at 0', 'child cancelled at 0', 'grandchild cancelled at 0']);
  });

  test('a parent that ends with a part: what reduces protects it, the rest is cancelled', () => {
    const venue = new Venue({ options: { maximumVolumeShare: 0.1 } });
    const entry = {
      clientOrderId: 'entry',
      quantity: units('20'),
      execution: market,
      timeInForce: { kind: 'IOC' },
    } as const;
    venue.submit(entry);
    venue.submit({
      clientOrderId: 'loss',
      side: 'sell',
      quantity: units('20'),
      execution: stop('90'),
      reduceOnly: true,
      after: 'entry',
    });
    venue.submit({ clientOrderId: 'more', execution: market, after: 'entry' });
    same(venue.hush().bar(100, 105, 95, 100, 100), [
      'entry filled 10 @ 100 taker part at 0',
      'entry cancelled at 0',
      'more cancelled at 0',
    ]);
    same(
      venue.bar(100, 105, 85, 90, 1000).map((line) => line.replace(/ at \d+$/, '')),
      ['loss triggered @ 90', 'loss filled 10 @ 90 taker'],
    );
  });

  test('a part of a parent that goes on does not wake its followers', () => {
    const venue = new Venue({ options: { maximumVolumeShare: 0.1 } });
    venue.submit({ clientOrderId: 'entry', quantity: units('20'), execution: market });
    venue.submit({ clientOrderId: 'loss', side: 'sell', quantity: units('20'), execution: market, after: 'entry' });
    same(venue.hush().bar(100, 105, 95, 100, 100), ['entry filled 10 @ 100 taker part at 0']);
    same(venue.bar(101, 105, 95, 100, 400), [
      'entry filled 10 @ 101 taker at 60000',
      'loss filled 20 @ 101 taker at 60000',
    ]);
  });

  test('a follower with its own latency still ahead waits for that too', () => {
    const venue = new Venue({ latencyMs: 45_000 });
    venue.submit({ clientOrderId: 'entry', execution: limit('95') });
    venue.bar(100, 101, 99, 100);
    venue.submit({ clientOrderId: 'late', side: 'sell', execution: market, after: 'entry' });
    // 100 → 105 → 90 → 90: 95 at 33.3 s; the follower is active at 45 s.
    same(venue.hush().bar(101, 105, 90, 90), [
      'entry filled 1 @ 95 maker at 93333',
      'late filled 1 @ 90 taker at 105000',
    ]);
  });

  test('a follower that a listener ended in between is left alone', () => {
    const venue = new Venue({
      listener: (event, self) => {
        if (event.kind === 'cancelled' && event.clientOrderId === 'a') self.engine.cancel('b', event.time);
      },
    });
    venue.submit({ clientOrderId: 'entry', execution: limit('95') });
    venue.submit({ clientOrderId: 'a', execution: market, after: 'entry' });
    venue.submit({ clientOrderId: 'b', execution: market, after: 'entry' });
    venue.hush().engine.cancel('entry', venue.now);
    same(venue.said(), ['entry cancelled at 0', 'a cancelled at 0', 'b cancelled at 0']);
  });

  test('a follower on another symbol, which has seen bars, is woken there', () => {
    const other: Instrument = { ...ACME, symbol: 'OTHER' };
    const venue = new Venue({ instruments: [ACME, other] });
    venue.submit({ clientOrderId: 'entry', execution: limit('95') });
    venue.submit({ clientOrderId: 'hedge', symbol: 'OTHER', side: 'sell', execution: market, after: 'entry' });
    venue.engine.onBar('OTHER', epochMs(0), epochMs(60_000), 50, 60, 40, 50, 1);
    same(venue.hush().bar(100, 111, 90, 100), ['entry filled 1 @ 95 maker at 10000']);
    venue.engine.onBar('OTHER', epochMs(60_000), epochMs(120_000), 50, 60, 40, 50, 1);
    same(venue.said(), ['hedge filled 1 @ 50 taker at 60000']);
  });

  test('a follower on another symbol becomes active at the time of the fill', () => {
    const other: Instrument = { ...ACME, symbol: 'OTHER' };
    const venue = new Venue({ instruments: [ACME, other] });
    venue.submit({ clientOrderId: 'entry', execution: limit('95') });
    venue.submit({ clientOrderId: 'hedge', symbol: 'OTHER', side: 'sell', execution: market, after: 'entry' });
    same(venue.hush().bar(100, 111, 90, 100), ['entry filled 1 @ 95 maker at 10000']);
    venue.engine.onBar('OTHER', epochMs(0), epochMs(60_000), 50, 60, 40, 50, 1);
    same(venue.said(), ['hedge filled 1 @ 45 taker at 10000']);
  });
});

describe('rule 11: a share of equity', () => {
  const half = { kind: 'equity-fraction', fraction: 0.5 } as const;

  test('buys the largest multiple of the step that fits, fee included', () => {
    const venue = new Venue({ balance: '10000', costs: percentFees(0, 0.01) });
    venue.submit({ quantity: half, execution: market });
    venue.bar(100, 110, 90, 105);
    const [fill] = venue.fills;
    same(formatFixed(fill!.quantity), '49');
    const spent = (quantity: bigint): bigint => quantity * 100n * 101n;
    assert.ok(spent(49n) <= 500_000n && spent(50n) > 500_000n);
  });

  test('the price is that of the fill, with its costs, and equity is marked there', () => {
    const costs: CostModel = { ...percentFees(0, 0), spread: { kind: 'ticks', ticks: 2 } };
    const venue = holding(100, 100, { balance: '10000', costs });
    // Bought at 101: cash −100. At 201 equity is −100 + 100 × 201 = 20,000, of which half buys 49.75.
    venue.submit({ quantity: half, execution: market });
    same(venue.hush().bar(200, 210, 190, 205), ['o0 filled 49 @ 201 taker at 60000']);
  });

  test('slippage by size is that of the size without it, and the bound holds', () => {
    const costs: CostModel = {
      ...percentFees(0, 0.001),
      slippage: { kind: 'volume-impact', shape: 'linear', basisPointsAtFullVolume: 2000 },
    };
    const venue = new Venue({ balance: '100000', costs });
    venue.submit({ quantity: { kind: 'equity-fraction', fraction: 1 }, execution: market });
    venue.bar(100, 110, 90, 105, 1000);
    // 999 units without impact; their price is 100 + 19.98, so 120; 832 units fit, whose own price would be 117.
    const [fill] = venue.fills;
    same([formatFixed(fill!.price), formatFixed(fill!.quantity)], ['120', '832']);
    assert.ok(venue.portfolio.balance('USD') >= 0n);
  });

  test('fees by the unit and minimum fees count too', () => {
    const bought = (fees: CostModel['fees']): string => {
      const venue = new Venue({ balance: '10000', costs: { ...percentFees(0, 0), fees } });
      venue.submit({ quantity: half, execution: market });
      venue.bar(100, 110, 90, 105);
      assert.ok(venue.portfolio.balance('USD') >= fixed<Money>('5000'));
      return formatFixed(venue.fills[0]!.quantity);
    };
    same(bought({ kind: 'per-unit', perUnit: 0 }), '50');
    same(bought({ kind: 'per-unit', perUnit: 2 }), '49');
    same(bought({ kind: 'per-unit', perUnit: 0, minimum: 101 }), '48');
    same(bought({ kind: 'percent', makerRate: 0, takerRate: 0, minimum: 100 }), '49');
  });

  test('a limit order is sized where it fills', () => {
    const venue = new Venue({ balance: '10000' });
    venue.submit({ quantity: half, execution: limit('80') });
    same(venue.hush().bar(100, 110, 80, 90)[0]?.startsWith('o0 filled 62 @ 80 maker'), true);
  });

  test('nothing, or less than the filters, is cancelled', () => {
    const venue = new Venue({ balance: '100' });
    venue.submit({ quantity: half, execution: market });
    same(venue.hush().bar(100, 110, 90, 105), ['o0 cancelled at 0']);
    const picky = new Venue({ balance: '1000', instruments: [{ ...ACME, minimumNotional: fixed<Money>('501') }] });
    picky.submit({ quantity: half, execution: market });
    same(picky.hush().bar(100, 110, 90, 105), ['o0 cancelled at 0']);
  });

  test('never more than the maximum quantity', () => {
    const venue = new Venue({ instruments: [{ ...ACME, maximumQuantity: units('7').quantity }] });
    venue.submit({ quantity: half, execution: market });
    same(venue.hush().bar(100, 110, 90, 105), ['o0 filled 7 @ 100 taker at 0']);
  });

  test('of a reduce-only order it means the whole position', () => {
    const venue = holding(37, 100);
    venue.submit({ side: 'sell', quantity: half, execution: stop('90'), reduceOnly: true });
    same(venue.hush().bar(100, 101, 85, 90).at(-1)?.startsWith('o0 filled 37 @ 90'), true);
  });

  test('once found it stays, however many bars the fill takes', () => {
    const venue = new Venue({ balance: '10000', options: { maximumVolumeShare: 0.1 } });
    venue.submit({ quantity: half, execution: market });
    same(venue.hush().bar(100, 110, 90, 105, 300), ['o0 filled 30 @ 100 taker part at 0']);
    same(venue.bar(200, 210, 190, 205, 300), ['o0 filled 20 @ 200 taker at 60000']);
  });
});

describe('rule 12: fees', () => {
  const fee = (costs: CostModel, side: 'buy' | 'sell' = 'buy', quantity = '3', instrumentOf = ACME): string => {
    const venue = new Venue({ costs, instruments: [instrumentOf] });
    venue.submit({ side, quantity: units(quantity), execution: market });
    venue.bar(100, 110, 90, 105);
    const [fill] = venue.fills;
    return `${formatFixed(fill!.fee)} ${fill!.feeCurrency}`;
  };

  test('maker and taker at their rates, in quote currency', () => {
    const venue = new Venue({ costs: costPresets['bybit-linear'] });
    venue.submit({ clientOrderId: 'takes', quantity: units('3'), execution: market });
    venue.submit({ clientOrderId: 'rests', quantity: units('3'), execution: limit('95') });
    venue.bar(100, 110, 90, 105);
    same(
      venue.fills.map((one) => `${formatFixed(one.fee)} ${one.feeCurrency}`),
      ['0.165 USD', '0.057 USD'],
    );
  });

  test('a rebate is negative', () => {
    same(fee(percentFees(0, -0.0001)), '-0.03 USD');
  });

  test('rounded half away from zero: to 10⁻¹², or to the precision given', () => {
    const fine = instrument({
      symbol: 'ACME',
      baseCurrency: 'ACME',
      quoteCurrency: 'USD',
      tickSize: '1',
      stepSize: '0.0000000001',
    });
    same(fee(percentFees(0, 0.00005), 'buy', '0.0000000001', fine), '0.000000000001 USD');
    const cents = {
      ...percentFees(0, 0),
      fees: { kind: 'percent', makerRate: 0, takerRate: 0.00015, precision: 0.01 },
    } as const;
    same(fee(cents), '0.05 USD');
    same(fee({ ...cents, fees: { ...cents.fees, takerRate: -0.00015 } }), '-0.05 USD');
  });

  test('in base, in what is received, or in a third currency', () => {
    const terms = { kind: 'percent', makerRate: 0, takerRate: 0.01 } as const;
    const paid = (fees: CostModel['fees'], side: 'buy' | 'sell' = 'buy'): string =>
      fee({ ...percentFees(0, 0), fees }, side);
    same(paid({ ...terms, currency: 'base' }, 'sell'), '0.03 ACME');
    same(paid({ ...terms, currency: 'received' }), '0.03 ACME');
    same(paid({ ...terms, currency: 'received' }, 'sell'), '3 USD');
    same(paid({ ...terms, currency: { currency: 'COIN', price: 6 } }), '0.5 COIN');
  });

  test('by the unit, with a minimum and a maximum for the order', () => {
    const costs = costPresets['interactive-brokers-us-stocks'];
    same(fee(costs, 'buy', '100'), '1 USD');
    same(fee(costs, 'buy', '1000'), '5 USD');
    same(fee({ ...costs, fees: { ...costs.fees, maximumRate: 0.00001 } }, 'buy', '1000'), '1 USD');
  });

  test('a minimum binds the order, however many fills it has', () => {
    const venue = new Venue({
      costs: costPresets['interactive-brokers-us-stocks'],
      options: { maximumVolumeShare: 0.1 },
    });
    venue.submit({ quantity: units('300'), execution: market });
    for (let index = 0; index < 3; index++) venue.bar(100, 110, 90, 105, 1000);
    // 0.5, then 1.0 and 1.5 in all: the minimum of 1 is paid with the first fill.
    same(
      venue.fills.map((one) => formatFixed(one.fee)),
      ['1', '0', '0.5'],
    );
  });
});

describe('rule 13: refusals at submission', () => {
  const refusal = (terms: Parameters<Venue['submit']>[0], venue = new Venue()): string => {
    venue.submit(terms);
    const event = venue.events.at(-1)!;
    return event.kind === 'rejected' ? event.code : event.kind;
  };

  test('an unknown symbol', () => {
    same(refusal({ symbol: 'NOPE', execution: market }), 'UNKNOWN_SYMBOL');
  });

  test('an id that is open, or was lately', () => {
    const venue = new Venue({ options: { rememberedOrders: 1 } });
    venue.submit({ clientOrderId: 'a', execution: market });
    same(refusal({ clientOrderId: 'a', execution: market }, venue), 'DUPLICATE_ORDER_ID');
    venue.bar(100, 110, 90, 105);
    same(refusal({ clientOrderId: 'a', execution: market }, venue), 'DUPLICATE_ORDER_ID');
    venue.submit({ clientOrderId: 'b', execution: market });
    venue.bar(100, 110, 90, 105);
    same(refusal({ clientOrderId: 'a', execution: market }, venue), 'accepted');
    same(venue.fills.length, 2);
  });

  test('an order after one that does not exist, is of another bot, or has ended unfilled', () => {
    const venue = new Venue();
    same(refusal({ execution: market, after: 'x' }, venue), 'UNKNOWN_PARENT');
    venue.submit({ clientOrderId: 'theirs', botId: 'other', execution: market });
    same(refusal({ execution: market, after: 'theirs' }, venue), 'UNKNOWN_PARENT');
    venue.submit({ clientOrderId: 'gone', execution: market });
    venue.engine.cancel('gone', venue.now);
    same(refusal({ execution: market, after: 'gone' }, venue), 'PARENT_ENDED');
  });

  test('an order after one that has filled is simply active', () => {
    const venue = new Venue();
    venue.submit({ clientOrderId: 'a', execution: market });
    venue.bar(100, 110, 90, 105);
    venue.submit({ clientOrderId: 'b', execution: market, after: 'a' });
    same(venue.hush().bar(100, 110, 90, 105), ['b filled 1 @ 100 taker at 60000']);
  });

  test('one that would have expired', () => {
    same(refusal({ execution: market, timeInForce: { kind: 'GTD', expiresAt: epochMs(0) } }), 'EXPIRED_ON_ARRIVAL');
  });

  test('a share of equity that is none', () => {
    for (const fraction of [Number.NaN, 0, -1, Number.POSITIVE_INFINITY]) {
      same(refusal({ execution: market, quantity: { kind: 'equity-fraction', fraction } }), 'EQUITY_FRACTION');
    }
  });

  test('prices off the tick: limit, trigger, distance', () => {
    for (const execution of [
      limit('1.5'),
      stop('1.5'),
      stop('2', '1.5'),
      takeProfit('1.5'),
      trailing('0.5'),
      limit('0'),
    ]) {
      same(refusal({ execution }), 'PRICE_TICK');
    }
  });

  test('quantities off the step, too small, too large', () => {
    const small: Instrument = { ...ACME, minimumQuantity: units('2').quantity, maximumQuantity: units('5').quantity };
    same(refusal({ execution: market, quantity: units('1.5') }), 'QUANTITY_STEP');
    same(refusal({ execution: market, quantity: units('1') }, new Venue({ instruments: [small] })), 'QUANTITY_MINIMUM');
    same(refusal({ execution: market, quantity: units('6') }, new Venue({ instruments: [small] })), 'QUANTITY_MAXIMUM');
    same(refusal({ execution: market, quantity: units('0') }), 'QUANTITY_MINIMUM');
  });

  test('too little value, at its own price or the last close; what reduces is free of it', () => {
    const instruments = [{ ...ACME, minimumNotional: fixed<Money>('10') }];
    same(refusal({ execution: limit('9') }, new Venue({ instruments })), 'NOTIONAL_MINIMUM');
    same(refusal({ execution: stop('9') }, new Venue({ instruments })), 'NOTIONAL_MINIMUM');
    same(refusal({ execution: market }, new Venue({ instruments })), 'accepted');
    const venue = new Venue({ instruments });
    venue.bar(9, 9, 9, 9);
    same(refusal({ execution: market }, venue), 'NOTIONAL_MINIMUM');
    same(refusal({ execution: trailing('1') }, venue), 'NOTIONAL_MINIMUM');
    same(refusal({ execution: market, reduceOnly: true }, venue), 'accepted');
    same(refusal({ execution: limit('9'), reduceOnly: true }, venue), 'accepted');
  });
});

describe('rule 14: order and time', () => {
  test('one place on the path: by submission', () => {
    const venue = new Venue();
    for (const clientOrderId of ['z', 'a', 'm']) venue.submit({ clientOrderId, execution: limit('95') });
    same(
      venue
        .hush()
        .bar(100, 110, 90, 105)
        .map((line) => line[0]),
      ['z', 'a', 'm'],
    );
  });

  test('fills of one order are numbered from 1', () => {
    const venue = new Venue({ options: { maximumVolumeShare: 0.1 } });
    venue.submit({ quantity: units('20'), execution: market });
    venue.bar(100, 110, 90, 105, 100);
    venue.bar(100, 110, 90, 105, 100);
    same(
      venue.fills.map((fill) => fill.fillId),
      ['o0/1', 'o0/2'],
    );
  });

  test('times are whole milliseconds, rounded down', () => {
    const venue = new Venue();
    venue.submit({ execution: limit('97') });
    // A leg of 7: 3/7 of 20,000 ms.
    same(venue.hush().bar(100, 110, 93, 105), ['o0 filled 1 @ 97 maker at 8571']);
  });

  test('a listener may submit and cancel from within an event: in this bar, from that place on', () => {
    const venue = new Venue({
      listener: (event, self) => {
        if (event.kind !== 'filled' || event.clientOrderId !== 'first') return;
        self.engine.cancel('other', event.time);
        self.now = event.time;
        self.submit({ clientOrderId: 'answer', side: 'sell', execution: market });
        self.now = epochMs(0);
      },
    });
    venue.submit({ clientOrderId: 'first', execution: limit('95') });
    venue.submit({ clientOrderId: 'other', execution: limit('94') });
    same(venue.hush().bar(100, 110, 90, 105), [
      'first filled 1 @ 95 maker at 10000',
      'other cancelled at 10000',
      'answer accepted at 10000',
      'answer filled 1 @ 95 taker at 10000',
    ]);
  });
});

describe('rule 15: chance and state', () => {
  const costs: CostModel = {
    ...percentFees(0, 0),
    slippage: { kind: 'random', minimumBasisPoints: 10, maximumBasisPoints: 500 },
  };
  const cents = instrument({
    symbol: 'ACME',
    baseCurrency: 'ACME',
    quoteCurrency: 'USD',
    tickSize: '0.000001',
    stepSize: '1',
  });
  const run = (seed: number, restartAfter?: number): string[] => {
    let venue = new Venue({ costs, seed, instruments: [cents] });
    const said: string[] = [];
    for (let index = 0; index < 6; index++) {
      venue.submit({ clientOrderId: `x${index}`, execution: market });
      if (index === restartAfter) {
        const state = JSON.parse(JSON.stringify(venue.engine.snapshot())) as Json;
        const again = new Venue({ costs, seed: 99, instruments: [cents] });
        again.engine.restore(state);
        again.now = venue.now;
        venue = again;
      }
      said.push(...venue.hush().bar(100, 110, 90, 105));
    }
    return said;
  };

  test('a seed gives the same run, another seed another', () => {
    same(run(7), run(7));
    assert.notDeepEqual(run(7), run(8));
    for (const line of run(7)) {
      const paid = Number(/@ ([\d.]+)/.exec(line)![1]);
      assert.ok(paid >= 100.1 && paid <= 105.000001, line);
    }
  });

  test('a restart changes nothing', () => {
    same(run(7, 3), run(7));
  });

  test('every phase of an order survives a restart', () => {
    const build = (): Venue => {
      const venue = new Venue({ options: { maximumVolumeShare: 0.1 }, latencyMs: 1 });
      venue.submit({ clientOrderId: 'trails', side: 'sell', execution: trailing('9') });
      venue.submit({ clientOrderId: 'stops', side: 'sell', execution: stop('80', '79') });
      venue.submit({ clientOrderId: 'rests', quantity: units('50'), execution: limit('97') });
      venue.submit({ clientOrderId: 'arrives', quantity: units('100'), execution: market });
      venue.submit({ clientOrderId: 'waits', execution: market, after: 'arrives' });
      venue.bar(100, 104, 96, 101, 100);
      venue.submit({ clientOrderId: 'pends', quantity: { kind: 'equity-fraction', fraction: 0.3 }, execution: market });
      return venue;
    };
    const one = build();
    same(
      one.engine.openOrders().map((order) => order.phase),
      ['armed', 'armed', 'resting', 'arriving', 'waiting', 'pending'],
    );
    const other = build();
    other.engine.restore(JSON.parse(JSON.stringify(one.engine.snapshot())) as Json);
    same(other.engine.openOrders(), one.engine.openOrders());
    same(other.engine.snapshot(), one.engine.snapshot());
    for (const venue of [one, other]) {
      venue.hush();
      for (let index = 0; index < 5; index++)
        venue.bar(101 - index * 5, 110 - index, 90 - index * 5, 100 - index * 5, 700);
    }
    assert.ok(one.events.length > 15);
    same(other.events.map(inShort), one.events.map(inShort));
  });

  test('a bar that goes back in time, or of an unknown symbol, is a defect', () => {
    const venue = new Venue();
    venue.bar(100, 110, 90, 105);
    assert.throws(() => venue.engine.onBar('ACME', epochMs(-60_000), epochMs(0), 1, 1, 1, 1, 1), /after a later one/);
    assert.throws(() => venue.engine.onBar('NOPE', epochMs(0), epochMs(1), 1, 1, 1, 1, 1), /does not trade/);
  });
});

test('what the orders cost is what the portfolio loses', () => {
  const venue = new Venue({ costs: { ...costPresets['binance-spot'], spread: { kind: 'ticks', ticks: 2 } } });
  venue.submit({ quantity: units('10'), execution: market });
  venue.bar(100, 100, 100, 100);
  venue.submit({ side: 'sell', quantity: units('10'), execution: market });
  venue.bar(100, 100, 100, 100);
  const fees = venue.fills.reduce((sum, fill) => sum + fill.fee, 0n);
  const lost = notional(fixed<Price>('2'), units('10').quantity) + fees;
  same(venue.portfolio.balance('USD'), fixed<Money>('1000000') - lost);
});
