import type { ExchangeParts } from '../../src/exchange/exchange-parts.ts';
import { composeExchange, type ExchangeOptions, play } from '../../src/exchange/simulated-exchange.ts';
import type { Account, ApiKey } from '../../src/exchange/trading/account.ts';
import type { OrderRequest } from '../../src/exchange/trading/venue-order.ts';
import { VirtualClock } from '../../src/foundation/clock.ts';
import { fixed } from '../../src/foundation/fixed-point.ts';
import { epochMs } from '../../src/foundation/time.ts';
import { bundledBars } from './bundled-bars.ts';

export const TEST_KEY: ApiKey = { key: 'KEY', secret: 'SECRET', readOnly: false, mayWithdraw: false };
/** The bundled bars begin here. */
export const RECORD_START = Date.UTC(2025, 4, 5);

const DAY_MINUTES = 1_440;

export interface VirtualExchange {
  readonly parts: ExchangeParts;
  readonly account: Account;
  readonly clock: VirtualClock;
}

/** The exchange without a network, on two recorded days, at noon of the second one, on a clock that a test moves. */
export function virtualExchange(options: Partial<ExchangeOptions> = {}): VirtualExchange {
  const clock = new VirtualClock(epochMs(RECORD_START + 36 * 3_600_000));
  const parts = composeExchange({
    clock,
    recordings: [{ symbol: 'BTCUSDT', columns: bundledBars('BTCUSDT', 2 * DAY_MINUTES), priceDecimals: 1 }],
    keys: [TEST_KEY],
    funds: { USDT: fixed('100000'), BTC: fixed('2') },
    ...options,
  });
  play(parts);
  return { parts, account: parts.accounts.get(TEST_KEY.key)!, clock };
}

/** A limit order of a perpetual, with what a test wants otherwise. Amounts as decimal text. */
export function orderRequest(
  wanted: Partial<Omit<OrderRequest, 'quantity' | 'price' | 'triggerPrice'>> & {
    readonly quantity: string;
    readonly price?: string;
    readonly triggerPrice?: string;
  },
): OrderRequest {
  const { quantity, price, triggerPrice, ...rest } = wanted;
  const isMarket = price === undefined;
  return {
    category: 'linear',
    symbol: 'BTCUSDT',
    side: 'Buy',
    orderType: isMarket ? 'Market' : 'Limit',
    quantity: fixed(quantity),
    inQuote: false,
    price: fixed(price ?? '0'),
    timeInForce: isMarket ? 'IOC' : 'GTC',
    orderLinkId: '',
    reduceOnly: false,
    closeOnTrigger: false,
    triggerPrice: fixed(triggerPrice ?? '0'),
    triggerDirection: 0,
    triggerBy: 'LastPrice',
    stopOrderType: triggerPrice === undefined ? '' : 'Stop',
    takeProfit: 0n,
    stopLoss: 0n,
    createType: 'CreateByUser',
    ...rest,
  };
}
