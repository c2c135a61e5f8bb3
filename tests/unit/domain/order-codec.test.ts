import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Fill } from '../../../src/domain/fill.ts';
import type { Execution, OrderEvent, OrderTerms } from '../../../src/domain/order.ts';
import {
  fillFromJson,
  fillToJson,
  journalEntryFromJson,
  journalEntryToJson,
  orderEventFromJson,
  orderEventToJson,
  termsFromJson,
  termsToJson,
} from '../../../src/domain/order-codec.ts';
import type { Money, Price, Quantity } from '../../../src/foundation/fixed-point.ts';
import type { Json } from '../../../src/foundation/json.ts';
import { epochMs } from '../../../src/foundation/time.ts';

/** With prototypes, which fast-check leaves out at times. */
const plain = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T> => arbitrary.map((value) => structuredClone(value));
const throughText = (json: Json): Json => JSON.parse(JSON.stringify(json)) as Json;
const price = fc.bigInt({ min: 1n, max: 10n ** 25n }).map((units) => units as Price);
const quantity = fc.bigInt({ min: 1n, max: 10n ** 25n }).map((units) => units as Quantity);
const time = fc.nat({ max: 4e12 }).map(epochMs);
const text = fc.string({ minLength: 1 });

const execution: fc.Arbitrary<Execution> = fc.oneof(
  fc.constant({ type: 'market' } as const),
  fc.record({ type: fc.constant('limit' as const), limitPrice: price, postOnly: fc.boolean() }),
  fc.record({ type: fc.constantFrom('stop' as const, 'take-profit' as const), triggerPrice: price }),
  fc.record({ type: fc.constantFrom('stop' as const, 'take-profit' as const), triggerPrice: price, limitPrice: price }),
  fc.record({ type: fc.constant('trailing-stop' as const), distance: price }),
);
const side = fc.constantFrom('buy' as const, 'sell' as const);
const terms: fc.Arbitrary<OrderTerms> = fc.record(
  {
    clientOrderId: text,
    botId: text,
    signalId: text,
    symbol: text,
    side,
    quantity: fc.oneof(
      fc.record({ kind: fc.constant('units' as const), quantity }),
      fc.record({
        kind: fc.constant('equity-fraction' as const),
        fraction: fc.double({ min: 1e-9, max: 1, noNaN: true }),
      }),
    ),
    execution,
    timeInForce: fc.oneof(
      fc.record({ kind: fc.constantFrom('GTC' as const, 'IOC' as const, 'FOK' as const) }),
      fc.record({ kind: fc.constant('GTD' as const), expiresAt: time }),
    ),
    reduceOnly: fc.boolean(),
    oneCancelsOther: text,
    after: text,
    createdAt: time,
  },
  {
    requiredKeys: [
      'clientOrderId',
      'botId',
      'signalId',
      'symbol',
      'side',
      'quantity',
      'execution',
      'timeInForce',
      'reduceOnly',
      'createdAt',
    ],
  },
);
const fill: fc.Arbitrary<Fill> = fc.record({
  fillId: text,
  clientOrderId: text,
  botId: text,
  symbol: text,
  side,
  price,
  quantity,
  fee: fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }).map((units) => units as Money),
  feeCurrency: text,
  liquidity: fc.constantFrom('maker' as const, 'taker' as const),
  time,
});
const about = { clientOrderId: text, botId: text, symbol: text, time };
const event: fc.Arbitrary<OrderEvent> = fc.oneof(
  fc.record({ kind: fc.constantFrom('submitted' as const, 'accepted' as const), ...about }),
  fc.record({ kind: fc.constant('triggered' as const), ...about, price }),
  fc.record({ kind: fc.constant('filled' as const), ...about, fill, complete: fc.boolean() }),
  fc.record({
    kind: fc.constantFrom('cancelled' as const, 'expired' as const, 'unknown' as const),
    ...about,
    reason: text,
  }),
  fc.record({ kind: fc.constant('rejected' as const), ...about, code: text, reason: text }),
);

test('orders, fills and what venues say come back from JSON text as they were', () => {
  fc.assert(fc.property(plain(terms), (one) => assert.deepEqual(termsFromJson(throughText(termsToJson(one))), one)));
  fc.assert(fc.property(plain(fill), (one) => assert.deepEqual(fillFromJson(throughText(fillToJson(one))), one)));
  fc.assert(
    fc.property(plain(event), (one) => assert.deepEqual(orderEventFromJson(throughText(orderEventToJson(one))), one)),
  );
});

test('so do entries of the journal that hold them', () => {
  const base = { eventId: text, time };
  const entry = fc.oneof(
    fc.record({ kind: fc.constant('order-intent' as const), ...base, terms }),
    fc.record({ kind: fc.constant('order-event' as const), ...base, event }),
    fc.record({ kind: fc.constant('fill' as const), ...base, fill }),
    fc.record({
      kind: fc.constant('system' as const),
      ...base,
      event: fc.record({ type: text, source: text, time, details: fc.constant({ any: ['thing', 1, null] }) }),
    }),
  );
  fc.assert(
    fc.property(plain(entry), (one) =>
      assert.deepEqual(journalEntryFromJson(throughText(journalEntryToJson(one))), one),
    ),
  );
});
