import { InvariantError } from '../foundation/errors.ts';
import {
  absolute,
  divide,
  type Money,
  notional,
  type Price,
  type Quantity,
  ZERO_MONEY,
  ZERO_QUANTITY,
} from '../foundation/fixed-point.ts';
import type { Json } from '../foundation/json.ts';
import { restoreFields, snapshotFields } from '../foundation/state-codec.ts';
import type { EpochMs } from '../foundation/time.ts';
import { type Fill, signedQuantity } from './fill.ts';

/** One life of a position, from flat to flat; a flip ends one and begins the next. Fees are apart, in their currency. */
export interface RoundTrip {
  readonly symbol: string;
  readonly side: 'long' | 'short';
  readonly entryTime: EpochMs;
  readonly exitTime: EpochMs;
  /** The largest size held. */
  readonly quantity: Quantity;
  /** Average over all fills that opened, and over all that closed. */
  readonly entryPrice: Price;
  readonly exitPrice: Price;
  /** Before fees, in quote currency. */
  readonly grossProfit: Money;
  /** The share of fees paid in quote currency over its life. */
  readonly quoteFees: Money;
  /** `grossProfit − quoteFees`. */
  readonly profit: Money;
  readonly fills: number;
}

/**
 * The position in one symbol. `cost` is what was paid for what is held (negative for a short: what was received), so
 * that no division loses anything: a partial close takes its share of the cost, rounded to a unit, and the rest stays.
 */
export class Position {
  readonly symbol: string;
  /** Positive: long; negative: short. */
  quantity: Quantity = ZERO_QUANTITY;
  cost: Money = ZERO_MONEY;
  /** Sum over all closed parts, before fees. */
  realisedProfit: Money = ZERO_MONEY;
  private life: Life = newLife(0 as EpochMs, 'long');

  constructor(symbol: string) {
    this.symbol = symbol;
  }

  /** `undefined` when flat. */
  get averagePrice(): Price | undefined {
    return this.quantity === 0n ? undefined : (divide(this.cost, this.quantity) as Price);
  }

  get openedAt(): EpochMs | undefined {
    return this.quantity === 0n ? undefined : this.life.entryTime;
  }

  unrealisedProfit(mark: Price): Money {
    return (notional(mark, this.quantity) - this.cost) as Money;
  }

  /**
   * Books a fill. Gives the round trip it ended.
   *
   * @param quoteFee its fee where that is in quote currency, else 0
   * @param value `notional(fill.price, fill.quantity)`, where the caller has it already
   */
  apply(fill: Fill, quoteFee: Money, value = notional(fill.price, fill.quantity)): RoundTrip | undefined {
    if (fill.symbol !== this.symbol || fill.quantity <= 0n) refuseFill(fill);
    const signed = signedQuantity(fill);
    const reduces = this.quantity !== 0n && signed > 0n !== this.quantity > 0n;
    if (!reduces) {
      this.open(value, signed, quoteFee, fill.time);
      return undefined;
    }
    const size = absolute(this.quantity);
    if (fill.quantity <= size) return this.close(value, fill.quantity, quoteFee, fill.time);
    // The two parts of a flip share the fill's value and fee to the last unit: nothing is rounded twice.
    const closingValue = notional(fill.price, size);
    const closingFee = ((quoteFee * size) / fill.quantity) as Money;
    const ended = this.close(closingValue, size, closingFee, fill.time);
    const rest = (fill.quantity - size) as Quantity;
    const openingSigned = (signed > 0n ? rest : -rest) as Quantity;
    this.open((value - closingValue) as Money, openingSigned, (quoteFee - closingFee) as Money, fill.time);
    return ended;
  }

  snapshot(): Json {
    return snapshotFields(this);
  }

  restore(state: Json): void {
    restoreFields(this, state);
  }

  /** @param value of the quantity, positive */
  private open(value: Money, signed: Quantity, quoteFee: Money, time: EpochMs): void {
    if (this.quantity === 0n) this.life = newLife(time, signed > 0n ? 'long' : 'short');
    this.quantity = (this.quantity + signed) as Quantity;
    this.cost = (signed > 0n ? this.cost + value : this.cost - value) as Money;
    const life = this.life;
    life.openedQuantity = (life.openedQuantity + absolute(signed)) as Quantity;
    life.openedValue = (life.openedValue + value) as Money;
    life.quoteFees = (life.quoteFees + quoteFee) as Money;
    life.fills += 1;
    const size = absolute(this.quantity);
    if (size > life.largestQuantity) life.largestQuantity = size;
  }

  /** Closes `quantity` (positive, at most the size held), which is worth `value` (positive). */
  private close(value: Money, quantity: Quantity, quoteFee: Money, time: EpochMs): RoundTrip | undefined {
    const size = absolute(this.quantity);
    const long = this.quantity > 0n;
    const costShare = (quantity === size ? this.cost : (this.cost * quantity) / size) as Money;
    const profit = ((long ? value : -value) - costShare) as Money;
    this.cost = (this.cost - costShare) as Money;
    this.quantity = (long ? this.quantity - quantity : this.quantity + quantity) as Quantity;
    this.realisedProfit = (this.realisedProfit + profit) as Money;
    const life = this.life;
    life.closedQuantity = (life.closedQuantity + quantity) as Quantity;
    life.closedValue = (life.closedValue + value) as Money;
    life.grossProfit = (life.grossProfit + profit) as Money;
    life.quoteFees = (life.quoteFees + quoteFee) as Money;
    life.fills += 1;
    return this.quantity === 0n ? this.roundTrip(time) : undefined;
  }

  private roundTrip(exitTime: EpochMs): RoundTrip {
    const life = this.life;
    return {
      symbol: this.symbol,
      side: life.side,
      entryTime: life.entryTime,
      exitTime,
      quantity: life.largestQuantity,
      entryPrice: divide(life.openedValue, life.openedQuantity) as Price,
      exitPrice: divide(life.closedValue, life.closedQuantity) as Price,
      grossProfit: life.grossProfit,
      quoteFees: life.quoteFees,
      profit: (life.grossProfit - life.quoteFees) as Money,
      fills: life.fills,
    };
  }
}

function refuseFill({ symbol, quantity }: Fill): never {
  throw new InvariantError('A fill of another symbol or of nothing', { symbol, quantity });
}

/** Sums over the present life of a position. */
interface Life {
  entryTime: EpochMs;
  side: 'long' | 'short';
  openedQuantity: Quantity;
  openedValue: Money;
  closedQuantity: Quantity;
  closedValue: Money;
  largestQuantity: Quantity;
  grossProfit: Money;
  quoteFees: Money;
  fills: number;
}

function newLife(entryTime: EpochMs, side: 'long' | 'short'): Life {
  return {
    entryTime,
    side,
    openedQuantity: ZERO_QUANTITY,
    openedValue: ZERO_MONEY,
    closedQuantity: ZERO_QUANTITY,
    closedValue: ZERO_MONEY,
    largestQuantity: ZERO_QUANTITY,
    grossProfit: ZERO_MONEY,
    quoteFees: ZERO_MONEY,
    fills: 0,
  };
}
