import type { Money } from '../foundation/fixed-point.ts';
import type { EpochMs } from '../foundation/time.ts';

/** What a position in a perpetual paid to the other side, or received, at a funding time. It moves money and no position. */
export interface FundingPayment {
  /** The venue's id; booked once. */
  readonly paymentId: string;
  readonly botId: string;
  readonly symbol: string;
  /** Positive: paid; negative: received. */
  readonly amount: Money;
  readonly currency: string;
  readonly time: EpochMs;
}
