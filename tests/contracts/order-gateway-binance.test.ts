import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Armed } from '../../src/execution/account-access.ts';
import { sleep, systemClock } from '../../src/foundation/clock.ts';
import { fixed, type Price, type Quantity } from '../../src/foundation/fixed-point.ts';
import { Random } from '../../src/foundation/random.ts';
import { Secret } from '../../src/foundation/secret.ts';
import { epochMs } from '../../src/foundation/time.ts';
import { CcxtGateway } from '../../src/providers/ccxt/ccxt-gateway.ts';
import { BINANCE_ORDERS } from '../../src/providers/ccxt/ccxt-gateway-binance.ts';
import { binanceMeaning, isBinanceGone } from '../../src/providers/ccxt/ccxt-gateway-binance-refusals.ts';
import { VenueRefused } from '../../src/providers/ccxt/ccxt-gateway-failures.ts';
import { BINANCE_KEY, BinanceServer } from '../support/binance-server.ts';
import { RecordingLogger } from '../support/recording-logger.ts';
import { latest } from '../support/scripted-account.ts';
import { type GatewayHarness, orderGatewayContract, RecordingListener } from './order-gateway.contract.ts';

const PRICE = fixed<Price>('100000');
const CREATE = 'POST /api/v3/order';
const CANCEL = 'DELETE /api/v3/order';
const PATIENCE_MS = 15_000;

interface BinanceHarness extends GatewayHarness {
  readonly server: BinanceServer;
  readonly gateway: CcxtGateway;
}

/** With real money, as far as the gateway knows: only then Binance tells what a key may do. */
async function openBinance(): Promise<BinanceHarness> {
  const server = await BinanceServer.open();
  server.account.setPrice('BTCUSDT', PRICE);
  const logger = new RecordingLogger();
  const listener = new RecordingListener();
  const place = { exchange: 'binance', account: 'binance-live', url: server.url } as const;
  const gateway = new CcxtGateway({
    venue: BINANCE_ORDERS,
    access: {
      ...place,
      mode: 'live',
      apiKey: { key: new Secret(BINANCE_KEY.key), secret: new Secret(BINANCE_KEY.secret) },
      armed: { ...place, fingerprint: 'of-the-tests', at: epochMs(0) } as unknown as Armed,
    },
    kind: 'spot',
    symbols: ['BTCUSDT'],
    clock: systemClock,
    random: new Random(1),
    logger,
    receiveWindowMs: 400,
    requestTimeoutMs: 900,
  });
  const fault = (call: string, how: string, when: 'before' | 'after'): void => {
    server.faults.push({ call, how: how === '503' ? 503 : (how as 'reset' | 'nothing'), when });
  };
  return {
    server,
    gateway,
    listener,
    symbol: 'BTCUSDT',
    quantity: fixed<Quantity>('0.013'),
    restingPrice: fixed<Price>('97000'),
    truth: () => ({
      ordersNamed: (id) => server.account.orders.filter((order) => latest(order).clientOrderId === id).length,
      fills: server.account.fills.map((fill) => ({ ...fill, fillId: `BTCUSDT-${fill.fillId.slice(2)}` })),
      held: 0n,
      submissions: server.count(CREATE),
    }),
    run: (work) => work,
    async until(holds, what) {
      const begun = systemClock.monotonic();
      while (!holds()) {
        if (systemClock.monotonic() - begun > PATIENCE_MS) {
          throw new Error(`still waiting for ${what}: ${JSON.stringify(logger.lines.slice(-5))}`);
        }
        await sleep(systemClock, 5);
      }
    },
    pass: (duration) => sleep(systemClock, duration),
    lose: (call, { how, when }) => fault(call === 'submit' ? CREATE : CANCEL, how, when),
    delayNext: () => server.faults.push({ call: CREATE, how: 'slow', when: 'before' }),
    limitNext: () => server.faults.push({ call: CREATE, how: 429, when: 'before' }),
    lag: (ms) => {
      server.lagMs = ms;
    },
    duplicateStream: () => {
      server.timesTold = 2;
    },
    cutStream: () => server.cut(),
    outage: (isOn) => {
      server.isOut = isOn;
      if (isOn) server.cut();
    },
    foreignOrder: () => server.account.foreignFill('BTCUSDT', 'buy', fixed<Quantity>('0.5'), PRICE),
    async close() {
      await gateway.close();
      await server.close();
    },
  };
}

orderGatewayContract({
  name: 'Binance over ccxt, spot',
  open: openBinance,
  losses: ['reset', 'nothing', '503'].flatMap((how) => [
    { how, when: 'before' as const },
    { how, when: 'after' as const },
  ]),
});

describe('the gateway to Binance over ccxt', () => {
  test('one request an order; a key that may withdraw is refused', async () => {
    const harness = await openBinance();
    try {
      harness.server.mayWithdraw = true;
      await assert.rejects(harness.gateway.open(harness.listener), /may withdraw/);
    } finally {
      await harness.close();
    }
  });

  test('conditional and post-only orders', async () => {
    const harness = await openBinance();
    const { gateway, listener, server } = harness;
    try {
      await gateway.open(listener);
      const base = { symbol: 'BTCUSDT', quantity: harness.quantity, timeInForce: 'GTC', reduceOnly: false } as const;
      const triggerPrice = fixed<Price>('103000');
      const stop = { ...base, clientOrderId: 's-1', side: 'buy', execution: { type: 'stop', triggerPrice } } as const;
      assert.equal((await gateway.submit(stop)).kind, 'accepted');
      await harness.until(() => listener.states('s-1').includes('waiting'), 'the order');
      server.account.setPrice('BTCUSDT', triggerPrice);
      await harness.until(() => listener.states('s-1').includes('filled'), 'the fill');
      const execution = { type: 'limit', limitPrice: fixed<Price>('110000'), postOnly: true } as const;
      const outcome = await gateway.submit({ ...base, clientOrderId: 'p-1', side: 'buy', execution });
      assert.ok(outcome.kind === 'refused' && outcome.code === 'VENUE_POST_ONLY', JSON.stringify(outcome));
      assert.equal(server.count(CREATE), 2);
    } finally {
      await harness.close();
    }
  });

  test('what the codes mean', () => {
    const refused = (code: string, message = '', status = 400): VenueRefused =>
      new VenueRefused(code, message, status, undefined);
    const meaning = (code: string, message?: string): string => {
      const said = binanceMeaning(refused(code, message));
      return said.kind === 'refused' ? said.code : said.kind;
    };
    assert.equal(meaning('-2010', 'Duplicate order sent.'), 'duplicate');
    assert.equal(
      meaning('-2010', 'Account has insufficient balance for requested action.'),
      'VENUE_INSUFFICIENT_FUNDS',
    );
    assert.equal(meaning('-1013', 'Filter failure: LOT_SIZE'), 'VENUE_FILTER');
    assert.equal(meaning('-1013', 'Filter failure: PERCENT_PRICE_BY_SIDE'), 'VENUE_PRICE_LIMIT');
    assert.equal(meaning('-2010', 'Stop price would trigger immediately.'), 'VENUE_REFUSED');
    assert.equal(meaning('-1021'), 'VENUE_EXPIRED');
    assert.equal(meaning('-2015'), 'VENUE_KEY_DENIED');
    for (const code of ['-1006', '-1007', '-1000', '-1001', 'HTTP 404']) assert.equal(meaning(code), 'unknown', code);
    assert.ok(isBinanceGone(refused('-2011', 'Unknown order sent.')));
    assert.ok(!isBinanceGone(refused('-2011', 'Order was not canceled due to cancel restrictions.')));
  });
});
