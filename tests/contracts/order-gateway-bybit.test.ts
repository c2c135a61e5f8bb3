import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { Account } from '../../src/exchange/trading/account.ts';
import type { SendOutcome, WireOrder } from '../../src/execution/order-gateway.ts';
import { UserError } from '../../src/foundation/errors.ts';
import { fixed, type Price, type Quantity } from '../../src/foundation/fixed-point.ts';
import { Secret } from '../../src/foundation/secret.ts';
import { DAY_MS, epochMs } from '../../src/foundation/time.ts';
import {
  BYBIT_KEY,
  type BybitAccountHarness,
  type BybitAccountOptions,
  bybitGateway,
  hurriedClock,
  openBybitAccount,
} from '../support/bybit-account.ts';
import { orderRequest } from '../support/exchange-under-test.ts';
import { RecordingListener } from './order-gateway.contract.ts';

const SYMBOL = 'BTCUSDT';
const CREATE = 'POST /v5/order/create';
/** The clock of timers runs so much faster where a test would wait for seconds. */
const HURRY = 20;

describe('the gateway to Bybit over ccxt', () => {
  let harness: BybitAccountHarness;
  afterEach(() => harness.close());

  async function opened(options: BybitAccountOptions = {}): Promise<BybitAccountHarness> {
    harness = await openBybitAccount(options);
    await harness.gateway.open(harness.listener);
    return harness;
  }

  const order = (clientOrderId: string, more: Partial<WireOrder> = {}): WireOrder => ({
    symbol: SYMBOL,
    clientOrderId,
    side: 'buy',
    quantity: harness.quantity,
    execution: { type: 'market' },
    timeInForce: 'IOC',
    reduceOnly: false,
    ...more,
  });
  const limit = (clientOrderId: string, limitPrice: Price = harness.restingPrice): WireOrder =>
    order(clientOrderId, { execution: { type: 'limit', limitPrice, postOnly: false }, timeInForce: 'GTC' });
  const quantity = (text: string): Quantity => fixed<Quantity>(text);
  /** So many hundredths of the last price, on the tick. */
  const priceAt = (hundredths: bigint): Price => {
    const tick = fixed<Price>('0.1');
    const price = (harness.exchange.parts.venue.priceOf(SYMBOL) * hundredths) / 100n;
    return (price - (price % tick)) as Price;
  };

  /** What the exchange was asked meanwhile. */
  async function callsOf(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
    const before = harness.exchange.counts.all;
    await work();
    return Object.fromEntries(
      Object.entries(harness.exchange.counts.all)
        .map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
        .filter(([name, count]) => count > 0 && !name.startsWith('WS') && name !== 'GET /v5/market/time'),
    );
  }

  test('each operation makes as many requests as it must', async () => {
    const { gateway, listener } = await opened();
    const named = (clientOrderId: string) => ({ symbol: SYMBOL, clientOrderId });
    assert.deepEqual(await callsOf(() => gateway.submit(order('calls-1'))), { [CREATE]: 1 });
    assert.deepEqual(await callsOf(() => gateway.submit(limit('calls-2'))), { [CREATE]: 1 });
    await harness.until(() => listener.fillsOf('calls-1').length > 0, 'the fill');
    const realtime = 'GET /v5/order/realtime';
    const executions = 'GET /v5/execution/list';
    assert.deepEqual(await callsOf(() => gateway.find(named('calls-1'))), { [executions]: 1, [realtime]: 1 });
    assert.deepEqual(await callsOf(() => gateway.find(named('calls-2'))), { [realtime]: 1 });
    const history = 'GET /v5/order/history';
    assert.deepEqual(await callsOf(() => gateway.find(named('nobody'))), { [history]: 1, [realtime]: 1 });
    assert.deepEqual(await callsOf(() => gateway.cancel(named('calls-2'))), { 'POST /v5/order/cancel': 1 });
    // One for each coin that contracts are settled in.
    assert.deepEqual(await callsOf(() => gateway.openOrders()), { [realtime]: 2 });
    assert.deepEqual(await callsOf(() => gateway.holdings()), {
      'GET /v5/account/wallet-balance': 1,
      'GET /v5/position/list': 2,
    });
    const now = listener.fills[0]!.time;
    assert.deepEqual(await callsOf(() => gateway.fills(epochMs(now - 1_000))), { [executions]: 1 });
    assert.deepEqual(await callsOf(() => gateway.fills(epochMs(now - 20 * DAY_MS))), { [executions]: 3 });
    assert.deepEqual(await callsOf(() => gateway.rights()), { 'GET /v5/user/query-api': 1 });
  });

  test('all pages of executions are read, oldest first', async () => {
    const { gateway, exchange, account } = await opened();
    for (let count = 0; count < 130; count++) {
      exchange.parts.venue.create(account, orderRequest({ side: count % 2 ? 'Sell' : 'Buy', quantity: '0.001' }));
    }
    await harness.until(() => account.executions.length === 130, 'the fills');
    const told = await gateway.fills(epochMs(account.executions[0]!.time - 1));
    assert.ok(told.ok);
    assert.deepEqual(
      told.value.map(({ fillId }) => fillId),
      account.executions.map(({ execId }) => execId),
    );
  });

  const refusals: readonly (readonly [string, Partial<WireOrder>, string])[] = [
    ['more than the funds allow', { quantity: quantity('400') }, 'VENUE_INSUFFICIENT_FUNDS'],
    ['a quantity between two steps', { quantity: quantity('0.0005') }, 'VENUE_FILTER'],
    ['a reduction of nothing', { reduceOnly: true }, 'VENUE_REDUCE_ONLY'],
    [
      'a price out of range',
      {
        execution: { type: 'limit', limitPrice: fixed<Price>('5000000'), postOnly: false },
        timeInForce: 'GTC',
      },
      'VENUE_PRICE_LIMIT',
    ],
    [
      'a price between two ticks',
      {
        execution: { type: 'limit', limitPrice: fixed<Price>('100000.01'), postOnly: false },
        timeInForce: 'GTC',
      },
      'VENUE_FILTER',
    ],
  ];
  test('the refusals of the exchange have codes of ours', async () => {
    const { gateway } = await opened();
    for (const [what, more, code] of refusals) {
      const outcome = await gateway.submit(order('refused', more));
      assert.ok(outcome.kind === 'refused', `${what}: ${JSON.stringify(outcome)}`);
      assert.equal(outcome.code, code, `${what}: ${outcome.reason}`);
    }
    assert.equal(harness.truth().ordersNamed('refused'), 0);
  });

  test('conditional orders wait at their trigger, on the right side of the price', async () => {
    const { gateway, listener } = await opened();
    const conditional: readonly (readonly [string, 'buy' | 'sell', 'stop' | 'take-profit', bigint])[] = [
      ['stop-buy', 'buy', 'stop', 103n],
      ['stop-sell', 'sell', 'stop', 97n],
      ['take-buy', 'buy', 'take-profit', 97n],
      ['take-sell', 'sell', 'take-profit', 103n],
    ];
    for (const [id, side, type, hundredths] of conditional) {
      const execution = { type, triggerPrice: priceAt(hundredths) } as const;
      const outcome = await gateway.submit(order(id, { side, execution }));
      assert.equal(outcome.kind, 'accepted', `${id}: ${JSON.stringify(outcome)}`);
      await harness.until(() => listener.states(id).includes('waiting'), id);
    }
    const limited = { type: 'stop', triggerPrice: priceAt(103n), limitPrice: priceAt(104n) } as const;
    assert.equal(
      (await gateway.submit(order('stop-limit', { execution: limited, timeInForce: 'GTC' }))).kind,
      'accepted',
    );
    const open = await gateway.openOrders();
    assert.ok(open.ok);
    assert.equal(open.value.filter(({ state }) => state === 'waiting').length, 5);
    assert.equal((await gateway.cancel({ symbol: SYMBOL, clientOrderId: 'stop-buy' })).kind, 'accepted');
    await harness.until(() => listener.states('stop-buy').includes('cancelled'), 'the cancel');
  });

  test('spot: conditional orders are cancelled wherever they are kept, market orders count base', async () => {
    const { gateway, listener, account } = await opened({ kind: 'spot' });
    const execution = { type: 'stop', triggerPrice: priceAt(103n) } as const;
    assert.equal((await gateway.submit(order('spot-stop', { execution }))).kind, 'accepted');
    await harness.until(() => listener.states('spot-stop').includes('waiting'), 'the order');
    assert.equal((await gateway.cancel({ symbol: SYMBOL, clientOrderId: 'spot-stop' })).kind, 'accepted');
    await harness.until(() => listener.states('spot-stop').includes('cancelled'), 'the cancel');
    await gateway.submit(order('spot-market'));
    await harness.until(() => account.executions.length > 0, 'the fill');
    const bought = account.executions.reduce((sum, one) => sum + one.quantity, 0n);
    assert.equal(bought, harness.quantity);
    await harness.until(() => listener.fillsOf('spot-market').length > 0, 'the fill');
    // What is bought pays its fee in itself.
    assert.equal(listener.fillsOf('spot-market')[0]!.feeCurrency, 'BTC');
    const holdings = await gateway.holdings();
    assert.ok(holdings.ok);
    assert.equal(
      holdings.value.balances.find(({ currency }) => currency === 'BTC')!.total,
      account.ledger.balance('BTC'),
    );
  });

  test('an order that may not take is rejected, one that may not rest expires, each with the reason', async () => {
    const { gateway, listener } = await opened();
    const marketable = priceAt(101n);
    await gateway.submit(
      order('post', { execution: { type: 'limit', limitPrice: marketable, postOnly: true }, timeInForce: 'GTC' }),
    );
    await gateway.submit(
      order('ioc', { execution: { type: 'limit', limitPrice: harness.restingPrice, postOnly: false } }),
    );
    await harness.until(() => listener.states('post').includes('rejected'), 'the rejection');
    await harness.until(() => listener.states('ioc').includes('expired'), 'the expiry');
    const last = listener.reports.findLast(({ clientOrderId }) => clientOrderId === 'post')!;
    assert.equal(last.reason, 'EC_PostOnlyWillTakeLiquidity');
  });

  test('a key that may withdraw, may not trade, or is not accepted is refused in one sentence', async () => {
    const refused = async (options: BybitAccountOptions, words: RegExp): Promise<void> => {
      harness = await openBybitAccount(options);
      await assert.rejects(harness.gateway.open(harness.listener), (thrown: unknown) => {
        assert.ok(thrown instanceof UserError, String(thrown));
        assert.match(thrown.message, words);
        assertNoSecret(thrown.message);
        return true;
      });
      assert.equal(harness.calls('WS private connect'), 0);
      await harness.close();
    };
    await refused({ key: { ...BYBIT_KEY, mayWithdraw: true } }, /may withdraw/);
    await refused({ key: { ...BYBIT_KEY, readOnly: true } }, /may not trade/);
    await refused({ signWith: { secret: new Secret('wr0ng-secret') } }, /does not accept the key/);
    await refused({ signWith: { key: new Secret('wr0ng-key') } }, /does not accept the key/);
  });

  test('a key that is revoked is noticed, not hammered with, and taken up again', async () => {
    const { gateway, exchange, listener } = await opened({ clock: hurriedClock(HURRY) });
    const accounts = exchange.parts.accounts as Map<string, Account>;
    accounts.delete(BYBIT_KEY.key);
    const outcome = await gateway.submit(order('revoked'));
    assert.ok(outcome.kind === 'refused' && outcome.code === 'VENUE_KEY_DENIED', JSON.stringify(outcome));
    assert.match(listener.connection.at(-1)!, /10003/);
    const before = harness.calls(CREATE);
    for (let attempt = 0; attempt < 5; attempt++) {
      assert.equal((await gateway.submit(order(`revoked-${attempt}`))).kind, 'not-sent');
    }
    assert.equal(harness.calls(CREATE), before);
    const calls = await callsOf(async () => {
      const asked = await gateway.openOrders();
      assert.ok(!asked.ok && asked.error.code === 'DENIED');
    });
    assert.deepEqual(calls, {});
    accounts.set(BYBIT_KEY.key, harness.account);
    await harness.until(() => listener.connection.at(-1) === 'connected', 'the key');
    assert.equal((await gateway.submit(order('again'))).kind, 'accepted');
  });

  test('where a demo account tells nothing of its keys, it is opened all the same; a wrong key is not', async () => {
    harness = await openBybitAccount();
    harness.exchange.faults.add({ kind: 'answer', path: '/v5/user/query-api', with: 404 });
    await harness.gateway.open(harness.listener);
    const rights = await harness.gateway.rights();
    assert.deepEqual(rights.ok && rights.value.canWithdraw, false);
    const wrong = bybitGateway(harness.exchange.url, harness.logger, {
      signWith: { secret: new Secret('wr0ng-secret') },
    });
    await assert.rejects(wrong.open(new RecordingListener()), /does not accept the key/);
    await wrong.close();
  });

  test('an address that is shut out asks nothing more for a while', async () => {
    const { gateway, exchange } = await opened();
    exchange.faults.add({ kind: 'answer', path: '/v5/order/create', with: 403, when: 'before', count: 1 });
    const outcome = await gateway.submit(order('banned'));
    assert.ok(outcome.kind === 'not-sent' && outcome.retryAfterMs === 600_000, JSON.stringify(outcome));
    const calls = await callsOf(async () => {
      assert.equal((await gateway.submit(order('banned-2'))).kind, 'not-sent');
      const asked = await gateway.openOrders();
      assert.ok(!asked.ok && asked.error.code === 'LIMITED');
    });
    assert.deepEqual(calls, {});
  });

  test('an exchange that can not be reached is waited for', async () => {
    harness = await openBybitAccount({ clock: hurriedClock(HURRY) });
    harness.outage(true);
    const opening = harness.gateway.open(harness.listener);
    await harness.until(() => harness.logger.of('warn').length >= 2, 'two attempts');
    harness.exchange.faults.add({ kind: 'answer', path: '/v5/market/instruments-info', with: 500, count: 8 });
    harness.outage(false);
    await opening;
    assert.deepEqual(harness.listener.connection, ['connected']);
  });

  test('a stream that is not authenticated in time is down, and tried again', async () => {
    const { exchange, listener } = await opened({ clock: hurriedClock(HURRY) });
    exchange.faults.add({ kind: 'ignore-auth', count: 2 });
    exchange.disconnect('private');
    await harness.until(() => harness.calls('WS private auth') >= 3, 'two attempts that nobody answers');
    await harness.until(() => listener.connection.at(-1) === 'connected', 'the connection');
    assert.equal(listener.connection.length, 3);
    const reasons = harness.logger.of('warn').map(({ fields }) => String(fields.reason));
    assert.ok(
      reasons.some((reason) => reason.includes('did not confirm key and topics within 10 s')),
      reasons.join(),
    );
  });

  test('a connection that is silent is noticed', async () => {
    const { exchange, listener } = await opened({ clock: hurriedClock(HURRY) });
    const id = exchange.faults.add({ kind: 'half-open', sockets: 'private' });
    await harness.until(() => listener.connection.length === 2, 'the silence');
    exchange.faults.remove(id);
    await harness.until(() => listener.connection.at(-1) === 'connected', 'the connection');
  });

  test('a message of the stream that makes no sense is logged, not passed on; the truth can be asked', async () => {
    const { gateway, exchange, listener } = await opened();
    exchange.faults.add({ kind: 'truncate', topic: 'execution', count: 1 });
    await gateway.submit(order('cut'));
    await harness.until(() => harness.logger.of('warn').length > 0, 'the log');
    await harness.until(() => listener.states('cut').includes('filled'), 'the report');
    assert.deepEqual(listener.fillsOf('cut'), []);
    const found = await gateway.find({ symbol: SYMBOL, clientOrderId: 'cut' });
    assert.ok(found.kind === 'found');
    assert.equal(found.fills[0]!.quantity, harness.quantity);
  });

  test("requests are signed with the exchange's time; beyond five seconds nothing is sent", async () => {
    harness = await openBybitAccount({ clock: hurriedClock(HURRY) });
    const { gateway, exchange, listener } = harness;
    const skew = (ms: number): void => {
      exchange.faults.clear();
      exchange.faults.add({ kind: 'clock-skew', ms });
    };
    skew(3_000);
    await gateway.open(listener);
    assert.ok(Math.abs(gateway.clockOffset!.offsetMs - 3_000) < 100);
    assert.equal((await gateway.submit(order('skew-1'))).kind, 'accepted');
    // The exchange's clock jumps: the request is refused there, the clock measured anew.
    skew(4_500);
    await harness.until(() => listener.connection.length >= 2, 'the doubt');
    await harness.until(() => listener.connection.at(-1) === 'connected', 'the new measure');
    assert.equal((await gateway.submit(order('skew-2'))).kind, 'accepted');
    skew(9_000);
    await harness.until(() => /apart/.test(listener.connection.at(-1)!), 'the end');
    assert.equal((await gateway.submit(order('skew-3'))).kind, 'not-sent');
    assert.equal(harness.truth().ordersNamed('skew-3'), 0);
  });

  test('orders keep to a budget of their own; cancels and questions have a share', async () => {
    const { gateway } = await opened();
    await gateway.submit(limit('first'));
    const orders = Array.from({ length: 30 }, (_, index) => gateway.submit(limit(`burst-${index}`)));
    const [cancel, open] = await Promise.all([
      gateway.cancel({ symbol: SYMBOL, clientOrderId: 'first' }),
      gateway.openOrders(),
    ]);
    assert.equal(cancel.kind, 'accepted');
    assert.equal(open.ok, true);
    const outcomes = await Promise.all(orders);
    const accepted = outcomes.filter(({ kind }) => kind === 'accepted').length;
    assert.ok(accepted >= 5 && accepted < 30, `${accepted}`);
    assert.equal(outcomes.filter(isNotSent).length, 30 - accepted);
    assert.equal(harness.calls(CREATE), accepted + 1);
  });

  test('what another program uses up of the limit is not sent, and never ordered twice', async () => {
    const { gateway } = await opened();
    const other = bybitGateway(harness.exchange.url, harness.logger);
    await other.open(new RecordingListener());
    const ids = Array.from({ length: 9 }, (_, index) => index);
    const outcomes = await Promise.all(
      ids.flatMap((id) => [gateway.submit(limit(`mine-${id}`)), other.submit(limit(`theirs-${id}`))]),
    );
    await other.close();
    const accepted = outcomes.filter(({ kind }) => kind === 'accepted').length;
    assert.equal(outcomes.filter(isNotSent).length, outcomes.length - accepted);
    assert.ok(accepted >= 9 && accepted < 18, `${accepted}`);
    assert.equal(harness.account.orders.length, accepted);
  });

  test('keys and signatures appear in nothing that is logged or said', async () => {
    const { gateway, exchange } = await opened();
    const said: unknown[] = [];
    for (const how of ['reset', 'nothing', 'half', 401, 404, 429, 500] as const) {
      exchange.faults.add({ kind: 'answer', path: '*', with: how, when: 'after', count: 1 });
      said.push(await gateway.submit(order(`said-${how}`)));
      exchange.faults.clear();
      // A question that nobody answers is tested by its time-out elsewhere.
      if (how === 'nothing') continue;
      exchange.faults.add({ kind: 'answer', path: '*', with: how, when: 'after', count: 3 });
      said.push(await gateway.find({ symbol: SYMBOL, clientOrderId: 'said' }), await gateway.openOrders());
      exchange.faults.clear();
    }
    exchange.disconnect('private');
    await harness.until(() => harness.listener.connection.length > 1, 'the end of the connection');
    assertNoSecret(
      JSON.stringify([said, harness.logger.lines, harness.listener.connection], (_key, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      ),
    );
  });
});

function isNotSent(outcome: SendOutcome): boolean {
  return outcome.kind === 'not-sent' && outcome.retryAfterMs > 0;
}

function assertNoSecret(text: string): void {
  for (const secret of [BYBIT_KEY.key, BYBIT_KEY.secret, 'wr0ng-secret', 'wr0ng-key']) {
    assert.ok(!text.includes(secret), `${secret} in ${text}`);
  }
  assert.doesNotMatch(text, /[0-9a-f]{64}/);
}
