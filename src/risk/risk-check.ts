import type { Instrument } from '../domain/instrument.ts';
import type { EpochMs } from '../foundation/time.ts';

/** The stable codes of refusals: programs and people may rely on them. */
export type RefusalCode =
  | 'NOT_A_NUMBER'
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

/** PORT: what the gate must know of the account at the moment of the check. Float64; the gate rejects what is not finite. */
export interface RiskView {
  readonly time: EpochMs;
  readonly equity: number;
  /** The latest close of the symbol. */
  price(symbol: string): number;
  /** The position, signed, in units of base. */
  position(symbol: string): number;
  /** What working and just submitted orders may yet add to the position: the larger of all buys and all sells, in units. */
  pendingExposure(symbol: string, side: 'buy' | 'sell'): number;
  /** |position × price| of every symbol, with what pending entries may add. */
  grossExposure(): number;
  openOrders(): number;
  instrument(symbol: string): Instrument;
}
