import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ApprovedOrder } from '../../../src/domain/approved-order.ts';
import type { ExternalVenue } from '../../../src/execution/external/external-venue.ts';
import type { SendOutcome } from '../../../src/execution/order-gateway.ts';
import { InvariantError } from '../../../src/foundation/errors.ts';
import { fixed, type Price } from '../../../src/foundation/fixed-point.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { ExternalBench, LIMIT, STOP, termsOf } from './external-bench.ts';

const accepted: SendOutcome = { kind: 'accepted', venueOrderId: 'v' };
const unknown: SendOutcome = { kind: 'unknown', reason: 'no answer' };
const notSent = (retryAfterMs = 500): SendOutcome => ({ kind: 'not-sent', reason: 'limited', retryAfterMs });
const refused: SendOutcome = { kind: 'refused', code: 'VENUE_FILTER', reason: 'too small' };
const TRAIL = { type: 'trailing-stop', distance: fixed<Price>('2') } as const;

describe('rule 1: nothing leaves from here', () => {
  test('requests wait, each is handed out once, and the snapshot says already that they may have left', () => {
    const bench = new ExternalBench();
    bench.submit('a');
    assert.equal(bench.venue.hasRequests, true);
    const saved = bench.venue.snapshot() as { orders: { phase: string }[] };
    assert.equal(saved.orders[0]!.phase, 'sent');
    assert.deepEqual(bench.taken(), ['submit a']);
    assert.deepEqual(bench.taken(), []);
    assert.equal(bench.venue.hasRequests, false);
  });

  test('what was not handed out is cancelled without a request, and is not handed out any more', () => {
    const bench = new ExternalBench();
    bench.submit('a');
    bench.venue.cancel('a');
    assert.deepEqual(bench.taken(), []);
    assert.equal(bench.state('a'), 'cancelled');
  });

  test('an id comes once, also after its order has ended', () => {
    const bench = new ExternalBench().working('a');
    const again = () => bench.venue.submit(termsOf('a') as ApprovedOrder);
    assert.throws(again, InvariantError);
    bench.fill('a', '10');
    assert.throws(again, InvariantError);
    bench.restart();
    assert.throws(again, InvariantError);
  });

  test('a share of equity is refused: only a simulated venue can size at the fill', () => {
    const bench = new ExternalBench();
    const events: string[] = [];
    const order = { ...termsOf('a'), quantity: { kind: 'equity-fraction', fraction: 0.5 } } as const;
    assert.throws(() => bench.venue.submit(order as unknown as ApprovedOrder), /nobody submitted/);
    assert.deepEqual(bench.taken(), events);
  });
});

