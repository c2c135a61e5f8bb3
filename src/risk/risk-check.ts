import type { Instrument } from '../domain/instrument.ts';
import type { EpochMs } from '../foundation/time.ts';

/** The stable codes of refusals: programs and people may rely on them. */
export type RefusalCode =
  | 'NOT_A_NUMBER'
  | 'STALE_PRICE'
  | 'BAD_SIGNAL'
  | 'HALTED'
  | 'SHORT_NOT_ALLOWED'
  | 'FILTER_PRICE_TICK'
  | 'FILTER_QUANTITY_STEP'
  | 'FILTER_QUANTITY_MINIMUM'
  | 'FILTER_QUANTITY_MAXIMUM'
  | 'FILTER_NOTIONAL_MINIMUM'
  | 'PRICE_COLLAR'
  | 'ORDER_VALUE'
  | 'ORDER_QUANTITY'
  | 'OPEN_ORDERS'
  | 'ORDER_RATE'
  | 'POSITION_SIZE'
  | 'RISK_PER_TRADE'
  | 'CASH_RESERVE'
  | 'DAILY_LOSS_LIMIT'
  | 'TRADES_PER_DAY';

/** A refusal: which limit, what was asked, what is allowed. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly value: number;
  readonly limit: number;
  readonly message: string;
}

/**
 * The bounds of a position, signed, in units of base: `low` when every working sell fills and no buy, `high` the
 * reverse. An exit at the market is as good as done; an exit that waits for its price may come first or never.
 */
export interface Reach {
  readonly low: number;
  readonly high: number;
}

/** PORT: what the gate must know of the account at the moment of the check. Float64; the gate rejects what is not finite. */
export interface RiskView {
  readonly time: EpochMs;
  readonly equity: number;
  /** The latest close of the symbol. */
  price(symbol: string): number;
  /** How old that price is in real time, in milliseconds; 0 where the market's own time is all there is. */
  priceAge(symbol: string): number;
  /** How far the position may get to either side when working and just submitted orders fill. */
  reach(symbol: string): Reach;
  /** The value of every other symbol's {@link Reach} on its larger side. */
  exposureBesides(symbol: string): number;
  openOrders(): number;
  instrument(symbol: string): Instrument;
}
