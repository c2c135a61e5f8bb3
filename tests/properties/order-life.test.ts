import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  applyOrderEvent,
  intendedOrder,
  isTerminal,
  type Order,
  type OrderEvent,
  type OrderTerms,
} from '../../src/domain/order.ts';
import { fixed, type Money, ONE, type Price, type Quantity } from '../../src/foundation/fixed-point.ts';
import { epochMs } from '../../src/foundation/time.ts';

type Type = OrderTerms['execution']['type'];

const executions: Readonly<Record<Type, OrderTerms['execution']>> = {
  market: { type: 'market' },
  limit: { type: 'limit', limitPrice: fixed<Price>('10'), postOnly: false },
  stop: { type: 'stop', triggerPrice: fixed<Price>('10') },
  'take-profit': { type: 'take-profit', triggerPrice: fixed<Price>('10') },
  'trailing-stop': { type: 'trailing-stop', distance: fixed<Price>('1') },
};

function termsOf(type: Type): OrderTerms {
  return {
    clientOrderId: 'bot-1-0',
    botId: 'bot',
    signalId: 'bot-1-0',
    symbol: 'X',
    side: 'buy',
    quantity: { kind: 'units', quantity: fixed<Quantity>('4') },
    execution: executions[type],
    timeInForce: { kind: 'GTC' },
    reduceOnly: false,
    createdAt: epochMs(1),
  };
}

const about = { clientOrderId: 'bot-1-0', botId: 'bot', symbol: 'X', time: epochMs(5) };

function filled(
  units: bigint,
  complete: boolean,
  fill: Partial<(OrderEvent & { kind: 'filled' })['fill']> = {},
): OrderEvent {
  return {
    kind: 'filled',
    ...about,
    complete,
    fill: {
      fillId: 'bot-1-0/1',
      clientOrderId: 'bot-1-0',
      botId: 'bot',
      symbol: 'X',
      side: 'buy',
      price: fixed<Price>('10'),
      quantity: (units * ONE) as Quantity,
      fee: 0n as Money,
      feeCurrency: 'USD',
      liquidity: 'taker',
      time: epochMs(5),
      ...fill,
    },
  };
}

const events: Readonly<Record<OrderEvent['kind'], OrderEvent>> = {
  submitted: { kind: 'submitted', ...about },
  accepted: { kind: 'accepted', ...about },
  triggered: { kind: 'triggered', ...about, price: fixed<Price>('10') },
  filled: filled(1n, false),
  cancelled: { kind: 'cancelled', ...about, reason: 'asked' },
  expired: { kind: 'expired', ...about, reason: 'late' },
  rejected: { kind: 'rejected', ...about, code: 'NO', reason: 'no' },
  unknown: { kind: 'unknown', ...about, reason: 'silence' },
};

/**
 * The table of the contract, written out: the kinds of event that each state takes. `part` is a working order that has
 * filled in part.
 */
const legal: Readonly<Record<string, readonly OrderEvent['kind'][]>> = {
  intended: ['submitted', 'accepted', 'triggered', 'filled', 'cancelled', 'expired', 'rejected', 'unknown'],
  submitted: ['accepted', 'triggered', 'filled', 'cancelled', 'expired', 'rejected', 'unknown'],
  unknown: ['accepted', 'triggered', 'filled', 'cancelled', 'expired', 'rejected', 'unknown'],
  working: ['accepted', 'triggered', 'filled', 'cancelled', 'expired', 'rejected'],
  triggered: ['accepted', 'filled', 'cancelled', 'expired', 'rejected'],
  part: ['accepted', 'filled', 'cancelled', 'expired'],
  filled: [],
  cancelled: [],
  expired: [],
  rejected: [],
};

function after(type: Type, ...happened: readonly OrderEvent[]): Order {
  return happened.reduce(applyOrderEvent, intendedOrder(termsOf(type)));
}

const states: Readonly<Record<string, Order>> = {
  intended: after('stop'),
  submitted: after('stop', events.submitted),
  unknown: after('stop', events.unknown),
  working: after('stop', events.accepted),
  triggered: after('stop', events.accepted, events.triggered),
  part: after('stop', events.accepted, events.triggered, events.filled),
  filled: after('stop', filled(4n, true)),
  cancelled: after('stop', events.accepted, events.cancelled),
  expired: after('stop', events.accepted, events.expired),
  rejected: after('stop', events.rejected),
};

describe('the life of an order', () => {
  for (const [name, order] of Object.entries(states)) {
    for (const event of Object.values(events)) {
      const allowed = legal[name]!.includes(event.kind);
      test(`${name}, ${event.kind}: ${allowed ? 'goes on' : 'throws'}`, () => {
        if (allowed) applyOrderEvent(order, event);
        else assert.throws(() => applyOrderEvent(order, event), /InvariantError|clientOrderId=/);
      });
    }
  }

  test('only orders that wait for a trigger are triggered', () => {
    for (const type of ['market', 'limit'] as const)
      assert.throws(() => after(type, events.accepted, events.triggered), /without a trigger/);
    for (const type of ['stop', 'take-profit', 'trailing-stop'] as const)
      assert.equal(after(type, events.accepted, events.triggered).state, 'working');
  });

  test('never fills more than it asked for, and is complete when it has', () => {
    const three = after('limit', events.accepted, filled(3n, false));
    assert.throws(() => applyOrderEvent(three, filled(2n, true)), /more than it asked for/);
    assert.throws(() => applyOrderEvent(three, filled(1n, false)), /is complete/);
    assert.equal(applyOrderEvent(three, filled(1n, true)).state, 'filled');
    // A reduce-only order is cut to the position, and complete with less.
    assert.equal(after('market', events.accepted, filled(1n, true)).state, 'filled');
  });

  test('takes no events and no fills of another order', () => {
    const order = after('limit', events.accepted);
    for (const foreign of [
      { ...events.cancelled, clientOrderId: 'other' },
      { ...events.cancelled, symbol: 'Y' },
      filled(1n, false, { clientOrderId: 'other' }),
      filled(1n, false, { side: 'sell' }),
      filled(0n, false),
      filled(-1n, false),
    ])
      assert.throws(() => applyOrderEvent(order, foreign), /another order|of nothing/);
  });

  test('any sequence of events keeps to the table, and counts what was filled', () => {
    const sequence = fc.array(fc.constantFrom(...Object.values(events)), { maxLength: 12 });
    fc.assert(
      fc.property(fc.constantFrom(...(Object.keys(executions) as Type[])), sequence, (type, drawn) => {
        let order = intendedOrder(termsOf(type));
        let fills = 0n;
        for (const event of drawn) {
          const ended = isTerminal(order);
          try {
            order = applyOrderEvent(order, event);
          } catch {
            continue;
          }
          assert.equal(ended, false);
          if (event.kind === 'filled') fills += ONE;
          assert.equal(order.filledQuantity, fills);
          assert.ok(fills <= 4n * ONE);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