describe('rule 2: an order is sent once, and again only where nothing left', () => {
  test('not sent: again after the pause, as long as it is in time', () => {
    const bench = new ExternalBench().submit('a');
    bench.taken();
    bench.venue.sent('a', notSent(700));
    bench.pass(699);
    assert.deepEqual(bench.taken(), []);
    assert.equal(bench.venue.nextTime, bench.now + 1);
    bench.pass(1);
    assert.deepEqual(bench.taken(), ['submit a']);
    bench.pass(60_000);
    assert.deepEqual(bench.taken(), [], 'nothing is known of that request: it is under way');
    bench.venue.sent('a', accepted);
    assert.equal(bench.state('a'), 'working');
    assert.equal(bench.venue.nextTime, Number.POSITIVE_INFINITY);
  });

  for (const [what, reduceOnly, within] of [
    ['an entry', false, 10_000],
    ['an exit', true, 60_000],
  ] as const) {
    test(`${what} that can not be sent is given up after ${within / 1_000} s, not before`, () => {
      const bench = new ExternalBench().submit('a', { reduceOnly });
      for (let passed = 0; passed < within; passed += 500) {
        assert.deepEqual(bench.taken(), ['submit a'], `after ${passed} ms`);
        bench.venue.sent('a', notSent(500));
        bench.pass(500);
      }
      assert.deepEqual(bench.taken(), ['submit a'], 'at the last moment');
      bench.venue.sent('a', notSent(500));
      bench.pass(500);
      assert.deepEqual(bench.taken(), []);
      assert.deepEqual([bench.state('a'), bench.code('a')], ['rejected', 'NOT_SENT']);
    });
  }

  test('a request says until when it may leave, and what says so is not a doubt', () => {
    const bench = new ExternalBench().submit('a').submit('b', { reduceOnly: true });
    const until = bench.venue.takeRequests().map((request) => (request.kind === 'submit' ? request.sendBy : 0));
    assert.deepEqual(until, [bench.now + 10_000, bench.now + 60_000]);
    assert.deepEqual(bench.doubtful, []);
  });

  test('cancelled while its request was under way, and that did not leave: it is not sent again', () => {
    const bench = new ExternalBench().submit('a', { execution: LIMIT });
    bench.taken();
    bench.venue.cancel('a');
    assert.deepEqual(bench.taken(), ['cancel a']);
    bench.venue.sent('a', notSent());
    assert.equal(bench.state('a'), 'cancelled');
    bench.venue.cancelled('a', { kind: 'gone', reason: 'never there' });
    bench.pass(60_000);
    assert.deepEqual([bench.taken(), bench.doubtful], [[], []]);
  });

  test('cancelled while it waited to be sent again: it is not sent again', () => {
    const bench = new ExternalBench().submit('a');
    bench.taken();
    bench.venue.sent('a', notSent());
    bench.venue.cancel('a');
    bench.pass(60_000);
    assert.deepEqual([bench.state('a'), bench.taken()], ['cancelled', []]);
  });

  test('the venue’s own no ends it', () => {
    const bench = new ExternalBench().submit('a');
    bench.taken();
    bench.venue.sent('a', refused);
    assert.deepEqual([bench.state('a'), bench.code('a')], ['rejected', 'VENUE_FILTER']);
    assert.deepEqual(bench.doubtful, []);
  });
});

describe('rule 3: an unknown outcome is a doubt', () => {
  test('the order stays, and is asked for, until the venue speaks of it', () => {
    const bench = new ExternalBench().submit('a');
    bench.taken();
    bench.venue.sent('a', unknown);
    assert.deepEqual([bench.state('a'), bench.doubtful], ['unknown', ['a']]);
    assert.equal(bench.venue.doubts()[0]!.isAcknowledged, false);
    bench.pass(600_000);
    assert.deepEqual([bench.state('a'), bench.taken()], ['unknown', []]);
    bench.report('a', 'working');
    assert.deepEqual([bench.state('a'), bench.doubtful], ['working', []]);
  });

  test('an id that the venue had before: it is there, and is looked up', () => {
    const bench = new ExternalBench().submit('a');
    bench.taken();
    bench.venue.sent('a', { kind: 'duplicate' });
    assert.deepEqual([bench.state('a'), bench.doubtful], ['working', ['a']]);
  });

  test('refused after the venue has spoken of it: a doubt, as one of the two is not true', () => {
    const bench = new ExternalBench().submit('a');
    bench.taken();
    bench.fill('a', '3');
    bench.venue.sent('a', refused);
    assert.deepEqual([bench.state('a'), bench.doubtful], ['working 3', ['a']]);
  });

  test('unknown after the venue has spoken of it: asked for, but no doubt that it exists', () => {
    const bench = new ExternalBench().submit('a');
    bench.taken();
    bench.report('a', 'working');
    bench.venue.sent('a', unknown);
    assert.deepEqual([bench.state('a'), bench.doubtful], ['working', ['a']]);
    assert.equal(bench.venue.doubts()[0]!.isAcknowledged, true);
  });

  test('an answer to the request does not end a doubt about what was said since', () => {
    const bench = new ExternalBench().submit('a');
    bench.taken();
    bench.venue.doubtAll('the private stream was away');
    bench.venue.sent('a', accepted);
    assert.deepEqual([bench.state('a'), bench.doubtful], ['working', ['a']]);
  });

  test('a new life doubts all that may be out, and nothing else', () => {
    const bench = new ExternalBench().working('open').submit('sent').submit('child', { after: 'open' });
    bench.submit('trail', { execution: TRAIL });
    bench.restart();
    assert.deepEqual(bench.doubtful, ['open', 'sent']);
    assert.deepEqual(bench.taken(), [], 'it may have left');
    bench.venue.neverArrived('sent');
    assert.deepEqual([bench.state('sent'), bench.code('sent')], ['rejected', 'NEVER_ARRIVED']);
  });

  test('what certainly did not leave is not doubted with the rest', () => {
    const bench = new ExternalBench().submit('b');
    bench.taken();
    bench.venue.sent('b', notSent());
    bench.submit('a');
    bench.venue.doubtAll('the private stream was away');
    assert.deepEqual(bench.doubtful, []);
  });

  test('a doubt about a request that then proves not to have left is gone', () => {
    const bench = new ExternalBench().submit('a');
    bench.taken();
    bench.venue.doubtAll('the private stream was away');
    bench.venue.sent('a', notSent());
    assert.deepEqual(bench.doubtful, []);
  });
});

