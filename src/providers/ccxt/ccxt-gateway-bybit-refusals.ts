import type { VenueRefusal } from '../../execution/order-gateway.ts';
import type { VenueRefused } from './ccxt-gateway-failures.ts';
import type { RefusalMeaning } from './ccxt-gateway-venue.ts';
import { isFields } from './venue-message.ts';

/*
 * What Bybit's codes mean for an order that was sent. Source: bybit-exchange/docs, docs/v5/error.mdx. A code that stands
 * nowhere here is taken as the venue's refusal where it belongs to trading (110xxx, 170xxx) and does not speak of trouble
 * on its own side; every other one leaves in doubt what happened.
 */

const LIMITS = ['10006', '10018', '10429', '170005', '170222'];
const KEY_DENIED = ['10003', '10004', '10005', '10007', '10008', '10009', '10010', '10024', '33004', 'HTTP 401'];
const CLOCK = '10002';
const DUPLICATE = ['110072', '170141'];
/** Timeouts, restarts and defects of the exchange: it may have taken the order all the same. */
const IN_DOUBT = ['10000', '10014', '10016', '10019', '10404', '170001', '170007', '170032', '170146', '170147'];
const TROUBLE = /time ?out|try again|internal|system|busy|unknown|maintenance|server/i;
const GONE = ['110001', '110008', '110010', '170139', '170142', '170143', '170213'];

const MEANINGS: readonly (readonly [VenueRefusal, readonly string[]])[] = [
  [
    'VENUE_INSUFFICIENT_FUNDS',
    [
      '110004',
      '110006',
      '110007',
      '110012',
      '110014',
      '110044',
      '110045',
      '110051',
      '110052',
      '110053',
      '170033',
      '170131',
    ],
  ],
  ['VENUE_PRICE_LIMIT', ['110003', '170132', '170133', '170193', '170194', '110125', '110126']],
  [
    'VENUE_FILTER',
    ['10001', '110094', '170121', '170124', '170134', '170135', '170136', '170137', '170140', '170148', '170149'],
  ],
  ['VENUE_REDUCE_ONLY', ['110017', '110086']],
  ['VENUE_POST_ONLY', ['170218']],
  ['VENUE_KEY_DENIED', KEY_DENIED],
  ['VENUE_EXPIRED', [CLOCK]],
];

/** `retCode` and `retMsg` of an answer that is none. */
export function bybitRefusalIn(answer: unknown): { readonly code: string; readonly message: string } | undefined {
  if (!isFields(answer) || answer.retCode === 0 || answer.retCode === undefined) return undefined;
  return { code: String(answer.retCode), message: String(answer.retMsg) };
}

export function bybitLimit({ code, status }: VenueRefused): 'path' | 'all' | undefined {
  // 403 without a code of Bybit is the limit of an address.
  if (status === 429 || code === 'HTTP 403') return 'all';
  return LIMITS.includes(code) ? 'path' : undefined;
}

export function isBybitKeyDenied(code: string): boolean {
  return KEY_DENIED.includes(code);
}

export function isBybitClockRefused(code: string): boolean {
  return code === CLOCK;
}

export function bybitMeaning({ code, message: reason }: VenueRefused): RefusalMeaning {
  if (DUPLICATE.includes(code)) return { kind: 'duplicate' };
  if (IN_DOUBT.includes(code)) return { kind: 'unknown', reason };
  const known = MEANINGS.find(([, codes]) => codes.includes(code))?.[0];
  if (known !== undefined) return { kind: 'refused', code: known, reason };
  const isOfTrading = /^1[17]0\d{3}$/.test(code) && !TROUBLE.test(reason);
  return isOfTrading ? { kind: 'refused', code: 'VENUE_REFUSED', reason } : { kind: 'unknown', reason };
}

export function isBybitGone({ code }: VenueRefused): boolean {
  return GONE.includes(code);
}
