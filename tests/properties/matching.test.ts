import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { instrument } from '../../src/domain/instrument.ts';
import type { CostModel } from '../../src/execution/cost-models.ts';
import { assertRunIsSound } from '../unit/execution/invariants.ts';
import { type OrderPlan, play, type Step } from '../unit/execution/scenario.ts';
import { type TickOrder, TickVenue } from '../unit/execution/tick-venue.ts';
import { limit, market, stop, takeProfit, trailing, units, Venue, type VenueTerms } from '../unit/execution/venue.ts';

const CENTS = instrument({
  symbol: 'ACME',
  baseCurrency: 'ACME',
  quoteCurrency: 'USD',
  tickSize: '0.01',
  stepSize: '0.001',
});
const FIRST_PRICE = 100;
const RUNS = { numRuns: 400 };

/** Bars as moves in ticks, one after the other; the odd one opens with a gap. */
const move = fc.record({
  gap: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -15, max: 15 })),
  body: fc.integer({ min: -12, max: 12 }),
  above: fc.integer({ min: 0, max: 10 }),
  below: fc.integer({ min: 0, max: 10 }),
  volume: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
});

const plan: fc.Arbitrary<OrderPlan> = fc.record({
  side: fc.constantFrom('buy', 'sell'),
  size: fc.integer({ min: 1, max: 40 }),
  asShare: fc.boolean().map((drawn) => drawn && true),
  type: fc.constantFrom('market', 'limit', 'stop', 'take-profit', 'trailing-stop'),
  priceOffset: fc.integer({ min: -20, max: 20 }),
  limitOffset: fc.option(fc.integer({ min: -20, max: 20 })),
  postOnly: fc.boolean(),
  timeInForce: fc.constantFrom('GTC', 'GTC', 'GTC', 'IOC', 'FOK', 'GTD'),
  expiresIn: fc.integer({ min: 1, max: 200_000 }),
  reduceOnly: fc.boolean(),
  isGrouped: fc.boolean(),
  follows: fc.boolean(),
});

