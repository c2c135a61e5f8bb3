import { invariant } from '../../foundation/errors.ts';
import { fromNumber, multiply, roundToStep } from '../../foundation/fixed-point.ts';
import { MINUTE_MS } from '../../foundation/time.ts';
import { minuteOf, type Print, SEQUENCES_PER_MINUTE, type Tape, type TapeBar } from './tape.ts';

/** Recorded trades as columns, by rising time: ms UTC, price in quote currency, size in the base coin. */
export interface TradeColumns {
  readonly length: number;
  readonly time: ArrayLike<number>;
  readonly price: ArrayLike<number>;
  readonly size: ArrayLike<number>;
  /** 1: the taker bought. */
  readonly takerBought: ArrayLike<number>;
}

export interface TradeTapeOptions {
  readonly tickSize: bigint;
  readonly volumeStep: bigint;
  /** Added to every recorded time: whole minutes. */
  readonly shiftMs?: number;
}

/** A market of which the trades themselves were recorded: they are told as they were, each at its own millisecond. */
export class TradeTape implements Tape {
  readonly tickSize: bigint;
  readonly volumeStep: bigint;
  readonly start: number;
  readonly end: number;
  readonly meanPrintSize: bigint;
  readonly #columns: TradeColumns;
  readonly #shiftMs: number;
  readonly #bars = new Map<number, TapeBar>();

  constructor(columns: TradeColumns, { tickSize, volumeStep, shiftMs = 0 }: TradeTapeOptions) {
    const { length, time } = columns;
    invariant(length > 0, 'A tape needs at least one trade');
    invariant(shiftMs % MINUTE_MS === 0, 'A tape is shifted by whole minutes', { shiftMs });
    for (let i = 1; i < length; i++) invariant(time[i]! >= time[i - 1]!, 'Trades by rising time', { trade: i });
    this.#columns = columns;
    this.#shiftMs = shiftMs;
    this.tickSize = tickSize;
    this.volumeStep = volumeStep;
    this.start = minuteOf(time[0]! + shiftMs);
    this.end = minuteOf(time[length - 1]! + shiftMs) + MINUTE_MS;
    let total = 0;
    for (let i = 0; i < length; i++) total += columns.size[i]!;
    const mean = roundToStep(fromNumber<never>(total / length), volumeStep, 'down');
    this.meanPrintSize = mean > volumeStep ? mean : volumeStep;
  }

  printsOf(minute: number): readonly Print[] {
    const [from, to] = this.#rangeOf(minute);
    return Array.from({ length: to - from }, (_, place) => this.#printAt(from + place)!);
  }

  lastPrintAt(time: number): Print | undefined {
    return this.#printAt(this.#firstAt(time + 1) - 1);
  }

  nextPrintAfter(time: number): Print | undefined {
    return this.#printAt(this.#firstAt(time + 1));
  }

  following({ sequence }: Print): Print | undefined {
    const minute = Math.floor(sequence / SEQUENCES_PER_MINUTE) * MINUTE_MS;
    return this.#printAt(this.#firstAt(minute) + (sequence % SEQUENCES_PER_MINUTE) + 1);
  }

  recentPrints(time: number, count: number): readonly Print[] {
    const newest = this.#firstAt(time + 1) - 1;
    return Array.from({ length: Math.min(count, newest + 1) }, (_, back) => this.#printAt(newest - back)!);
  }

  bar(minute: number): TapeBar | undefined {
    if (minute < this.start) return undefined;
    let bar = this.#bars.get(minute);
    if (bar === undefined) {
      bar = this.#makeBar(minute);
      this.#bars.set(minute, bar);
    }
    return bar;
  }

  extremes(from: number, to: number): { readonly high: bigint; readonly low: bigint } | undefined {
    const { price } = this.#columns;
    let [highest, lowest] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    const last = this.#firstAt(to);
    for (let i = this.#firstAt(from); i < last; i++) {
      highest = Math.max(highest, price[i]!);
      lowest = Math.min(lowest, price[i]!);
    }
    return highest < lowest ? undefined : { high: fromNumber(highest), low: fromNumber(lowest) };
  }

  #makeBar(minute: number): TapeBar {
    const prints = this.printsOf(minute);
    const price = prints[0]?.price ?? this.lastPrintAt(minute)!.price;
    let bar: TapeBar = { open: price, high: price, low: price, close: price, volume: 0n, turnover: 0n };
    for (const one of prints) {
      bar = {
        open: bar.open,
        high: one.price > bar.high ? one.price : bar.high,
        low: one.price < bar.low ? one.price : bar.low,
        close: one.price,
        volume: bar.volume + one.size,
        turnover: bar.turnover + multiply(one.price, one.size),
      };
    }
    return bar;
  }

  #printAt(index: number): Print | undefined {
    const { length, time, price, size, takerBought } = this.#columns;
    if (index < 0 || index >= length) return undefined;
    const at = time[index]! + this.#shiftMs;
    const minute = minuteOf(at);
    const place = index - this.#firstAt(minute);
    invariant(place < SEQUENCES_PER_MINUTE, 'Too many trades in a minute', { place, minute });
    return {
      time: at,
      price: fromNumber(price[index]!),
      size: fromNumber(size[index]!),
      side: takerBought[index] === 1 ? 'Buy' : 'Sell',
      sequence: (minute / MINUTE_MS) * SEQUENCES_PER_MINUTE + place,
    };
  }

  #rangeOf(minute: number): readonly [number, number] {
    return [this.#firstAt(minute), this.#firstAt(minute + MINUTE_MS)];
  }

  /** The first trade at `time` or after it; the length where there is none. */
  #firstAt(time: number): number {
    const wanted = time - this.#shiftMs;
    let [low, high] = [0, this.#columns.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#columns.time[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
