import { InvariantError } from '../foundation/errors.ts';
import { type Money, notional, type Price, ZERO_MONEY } from '../foundation/fixed-point.ts';
import type { Json, JsonObject } from '../foundation/json.ts';
import { decodeState, encodeState } from '../foundation/state-codec.ts';
import type { Fill } from './fill.ts';
import type { FundingPayment } from './funding.ts';
import type { Instrument } from './instrument.ts';
import { Position, type RoundTrip } from './position.ts';

/**
 * The only place where money moves. Every fill moves quote currency one way and the position the other, and its fee
 * out of the balance of the fee's currency; funding moves its currency alone; nothing else changes anything. A short sale's proceeds are in the balance,
 * so `equity = Σ balances + Σ quantity × mark` holds for spot, margin and linear contracts alike.
 */
export class Portfolio {
  /** The currency that equity is said in. */
  readonly currency: string;
  readonly startingBalance: Money;
  readonly #instruments: readonly Instrument[];
  readonly #positions: readonly Position[];
  readonly #indexOf: ReadonlyMap<string, number>;
  #balances = new Amounts();
  #fees = new Amounts();
  #funding = new Amounts();
  #booked = 0;

  constructor(currency: string, startingBalance: Money, instruments: readonly Instrument[]) {
    this.currency = currency;
    this.startingBalance = startingBalance;
    this.#instruments = instruments;
    this.#positions = instruments.map((one) => new Position(one.symbol));
    this.#indexOf = new Map(instruments.map((one, index) => [one.symbol, index]));
    this.#balances.add(currency, startingBalance);
  }

  /** How many fills were booked. */
  get fillCount(): number {
    return this.#booked;
  }

  balance(currency: string): Money {
    return this.#balances.of(currency);
  }

  get balances(): ReadonlyMap<string, Money> {
    return this.#balances.toMap();
  }

  /** Those that {@link balances} are in. */
  get currencies(): readonly string[] {
    return this.#balances.currencies;
  }

  /** What was paid in fees so far, by currency. */
  get fees(): ReadonlyMap<string, Money> {
    return this.#fees.toMap();
  }

  /** What was paid as funding so far, by currency; negative where more was received. */
  get funding(): ReadonlyMap<string, Money> {
    return this.#funding.toMap();
  }

  position(symbol: string): Position {
    return this.#positions[this.#index(symbol)]!;
  }

  positions(): Iterable<Position> {
    return this.#positions;
  }

  instrument(symbol: string): Instrument {
    return this.#instruments[this.#index(symbol)]!;
  }

  /** Books a fill. Gives the round trip that it ended, if it ended one. */
  apply(fill: Fill): RoundTrip | undefined {
    const index = this.#index(fill.symbol);
    const { quoteCurrency } = this.#instruments[index]!;
    const { feeCurrency, fee } = fill;
    const value = notional(fill.price, fill.quantity);
    const paid = (fill.side === 'buy' ? -value : value) as Money;
    if (feeCurrency === quoteCurrency) this.#balances.add(quoteCurrency, (paid - fee) as Money);
    else {
      this.#balances.add(quoteCurrency, paid);
      this.#balances.add(feeCurrency, -fee as Money);
    }
    this.#fees.add(feeCurrency, fee);
    this.#booked += 1;
    return this.#positions[index]!.apply(fill, feeCurrency === quoteCurrency ? fee : ZERO_MONEY, value);
  }

  pay({ amount, currency }: FundingPayment): void {
    this.#balances.add(currency, -amount as Money);
    this.#funding.add(currency, amount);
  }

  /**
   * Equity in {@link currency} at the given marks, exactly. `mark` gives a symbol's price, `rate` the price of one unit
   * of another currency in {@link currency}; it is asked only for currencies with a balance.
   */
  equity(mark: (symbol: string) => Price, rate: (currency: string) => Price = unknownRate): Money {
    let total = 0n;
    const { currencies } = this.#balances;
    for (let index = 0; index < currencies.length; index++) {
      total += this.#converted(currencies[index]!, this.#balances.at(index), rate);
    }
    for (let index = 0; index < this.#positions.length; index++) {
      const position = this.#positions[index]!;
      if (position.quantity === 0n) continue;
      const { quoteCurrency } = this.#instruments[index]!;
      total += this.#converted(quoteCurrency, notional(mark(position.symbol), position.quantity), rate);
    }
    return total as Money;
  }

  realisedProfit(): Money {
    let total = 0n;
    for (const position of this.#positions) total += position.realisedProfit;
    return total as Money;
  }

  snapshot(): Json {
    return {
      balances: encodeState(this.#balances.toMap()),
      fees: encodeState(this.#fees.toMap()),
      funding: encodeState(this.#funding.toMap()),
      booked: this.#booked,
      positions: this.#positions.map((position) => [position.symbol, position.snapshot()]),
    };
  }

  restore(state: Json): void {
    const saved = state as JsonObject;
    this.#balances = Amounts.from(decodeState(saved.balances!) as Map<string, Money>);
    this.#fees = Amounts.from(decodeState(saved.fees!) as Map<string, Money>);
    this.#funding = Amounts.from(decodeState(saved.funding!) as Map<string, Money>);
    this.#booked = saved.booked as number;
    for (const [symbol, position] of saved.positions as readonly (readonly [string, Json])[]) {
      this.position(symbol).restore(position);
    }
  }

  #index(symbol: string): number {
    if (symbol === this.#positions[0]!.symbol) return 0;
    const index = this.#indexOf.get(symbol);
    if (index === undefined) throw new InvariantError('No such symbol in the portfolio', { symbol });
    return index;
  }

  #converted(currency: string, amount: Money, rate: (currency: string) => Price): bigint {
    if (currency === this.currency || amount === 0n) return amount;
    return (amount * rate(currency)) / 1_000_000_000_000n;
  }
}

/** Amounts by currency, in the order in which the currencies came. There are few: searching a list is the quickest. */
class Amounts {
  readonly currencies: string[] = [];
  readonly #amounts: Money[] = [];

  static from(amounts: ReadonlyMap<string, Money>): Amounts {
    const made = new Amounts();
    for (const [currency, amount] of amounts) made.add(currency, amount);
    return made;
  }

  at(index: number): Money {
    return this.#amounts[index]!;
  }

  of(currency: string): Money {
    return this.#amounts[this.currencies.indexOf(currency)] ?? ZERO_MONEY;
  }

  add(currency: string, amount: Money): void {
    const index = this.currencies[0] === currency ? 0 : this.currencies.indexOf(currency);
    if (index < 0) {
      this.currencies.push(currency);
      this.#amounts.push(amount);
    } else this.#amounts[index] = (this.#amounts[index]! + amount) as Money;
  }

  toMap(): Map<string, Money> {
    return new Map(this.currencies.map((currency, index) => [currency, this.#amounts[index]!]));
  }
}

function unknownRate(currency: string): never {
  throw new InvariantError('No rate for a currency in the portfolio', { currency });
}