describe('rule 4: that an order never arrived', () => {
  test('ends one that the venue has not spoken of', () => {
    const bench = new ExternalBench().submit('a');
    bench.taken();
    bench.venue.sent('a', unknown);
    bench.venue.neverArrived('a');
    assert.deepEqual([bench.state('a'), bench.code('a')], ['rejected', 'NEVER_ARRIVED']);
  });

  test('sends an exit or protection again, under the same id, as long as it is in time', () => {
    const bench = new ExternalBench().submit('exit', { side: 'sell', reduceOnly: true });
    bench.submit('stop', { side: 'sell', reduceOnly: true, execution: STOP });
    bench.taken();
    bench.venue.sent('stop', unknown);
    bench.pass(5_000);
    bench.restart();
    bench.venue.neverArrived('exit');
    bench.venue.neverArrived('stop');
    assert.deepEqual(bench.doubtful, []);
    bench.pass(0);
    assert.deepEqual(bench.taken(), ['submit exit', 'submit stop']);
    bench.venue.sent('exit', unknown);
    bench.venue.sent('stop', accepted);
    assert.deepEqual([bench.state('exit'), bench.state('stop')], ['unknown', 'working']);
    bench.pass(56_000);
    bench.venue.neverArrived('exit');
    assert.deepEqual([bench.state('exit'), bench.code('exit')], ['rejected', 'NEVER_ARRIVED']);
  });

  test('ends an exit that was to be cancelled', () => {
    const bench = new ExternalBench().submit('a', { side: 'sell', reduceOnly: true, execution: STOP });
    bench.taken();
    bench.venue.cancel('a');
    bench.restart();
    bench.venue.neverArrived('a');
    assert.deepEqual([bench.state('a'), bench.taken()], ['cancelled', []]);
  });

  test('means nothing of one that it has spoken of', () => {
    const bench = new ExternalBench().working('a');
    bench.venue.doubtAll('the private stream was away');
    bench.venue.neverArrived('a');
    assert.deepEqual([bench.state('a'), bench.doubtful], ['working', ['a']]);
  });

  test('means nothing of one that is about to be sent (again)', () => {
    const bench = new ExternalBench().submit('a').submit('b');
    bench.venue.neverArrived('a');
    assert.equal(bench.state('a'), 'submitted');
    bench.taken();
    bench.venue.sent('b', notSent());
    bench.venue.neverArrived('b');
    assert.equal(bench.state('b'), 'submitted');
    bench.pass(500);
    assert.deepEqual(bench.taken(), ['submit b']);
  });
});

