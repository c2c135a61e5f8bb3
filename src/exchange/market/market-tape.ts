import { invariant } from '../../foundation/errors.ts';
import { formatFixed, fromNumber, multiply, roundToStep } from '../../foundation/fixed-point.ts';
import { MINUTE_MS } from '../../foundation/time.ts';
import { pricesOf, sizeOf, turnoverOf, type WholeBar } from './print-path.ts';
import { minuteOf, type Print, SEQUENCES_PER_MINUTE, type TakerSide, type Tape, type TapeBar } from './tape.ts';

/** Recorded one-minute bars as columns: open times in ms UTC, prices in quote currency, volume in the base coin. */
export interface BarColumns {
  readonly length: number;
  readonly openTime: ArrayLike<number>;
  readonly open: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly close: ArrayLike<number>;
  readonly volume: ArrayLike<number>;
}

export interface TapeOptions {
  /** The price step, which every recorded price is a multiple of. */
  readonly tickSize: bigint;
  /** The step of recorded volumes; by default found from the record. */
  readonly volumeStep?: bigint;
  /** How many trades a minute is told by; fewer where the volume does not go round. */
  readonly printsPerMinute?: number;
  /** Added to every recorded time: whole minutes. */
  readonly shiftMs?: number;
}

/** More prints of a minute than this would overflow the numbering of prints. */
const PRINTS_PER_MINUTE_LIMIT = 60_000;
/** Minutes whose prints are kept: the present one and a few that are asked for beside it. */
const MINUTES_KEPT = 8;

/**
 * A recorded market as a pure function of time. A bar is told as prints: open, the extreme on the far side of the close,
 * the other extreme, close, on straight lines between them, with sizes that add up to the bar's volume; so a candle that
 * is built from the prints equals the recorded one to the last digit. A minute without a record has no print and is flat.
 */
export class MarketTape implements Tape {
  readonly tickSize: bigint;
  readonly volumeStep: bigint;
  /** Open time of the first recorded minute. */
  readonly start: number;
  /** End of the last recorded minute: from here on the market is silent. */
  readonly end: number;
  /** The mean size of a print over the recording: the measure for the depth of the book. */
  readonly meanPrintSize: bigint;
  readonly #columns: BarColumns;
  readonly #rowOfMinute: Int32Array;
  readonly #printsPerMinute: number;
  readonly #turnovers: (bigint | undefined)[] = [];
  readonly #madePrints = new Map<number, readonly Print[]>();

  constructor(columns: BarColumns, options: TapeOptions) {
    const { tickSize, printsPerMinute = 12, shiftMs = 0 } = options;
    invariant(columns.length > 0, 'A tape needs at least one bar');
    invariant(shiftMs % MINUTE_MS === 0, 'A tape is shifted by whole minutes', { shiftMs });
    invariant(printsPerMinute >= 1 && printsPerMinute <= PRINTS_PER_MINUTE_LIMIT, 'Prints a minute', {
      printsPerMinute,
    });
    this.#columns = columns;
    this.#printsPerMinute = printsPerMinute;
    this.tickSize = tickSize;
    this.volumeStep = options.volumeStep ?? volumeStepOf(columns);
    this.start = columns.openTime[0]! + shiftMs;
    this.end = columns.openTime[columns.length - 1]! + shiftMs + MINUTE_MS;
    this.#rowOfMinute = rowsByMinute(columns);
    this.meanPrintSize = meanPrintSize(columns, printsPerMinute, this.volumeStep);
  }

