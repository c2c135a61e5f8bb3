import { fromNumber, type Price } from '../foundation/fixed-point.ts';
import { type EpochMs, epochMs } from '../foundation/time.ts';

/** Which extreme of a bar the price is taken to have visited first. */
export type PathOrder = 'adverse-first' | 'nearest-first';

/** A place on the path of prices through a bar. */
export interface PathPoint {
  /** 0 at the open, 1 and 2 at the extremes, 3 at the close; between them by the share of the leg that is behind. */
  readonly at: number;
  /** The price of the path there, before any cost. */
  readonly price: Price;
  readonly time: EpochMs;
}

/** Towards which side a price must move to reach a level. */
export type Direction = 'up' | 'down';

const LEGS = 3;

/**
 * The path that the price takes through one bar: open → first extreme → second extreme → close, each leg a straight
 * line over a third of the bar's time. Prices are exact; each corner is converted when it is first asked for.
 */
export class BarPath {
  readonly openTime: EpochMs;
  readonly closeTime: EpochMs;
  readonly #corners: readonly number[];
  readonly #prices: (Price | undefined)[] = [undefined, undefined, undefined, undefined];

  private constructor(openTime: EpochMs, closeTime: EpochMs, corners: readonly number[]) {
    this.openTime = openTime;
    this.closeTime = closeTime;
    this.#corners = corners;
  }

  /** @param position what is held at the bar's open: positive for a long, negative for a short */
  static through(
    order: PathOrder,
    position: bigint,
    openTime: EpochMs,
    closeTime: EpochMs,
    open: number,
    high: number,
    low: number,
    close: number,
  ): BarPath {
    const nearest = open - low <= high - open;
    const lowFirst = order === 'adverse-first' && position !== 0n ? position > 0n : nearest;
    return new BarPath(openTime, closeTime, lowFirst ? [open, low, high, close] : [open, high, low, close]);
  }

  get start(): PathPoint {
    return { at: 0, price: this.corner(0), time: this.openTime };
  }

  /** The price at the open (0), the extremes (1, 2), the close (3). */
  corner(index: number): Price {
    const known = this.#prices[index];
    if (known !== undefined) return known;
    const price = fromNumber<Price>(this.#corners[index]!);
    this.#prices[index] = price;
    return price;
  }

  /** Where the price is at `time`; the start for an earlier time, `undefined` from the close on. */
  atTime(time: EpochMs): PathPoint | undefined {
    if (time <= this.openTime) return this.start;
    if (time >= this.closeTime) return undefined;
    const duration = this.closeTime - this.openTime;
    const thirds = LEGS * (time - this.openTime);
    const leg = Math.floor(thirds / duration);
    const from = this.corner(leg);
    // Cut towards the start of the leg: the price has not been beyond.
    const moved = ((this.corner(leg + 1) - from) * BigInt(thirds - leg * duration)) / BigInt(duration);
    return { at: thirds / duration, price: (from + moved) as Price, time };
  }

  /** The first place, from `from` on, where the price is at `level` or beyond it. */
  reach(from: PathPoint, level: Price, direction: Direction): PathPoint | undefined {
    if (isBeyond(from.price, level, direction)) return from;
    for (let leg = Math.floor(from.at); leg < LEGS; leg++) {
      if (isBeyond(this.corner(leg + 1), level, direction)) return this.onLeg(leg, level, from);
    }
    return undefined;
  }

  /** The place on a leg where the price is `price`, which lies between the leg's ends; not before `from`. */
  onLeg(leg: number, price: Price, from: PathPoint): PathPoint {
    const start = this.corner(leg);
    const at = Math.max(from.at, leg + Number(price - start) / Number(this.corner(leg + 1) - start));
    const elapsed = Math.floor((at * (this.closeTime - this.openTime)) / LEGS);
    return { at, price, time: epochMs(Math.max(from.time, this.openTime + elapsed)) };
  }
}

export function isBeyond(price: Price, level: Price, direction: Direction): boolean {
  return direction === 'up' ? price >= level : price <= level;
}

/** The later of two places of one path. */
export function later(one: PathPoint, other: PathPoint): PathPoint {
  return other.at > one.at ? other : one;
}