describe('rule 5: a fill is booked once', () => {
  test('before the answer', () => {
    const bench = new ExternalBench().submit('a');
    bench.taken();
    assert.equal(bench.fill('a', '4'), 'booked');
    bench.venue.sent('a', accepted);
    assert.equal(bench.state('a'), 'working 4');
    assert.equal(bench.fill('a', '6'), 'booked');
    assert.deepEqual(bench.kinds('a'), ['submitted', 'accepted', 'filled', 'filled']);
    assert.equal(bench.state('a'), 'filled');
  });

  test('twice in an order’s life, after its end, and in the next life', () => {
    const bench = new ExternalBench().working('a');
    const first = bench.reported('a', '4');
    assert.deepEqual([bench.venue.fill(first), bench.venue.fill(first)], ['booked', 'known']);
    bench.restart();
    assert.equal(bench.venue.fill(first), 'known');
    const second = bench.reported('a', '6');
    bench.venue.fill(second);
    assert.deepEqual([bench.venue.fill(first), bench.venue.fill(second)], ['known', 'known']);
    bench.restart();
    assert.deepEqual([bench.venue.fill(first), bench.venue.fill(second)], ['known', 'known']);
    assert.equal(bench.events.filter(({ kind }) => kind === 'filled').length, 2);
  });

  test('a fill of nobody’s order, and what is no trade, is foreign', () => {
    const bench = new ExternalBench().working('a');
    const fates = [
      bench.fill('other', '1'),
      bench.fill('a', '1', { clientOrderId: null }),
      bench.fill('a', '1', { kind: 'funding' }),
      bench.fill('a', '1', { kind: 'liquidation' }),
    ];
    assert.deepEqual(fates, ['foreign', 'foreign', 'foreign', 'foreign']);
    assert.equal(bench.state('a'), 'working');
  });

  test('a fill of an order that ended without it is a phantom, once', () => {
    const bench = new ExternalBench().working('a');
    bench.report('a', 'cancelled');
    const late = bench.reported('a', '4');
    assert.deepEqual([bench.venue.fill(late), bench.venue.fill(late)], ['phantom', 'known']);
    bench.restart();
    assert.equal(bench.venue.fill(late), 'known', 'a person has looked at it');
    assert.equal(bench.state('a'), 'cancelled');
  });

  test('what was filled is remembered though many orders end without filling', () => {
    const bench = new ExternalBench().working('a');
    const fill = bench.reported('a', '10');
    bench.venue.fill(fill);
    for (let quote = 0; quote < 300; quote++) {
      bench.working(`quote${quote}`, { execution: LIMIT });
      bench.report(`quote${quote}`, 'cancelled');
    }
    assert.equal(bench.venue.fill(fill), 'known');
  });

  test('more than was asked for, another symbol or another side break an invariant', () => {
    for (const wrong of [{}, { symbol: 'Y' }, { side: 'sell' }] as const) {
      const bench = new ExternalBench().working('a');
      const quantity = 'symbol' in wrong || 'side' in wrong ? '1' : '10.1';
      assert.throws(() => bench.fill('a', quantity, wrong), InvariantError);
    }
  });
});

