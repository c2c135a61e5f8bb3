import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { WireOrder } from '../../../src/execution/order-gateway.ts';
import { VirtualClock } from '../../../src/foundation/clock.ts';
import { fixed, type Price, type Quantity } from '../../../src/foundation/fixed-point.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { RequestBudget } from '../../../src/providers/ccxt/ccxt-gateway-budget.ts';
import {
  bybitLimit,
  bybitMeaning,
  bybitRefusalIn,
  isBybitGone,
} from '../../../src/providers/ccxt/ccxt-gateway-bybit-refusals.ts';
import { readFill, readOrder } from '../../../src/providers/ccxt/ccxt-gateway-bybit-reports.ts';
import { bybitOrderRequest } from '../../../src/providers/ccxt/ccxt-gateway-bybit-request.ts';
import { VenueClock } from '../../../src/providers/ccxt/ccxt-gateway-clock.ts';
import { VenueRefused } from '../../../src/providers/ccxt/ccxt-gateway-failures.ts';
import { reasonText, SenselessMessage } from '../../../src/providers/ccxt/ccxt-gateway-words.ts';
import { Pauses } from '../../../src/providers/exchange/pauses.ts';

const refused = (code: string, message = 'as it is', status = 200): VenueRefused =>
  new VenueRefused(code, message, status, undefined);

describe('what the codes of Bybit mean', () => {
  test('an order', () => {
    const meaning = (code: string, message?: string): string => {
      const said = bybitMeaning(refused(code, message));
      return said.kind === 'refused' ? said.code : said.kind;
    };
    const expected: Readonly<Record<string, string>> = {
      '110072': 'duplicate',
      '170141': 'duplicate',
      '10002': 'VENUE_EXPIRED',
      '110007': 'VENUE_INSUFFICIENT_FUNDS',
      '170131': 'VENUE_INSUFFICIENT_FUNDS',
      '110003': 'VENUE_PRICE_LIMIT',
      '170193': 'VENUE_PRICE_LIMIT',
      '10001': 'VENUE_FILTER',
      '110094': 'VENUE_FILTER',
      '110017': 'VENUE_REDUCE_ONLY',
      '10003': 'VENUE_KEY_DENIED',
      '33004': 'VENUE_KEY_DENIED',
      '110020': 'VENUE_REFUSED',
      '10016': 'unknown',
      '10000': 'unknown',
      '170007': 'unknown',
      '99999': 'unknown',
      'HTTP 404': 'unknown',
    };
    for (const [code, kind] of Object.entries(expected)) assert.equal(meaning(code), kind, code);
    // A code of trading that nobody listed, but which speaks of trouble on the other side.
    assert.equal(meaning('170999', 'Order creation timeout'), 'unknown');
    assert.equal(meaning('170999', 'This symbol is closed'), 'VENUE_REFUSED');
  });

  test('limits, ends, and what is no refusal', () => {
    assert.equal(bybitLimit(refused('10006')), 'path');
    assert.equal(bybitLimit(refused('HTTP 429', '', 429)), 'all');
    assert.equal(bybitLimit(refused('HTTP 403', '', 403)), 'all');
    assert.equal(bybitLimit(refused('10003')), undefined);
    for (const code of ['110001', '110008', '110010', '170142', '170143', '170213'])
      assert.ok(isBybitGone(refused(code)));
    assert.equal(bybitRefusalIn({ retCode: 0, retMsg: 'OK' }), undefined);
    assert.deepEqual(bybitRefusalIn({ retCode: 110001, retMsg: 'gone' }), { code: '110001', message: 'gone' });
  });
});

