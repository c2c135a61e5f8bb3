import { invariant } from '../foundation/errors.ts';
import {
  fixed,
  type Money,
  notional,
  type Price,
  type Quantity,
  type Rounding,
  snapNumber,
  toNumber,
} from '../foundation/fixed-point.ts';

/** What is traded, with the filters that its venue applies to orders. */
export interface Instrument {
  readonly symbol: string;
  /** What a quantity counts. */
  readonly baseCurrency: string;
  /** What a price, a notional and the profit are in. */
  readonly quoteCurrency: string;
  /** Prices are multiples of it. */
  readonly tickSize: Price;
  /** Quantities are multiples of it. */
  readonly stepSize: Quantity;
  readonly minimumQuantity: Quantity;
  readonly maximumQuantity: Quantity;
  /** The least value of an order, in quote currency. */
  readonly minimumNotional: Money;
  /** Whether a short position may be held. */
  readonly shortable: boolean;
}

/** An instrument from decimal texts. `shortable` defaults to true, the limits to none. */
export function instrument(terms: {
  readonly symbol: string;
  readonly baseCurrency: string;
  readonly quoteCurrency: string;
  readonly tickSize: string;
  readonly stepSize: string;
  readonly minimumQuantity?: string;
  readonly maximumQuantity?: string;
  readonly minimumNotional?: string;
  readonly shortable?: boolean;
}): Instrument {
  const made: Instrument = {
    symbol: terms.symbol,
    baseCurrency: terms.baseCurrency,
    quoteCurrency: terms.quoteCurrency,
    tickSize: fixed<Price>(terms.tickSize),
    stepSize: fixed<Quantity>(terms.stepSize),
    minimumQuantity: fixed<Quantity>(terms.minimumQuantity ?? terms.stepSize),
    maximumQuantity: fixed<Quantity>(terms.maximumQuantity ?? '1000000000000'),
    minimumNotional: fixed<Money>(terms.minimumNotional ?? '0'),
    shortable: terms.shortable ?? true,
  };
  invariant(made.tickSize > 0n && made.stepSize > 0n, 'Tick and step are positive', { symbol: made.symbol });
  return made;
}

/** A market-data price on the instrument's grid. */
export function snapPrice(instrument: Instrument, price: number, rounding: Rounding): Price {
  return snapNumber<Price>(price, instrument.tickSize, rounding);
}

/** A wished quantity (positive) on the instrument's grid, never more than wished. */
export function snapQuantity(instrument: Instrument, quantity: number): Quantity {
  return snapNumber<Quantity>(quantity, instrument.stepSize, 'down');
}

/** A venue's filter that an order breaks, with the numbers; `undefined` when it passes them all. */
export interface FilterBreach {
  readonly code: 'PRICE_TICK' | 'QUANTITY_STEP' | 'QUANTITY_MINIMUM' | 'QUANTITY_MAXIMUM' | 'NOTIONAL_MINIMUM';
  readonly value: number;
  readonly limit: number;
}

/** Checks price (where the order has one) and quantity against the instrument's filters. */
export function filterBreach(
  instrument: Instrument,
  quantity: Quantity,
  price: Price | undefined,
  referencePrice: Price,
): FilterBreach | undefined {
  if (price !== undefined && (price <= 0n || price % instrument.tickSize !== 0n)) {
    return breach('PRICE_TICK', price, instrument.tickSize);
  }
  if (quantity % instrument.stepSize !== 0n) return breach('QUANTITY_STEP', quantity, instrument.stepSize);
  if (quantity <= 0n || quantity < instrument.minimumQuantity) {
    return breach('QUANTITY_MINIMUM', quantity, instrument.minimumQuantity);
  }
  if (quantity > instrument.maximumQuantity) return breach('QUANTITY_MAXIMUM', quantity, instrument.maximumQuantity);
  // No value is below nothing.
  if (instrument.minimumNotional <= 0n) return undefined;
  const value = notional(price ?? referencePrice, quantity);
  if (value < instrument.minimumNotional) return breach('NOTIONAL_MINIMUM', value, instrument.minimumNotional);
  return undefined;
}

function breach(code: FilterBreach['code'], value: bigint, limit: bigint): FilterBreach {
  return { code, value: toNumber(value), limit: toNumber(limit) };
}
