import type { Fill } from '../domain/fill.ts';
import type { FundingPayment } from '../domain/funding.ts';
import { type Instrument, snapPrice } from '../domain/instrument.ts';
import { Portfolio } from '../domain/portfolio.ts';
import type { RoundTrip } from '../domain/position.ts';
import { InvariantError, invariant } from '../foundation/errors.ts';
import { type Money, type Price, toNumber } from '../foundation/fixed-point.ts';
import type { Json } from '../foundation/json.ts';
import type { AccountNumbers } from './engine-market.ts';

/**
 * The exact portfolio with its float64 shadow. Fills go to the portfolio; the shadow (cash, positions) is derived from it
 * after each fill, so that equity at each bar costs a few multiplications and is the same function of the same exact
 * state in every mode. Marks are the latest closes.
 */
export class Account implements AccountNumbers {
  readonly portfolio: Portfolio;
  /** Cash and positions at their marks. A plain field: at each bar several ask for it, and a getter's float64 is boxed. */
  equity = Number.NaN;
  readonly #symbols: readonly string[];
  readonly #indexOf: ReadonlyMap<string, number>;
  // Plain lists: a typed array's elements cost twice as much to reach, and equity is asked for at each bar.
  readonly #quantities: number[];
  readonly #marks: number[];
  /** The price of one unit of each other currency in which fees may be paid, in the portfolio's own. */
  readonly #rates: ReadonlyMap<string, number>;
  // From a float64, as `equity` is: a field that begins as undefined is never kept unboxed, and costs memory at each bar.
  #cash = Number.NaN;

  constructor(
    currency: string,
    startingBalance: Money,
    instruments: readonly Instrument[],
    rates: ReadonlyMap<string, number>,
  ) {
    this.portfolio = new Portfolio(currency, startingBalance, instruments);
    this.#symbols = instruments.map((one) => one.symbol);
    this.#indexOf = new Map(this.#symbols.map((symbol, index) => [symbol, index]));
    this.#quantities = doubles(instruments.length, 0);
    this.#marks = doubles(instruments.length, Number.NaN);
    this.#rates = rates;
    this.#cash = toNumber(startingBalance);
    this.equity = this.#cash;
    for (const one of instruments) {
      invariant(one.quoteCurrency === currency, 'Every symbol of a bot is quoted in its account currency', {
        symbol: one.symbol,
        quoteCurrency: one.quoteCurrency,
        accountCurrency: currency,
      });
    }
  }

  indexOf(symbol: string): number {
    if (symbol === this.#symbols[0]) return 0;
    const index = this.#indexOf.get(symbol);
    if (index === undefined) throw new InvariantError('No such symbol in the account', { symbol });
    return index;
  }

  /** Finds {@link equity} anew: to be called when marks were set. Fills do it by themselves. */
  revalue(): void {
    let total = this.#cash;
    for (let index = 0; index < this.#quantities.length; index++) {
      const quantity = this.#quantities[index]!;
      if (quantity !== 0) total += quantity * this.#marks[index]!;
    }
    this.equity = total;
  }

  /** Cash of all currencies, in the account's own. */
  get cash(): number {
    return this.#cash;
  }

  position(symbol: string): number {
    return this.#quantities[this.indexOf(symbol)]!;
  }

  mark(symbol: string): number {
    return this.#marks[this.indexOf(symbol)]!;
  }

  setMark(index: number, close: number): void {
    this.#marks[index] = close;
  }

  /** Equity in exact money, with `symbol` marked at `price` and the others at their latest closes. */
  exactEquity(symbol: string, price: Price): Money {
    const { portfolio } = this;
    // Flat, and all in one currency: equity is cash.
    if (portfolio.currencies.length === 1 && this.#isFlat()) return portfolio.balance(portfolio.currency);
    return portfolio.equity(
      (other) => (other === symbol ? price : snapPrice(portfolio.instrument(other), this.mark(other), 'nearest')),
      (currency) => {
        throw new InvariantError('Sizing at the fill needs fees in the account currency', { currency });
      },
    );
  }

  #isFlat(): boolean {
    for (let index = 0; index < this.#quantities.length; index++) if (this.#quantities[index] !== 0) return false;
    return true;
  }

  book(fill: Fill): RoundTrip | undefined {
    const roundTrip = this.portfolio.apply(fill);
    this.#deriveCash();
    this.#quantities[this.indexOf(fill.symbol)] = toNumber(this.portfolio.position(fill.symbol).quantity);
    this.revalue();
    return roundTrip;
  }

  pay(payment: FundingPayment): void {
    this.portfolio.pay(payment);
    this.#deriveCash();
    this.revalue();
  }

  snapshot(): Json {
    return {
      portfolio: this.portfolio.snapshot(),
      marks: Array.from(this.#marks, (mark) => (Number.isNaN(mark) ? null : mark)),
    };
  }

  restore(state: Json): void {
    const saved = state as { readonly portfolio: Json; readonly marks: readonly (number | null)[] };
    this.portfolio.restore(saved.portfolio);
    saved.marks.forEach((mark, index) => {
      this.#marks[index] = mark ?? Number.NaN;
    });
    this.#derive();
  }

  #derive(): void {
    const { portfolio } = this;
    this.#deriveCash();
    for (const [index, symbol] of this.#symbols.entries())
      this.#quantities[index] = toNumber(portfolio.position(symbol).quantity);
    this.revalue();
  }

  #deriveCash(): void {
    const { portfolio } = this;
    if (portfolio.currencies.length === 1) {
      this.#cash = toNumber(portfolio.balance(portfolio.currency));
      return;
    }
    this.#cash = 0;
    for (const [currency, balance] of portfolio.balances) {
      if (balance === 0n) continue;
      this.#cash += toNumber(balance) * this.#rate(currency);
    }
  }

  #rate(currency: string): number {
    if (currency === this.portfolio.currency) return 1;
    const rate = this.#rates.get(currency);
    invariant(rate !== undefined, 'No rate for a currency in which fees are paid', { currency });
    return rate;
  }
}

/** A list that V8 keeps as float64 from its beginning, also when it holds whole numbers. */
export function doubles(length: number, value: number): number[] {
  return Array.from({ length }, () => 0.5).fill(value);
}