describe('rule 6: an order ends when the venue says so and every fill that it counts is booked', () => {
  test('cancelled before its last fills were heard: it waits for them, and asks', () => {
    const bench = new ExternalBench().working('a', { execution: LIMIT });
    bench.fill('a', '2');
    bench.report('a', 'cancelled', '7');
    assert.deepEqual([bench.state('a'), bench.doubtful], ['working 2', ['a']]);
    bench.restart();
    bench.fill('a', '1');
    assert.equal(bench.state('a'), 'working 3');
    bench.fill('a', '4');
    assert.deepEqual([bench.state('a'), bench.doubtful], ['cancelled 7', []]);
  });

  test('filled by the venue’s word: the fills are what counts', () => {
    const bench = new ExternalBench().working('a');
    bench.report('a', 'filled', '10');
    assert.deepEqual([bench.state('a'), bench.doubtful], ['working', ['a']]);
    bench.fill('a', '10');
    assert.deepEqual(bench.state('a'), 'filled');
  });

  test('partly filled, then cancelled, then the messages once more', () => {
    const bench = new ExternalBench().working('a', { execution: LIMIT });
    const part = bench.reported('a', '4');
    bench.venue.fill(part);
    bench.report('a', 'cancelled', '4');
    assert.equal(bench.state('a'), 'cancelled 4');
    assert.equal(bench.report('a', 'cancelled', '4'), true);
    assert.equal(bench.report('a', 'working', '0'), true);
    assert.equal(bench.venue.fill(part), 'known');
  });

  test('a reduce-only order that the venue cut: filled with less than was asked', () => {
    const bench = new ExternalBench().working('a', { side: 'sell', reduceOnly: true });
    bench.fill('a', '6');
    bench.report('a', 'filled', '6');
    assert.equal(bench.state('a'), 'cancelled 6');
  });

  test('an older state that comes after a newer one changes nothing', () => {
    const bench = new ExternalBench().working('a', { execution: LIMIT });
    bench.fill('a', '4');
    bench.report('a', 'cancelled', '5');
    bench.report('a', 'working', '0');
    bench.report('a', 'working', '4');
    assert.equal(bench.state('a'), 'working 4');
    bench.fill('a', '1');
    assert.equal(bench.state('a'), 'cancelled 5');
  });

  test('expired and rejected by the venue', () => {
    const bench = new ExternalBench();
    bench.working('a', { execution: LIMIT, timeInForce: { kind: 'IOC' } });
    bench.report('a', 'expired');
    assert.equal(bench.state('a'), 'expired');
    bench.working('b', { execution: { ...LIMIT, postOnly: true } });
    bench.report('b', 'rejected', '0', '10', 'it would take');
    assert.deepEqual([bench.state('b'), bench.code('b')], ['rejected', 'VENUE_REFUSED']);
    bench.working('c');
    bench.fill('c', '1');
    bench.report('c', 'rejected', '1', '10', 'no more margin');
    assert.equal(bench.state('c'), 'cancelled 1');
    bench.working('d');
    bench.report('d', 'rejected', '1', '10', 'no more margin');
    assert.deepEqual([bench.state('d'), bench.doubtful], ['working', ['d']], 'its fill is still to be heard');
    bench.fill('d', '1');
    assert.equal(bench.state('d'), 'cancelled 1');
  });

  test('a stop that ends before its trigger was never triggered', () => {
    const bench = new ExternalBench().working('a', { side: 'sell', execution: STOP });
    bench.report('a', 'waiting');
    bench.report('a', 'cancelled');
    assert.deepEqual(bench.kinds('a'), ['submitted', 'accepted', 'cancelled']);
    bench.working('b', { side: 'sell', execution: STOP });
    bench.report('b', 'working');
    bench.report('b', 'working');
    bench.fill('b', '10');
    assert.deepEqual(bench.kinds('b'), ['submitted', 'accepted', 'triggered', 'filled']);
    bench.working('c', { side: 'sell', execution: STOP });
    bench.fill('c', '10');
    assert.deepEqual(bench.kinds('c'), ['submitted', 'accepted', 'triggered', 'filled']);
  });
});

describe('rule 7: cancelling asks', () => {
  const resting = () => new ExternalBench().working('a', { execution: LIMIT });

  test('the order lives until the venue says otherwise, and may still fill', () => {
    const bench = resting();
    bench.venue.cancel('a');
    bench.venue.cancel('a');
    assert.deepEqual(bench.taken(), ['cancel a']);
    bench.venue.cancelled('a', { kind: 'accepted' });
    assert.equal(bench.state('a'), 'working');
    bench.fill('a', '10');
    assert.equal(bench.state('a'), 'filled');
  });

  test('not sent: asked again after the pause', () => {
    const bench = resting();
    bench.venue.cancel('a');
    bench.taken();
    bench.venue.cancelled('a', notSent(300) as { kind: 'not-sent'; reason: string; retryAfterMs: number });
    bench.pass(299);
    assert.deepEqual(bench.taken(), []);
    bench.pass(1);
    assert.deepEqual(bench.taken(), ['cancel a']);
  });

  for (const kind of ['gone', 'unknown'] as const) {
    for (const state of ['working', 'waiting'] as const) {
      test(`${kind}: looked up; where it is ${state} after all, cancelled again`, () => {
        const bench = new ExternalBench().working('a', { execution: state === 'waiting' ? STOP : LIMIT, side: 'sell' });
        bench.venue.cancel('a');
        bench.taken();
        bench.venue.cancelled('a', { kind, reason: 'no answer' });
        assert.deepEqual(bench.doubtful, ['a']);
        bench.report('a', state);
        assert.deepEqual([bench.doubtful, bench.taken()], [[], ['cancel a']]);
        bench.report('a', 'cancelled');
        assert.equal(bench.state('a'), 'cancelled');
      });

      test(`asked for just before the end of a life: a ${state} order is asked again in the next`, () => {
        const bench = new ExternalBench().working('a', { execution: state === 'waiting' ? STOP : LIMIT, side: 'sell' });
        bench.venue.cancel('a');
        bench.restart();
        assert.deepEqual([bench.doubtful, bench.taken()], [['a'], []]);
        bench.report('a', state);
        assert.deepEqual(bench.taken(), ['cancel a']);
      });
    }
  }

  test('a state that was told before the request came there does not ask again at once', () => {
    const bench = resting();
    bench.venue.cancel('a');
    bench.taken();
    bench.report('a', 'working');
    assert.deepEqual(bench.taken(), []);
    bench.now += 5_001;
    bench.report('a', 'working');
    assert.deepEqual(bench.taken(), ['cancel a']);
  });

  test('of an id that is not open: nothing', () => {
    const bench = resting();
    bench.venue.cancel('other');
    bench.report('a', 'cancelled');
    bench.venue.cancel('a');
    bench.venue.cancelled('a', { kind: 'gone', reason: '' });
    bench.venue.sent('a', unknown);
    assert.deepEqual([bench.taken(), bench.doubtful], [[], []]);
  });
});

