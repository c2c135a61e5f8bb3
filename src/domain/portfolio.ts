import { InvariantError } from '../foundation/errors.ts';
import { type Money, notional, type Price, ZERO_MONEY } from '../foundation/fixed-point.ts';
import type { Json, JsonObject } from '../foundation/json.ts';
import { decodeState, encodeState } from '../foundation/state-codec.ts';
import type { Fill } from './fill.ts';
import type { Instrument } from './instrument.ts';
import { Position, type RoundTrip } from './position.ts';

/**
 * The only place where money moves. Every fill moves quote currency one way and the position the other, and its fee
 * out of the balance of the fee's currency; nothing else changes anything. A short sale's proceeds are in the balance,
 * so `equity = Σ balances + Σ quantity × mark` holds for spot, margin and linear contracts alike.
 */
export class Portfolio {
  /** The currency that equity is said in. */
  readonly currency: string;
  readonly startingBalance: Money;
  readonly #instruments: ReadonlyMap<string, Instrument>;
  #balances = new Map<string, Money>();
  #positions = new Map<string, Position>();
  #fees = new Map<string, Money>();
  #booked = 0;

  constructor(currency: string, startingBalance: Money, instruments: readonly Instrument[]) {
    this.currency = currency;
    this.startingBalance = startingBalance;
    this.#instruments = new Map(instruments.map((one) => [one.symbol, one]));
    this.#balances.set(currency, startingBalance);
    for (const one of instruments) this.#positions.set(one.symbol, new Position(one.symbol));
  }

  /** How many fills were booked. */
  get fillCount(): number {
    return this.#booked;
  }

  balance(currency: string): Money {
    return this.#balances.get(currency) ?? ZERO_MONEY;
  }

  get balances(): ReadonlyMap<string, Money> {
    return this.#balances;
  }

  /** What was paid in fees so far, by currency. */
  get fees(): ReadonlyMap<string, Money> {
    return this.#fees;
  }

  position(symbol: string): Position {
    const position = this.#positions.get(symbol);
    if (position === undefined) refuseSymbol(symbol);
    return position;
  }

  positions(): Iterable<Position> {
    return this.#positions.values();
  }

  instrument(symbol: string): Instrument {
    const found = this.#instruments.get(symbol);
    if (found === undefined) refuseSymbol(symbol);
    return found;
  }

  /** Books a fill. Gives the round trip that it ended, if it ended one. */
  apply(fill: Fill): RoundTrip | undefined {
    const { quoteCurrency } = this.instrument(fill.symbol);
    const { feeCurrency, fee } = fill;
    const value = notional(fill.price, fill.quantity);
    const paid = (fill.side === 'buy' ? -value : value) as Money;
    if (feeCurrency === quoteCurrency) this.#move(quoteCurrency, (paid - fee) as Money);
    else {
      this.#move(quoteCurrency, paid);
      this.#move(feeCurrency, -fee as Money);
    }
    this.#fees.set(feeCurrency, ((this.#fees.get(feeCurrency) ?? 0n) + fee) as Money);
    this.#booked += 1;
    return this.position(fill.symbol).apply(fill, feeCurrency === quoteCurrency ? fee : ZERO_MONEY, value);
  }

  /**
   * Equity in {@link currency} at the given marks, exactly. `mark` gives a symbol's price, `rate` the price of one unit
   * of another currency in {@link currency}; it is asked only for currencies with a balance.
   */
  equity(mark: (symbol: string) => Price, rate: (currency: string) => Price = unknownRate): Money {
    let total = 0n;
    for (const [currency, balance] of this.#balances) total += this.#converted(currency, balance, rate);
    for (const position of this.#positions.values()) {
      if (position.quantity === 0n) continue;
      const { quoteCurrency } = this.instrument(position.symbol);
      total += this.#converted(quoteCurrency, notional(mark(position.symbol), position.quantity), rate);
    }
    return total as Money;
  }

  realisedProfit(): Money {
    let total = 0n;
    for (const position of this.#positions.values()) total += position.realisedProfit;
    return total as Money;
  }

  snapshot(): Json {
    return {
      balances: encodeState(this.#balances),
      fees: encodeState(this.#fees),
      booked: this.#booked,
      positions: [...this.#positions.values()].map((position) => [position.symbol, position.snapshot()]),
    };
  }

  restore(state: Json): void {
    const saved = state as JsonObject;
    this.#balances = decodeState(saved.balances!) as Map<string, Money>;
    this.#fees = decodeState(saved.fees!) as Map<string, Money>;
    this.#booked = saved.booked as number;
    for (const [symbol, position] of saved.positions as readonly (readonly [string, Json])[]) {
      this.position(symbol).restore(position);
    }
  }

  #move(currency: string, amount: Money): void {
    this.#balances.set(currency, ((this.#balances.get(currency) ?? 0n) + amount) as Money);
  }

  #converted(currency: string, amount: Money, rate: (currency: string) => Price): bigint {
    if (currency === this.currency || amount === 0n) return amount;
    return (amount * rate(currency)) / 1_000_000_000_000n;
  }
}

function refuseSymbol(symbol: string): never {
  throw new InvariantError('No such symbol in the portfolio', { symbol });
}

function unknownRate(currency: string): never {
  throw new InvariantError('No rate for a currency in the portfolio', { currency });
}
