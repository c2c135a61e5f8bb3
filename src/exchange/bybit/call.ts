import type { Clock } from '../../foundation/clock.ts';
import type { CandleBoard } from '../market/candle-board.ts';
import type { Category, InstrumentSpec } from '../market/instruments.ts';
import type { RecordedMarket } from '../market/market.ts';
import type { Account } from '../trading/account.ts';
import type { LookUpWindow } from '../trading/look-up-window.ts';
import { refuse } from '../trading/refusals.ts';
import type { Venue } from '../trading/venue.ts';
import type { Row } from './market-messages.ts';
import { type Params, RequestRefused } from './params.ts';

/** What routes work on. */
export interface RouteParts {
  readonly clock: Clock;
  readonly venue: Venue;
  readonly markets: readonly RecordedMarket[];
  readonly candles: CandleBoard;
  readonly lookUps: LookUpWindow;
}

/** One request that has been let in. */
export interface Call {
  readonly params: Params;
  readonly parts: RouteParts;
  /** Up to when look-ups know of things: now, or a while ago where they lag. */
  readonly asOf: number;
}

export interface PrivateCall extends Call {
  readonly account: Account;
}

/** `result` of the answer, and where items of a batch have codes of their own, `retExtInfo`. */
export interface Answer {
  readonly result: Row;
  readonly extra?: Row;
}

export interface PublicRoute {
  readonly method: 'GET';
  readonly path: string;
  readonly handle: (call: Call) => Answer;
}

export interface PrivateRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Requests a second of one account. */
  readonly limit: number;
  readonly handle: (call: PrivateCall) => Answer;
}

export function result(row: Row): Answer {
  return { result: row };
}

/** The market and the instrument that a request names. */
export function instrumentOf(
  { params, parts }: Call,
  category: Category,
): { market: RecordedMarket; spec: InstrumentSpec } {
  const symbol = params.required('symbol');
  const market = parts.markets.find((one) => one.symbol === symbol);
  const spec = parts.venue.spec(category, symbol);
  if (market === undefined || spec === undefined) throw new RequestRefused(refuse.symbol(category));
  return { market, spec };
}

/** A page of a list, newest first: what is after the cursor, at most `limit`; and the cursor of the next page. */
export function pageOf<Item>(
  items: readonly Item[],
  numberOf: (item: Item) => number,
  params: Params,
  { limit, most }: { readonly limit: number; readonly most: number },
): { readonly page: readonly Item[]; readonly nextPageCursor: string } {
  const cursor = params.text('cursor');
  const before = cursor === undefined ? Number.POSITIVE_INFINITY : Number(cursor.replace(/^before-/, ''));
  if (Number.isNaN(before)) throw new RequestRefused(refuse.parameter('cursor invalid'));
  const size = Math.min(params.integer('limit', 1, 1_000) ?? limit, most);
  const rest = items.filter((item) => numberOf(item) < before);
  const page = rest.slice(0, size);
  const last = page.at(-1);
  const nextPageCursor = last !== undefined && rest.length > size ? `before-${numberOf(last)}` : '';
  return { page, nextPageCursor };
}
