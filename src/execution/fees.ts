import type { Instrument } from '../domain/instrument.ts';
import type { Side } from '../domain/side.ts';
import { invariant, UserError } from '../foundation/errors.ts';
import {
  divide,
  fromNumber,
  type Money,
  multiply,
  notional,
  ONE,
  type Price,
  type Quantity,
} from '../foundation/fixed-point.ts';
import type { FeeCurrency, FeeModel } from './cost-models.ts';

/** What an order has paid so far, in its fee's currency: minimum and maximum bind an order, not a fill. */
export interface FeeAccount {
  /** By the rate alone. */
  accrued: Money;
  /** The value traded. */
  value: Money;
  /** Really charged. */
  charged: Money;
}

/** What a fill pays. */
export interface Fee {
  readonly amount: Money;
  readonly currency: string;
}

/** A {@link FeeModel} in exact numbers. */
export class Fees {
  readonly #model: FeeModel;
  readonly #currency: FeeCurrency;
  readonly #currencyPrice: Price;
  readonly #maker: bigint;
  readonly #taker: bigint;
  readonly #maximumRate: bigint | undefined;
  readonly #minimum: bigint;
  readonly #precision: bigint;
  /** One step of {@link #precision} in a product of two amounts, and half of it. */
  readonly #unit: bigint;
  readonly #halfUnit: bigint;
  /** What one unit of value costs a taker, with its fee. */
  readonly #withTaker: bigint;

  constructor(model: FeeModel) {
    for (const [name, value] of Object.entries(model)) {
      const signed = name === 'makerRate' || name === 'takerRate';
      if (typeof value === 'number' && !(Number.isFinite(value) && (signed ? value > -1 && value < 1 : value >= 0))) {
        throw new UserError(
          `Fees: "${name}" is ${value}, but it must be ${signed ? 'between -1 and 1' : 'at least 0'}.`,
        );
      }
    }
    this.#model = model;
    this.#currency = model.currency ?? 'quote';
    const price = typeof this.#currency === 'object' ? this.#currency.price : 1;
    if (!(Number.isFinite(price) && price > 0)) {
      throw new UserError(`Fees: the price of the fee's currency is ${price}, but it must be above 0.`);
    }
    this.#currencyPrice = fromNumber<Price>(price);
    this.#maker = fromNumber(model.kind === 'percent' ? model.makerRate : model.perUnit);
    this.#taker = fromNumber(model.kind === 'percent' ? model.takerRate : model.perUnit);
    const maximumRate = model.kind === 'per-unit' ? model.maximumRate : undefined;
    this.#maximumRate = maximumRate === undefined ? undefined : fromNumber(maximumRate);
    this.#minimum = fromNumber(model.minimum ?? 0);
    this.#precision = model.precision === undefined || model.precision === 0 ? 1n : fromNumber(model.precision);
    this.#unit = ONE * this.#precision;
    this.#halfUnit = this.#unit / 2n;
    this.#withTaker = ONE + this.#taker;
  }

  /** What a fill pays; `account` is its order's, and takes it in. */
  charge(
    instrument: Instrument,
    side: Side,
    liquidity: 'maker' | 'taker',
    price: Price,
    quantity: Quantity,
    account: FeeAccount,
  ): Fee {
    const { currency, value } = this.#paidIn(instrument, side, price, quantity);
    const rate = liquidity === 'maker' ? this.#maker : this.#taker;
    const basis = this.#model.kind === 'percent' ? value : quantity;
    const byRate = roundAway(basis * rate, this.#unit, this.#halfUnit);
    account.accrued = (account.accrued + (this.#precision === 1n ? byRate : byRate * this.#precision)) as Money;
    account.value = (account.value + value) as Money;
    let due: bigint = account.accrued > this.#minimum || this.#minimum === 0n ? account.accrued : this.#minimum;
    if (this.#maximumRate !== undefined) {
      const most = roundAway(account.value * this.#maximumRate, this.#unit, this.#halfUnit) * this.#precision;
      if (due > most) due = most;
    }
    const amount = (due - account.charged) as Money;
    account.charged = due as Money;
    return { amount, currency };
  }

  /**
   * The largest quantity (not on the step's grid yet) with `quantity × price + taker fee ≤ numerator ÷ ONE`, at least 0.
   * A fee paid in another currency counts at its rate; its minimum only where it is paid in quote currency.
   *
   * @param budget what may be spent, in units of 10⁻²⁴ of quote currency
   */
  affordable(budget: bigint, price: Price): Quantity {
    invariant(price > 0n, 'A price is positive', { price });
    const perUnit =
      this.#model.kind === 'percent' ? price * this.#withTaker : (price + this.#inQuote(this.#taker)) * ONE;
    const byRate = (budget * ONE) / perUnit;
    const quoted = this.#currency === 'quote' ? this.#minimum : 0n;
    const byMinimum = quoted === 0n ? byRate : (budget - quoted * ONE) / price;
    const least = byRate < byMinimum ? byRate : byMinimum;
    return (least > 0n ? least : 0n) as Quantity;
  }

  /** The fee's currency and the fill's value in it. */
  #paidIn(instrument: Instrument, side: Side, price: Price, quantity: Quantity): { currency: string; value: bigint } {
    const currency = this.#currency;
    const inBase = currency === 'base' || (currency === 'received' && side === 'buy');
    if (inBase) return { currency: instrument.baseCurrency, value: quantity };
    const value = notional(price, quantity);
    if (typeof currency === 'object') return { currency: currency.currency, value: divide(value, this.#currencyPrice) };
    return { currency: instrument.quoteCurrency, value };
  }

  /** An amount of the fee's currency in quote currency, where that is not the base. */
  #inQuote(amount: bigint): bigint {
    if (typeof this.#currency === 'object') return multiply(amount, this.#currencyPrice);
    return this.#currency === 'quote' ? amount : 0n;
  }
}

/** `dividend ÷ divisor`, rounded half away from zero; `half` is half the divisor. */
function roundAway(dividend: bigint, divisor: bigint, half: bigint): bigint {
  return (dividend >= 0n ? dividend + half : dividend - half) / divisor;
}