describe('rule 8: what is kept on our side', () => {
  const withChildren = (entry = LIMIT): ExternalBench => {
    const bench = new ExternalBench().working('entry', { execution: entry });
    const protection = { side: 'sell', reduceOnly: true, after: 'entry', oneCancelsOther: 'group' } as const;
    bench.submit('stop', { ...protection, execution: STOP });
    bench.submit('target', { ...protection, execution: { type: 'take-profit', triggerPrice: fixed<Price>('20') } });
    assert.deepEqual(bench.taken(), []);
    return bench;
  };

  test('children go out when the parent has filled, and not before', () => {
    const bench = withChildren();
    bench.fill('entry', '4');
    assert.deepEqual(bench.taken(), []);
    bench.fill('entry', '6');
    assert.deepEqual(bench.taken(), ['submit stop', 'submit target']);
  });

  test('children of a parent that was filled in part protect that part', () => {
    const bench = withChildren();
    bench.fill('entry', '4');
    bench.restart();
    bench.report('entry', 'cancelled', '4');
    const quantities = bench.venue
      .takeRequests()
      .map((request) => (request.kind === 'submit' ? request.order.quantity : 0n));
    assert.deepEqual(quantities, [fixed('4'), fixed('4')]);
    bench.venue.sent('stop', accepted);
    bench.report('stop', 'working');
    bench.fill('stop', '4');
    assert.equal(bench.state('stop'), 'filled');
  });

  test('children of a parent that did not fill end with it, however it ends', () => {
    for (const end of ['cancelled', 'expired', 'rejected'] as const) {
      const bench = withChildren();
      bench.report('entry', end);
      assert.deepEqual([bench.state('stop'), bench.state('target'), bench.taken()], ['cancelled', 'cancelled', []]);
    }
    const bench = new ExternalBench().submit('entry').submit('stop', { after: 'entry', reduceOnly: true });
    bench.taken();
    bench.venue.sent('entry', unknown);
    bench.venue.neverArrived('entry');
    assert.deepEqual([bench.state('stop'), bench.taken()], ['cancelled', []]);
  });

  test('a child that is no exit ends with a parent that was filled in part', () => {
    const bench = new ExternalBench().working('entry', { execution: LIMIT }).submit('more', { after: 'entry' });
    bench.fill('entry', '4');
    bench.report('entry', 'cancelled', '4');
    assert.equal(bench.state('more'), 'cancelled');
  });

  test('a child whose parent is not open is refused', () => {
    const bench = new ExternalBench().submit('child', { after: 'nobody' });
    assert.deepEqual([bench.state('child'), bench.code('child')], ['rejected', 'PARENT_ENDED']);
  });

  test('at the first fill of one of a group the others are cancelled: asked for, or not sent at all', () => {
    const bench = withChildren();
    bench.fill('entry', '10');
    bench.taken();
    bench.venue.sent('stop', accepted);
    bench.venue.sent('target', unknown);
    bench.fill('stop', '1');
    assert.deepEqual(bench.taken(), ['cancel target']);
    bench.fill('stop', '1');
    assert.deepEqual(bench.taken(), []);
    bench.venue.neverArrived('target');
    assert.equal(bench.state('target'), 'cancelled');
  });

  test('a trailing stop follows the best price, and goes out as a market order at its trigger', () => {
    const bench = new ExternalBench().submit('t', { side: 'sell', reduceOnly: true, execution: TRAIL });
    assert.equal(bench.state('t'), 'working');
    assert.equal(bench.venue.passBar('X'), false);
    assert.equal(bench.venue.passBar('Y'), true);
    for (const price of [10, 11, 13, 11.5, 12]) bench.venue.onPrice('X', price, bench.time);
    bench.venue.onPrice('Y', 1, bench.time);
    bench.venue.onPrice('X', Number.NaN, bench.time);
    assert.deepEqual(bench.taken(), []);
    bench.restart();
    assert.deepEqual(bench.doubtful, []);
    bench.venue.onBar('X', epochMs(0), bench.time, 12, 12, 10, 11);
    const [request] = bench.venue.takeRequests();
    assert.deepEqual(request?.kind === 'submit' && request.order.execution, { type: 'market' });
    bench.venue.sent('t', accepted);
    bench.fill('t', '10');
    assert.deepEqual(bench.kinds('t'), ['accepted', 'triggered', 'filled']);
  });

  test('a trailing stop that was sent and never arrived is told so; one that still follows is cancelled at once', () => {
    const bench = new ExternalBench().submit('t', { side: 'sell', reduceOnly: true, execution: TRAIL });
    bench.venue.onPrice('X', 10, bench.time);
    bench.venue.onPrice('X', 7, bench.time);
    bench.taken();
    bench.venue.sent('t', unknown);
    assert.deepEqual([bench.state('t'), bench.doubtful], ['working', ['t']]);
    bench.now += 60_001;
    bench.venue.neverArrived('t');
    assert.equal(bench.code('t'), 'NEVER_ARRIVED');
    bench.submit('u', { execution: TRAIL });
    bench.venue.cancel('u');
    assert.equal(bench.state('u'), 'cancelled');
  });

  test('GTD goes as GTC, and is cancelled when its time is over', () => {
    const bench = new ExternalBench();
    bench.submit('a', { execution: LIMIT, timeInForce: { kind: 'GTD', expiresAt: epochMs(bench.now + 1_000) } });
    const [request] = bench.venue.takeRequests();
    assert.equal(request?.kind === 'submit' && request.order.timeInForce, 'GTC');
    bench.venue.sent('a', accepted);
    assert.equal(bench.venue.nextTime, bench.now + 1_000);
    bench.pass(1_000);
    assert.deepEqual(bench.taken(), ['cancel a']);
    assert.equal(bench.venue.nextTime, Number.POSITIVE_INFINITY);
    bench.report('a', 'cancelled');
    assert.equal(bench.state('a'), 'expired');
  });

  test('GTD whose time is over before it left ends without a request', () => {
    const bench = new ExternalBench();
    const terms = { execution: LIMIT, timeInForce: { kind: 'GTD', expiresAt: epochMs(bench.now + 1_000) } } as const;
    bench.submit('a', terms);
    bench.pass(1_000);
    assert.deepEqual([bench.state('a'), bench.taken()], ['expired', []]);
    bench.submit('b', { ...terms, timeInForce: { kind: 'GTD', expiresAt: epochMs(bench.now + 1_000) } });
    bench.taken();
    bench.pass(1_000);
    assert.deepEqual(bench.taken(), ['cancel b']);
    bench.venue.sent('b', notSent());
    assert.equal(bench.state('b'), 'expired');
  });
});