  /** The prints of the minute that begins at `minute`, in the order of time. */
  printsOf(minute: number): readonly Print[] {
    const known = this.#madePrints.get(minute);
    if (known !== undefined) return known;
    const row = this.#rowOf(minute);
    const prints = row < 0 ? [] : this.#makePrints(row, minute);
    if (this.#madePrints.size >= MINUTES_KEPT) this.#madePrints.clear();
    this.#madePrints.set(minute, prints);
    return prints;
  }

  /** The last print at `time` or before it; `undefined` before the first one. */
  lastPrintAt(time: number): Print | undefined {
    for (let minute = minuteOf(Math.min(time, this.end)); minute >= this.start; minute -= MINUTE_MS) {
      const print = this.printsOf(minute).findLast((one) => one.time <= time);
      if (print !== undefined) return print;
    }
    return undefined;
  }

  /** The first print after `time`; `undefined` when the record is over. */
  nextPrintAfter(time: number): Print | undefined {
    for (let minute = Math.max(minuteOf(time), this.start); minute < this.end; minute += MINUTE_MS) {
      const print = this.printsOf(minute).find((one) => one.time > time);
      if (print !== undefined) return print;
    }
    return undefined;
  }

  /** No two prints of a bar are of the same instant. */
  following({ time }: Print): Print | undefined {
    return this.nextPrintAfter(time);
  }

  /** The newest `count` prints at `time` or before it, newest first. */
  recentPrints(time: number, count: number): readonly Print[] {
    const found: Print[] = [];
    for (let minute = minuteOf(Math.min(time, this.end)); minute >= this.start; minute -= MINUTE_MS) {
      const prints = this.printsOf(minute);
      for (let i = prints.length - 1; i >= 0 && found.length < count; i--) {
        if (prints[i]!.time <= time) found.push(prints[i]!);
      }
      if (found.length === count) break;
    }
    return found;
  }

  /** A whole recorded minute; flat at the last close where nothing was recorded; `undefined` before the record. */
  bar(minute: number): TapeBar | undefined {
    if (minute < this.start) return undefined;
    const row = this.#rowOf(minute);
    if (row < 0 || this.#columns.volume[row]! === 0) return this.#flatBar(minute);
    const { open, high, low, close, volume } = this.#columns;
    return {
      open: fromNumber(open[row]!),
      high: fromNumber(high[row]!),
      low: fromNumber(low[row]!),
      close: fromNumber(close[row]!),
      volume: fromNumber(volume[row]!),
      turnover: this.#turnover(row),
    };
  }

  /** Highest and lowest price of the minutes in [from, to); `undefined` where nothing traded. */
  extremes(from: number, to: number): { readonly high: bigint; readonly low: bigint } | undefined {
    const { high, low, volume } = this.#columns;
    let [highest, lowest] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let minute = Math.max(from, this.start); minute < to && minute < this.end; minute += MINUTE_MS) {
      const row = this.#rowOf(minute);
      if (row < 0 || volume[row]! === 0) continue;
      if (high[row]! > highest) highest = high[row]!;
      if (low[row]! < lowest) lowest = low[row]!;
    }
    return highest < lowest ? undefined : { high: fromNumber(highest), low: fromNumber(lowest) };
  }

  #flatBar(minute: number): TapeBar | undefined {
    let before = Math.min(minute, this.end) - MINUTE_MS;
    while (before >= this.start) {
      const row = this.#rowOf(before);
      if (row >= 0 && this.#columns.volume[row]! > 0) break;
      before -= MINUTE_MS;
    }
    const row = this.#rowOf(before);
    const price: bigint = row < 0 ? fromNumber(this.#columns.open[0]!) : fromNumber(this.#columns.close[row]!);
    return { open: price, high: price, low: price, close: price, volume: 0n, turnover: 0n };
  }

  #turnover(row: number): bigint {
    let known = this.#turnovers[row];
    if (known === undefined) {
      known = multiply(turnoverOf(this.#wholeBar(row), this.#printsPerMinute) * this.tickSize, this.volumeStep);
      this.#turnovers[row] = known;
    }
    return known;
  }

  #rowOf(minute: number): number {
    return this.#rowOfMinute[(minute - this.start) / MINUTE_MS] ?? -1;
  }

  #makePrints(row: number, minute: number): readonly Print[] {
    const bar = this.#wholeBar(row);
    if (bar.units === 0) return [];
    const prices = pricesOf(bar, this.#printsPerMinute);
    const count = prices.length;
    let side: TakerSide = bar.close >= bar.open ? 'Buy' : 'Sell';
    return prices.map((price, i) => {
      const before = prices[i - 1] ?? price;
      if (price !== before) side = price > before ? 'Buy' : 'Sell';
      return {
        time: minute + Math.floor((i * MINUTE_MS) / count),
        price: BigInt(price) * this.tickSize,
        size: BigInt(sizeOf(bar.units, count, i)) * this.volumeStep,
        side,
        sequence: (minute / MINUTE_MS) * SEQUENCES_PER_MINUTE + i,
      };
    });
  }

  /** In ticks and units of volume. */
  #wholeBar(row: number): WholeBar {
    const { open, high, low, close, volume } = this.#columns;
    const ticks = (price: number): number => {
      const exact: bigint = fromNumber(price);
      invariant(exact % this.tickSize === 0n, 'A recorded price between two ticks', { price, tick: this.tickSize });
      return Number(exact / this.tickSize);
    };
    return {
      open: ticks(open[row]!),
      high: ticks(high[row]!),
      low: ticks(low[row]!),
      close: ticks(close[row]!),
      units: Number(fromNumber<never>(volume[row]!) / this.volumeStep),
    };
  }
}

function rowsByMinute(columns: BarColumns): Int32Array {
  const first = columns.openTime[0]!;
  const last = columns.openTime[columns.length - 1]!;
  invariant(first % MINUTE_MS === 0, 'A minute begins on the minute', { openTime: first });
  const rows = new Int32Array((last - first) / MINUTE_MS + 1).fill(-1);
  for (let row = 0; row < columns.length; row++) rows[(columns.openTime[row]! - first) / MINUTE_MS] = row;
  return rows;
}

/** The finest decimal that any of the first thousand volumes needs. */
function volumeStepOf(columns: BarColumns): bigint {
  let decimals = 0;
  for (let row = 0; row < Math.min(columns.length, 1_000); row++) {
    const fraction = formatFixed(fromNumber(columns.volume[row]!)).split('.')[1] ?? '';
    decimals = Math.max(decimals, fraction.length);
  }
  return 10n ** BigInt(12 - decimals);
}

function meanPrintSize(columns: BarColumns, printsPerMinute: number, step: bigint): bigint {
  let sum = 0;
  for (let row = 0; row < columns.length; row++) sum += columns.volume[row]!;
  const mean = roundToStep(fromNumber<never>(sum / columns.length / printsPerMinute), step, 'down');
  return mean > step ? mean : step;
}
