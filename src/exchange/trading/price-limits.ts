import { multiply, ONE, roundToStep } from '../../foundation/fixed-point.ts';
import { failed, type Result, success } from '../../foundation/result.ts';
import type { InstrumentSpec } from '../market/instruments.ts';
import type { Account } from './account.ts';
import { type Refusal, refuse } from './refusals.ts';
import type { OrderRequest } from './venue-order.ts';

/** How far from the market a limit price may be: `priceLimitRatioX` of the instruments. */
export const PRICE_LIMIT_RATIO_X = ONE / 100n;

export interface PriceLimits {
  readonly highestBuy: bigint;
  readonly lowestSell: bigint;
}

/**
 * Bybit's limits ("Set Price Limit Behaviour"), with index and mark at the last price, where they come to last × (1 ± x).
 * In whole ticks, inside.
 */
export function priceLimits({ tickSize }: InstrumentSpec, last: bigint): PriceLimits {
  const room = multiply(last, PRICE_LIMIT_RATIO_X);
  return {
    highestBuy: roundToStep((last + room) as never, tickSize, 'down'),
    lowestSell: roundToStep((last - room) as never, tickSize, 'up'),
  };
}

/**
 * The price that a limit order may have: its own, or where it is beyond the limit the limit itself, if the account lets
 * prices be moved; else a refusal.
 */
export function limitedPrice(
  { side, category, orderType, price, triggerPrice }: Omit<OrderRequest, 'quantity'>,
  spec: InstrumentSpec,
  account: Account,
  last: bigint,
): Result<bigint, Refusal> {
  if (orderType === 'Market' || triggerPrice > 0n || last === 0n) return success(price);
  const { highestBuy, lowestSell } = priceLimits(spec, last);
  const limit = side === 'Buy' ? highestBuy : lowestSell;
  const isBeyond = side === 'Buy' ? price > limit : price < limit;
  if (!isBeyond) return success(price);
  return account.movesPrices[category] ? success(limit) : failed(refuse.priceLimit(category, side, limit));
}