describe('a snapshot between any two calls', () => {
  /** Each step, and the snapshot after it through JSON: what is taken up says the same again. */
  test('what is taken up is what was saved', () => {
    const bench = new ExternalBench();
    const steps: ((venue: ExternalVenue) => unknown)[] = [
      () => bench.submit('entry', { execution: LIMIT }),
      () => bench.submit('stop', { after: 'entry', side: 'sell', reduceOnly: true, execution: STOP }),
      () => bench.submit('trail', { execution: TRAIL }),
      () => bench.venue.onPrice('X', 10, bench.time),
      () => bench.fill('entry', '4'),
      () => bench.report('entry', 'cancelled', '5'),
      () => bench.fill('entry', '1'),
      () => bench.venue.onPrice('X', 13, bench.time),
      () => bench.report('stop', 'waiting'),
      () => bench.venue.cancel('stop'),
      () => bench.fill('stop', '2'),
      () => bench.fill('trail', '10'),
      () => bench.report('stop', 'cancelled', '2', '5'),
    ];
    for (const step of steps) {
      step(bench.venue);
      const saved = bench.venue.snapshot();
      bench.restart();
      assert.deepEqual(bench.venue.snapshot(), saved);
    }
    assert.deepEqual(
      ['entry', 'stop', 'trail'].map((id) => bench.state(id)),
      ['cancelled 5', 'cancelled 2', 'filled'],
    );
    assert.deepEqual(bench.liveIds, []);
  });

  test('what the venue counted and was not booked is asked for again', () => {
    const bench = new ExternalBench().working('a', { execution: LIMIT });
    bench.report('a', 'working', '4');
    bench.restart();
    assert.deepEqual(bench.doubtful, ['a']);
  });
});

