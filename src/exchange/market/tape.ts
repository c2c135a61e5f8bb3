import { MINUTE_MS } from '../../foundation/time.ts';

export type TakerSide = 'Buy' | 'Sell';

/** One trade of the recorded market. Exact, in units of 10⁻¹². */
export interface Print {
  readonly time: number;
  readonly price: bigint;
  readonly size: bigint;
  /** The taker's side. */
  readonly side: TakerSide;
  /** Rises by at least 1 with every print of the tape. */
  readonly sequence: number;
}

/** What a minute, or a longer candle, came to. Exact. */
export interface TapeBar {
  readonly open: bigint;
  readonly high: bigint;
  readonly low: bigint;
  readonly close: bigint;
  readonly volume: bigint;
  readonly turnover: bigint;
}

/** A recorded market as a pure function of time. A candle that is built from its prints is its candle, to the last digit. */
export interface Tape {
  /** The price step, which every recorded price is a multiple of. */
  readonly tickSize: bigint;
  readonly volumeStep: bigint;
  /** Open time of the first recorded minute. */
  readonly start: number;
  /** End of the last recorded minute: from here on the market is silent. */
  readonly end: number;
  /** The mean size of a print over the recording: the measure for the depth of the book. */
  readonly meanPrintSize: bigint;
  /** The prints of the minute that begins at `minute`, in their order. */
  printsOf(minute: number): readonly Print[];
  /** The last print at `time` or before it; `undefined` before the first one. */
  lastPrintAt(time: number): Print | undefined;
  /** The first print after `time`; `undefined` when the record is over. */
  nextPrintAfter(time: number): Print | undefined;
  /** The print that follows this one, which may be of the same instant. */
  following(print: Print): Print | undefined;
  /** The newest `count` prints at `time` or before it, newest first. */
  recentPrints(time: number, count: number): readonly Print[];
  /** A whole minute; flat at the last price where nothing traded; `undefined` before the record. */
  bar(minute: number): TapeBar | undefined;
  /** Highest and lowest price of the minutes in [from, to); `undefined` where nothing traded. */
  extremes(from: number, to: number): { readonly high: bigint; readonly low: bigint } | undefined;
}

/** Prints are numbered by their minute and their place in it: more of them in a minute would overflow that. */
export const SEQUENCES_PER_MINUTE = 100_000;

/** The beginning of the minute that `time` lies in. */
export function minuteOf(time: number): number {
  return Math.floor(time / MINUTE_MS) * MINUTE_MS;
}