describe("Bybit's rows", () => {
  const same = (id: string): string => id;
  // From the documentation: GET /v5/order/realtime, and the topic `execution`.
  const order = {
    orderId: 'fd4300ae-7847-404e-b947-b46980a4d140',
    orderLinkId: 'test-000005',
    symbol: 'ETHUSDT',
    price: '1600.00',
    qty: '0.10',
    side: 'Buy',
    orderStatus: 'New',
    cancelType: 'UNKNOWN',
    rejectReason: 'EC_NoError',
    cumExecQty: '0.00',
    updatedTime: '1684738540561',
  };
  const execution = {
    category: 'linear',
    symbol: 'BTCUSDT',
    execFee: '26.3725275',
    execId: '0ab1bdf7-4219-438b-b30a-32ec863018f7',
    execPrice: '95900.1',
    execQty: '0.5',
    execType: 'Trade',
    orderId: '9aac161b-8ed6-450d-9cab-c5cc67c21784',
    orderLinkId: '',
    side: 'Sell',
    execTime: '1746270400353',
    isMaker: false,
    feeCurrency: '',
  };

  test('an order in each of its states', () => {
    const report = readOrder(order, same);
    assert.equal(report.clientOrderId, 'test-000005');
    assert.equal(report.quantity, fixed('0.1'));
    assert.equal(report.updatedAt, 1_684_738_540_561);
    const told = (more: object): string => {
      const { state, reason } = readOrder({ ...order, ...more }, same);
      return `${state} ${reason}`.trim();
    };
    assert.equal(told({}), 'working');
    assert.equal(told({ orderStatus: 'Untriggered' }), 'waiting');
    assert.equal(told({ orderStatus: 'PartiallyFilled', cumExecQty: '0.05' }), 'working');
    assert.equal(told({ orderStatus: 'Filled', cumExecQty: '0.10' }), 'filled');
    assert.equal(
      told({ orderStatus: 'Cancelled', cancelType: 'CancelByUser', rejectReason: 'EC_PerCancelRequest' }),
      'cancelled',
    );
    assert.equal(told({ orderStatus: 'Cancelled', cancelType: 'CancelByAdmin' }), 'cancelled CancelByAdmin');
    assert.equal(
      told({ orderStatus: 'Cancelled', rejectReason: 'EC_NoImmediateQtyToFill' }),
      'expired EC_NoImmediateQtyToFill',
    );
    assert.equal(
      told({ orderStatus: 'Cancelled', rejectReason: 'EC_PostOnlyWillTakeLiquidity' }),
      'rejected EC_PostOnlyWillTakeLiquidity',
    );
    // The second message of a cancel that came too late.
    const late = { cancelType: 'CancelByUser', rejectReason: 'EC_OrigClOrdIDDoesNotExist', cumExecQty: '0.10' };
    assert.equal(told({ orderStatus: 'Filled', ...late }), 'filled');
    assert.equal(readOrder({ ...order, orderLinkId: '' }, same).clientOrderId, null);
  });

  test('an execution, exactly; a fee without a coin is paid in that of settlement', () => {
    const fill = readFill(execution, same, () => 'USDT');
    assert.deepEqual(
      [fill.price, fill.quantity, fill.fee, fill.feeCurrency, fill.clientOrderId, fill.kind, fill.liquidity],
      [fixed('95900.1'), fixed('0.5'), fixed('26.3725275'), 'USDT', null, 'trade', 'taker'],
    );
    const kind = (execType: string): string => readFill({ ...execution, execType }, same, () => 'USDT').kind;
    assert.deepEqual(['Funding', 'BustTrade', 'Delivery'].map(kind), ['funding', 'liquidation', 'settlement']);
  });

  test('what is no number, time or word of Bybit is refused', () => {
    const wrong: readonly object[] = [
      { qty: '1e3' },
      { qty: 0.1 },
      { qty: 'NaN' },
      { qty: '' },
      { side: 'buy' },
      { orderStatus: 'toString' },
      { updatedTime: '0' },
      { updatedTime: '1684738540561000' },
      { orderId: '' },
    ];
    for (const more of wrong) {
      assert.throws(() => readOrder({ ...order, ...more }, same), SenselessMessage, JSON.stringify(more));
    }
    for (const value of [null, 'text', []]) assert.throws(() => readOrder(value, same), SenselessMessage);
    assert.throws(() => readFill({ ...execution, execFee: '0x10' }, same, same), SenselessMessage);
  });
});

describe('the request of an order at Bybit', () => {
  const wire: WireOrder = {
    symbol: 'BTCUSDT',
    clientOrderId: 'bot-1',
    side: 'sell',
    quantity: fixed<Quantity>('0.013'),
    execution: { type: 'market' },
    timeInForce: 'IOC',
    reduceOnly: true,
  };

  test('market, limit, post-only', () => {
    assert.deepEqual(bybitOrderRequest(wire, 'BTCUSDT', 'linear'), {
      category: 'linear',
      symbol: 'BTCUSDT',
      side: 'Sell',
      orderType: 'Market',
      qty: '0.013',
      orderLinkId: 'bot-1',
      positionIdx: 0,
      reduceOnly: true,
    });
    const execution = { type: 'limit', limitPrice: fixed<Price>('100000.5'), postOnly: true } as const;
    const shared = { ...wire, sharesPosition: true };
    assert.equal(
      bybitOrderRequest(shared, 'BTCUSDT', 'linear').reduceOnly,
      false,
      'the sum of the bots is not its position',
    );
    const limited = bybitOrderRequest({ ...wire, execution, timeInForce: 'GTC' }, 'BTCUSDT', 'spot');
    assert.deepEqual(limited, {
      category: 'spot',
      symbol: 'BTCUSDT',
      side: 'Sell',
      orderType: 'Limit',
      qty: '0.013',
      price: '100000.5',
      timeInForce: 'PostOnly',
      orderLinkId: 'bot-1',
    });
    assert.equal(bybitOrderRequest(wire, 'BTCUSDT', 'spot').marketUnit, 'baseCoin');
  });
});

