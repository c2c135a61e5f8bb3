import { filterBreach, type Instrument } from '../domain/instrument.ts';
import type { Execution, OrderTerms } from '../domain/order.ts';
import { fromNumber, type Price, toNumber, ZERO_MONEY } from '../foundation/fixed-point.ts';
import type { EpochMs } from '../foundation/time.ts';

/** Why the venue does not take an order. */
export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/**
 * What is wrong with an order's own terms; `undefined` when nothing is.
 *
 * @param lastPrice the symbol's last close, NaN before the first bar: then the least value can't be checked for an
 *   order without a price of its own
 */
export function refusalOf(
  terms: OrderTerms,
  instrument: Instrument,
  lastPrice: number,
  now: EpochMs,
): Refusal | undefined {
  const { execution, quantity, timeInForce } = terms;
  if (timeInForce.kind === 'GTD' && timeInForce.expiresAt <= now) {
    return { code: 'EXPIRED_ON_ARRIVAL', reason: `it was to expire at ${timeInForce.expiresAt}, and it is ${now}` };
  }
  const prices = pricesOf(execution);
  for (let index = 0; index < prices.length; index++) {
    const price = prices[index]!;
    if (price <= 0n || price % instrument.tickSize !== 0n) {
      return breached('PRICE_TICK', toNumber(price), toNumber(instrument.tickSize));
    }
  }
  if (quantity.kind === 'equity-fraction') {
    const { fraction } = quantity;
    if (Number.isFinite(fraction) && fraction > 0) return undefined;
    return { code: 'EQUITY_FRACTION', reason: `a share of equity of ${fraction} is not above 0` };
  }
  const price = valuePrice(execution);
  const hasMinimum = instrument.minimumNotional > 0n;
  const reference = price ?? (hasMinimum && !Number.isNaN(lastPrice) ? fromNumber<Price>(lastPrice) : undefined);
  // What reduces a position may be as small as what is left of it (Binance USDⓈ-M, error -4164).
  const isFree = terms.reduceOnly || reference === undefined;
  const filters = hasMinimum && isFree ? { ...instrument, minimumNotional: ZERO_MONEY } : instrument;
  const breach = filterBreach(filters, quantity.quantity, price, reference ?? instrument.tickSize);
  return breach && breached(breach.code, breach.value, breach.limit);
}

function breached(code: string, value: number, limit: number): Refusal {
  return { code, reason: `the venue's filter ${code}: ${value} against ${limit}` };
}

const none: readonly Price[] = [];

/** Every price, and price distance, that must lie on the tick's grid. */
function pricesOf(execution: Execution): readonly Price[] {
  switch (execution.type) {
    case 'market':
      return none;
    case 'limit':
      return [execution.limitPrice];
    case 'stop':
    case 'take-profit': {
      const { triggerPrice, limitPrice } = execution;
      return limitPrice === undefined ? [triggerPrice] : [triggerPrice, limitPrice];
    }
    case 'trailing-stop':
      return [execution.distance];
  }
}

/** The price at which the order's value is judged; `undefined`: the market's. */
function valuePrice(execution: Execution): Price | undefined {
  switch (execution.type) {
    case 'limit':
      return execution.limitPrice;
    case 'stop':
    case 'take-profit':
      return execution.limitPrice ?? execution.triggerPrice;
    default:
      return undefined;
  }
}
