import { formatFixed } from '../../foundation/fixed-point.ts';
import type { Category } from '../market/instruments.ts';

/** Why a request is refused: Bybit's code and words. */
export interface Refusal {
  readonly code: number;
  readonly message: string;
}

function refusal(code: number, message: string): Refusal {
  return { code, message };
}

/** A refusal that has a code of its own on each side of the exchange. */
function byCategory(linear: Refusal, spot: Refusal): (category: Category) => Refusal {
  return (category) => (category === 'spot' ? spot : linear);
}

/** The codes of Bybit's documentation ("Error codes", "Order cancellation"), as far as this exchange gives them. */
export const refuse = {
  parameter: (detail: string) => refusal(10001, `params error: ${detail}`),
  timestamp: (message: string) => refusal(10002, message),
  apiKey: () => refusal(10003, 'API key is invalid.'),
  signature: (origin: string) => refusal(10004, `error sign! origin_string[${origin}]`),
  permission: () => refusal(10005, 'Permission denied, please check your API key permissions.'),
  tooManyVisits: () => refusal(10006, 'Too many visits. Exceeded the API Rate Limit.'),
  server: () => refusal(10016, 'Server error.'),
  route: () => refusal(10017, 'Route not found.'),
  symbol: byCategory(refusal(10001, 'params error: Symbol Invalid'), refusal(170121, 'Invalid symbol.')),
  unknownOrder: byCategory(
    refusal(110001, 'order not exists or too late to cancel'),
    refusal(170213, 'Order does not exist.'),
  ),
  priceRange: () => refusal(110003, 'Order price exceeds the allowable range.'),
  priceHigh: () => refusal(170132, 'Order price too high.'),
  priceLow: () => refusal(170133, 'Order price lower than the minimum.'),
  priceLimit: (category: Category, side: 'Buy' | 'Sell', limit: bigint) => {
    if (category === 'linear') return refusal(110003, 'Order price exceeds the allowable range.');
    return side === 'Buy'
      ? refusal(170193, `Buy order price cannot be higher than ${formatFixed(limit)}.`)
      : refusal(170194, `Sell order price cannot be lower than ${formatFixed(limit)}.`);
  },
  notTrading: byCategory(
    refusal(110066, 'No trading is allowed at the current time.'),
    refusal(170157, 'The trading pair is not available for api trading.'),
  ),
  keyExpired: () => refusal(33004, 'Your api key has expired.'),
  unmatchedAddress: () => refusal(10010, "Unmatched IP, please check your API key's bound IP addresses."),
  priceStep: byCategory(
    refusal(10001, 'params error: price is not a multiple of the tick size'),
    refusal(170134, 'Order price decimal too long.'),
  ),
  quantityStep: byCategory(refusal(10001, 'Qty invalid'), refusal(170137, 'Order volume decimal too long.')),
  quantityMinimum: byCategory(
    refusal(10001, 'The number of contracts is below the minimum allowed'),
    refusal(170136, 'Order quantity lower than the minimum.'),
  ),
  quantityMaximum: byCategory(
    refusal(10001, 'The number of contracts exceeds maximum limit allowed'),
    refusal(170124, 'Order amount too large.'),
  ),
  notional: byCategory(
    refusal(110094, 'Order does not meet minimum order value 5USDT'),
    refusal(170140, 'Order value exceeded lower limit.'),
  ),
  balance: byCategory(refusal(110007, 'ab not enough for new order'), refusal(170131, 'Insufficient balance.')),
  duplicateLinkId: byCategory(
    refusal(110072, 'OrderLinkedID is duplicate'),
    refusal(170141, 'Duplicate clientOrderId.'),
  ),
  reduceOnly: () => refusal(110017, 'current position is zero, cannot fix reduce-only order qty'),
  tooManyOrders: () => refusal(110020, 'Not allowed to have more than 500 active orders.'),
  leverageUnchanged: () => refusal(110043, 'leverage not modified'),
  triggerNotAbove: () => refusal(110092, 'expect Rising, but trigger_price is not above the current price'),
  triggerNotBelow: () => refusal(110093, 'expect Falling, but trigger_price is not below the current price'),
  unchanged: () => refusal(10001, 'The order remains unchanged as the parameters entered match the existing ones.'),
} as const;