describe('words for records', () => {
  test('addresses, signatures and secrets are taken out', () => {
    const key = new Secret('my-key-of-an-exchange');
    const text = reasonText(
      `bybit GET https://api.bybit.com/v5/order?api_key=${key.reveal()}&sign=${'ab'.repeat(32)} error sign! origin_string[1700${key.reveal()}3000x]`,
    );
    assert.doesNotMatch(text, /my-key|abab|sign=|1700/);
    assert.match(text, /api\.bybit\.com/);
  });
});

describe('the budget of requests', () => {
  const terms = { perSecond: { order: 2, cancel: 2, query: 5 }, together: { most: 10, windowMs: 5_000 } };

  test('orders wait a little, then are told when to come; cancels have a share that nobody else may use', async () => {
    const clock = new VirtualClock(epochMs(0));
    const budget = new RequestBudget(clock, new Pauses(clock), terms);
    assert.equal(await budget.take('order'), 0);
    assert.equal(await budget.take('order'), 0);
    const wait = await budget.take('order');
    assert.ok(wait > 300 && wait <= 1_100, String(wait));
    for (let count = 0; count < 5; count++) assert.equal(await budget.take('query'), 0);
    await clock.advance(1_200);
    // Half of ten are for orders, eight for all but cancels.
    assert.equal(await budget.take('order'), 0);
    assert.ok((await budget.take('order')) > 0);
    assert.equal(await budget.take('cancel'), 0);
    assert.equal(await budget.take('cancel'), 0);
    await clock.advance(5_000);
    assert.equal(await budget.take('order'), 0);
  });

  test('the circuit breaker holds what it is told to hold, as long as it is told', async () => {
    const clock = new VirtualClock(epochMs(0));
    const budget = new RequestBudget(clock, new Pauses(clock), terms);
    budget.pause(['order'], 10_000);
    assert.equal(await budget.take('order'), 10_000);
    assert.equal(await budget.take('cancel'), 0);
    await clock.advance(10_000);
    assert.equal(await budget.take('order'), 0);
  });
});

describe("the exchange's clock", () => {
  /** Answers after `there + back` ms with its own time, which is `offset` ahead. */
  function venueClock(trips: readonly (readonly [number, number])[], offset: () => number) {
    const clock = new VirtualClock(epochMs(1_000_000));
    let asked = 0;
    const measured = new VenueClock(clock, async () => {
      const [there, back] = trips[asked % trips.length]!;
      asked += 1;
      await clock.advance(there);
      const told = clock.now() + offset();
      await clock.advance(back);
      return told;
    });
    return { clock, measured };
  }

  test('the median of quick trips counts; slow ones do not', async () => {
    const trips = [
      [5, 5],
      [500, 5],
      [6, 4],
      [5, 5],
      [5, 900],
    ] as const;
    const { measured } = venueClock(trips, () => 1_234);
    assert.deepEqual(await measured.measure(), { kind: 'sound' });
    assert.equal(measured.offset!.uncertaintyMs, 5);
    assert.ok(Math.abs(measured.offset!.offsetMs - 1_234) <= 1);
  });

  test('too far apart, or set meanwhile, is doubtful; the same again is sound', async () => {
    let offset = 0;
    const { measured } = venueClock([[5, 5]], () => offset);
    assert.equal((await measured.measure()).kind, 'sound');
    offset = 2_000;
    assert.equal((await measured.measure()).kind, 'doubtful');
    assert.equal((await measured.measure()).kind, 'sound');
    offset = -6_000;
    assert.equal((await measured.measure()).kind, 'doubtful');
    assert.equal((await measured.measure()).kind, 'doubtful');
  });
});