const steps: fc.Arbitrary<Step[]> = fc
  .array(fc.record({ orders: fc.array(plan, { maxLength: 3 }), cancel: fc.option(fc.nat(5)), move }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((drawn) => {
    let last = FIRST_PRICE * 100;
    return drawn.map(({ orders, cancel, move: { gap, body, above, below, volume } }) => {
      const open = last + gap;
      const close = open + body;
      last = close;
      const [high, low] = [Math.max(open, close) + above, Math.min(open, close) - below];
      return { orders, cancel, bar: [open / 100, high / 100, low / 100, close / 100, volume / 1000] as const };
    });
  });

const costs: fc.Arbitrary<CostModel> = fc.record({
  spread: fc.oneof(
    fc.constant({ kind: 'none' } as const),
    fc.record({ kind: fc.constant('ticks' as const), ticks: fc.integer({ min: 0, max: 5 }) }),
    fc.record({ kind: fc.constant('basis-points' as const), basisPoints: fc.integer({ min: 0, max: 20 }) }),
  ),
  slippage: fc.oneof(
    fc.constant({ kind: 'none' } as const),
    fc.record({ kind: fc.constant('basis-points' as const), basisPoints: fc.integer({ min: 0, max: 20 }) }),
    fc.constant({ kind: 'random', minimumBasisPoints: 1, maximumBasisPoints: 25 } as const),
  ),
  fees: fc.oneof(
    fc.constantFrom(
      { kind: 'percent', makerRate: -0.0001, takerRate: 0.00055 } as const,
      { kind: 'percent', makerRate: 0.001, takerRate: 0.001, minimum: 0.02, precision: 0.01 } as const,
      { kind: 'per-unit', perUnit: 0.005, minimum: 1, maximumRate: 0.01, precision: 0.01 } as const,
    ),
  ),
});

const impact: CostModel['slippage'] = { kind: 'volume-impact', shape: 'square-root', basisPointsAtFullVolume: 30 };

const venueTerms: fc.Arbitrary<VenueTerms> = fc
  .record({
    costs,
    latencyMs: fc.constantFrom(0, 0, 1, 250, 30_000, 90_000),
    seed: fc.nat(1000),
    path: fc.constantFrom('adverse-first', 'nearest-first'),
    limitFill: fc.constantFrom('touch', 'through'),
    maximumVolumeShare: fc.constantFrom(null, 1, 0.5, 0.1),
    shortable: fc.boolean(),
  })
  .map(({ path, limitFill, maximumVolumeShare, shortable, ...rest }) => ({
    ...rest,
    // The largest impact is known only where the share in the volume is limited.
    costs: maximumVolumeShare !== null && rest.seed % 2 === 0 ? { ...rest.costs, slippage: impact } : rest.costs,
    balance: '1000',
    instruments: [{ ...CENTS, shortable }],
    options: { path, limitFill, maximumVolumeShare },
  }));

describe('any orders in any market', () => {
  test('every run is sound: lives, prices, times, ties, volumes, money', () => {
    fc.assert(
      fc.property(venueTerms, steps, (terms, drawn) => {
        const { venue, orders, bars } = play(terms, drawn, FIRST_PRICE);
        assertRunIsSound(venue, terms, orders, bars);
      }),
      { numRuns: 1500 },
    );
  });

  test('a restart from a snapshot before any bar gives the same events, bit for bit', () => {
    fc.assert(
      fc.property(venueTerms, steps, fc.nat(), (terms, drawn, place) => {
        const whole = play(terms, drawn, FIRST_PRICE).venue;
        const resumed = play(terms, drawn, FIRST_PRICE, place % drawn.length).venue;
        assert.deepEqual(resumed.events, whole.events);
        assert.deepEqual(resumed.engine.snapshot(), whole.engine.snapshot());
      }),
      RUNS,
    );
  });

  test('the same seed gives the same run', () => {
    fc.assert(
      fc.property(venueTerms, steps, (terms, drawn) => {
        const [one, other] = [play(terms, drawn, FIRST_PRICE), play(terms, drawn, FIRST_PRICE)];
        assert.deepEqual(other.venue.events, one.venue.events);
      }),
      { numRuns: 100 },
    );
  });
});

const tickOrder = fc.record({
  side: fc.constantFrom('buy' as const, 'sell' as const),
  quantity: fc.integer({ min: 1, max: 9 }),
  type: fc.constantFrom('market', 'limit', 'stop', 'take-profit', 'trailing-stop' as const),
  level: fc.integer({ min: 85, max: 115 }),
  second: fc.option(fc.integer({ min: 85, max: 115 })),
  distance: fc.integer({ min: 1, max: 12 }),
  postOnly: fc.boolean(),
  immediate: fc.constantFrom(false, false, true),
  reduceOnly: fc.boolean(),
  isGrouped: fc.boolean(),
  follows: fc.boolean(),
});

const tickSteps = fc.array(
  fc.record({
    orders: fc.array(tickOrder, { maxLength: 3 }),
    cancel: fc.option(fc.nat(30)),
    prices: fc.tuple(...[0, 0, 0, 0].map(() => fc.integer({ min: 85, max: 115 }))),
  }),
  { minLength: 1, maxLength: 12 },
);

/** The terms of a drawn order for the {@link TickVenue}. */
function ticked(
  drawn: typeof tickOrder extends fc.Arbitrary<infer T> ? T : never,
  step: number,
  index: number,
): TickOrder {
  const { type, level, second } = drawn;
  const isConditional = type === 'stop' || type === 'take-profit';
  return {
    id: `s${step}-${index}`,
    side: drawn.side,
    quantity: drawn.quantity,
    type,
    immediate: drawn.immediate,
    reduceOnly: drawn.reduceOnly,
    ...(type === 'limit' && { limit: level, postOnly: drawn.postOnly }),
    ...(isConditional && { trigger: level }),
    ...(isConditional && second !== null && { limit: second }),
    ...(type === 'trailing-stop' && { distance: drawn.distance }),
    ...(drawn.isGrouped && { group: `s${step}` }),
    ...(drawn.follows && index > 0 && { after: `s${step}-0` }),
  };
}

function submitTicked(venue: Venue, order: TickOrder): void {
  const text = (value: number | undefined): string => String(value);
  const limitText = order.limit === undefined ? undefined : text(order.limit);
  const executions = {
    market: () => market,
    limit: () => limit(text(order.limit), order.postOnly),
    stop: () => stop(text(order.trigger), limitText),
    'take-profit': () => takeProfit(text(order.trigger), limitText),
    'trailing-stop': () => trailing(text(order.distance)),
  };
  venue.submit({
    clientOrderId: order.id,
    side: order.side,
    quantity: units(text(order.quantity)),
    execution: executions[order.type](),
    timeInForce: { kind: order.immediate ? 'IOC' : 'GTC' },
    reduceOnly: order.reduceOnly ?? false,
    ...(order.group !== undefined && { oneCancelsOther: order.group }),
    ...(order.after !== undefined && { after: order.after }),
  });
}

test('the engine says what a venue that walks tick by tick says', () => {
  fc.assert(
    fc.property(tickSteps, (drawn) => {
      const venue = new Venue();
      const simple = new TickVenue();
      drawn.forEach(({ orders, cancel, prices }, step) => {
        orders.forEach((one, index) => {
          const order = ticked(one, step, index);
          submitTicked(venue, order);
          simple.submit(order);
        });
        if (cancel !== null) {
          const id = `s${cancel % 10}-${cancel % 3}`;
          venue.engine.cancel(id, venue.now);
          simple.cancel(id);
        }
        const [open, close] = [prices[0]!, prices[3]!];
        const [high, low] = [Math.max(...prices), Math.min(...prices)];
        venue.bar(open, high, low, close);
        simple.bar(open, high, low, close);
      });
      venue.hush();
      assert.deepEqual(spoken(venue), simple.said);
    }),
    { numRuns: 3000 },
  );
});

/** All events without times and codes. */
function spoken(venue: Venue): string[] {
  return venue.events.map((event) => {
    const id = event.clientOrderId;
    if (event.kind === 'filled') {
      const { quantity, price, liquidity } = event.fill;
      return `${id} filled ${quantity / 1_000_000_000_000n} @ ${price / 1_000_000_000_000n} ${liquidity}`;
    }
    return event.kind === 'triggered' ? `${id} triggered @ ${event.price / 1_000_000_000_000n}` : `${id} ${event.kind}`;
  });
}