describe('a stop that the venue let go of', () => {
  const STOP_OUT = { side: 'sell', reduceOnly: true, execution: STOP } as const;
  const lost = ({ venue }: ExternalBench) => venue.takeLostStops().map(({ symbol, side }) => `${side} ${symbol}`);

  test('is told once: refused, not sent in time, or ended by the venue', () => {
    const bench = new ExternalBench().submit('a', STOP_OUT);
    bench.taken();
    bench.venue.sent('a', refused);
    assert.deepEqual([lost(bench), lost(bench)], [['sell X'], []]);
    bench.working('b', STOP_OUT);
    bench.report('b', 'cancelled');
    assert.deepEqual(lost(bench), ['sell X']);
    bench.submit('c', STOP_OUT);
    bench.taken();
    bench.venue.sent('c', notSent());
    bench.pass(61_000);
    assert.deepEqual([bench.code('c'), lost(bench)], ['NOT_SENT', ['sell X']]);
  });

  test('is not: an entry, a target, an exit, what we asked to cancel, and what the venue cut to the position', () => {
    const bench = new ExternalBench().working('entry', { execution: STOP });
    bench.working('target', { ...STOP_OUT, execution: LIMIT }).working('exit', { side: 'sell', reduceOnly: true });
    bench.working('ours', STOP_OUT).working('cut', STOP_OUT);
    for (const id of ['entry', 'target', 'exit']) bench.report(id, 'cancelled');
    bench.venue.cancel('ours');
    bench.report('ours', 'cancelled');
    bench.fill('cut', '4');
    bench.report('cut', 'filled', '4');
    assert.deepEqual([bench.liveIds, lost(bench)], [[], []]);
  });

  test('a target that ends with a part of it filled counts as one: the stop beside it was cancelled at the first fill', () => {
    const bench = new ExternalBench().working('stop', { ...STOP_OUT, oneCancelsOther: 'g' });
    bench.working('target', { ...STOP_OUT, execution: LIMIT, oneCancelsOther: 'g' });
    bench.fill('target', '4');
    bench.report('stop', 'cancelled');
    assert.deepEqual(lost(bench), []);
    bench.report('target', 'cancelled', '4');
    assert.deepEqual(lost(bench), ['sell X']);
  });

  test('has the others on its side asked for: one of them may have closed the position', () => {
    const bench = new ExternalBench().working('stop', STOP_OUT).working('entry');
    bench.working('target', { ...STOP_OUT, execution: LIMIT }).working('quote', { side: 'sell', execution: LIMIT });
    bench.report('stop', 'cancelled');
    assert.deepEqual([lost(bench), bench.doubtful], [['sell X'], ['target', 'quote']]);
  });
});
