import { roundToStep } from '../../foundation/fixed-point.ts';
import type { Print, TakerSide } from './tape.ts';

/** A price and what is offered there. */
export interface BookLevel {
  readonly price: bigint;
  readonly size: bigint;
}

/** Bids from high to low, asks from low to high. */
export interface BookLevels {
  readonly bids: readonly BookLevel[];
  readonly asks: readonly BookLevel[];
}

/** An order of the exchange's own accounts that rests in the book. */
export interface RestingInterest {
  readonly side: TakerSide;
  readonly price: bigint;
  readonly leaves: bigint;
}

export interface BookMeasure {
  readonly tickSize: bigint;
  readonly quantityStep: bigint;
  /** The mean size of a level. */
  readonly levelSize: bigint;
}

/** Levels are told anew, one by one, over this many minutes. */
const MINUTES_OF_A_LEVEL = 10;
const MINUTE_MS = 60_000;

/**
 * The recorded market's side of the book: one tick wide, on the side of the last taker, a level at every tick. No book is
 * recorded with the bars, so that the sizes are made up: by a hash of price and time, around the mean size of a trade, the
 * same in every run. What has been taken since the last print is missing until the next one.
 */
export class SyntheticBook {
  readonly #measure: BookMeasure;
  readonly #taken = new Map<bigint, bigint>();
  #print: Print;

  constructor(measure: BookMeasure, print: Print) {
    this.#measure = measure;
    this.#print = print;
  }

  /** The market traded: liquidity that was taken is there again. */
  moveTo(print: Print): void {
    this.#print = print;
    this.#taken.clear();
  }

  bestPrice(side: 'bid' | 'ask'): bigint {
    const { price, side: taker } = this.#print;
    const { tickSize } = this.#measure;
    if (side === 'bid') return taker === 'Buy' ? price - tickSize : price;
    return taker === 'Buy' ? price : price + tickSize;
  }

  /** What a taker of `side` finds, best price first: at most `depth` levels that have something left. */
  *offersFor(side: TakerSide, depth: number): Generator<BookLevel> {
    const step = side === 'Buy' ? this.#measure.tickSize : -this.#measure.tickSize;
    let price = this.bestPrice(side === 'Buy' ? 'ask' : 'bid');
    for (let level = 0; level < depth && price > 0n; level++, price += step) {
      const size = this.#sizeAt(price, side) - (this.#taken.get(price) ?? 0n);
      if (size > 0n) yield { price, size };
    }
  }

  take(price: bigint, size: bigint): void {
    this.#taken.set(price, (this.#taken.get(price) ?? 0n) + size);
  }

  /** What everybody sees: the market's levels and the accounts' resting orders, never crossed. */
  levels(depth: number, resting: readonly RestingInterest[]): BookLevels {
    const ownBuys = totalByPrice(resting, 'Buy');
    const ownSells = totalByPrice(resting, 'Sell');
    const highestBuy = [...ownBuys.keys()].reduce((most, price) => (price > most ? price : most), 0n);
    const lowestSell = [...ownSells.keys()].reduce<bigint | undefined>(
      (least, price) => (least === undefined || price < least ? price : least),
      undefined,
    );
    const asks = [...this.offersFor('Buy', depth)].filter(({ price }) => price > highestBuy);
    const bids = [...this.offersFor('Sell', depth)].filter(
      ({ price }) => lowestSell === undefined || price < lowestSell,
    );
    return {
      bids: merge(bids, ownBuys, (a, b) => (a.price > b.price ? -1 : 1)).slice(0, depth),
      asks: merge(asks, ownSells, (a, b) => (a.price < b.price ? -1 : 1)).slice(0, depth),
    };
  }

  #sizeAt(price: bigint, side: TakerSide): bigint {
    const { tickSize, quantityStep, levelSize } = this.#measure;
    const place = Number((price / tickSize) % 1_000_003n);
    const { time, sequence } = this.#print;
    // Every trade changes what is best on both sides; deeper levels change now and then.
    const isBest = price === this.bestPrice(side === 'Buy' ? 'ask' : 'bid');
    const epoch = isBest
      ? sequence % 1_000_003
      : Math.floor((time / MINUTE_MS + (place % MINUTES_OF_A_LEVEL)) / MINUTES_OF_A_LEVEL);
    const eighths = BigInt(1 + (mix(place * 31 + epoch * 7 + (side === 'Buy' ? 1 : 0)) % 16));
    const size = roundToStep(((levelSize * eighths) / 8n) as never, quantityStep, 'down') as bigint;
    return size > quantityStep ? size : quantityStep;
  }
}

function totalByPrice(resting: readonly RestingInterest[], side: TakerSide): Map<bigint, bigint> {
  const totals = new Map<bigint, bigint>();
  for (const order of resting) {
    if (order.side === side) totals.set(order.price, (totals.get(order.price) ?? 0n) + order.leaves);
  }
  return totals;
}

function merge(
  market: readonly BookLevel[],
  own: ReadonlyMap<bigint, bigint>,
  order: (a: BookLevel, b: BookLevel) => number,
): BookLevel[] {
  if (own.size === 0) return [...market];
  const sizes = new Map(market.map(({ price, size }) => [price, size]));
  for (const [price, size] of own) sizes.set(price, (sizes.get(price) ?? 0n) + size);
  return [...sizes].map(([price, size]) => ({ price, size })).sort(order);
}

/** A 32-bit mix (the finaliser of MurmurHash3). */
function mix(value: number): number {
  let hash = value >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
