import type { Fill } from '../domain/fill.ts';
import { filterBreach, type Instrument } from '../domain/instrument.ts';
import {
  absolute,
  type Fixed,
  fromNumber,
  type Money,
  type Price,
  type Quantity,
  roundToStep,
  ZERO_QUANTITY,
} from '../foundation/fixed-point.ts';
import type { Random } from '../foundation/random.ts';
import type { CostModel } from './cost-models.ts';
import { Fees } from './fees.ts';
import type { PathPoint } from './path.ts';
import { TakerPrice } from './taker-price.ts';
import type { VenueOrder } from './venue-order.ts';
import type { VenueOrders } from './venue-orders.ts';

/** What the venue must know of the account it trades for. Both must reflect a fill as soon as its event was emitted. */
export interface VenueAccount {
  /** Signed: negative for a short. */
  positionQuantity(symbol: string): Quantity;
  /** Equity in quote currency with that symbol marked at `price`. */
  equity(symbol: string, price: Price): Money;
}

/** What the orders of a symbol may still take from a bar. */
export interface BarLiquidity {
  readonly volume: number;
  /** `null`: no limit. A multiple of the step otherwise. */
  left: Quantity | null;
}

/** What a taker's price follows from, besides its quantity. */
interface Taken {
  readonly order: VenueOrder;
  readonly seen: Price;
  /** Of the whole bar. */
  readonly volume: number;
  readonly chance: number;
}

/** Turns "this order may trade here" into a fill: its price, its quantity, its fee, its event; or into its end. */
export class Fills {
  readonly #takerPrice: TakerPrice;
  readonly #fees: Fees;
  readonly #account: VenueAccount;
  readonly #random: Random;
  readonly #orders: VenueOrders;

  constructor(costs: CostModel, account: VenueAccount, random: Random, orders: VenueOrders) {
    this.#takerPrice = new TakerPrice(costs.spread, costs.slippage);
    this.#fees = new Fees(costs.fees);
    this.#account = account;
    this.#random = random;
    this.#orders = orders;
  }

  /** Trades as a taker at `point`. What is left then waits for the next bar, or ends by its time in force. */
  take(order: VenueOrder, point: PathPoint, liquidity: BarLiquidity): void {
    if (liquidity.left === 0n) {
      this.#runDry(order, point);
      return;
    }
    const chance = this.#takerPrice.isRandom ? this.#random.next() : 0;
    const taking: Taken = { order, seen: priceSeen(order, point.price), volume: liquidity.volume, chance };
    const resolved = order.total === undefined ? this.#resolve(order, taking, liquidity, point) : undefined;
    if (!order.isOpen) return;
    const quantity = this.#available(order, point, liquidity);
    if (quantity === 0n) return;
    this.#fill(order, resolved ?? this.#priceOf(taking, quantity), quantity, 'taker', point, liquidity);
  }

