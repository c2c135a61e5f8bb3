import { type Money, notional, toNumber } from '../foundation/fixed-point.ts';
import type { Fill } from './fill.ts';

/** What figures need of a run's fills: instead of the fills themselves where many runs are made. */
export class FillTotals {
  /** How many fills. */
  length = 0;
  readonly #fees = new Map<string, Money>();
  #feeCurrency = '';
  /** Of {@link #feeCurrency}; the others are in the map. */
  #fee = 0n as Money;
  #turnover = 0;
  #lost = 0;

  /** Adds it to the sums. */
  push(fill: Fill): void {
    this.length += 1;
    this.#addFee(fill);
    // Neumaier's sum, as `sum` of the statistics has it: the same bits as a sum over all fills.
    const value = toNumber(notional(fill.price, fill.quantity));
    const next = this.#turnover + value;
    this.#lost += this.#turnover >= value ? this.#turnover - next + value : value - next + this.#turnover;
    this.#turnover = next;
  }

  /** Price × quantity of all fills, in float64. */
  get turnover(): number {
    return Number.isFinite(this.#turnover) ? this.#turnover + this.#lost : this.#turnover;
  }

  /** By currency. */
  get fees(): ReadonlyMap<string, Money> {
    return this.length === 0 ? this.#fees : new Map([...this.#fees, [this.#feeCurrency, this.#fee]]);
  }

  #addFee({ feeCurrency, fee }: Fill): void {
    if (feeCurrency !== this.#feeCurrency) {
      if (this.#feeCurrency !== '') this.#fees.set(this.#feeCurrency, this.#fee);
      this.#feeCurrency = feeCurrency;
      this.#fee = this.#fees.get(feeCurrency) ?? (0n as Money);
    }
    this.#fee = (this.#fee + fee) as Money;
  }
}
