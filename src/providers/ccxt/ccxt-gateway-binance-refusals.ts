import type { VenueRefusal } from '../../execution/order-gateway.ts';
import type { VenueRefused } from './ccxt-gateway-failures.ts';
import type { RefusalMeaning } from './ccxt-gateway-venue.ts';
import { isFields } from './venue-message.ts';

/*
 * What Binance's codes mean. One code, -2010, stands for every refusal of an order, so that its words must be read.
 * Source: binance-spot-api-docs, errors.md.
 */

const CLOCK = '-1021';
const KEY_DENIED = ['-1002', '-1022', '-2014', '-2015', 'HTTP 401'];
const LIMIT_OF_ORDERS = '-1015';
const LIMITS = ['-1003', '-1008'];
const NO_SUCH_ORDER = '-2013';
const CANCEL_REJECTED = '-2011';
/** Malformed requests (-11xx) and filters (-1013). */
const FILTER = /^-(?:11\d\d|1013|1020)$/;

const REJECTIONS: readonly (readonly [RegExp, VenueRefusal])[] = [
  [/insufficient balance/i, 'VENUE_INSUFFICIENT_FUNDS'],
  [/immediately match and take/i, 'VENUE_POST_ONLY'],
  [/PERCENT_PRICE/i, 'VENUE_PRICE_LIMIT'],
  [/Filter failure/i, 'VENUE_FILTER'],
];

/** `code` and `msg` of an answer that is none. */
export function binanceRefusalIn(answer: unknown): { readonly code: string; readonly message: string } | undefined {
  if (!isFields(answer) || typeof answer.code !== 'number' || answer.code >= 0) return undefined;
  return { code: String(answer.code), message: String(answer.msg) };
}

export function binanceLimit({ code, status }: VenueRefused): 'path' | 'all' | undefined {
  if (status === 429 || status === 418 || code === 'HTTP 403' || LIMITS.includes(code)) return 'all';
  return code === LIMIT_OF_ORDERS ? 'path' : undefined;
}

export function isBinanceKeyDenied(code: string): boolean {
  return KEY_DENIED.includes(code);
}

export function isBinanceClockRefused(code: string): boolean {
  return code === CLOCK;
}

export function binanceMeaning({ code, message: reason }: VenueRefused): RefusalMeaning {
  if (isBinanceKeyDenied(code)) return { kind: 'refused', code: 'VENUE_KEY_DENIED', reason };
  if (code === CLOCK) return { kind: 'refused', code: 'VENUE_EXPIRED', reason };
  if (code === '-2010' || FILTER.test(code)) {
    if (/duplicate/i.test(reason)) return { kind: 'duplicate' };
    const known = REJECTIONS.find(([words]) => words.test(reason))?.[1];
    return { kind: 'refused', code: known ?? (code === '-2010' ? 'VENUE_REFUSED' : 'VENUE_FILTER'), reason };
  }
  // -1006, -1007 and the other troubles of the exchange: "execution status unknown".
  return { kind: 'unknown', reason };
}

export function isBinanceGone({ code, message }: VenueRefused): boolean {
  return code === NO_SUCH_ORDER || (code === CANCEL_REJECTED && /unknown order/i.test(message));
}