  #priceOf({ order, seen, volume, chance }: Taken, quantity: Quantity): Price {
    const { instrument, terms } = order;
    return withinLimit(
      order,
      this.#takerPrice.of(instrument, terms.side, seen, { quantity, barVolume: volume, chance }),
    );
  }

  /** Trades as a resting limit that the price has reached. */
  make(order: VenueOrder, point: PathPoint, liquidity: BarLiquidity): void {
    if (liquidity.left === 0n) {
      this.#runDry(order, point);
      return;
    }
    // At the open the price may lie beyond the limit; anywhere else it has come to it.
    const price = point.at === 0 ? withinLimit(order, priceSeen(order, point.price)) : order.limitPrice!;
    if (order.total === undefined) this.#resolve(order, price, liquidity, point);
    if (!order.isOpen) return;
    const quantity = this.#available(order, point, liquidity);
    if (quantity > 0n) this.#fill(order, price, quantity, 'maker', point, liquidity);
  }

  /**
   * Finds the quantity of an order that asks for a share of equity, and the price that goes with it: first at the
   * price without impact, then at the price with the impact of that much, or of what the bar can fill. Ends the order
   * when it comes to nothing.
   *
   * @param at a price that no quantity changes, or what it follows from
   */
  #resolve(order: VenueOrder, at: Price | Taken, { left }: BarLiquidity, point: PathPoint): Price | undefined {
    if (order.terms.reduceOnly) {
      order.total = this.#reducible(order);
      return undefined;
    }
    let price = typeof at === 'bigint' ? at : this.#priceOf(at as Taken, ZERO_QUANTITY);
    if (typeof at !== 'bigint' && this.#takerPrice.hasImpact) {
      const first = this.#largest(order, price);
      price = this.#priceOf(at as Taken, left !== null && left < first ? left : first);
    }
    const { instrument } = order;
    const quantity = this.#largest(order, price);
    if (quantity === 0n) {
      this.#orders.end(order, 'cancelled', 'the share of equity does not buy one step', point.time);
      return undefined;
    }
    const breach = filterBreach(instrument, quantity, undefined, price);
    if (breach) {
      const reason = `the share of equity comes to less than the venue takes: ${breach.code} ${breach.value}, limit ${breach.limit}`;
      this.#orders.end(order, 'cancelled', reason, point.time);
      return undefined;
    }
    order.total = quantity;
    return price;
  }

  /** The largest multiple of the step that the order's share of equity pays for, with the taker's fee. */
  #largest(order: VenueOrder, price: Price): Quantity {
    const { quantity } = order.terms;
    if (quantity.kind === 'units') return quantity.quantity;
    const { stepSize, maximumQuantity } = order.instrument;
    const budget = fromNumber<Fixed>(quantity.fraction) * this.#account.equity(order.terms.symbol, price);
    const affordable = this.#fees.affordable(budget, price);
    return roundToStep(affordable < maximumQuantity ? affordable : maximumQuantity, stepSize, 'down');
  }

  /** How much the order may trade now. 0 when it has been ended, or waits for the next bar. */
  #available(order: VenueOrder, point: PathPoint, liquidity: BarLiquidity): Quantity {
    const wanted = this.#wanted(order);
    if (wanted === 0n) {
      const reason = order.terms.reduceOnly ? 'there is no position to reduce' : 'nothing is held that could be sold';
      this.#orders.end(order, 'cancelled', reason, point.time);
      return ZERO_QUANTITY;
    }
    const { left } = liquidity;
    if (left === null || wanted <= left) return wanted;
    if (order.terms.timeInForce.kind !== 'FOK') return left;
    this.#runDry(order, point);
    return ZERO_QUANTITY;
  }

  /** What is left of the order, cut to the position where it only reduces. */
  #wanted(order: VenueOrder): Quantity {
    const rest = (order.total! - order.filled) as Quantity;
    if (!order.onlyReduces) return rest;
    const held = this.#reducible(order);
    return held < rest ? held : rest;
  }

  /** The size of the position on the other side of the order, in whole steps. */
  #reducible(order: VenueOrder): Quantity {
    const position = this.#account.positionQuantity(order.terms.symbol);
    const opposes = order.terms.side === 'sell' ? position > 0n : position < 0n;
    return opposes ? roundToStep(absolute(position), order.instrument.stepSize, 'down') : ZERO_QUANTITY;
  }

  #fill(
    order: VenueOrder,
    price: Price,
    quantity: Quantity,
    liquidity: 'maker' | 'taker',
    point: PathPoint,
    bar: BarLiquidity,
  ): void {
    const isComplete = quantity === this.#wanted(order);
    if (bar.left !== null) bar.left = (bar.left - quantity) as Quantity;
    const { terms } = order;
    const fee = this.#fees.charge(order.instrument, terms.side, liquidity, price, quantity, order.fees);
    order.filled = (order.filled + quantity) as Quantity;
    order.fillCount += 1;
    const { clientOrderId, botId, symbol, side } = terms;
    const { time } = point;
    // Written out: a fill is what a busy run makes most of, and copying properties costs more than all its arithmetic.
    const fill: Fill = {
      fillId: `${clientOrderId}/${order.fillCount}`,
      clientOrderId,
      botId,
      symbol,
      side,
      price,
      quantity,
      fee: fee.amount,
      feeCurrency: fee.currency,
      liquidity,
      time,
    };
    this.#orders.filled(order, { kind: 'filled', clientOrderId, botId, symbol, time, fill, complete: isComplete });
    if (!isComplete && order.isOpen) this.#runDry(order, point);
  }

  /** The bar has not the volume that the order needs. */
  #runDry(order: VenueOrder, point: PathPoint): void {
    const { kind } = order.terms.timeInForce;
    if (kind === 'IOC' || kind === 'FOK') {
      this.#orders.end(order, 'cancelled', `${kind}: the bar has not the volume for it`, point.time);
    } else order.isDoneForThisBar = true;
  }
}

/** The path's price on the grid, against the order. */
function priceSeen(order: VenueOrder, price: Price): Price {
  return roundToStep(price, order.instrument.tickSize, order.terms.side === 'buy' ? 'up' : 'down');
}

/** `price`, but never worse than the order's limit. */
function withinLimit(order: VenueOrder, price: Price): Price {
  const { limitPrice } = order;
  if (limitPrice === undefined) return price;
  const isWorse = order.terms.side === 'buy' ? price > limitPrice : price < limitPrice;
  return isWorse ? limitPrice : price;
}

/** What the bar's volume lets the orders of a symbol trade, on the step's grid. */
export function liquidityOf(instrument: Instrument, volume: number, maximumShare: number | null): BarLiquidity {
  if (maximumShare === null) return { volume, left: null };
  const share = fromNumber<Quantity>(volume) * fromNumber<Fixed>(maximumShare);
  return { volume, left: roundToStep((share / 1_000_000_000_000n) as Quantity, instrument.stepSize, 'down') };
}
