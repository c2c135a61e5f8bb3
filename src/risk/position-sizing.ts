import { invariant } from '../foundation/errors.ts';
import type { RiskLimits } from './limits.ts';

/** How large an entry is. */
export type PositionSizing =
  /** The same number of units each time. */
  | { readonly kind: 'fixed'; readonly quantity: number }
  /** A share of equity at the price of the decision. */
  | { readonly kind: 'percent-of-equity'; readonly fraction: number }
  /** So many units that the way to the stop costs this share of equity; entries without a stop take `assumedAdverseMove`. */
  | { readonly kind: 'risk-based'; readonly riskFraction: number }
  /** Equity × target ÷ the symbol's own volatility, both annual; at most `maximumFraction` of equity. */
  | { readonly kind: 'volatility-target'; readonly annualVolatility: number; readonly maximumFraction: number }
  /** A share of equity at the price of the fill, found by the simulated venue. No real venue can do it. */
  | { readonly kind: 'equity-fraction-at-fill'; readonly fraction: number };

export interface SizingInput {
  readonly equity: number;
  readonly price: number;
  readonly stopPrice: number | undefined;
  /** Annual, as a fraction; NaN while unknown. */
  readonly annualVolatility: number;
  /** 0 … 1. */
  readonly strength: number;
}

/**
 * The wished quantity in units of base, before the instrument's step. Never more than the limits on position size and on
 * risk per trade let through, so that a sound entry is made smaller, not refused. 0 when nothing can be sized.
 */
export function entryQuantity(sizing: PositionSizing, limits: RiskLimits, input: SizingInput): number {
  const { equity, price, stopPrice, strength } = input;
  if (!(equity > 0 && price > 0)) return 0;
  const distance = stopPrice === undefined ? price * limits.assumedAdverseMove : Math.abs(price - stopPrice);
  const wished = wishedQuantity(sizing, input, distance) * strength;
  const byPosition = (limits.maximumPositionSize * equity) / price;
  // A distance that is no number sizes nothing.
  const byRisk = distance === 0 ? Number.POSITIVE_INFINITY : (limits.maximumRiskPerTrade * equity) / distance;
  const quantity = Math.min(wished, byPosition, byRisk);
  return Number.isFinite(quantity) && quantity > 0 ? quantity : 0;
}

function wishedQuantity(sizing: PositionSizing, input: SizingInput, stopDistance: number): number {
  const { equity, price, annualVolatility } = input;
  switch (sizing.kind) {
    case 'fixed':
      return sizing.quantity;
    case 'percent-of-equity':
      return (sizing.fraction * equity) / price;
    case 'risk-based':
      return stopDistance > 0 ? (sizing.riskFraction * equity) / stopDistance : 0;
    case 'volatility-target': {
      if (!(annualVolatility > 0)) return 0;
      return (Math.min(sizing.annualVolatility / annualVolatility, sizing.maximumFraction) * equity) / price;
    }
    case 'equity-fraction-at-fill':
      invariant(false, 'Sized by the venue, not here', { sizing: sizing.kind });
  }
}

/**
 * Exponentially weighted volatility of log returns, λ = 0.94 (RiskMetrics Technical Document, J. P. Morgan 1996, 5.2),
 * annualised by the number of bars in 365 days. NaN before the twentieth return.
 */
export class VolatilityEstimate {
  private previous = Number.NaN;
  private variance = Number.NaN;
  private count = 0;
  private readonly barsPerYear: number;

  constructor(intervalMs: number) {
    this.barsPerYear = (365 * 86_400_000) / intervalMs;
  }

  update(close: number): void {
    if (this.count > 0) {
      const logReturn = Math.log(close / this.previous);
      const square = logReturn * logReturn;
      this.variance = this.count === 1 ? square : 0.94 * this.variance + 0.06 * square;
    }
    this.previous = close;
    this.count += 1;
  }

  get annual(): number {
    return this.count > 20 ? Math.sqrt(this.variance * this.barsPerYear) : Number.NaN;
  }

  /** Fields for a checkpoint; NaN is written by the caller's codec. */
  state(): readonly number[] {
    return [this.previous, this.variance, this.count];
  }

  takeUp(state: readonly number[]): void {
    this.previous = state[0]!;
    this.variance = state[1]!;
    this.count = state[2]!;
  }
}
