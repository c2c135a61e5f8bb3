import type { RunningExchange } from '../../src/exchange/simulated-exchange.ts';
import type { Account, ApiKey } from '../../src/exchange/trading/account.ts';
import type { OrderGateway } from '../../src/execution/order-gateway.ts';
import { type Clock, sleep, systemClock } from '../../src/foundation/clock.ts';
import { fixed, type Price, type Quantity, roundToStep } from '../../src/foundation/fixed-point.ts';
import type { Logger } from '../../src/foundation/logger.ts';
import { Random } from '../../src/foundation/random.ts';
import { Secret } from '../../src/foundation/secret.ts';
import { durationMs } from '../../src/foundation/time.ts';
import { CcxtGateway, type CcxtGatewayOptions } from '../../src/providers/ccxt/ccxt-gateway.ts';
import { BYBIT_ORDERS } from '../../src/providers/ccxt/ccxt-gateway-bybit.ts';
import { type GatewayHarness, RecordingListener } from '../contracts/order-gateway.contract.ts';
import { orderRequest } from './exchange-under-test.ts';
import { liveExchange } from './live-exchange.ts';
import { RecordingLogger } from './recording-logger.ts';

/** Long enough to be known as secrets wherever they would turn up. */
export const BYBIT_KEY: ApiKey = {
  key: 'k3y-of-the-tests',
  secret: 's3cret-of-the-tests',
  readOnly: false,
  mayWithdraw: false,
};
const PATIENCE_MS = 15_000;
const SYMBOL = 'BTCUSDT';

/** Everything shorter than outside, so that tests need not wait. */
const HASTE = { receiveWindowMs: 400, requestTimeoutMs: 900 } as const;

export interface BybitAccountOptions {
  readonly kind?: 'perpetual' | 'spot';
  readonly clientIds?: 'unique' | 'unique-among-open';
  readonly key?: ApiKey;
  readonly clock?: Clock;
  /** Instead of what the exchange knows. */
  readonly signWith?: { readonly key?: Secret; readonly secret?: Secret };
}

/** A gateway over ccxt on the simulated exchange, on real sockets and the machine's clock. */
export interface BybitAccountHarness extends GatewayHarness {
  readonly gateway: CcxtGateway & OrderGateway;
  readonly exchange: RunningExchange;
  readonly account: Account;
  readonly logger: RecordingLogger;
  calls(path: string): number;
}

export async function openBybitAccount(options: BybitAccountOptions = {}): Promise<BybitAccountHarness> {
  const { kind = 'perpetual', clientIds = 'unique', key = BYBIT_KEY } = options;
  const rule = clientIds === 'unique' ? 'always-unique' : 'unique-among-open';
  const exchange = await liveExchange({ clientIds: rule, keys: [key] });
  const account = exchange.accounts.get(key.key)!;
  const logger = new RecordingLogger();
  const listener = new RecordingListener();
  const gateway = bybitGateway(exchange.url, logger, { ...options, kind, clientIds, key });
  const category = kind === 'spot' ? 'spot' : 'linear';
  const price = exchange.parts.venue.priceOf(SYMBOL);
  const until = async (holds: () => boolean, what: string): Promise<void> => {
    const begun = systemClock.monotonic();
    while (!holds()) {
      if (systemClock.monotonic() - begun > PATIENCE_MS) {
        throw new Error(`still waiting for ${what}: ${JSON.stringify(logger.lines.slice(-5))}`);
      }
      await sleep(systemClock, 5);
    }
  };
  const answerFault = (path: string, how: string, when: 'before' | 'after'): void => {
    const answer = how === '503' ? 503 : (how as 'reset' | 'nothing' | 'half');
    exchange.faults.add({ kind: 'answer', path, with: answer, when, count: 1 });
  };
  let outageId: number | undefined;
  return {
    gateway,
    exchange,
    account,
    logger,
    listener,
    symbol: SYMBOL,
    quantity: fixed<Quantity>('0.013'),
    restingPrice: roundToStep(((price * 97n) / 100n) as Price, fixed<Price>('0.1'), 'down'),
    truth: () => ({
      ordersNamed: (id) => account.ordersNamed(id).length,
      fills: account.executions.map((one) => ({
        fillId: one.execId,
        price: one.price as Price,
        quantity: one.quantity as Quantity,
        fee: one.fee as never,
      })),
      held: kind === 'spot' ? 0n : account.ledger.position(SYMBOL, 'USDT').size,
      submissions: exchange.counts.all['POST /v5/order/create'] ?? 0,
    }),
    run: (work) => work,
    until,
    pass: (duration) => sleep(systemClock, duration),
    lose: (call, { how, when }) => answerFault(call === 'submit' ? '/v5/order/create' : '/v5/order/cancel', how, when),
    delayNext: () => {
      exchange.faults.add({ kind: 'slow', path: '/v5/order/create', ms: 600, when: 'before', count: 1 });
    },
    limitNext: () => {
      exchange.faults.add({ kind: 'answer', path: '/v5/order/create', with: 429, when: 'before', count: 1 });
    },
    lag: (ms) => {
      exchange.faults.add({ kind: 'lagging-look-ups', ms });
    },
    duplicateStream: () => {
      exchange.faults.add({ kind: 'duplicate', topic: 'execution' });
    },
    cutStream: () => exchange.disconnect('private'),
    outage: (isOn) => {
      if (isOn) outageId = exchange.faults.add({ kind: 'outage' });
      else if (outageId !== undefined) exchange.faults.remove(outageId);
    },
    foreignOrder: () => {
      exchange.parts.venue.create(account, orderRequest({ category, side: 'Sell', quantity: '0.02' }));
    },
    calls: (path) => exchange.counts.all[path] ?? 0,
    async close() {
      await gateway.close();
      await exchange.close();
    },
  };
}

/** A gateway of its own to an exchange at `url`. */
export function bybitGateway(
  url: string,
  logger: Logger,
  {
    kind = 'perpetual',
    clientIds = 'unique',
    key = BYBIT_KEY,
    clock = systemClock,
    signWith,
  }: BybitAccountOptions = {},
): CcxtGateway {
  const options: CcxtGatewayOptions = {
    venue: BYBIT_ORDERS,
    access: {
      exchange: 'bybit',
      account: 'bybit-demo',
      url,
      mode: 'demo',
      apiKey: { key: new Secret(key.key), secret: new Secret(key.secret), ...signWith },
    },
    kind,
    symbols: [SYMBOL, 'ETHUSDT'],
    clientIds,
    clock,
    random: new Random(1),
    logger,
    ...(clock === systemClock && HASTE),
  };
  return new CcxtGateway(options);
}

/** The machine's time, with timers that ring so many times sooner. */
export function hurriedClock(factor: number): Clock {
  return {
    now: () => systemClock.now(),
    monotonic: () => durationMs(systemClock.monotonic() * factor),
    after: (delay, action) => systemClock.after(delay / factor, action),
    every: (period, action) => systemClock.every(period / factor, action),
  };
}
