import { type Candle, candleDefect, type Feed } from '../../domain/candle.ts';
import { barOpenTime, timeframeMs } from '../../domain/timeframe.ts';
import { type EpochMs, epochMs } from '../../foundation/time.ts';
import type { CandleRevision } from '../../market/market-data.ts';
import { MOST_AHEAD_MS } from './exchange-clock.ts';
import { type CandleFrame, type CandleRow, candleOf, isSameCandle } from './exchange-connection.ts';

/** A closed candle that may be given. */
export interface GivenCandle {
  readonly candle: Candle;
  readonly raw: string | null;
  readonly fromHistory: boolean;
}

/** What became of a frame. */
export type FrameOutcome =
  | 'forming'
  | 'closed'
  /** Of a candle that was given already, with the same values. */
  | 'repeated'
  /** The exchange changed its mind about a candle that was given. */
  | 'revised'
  /** It is called closed before its end. */
  | 'closed-too-early'
  | 'impossible';

/** Where a message does not say when it was sent, our idea of the exchange's clock is behind by a message's way. */
const UNSAID_TIME_TOLERANCE_MS = 1_000;
/** So many given candles are remembered, to tell a repeat from a revision. */
const REMEMBERED = 10;

/** Candles that the history does not have: those that open from `from` up to and without `to`. */
export interface Hole {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/**
 * One feed of an exchange: from what its stream and its history say, in whatever order, to closed candles in order,
 * each once. A candle comes out when it has closed and everything before it has come out or is known not to exist.
 *
 * When a candle of the stream has closed:
 * - where the exchange says so in the message, and its clock is at the candle's end or beyond: both are needed;
 * - where it does not say: when a candle with a later start comes on the same, unbroken connection.
 */
export class CandleTrack {
  readonly feed: Feed;
  readonly #length: number;
  /** Open time of the candle that comes out next, if there is one. */
  #next: number;
  /** Before this open time the history is complete: what is not held does not exist. */
  #coveredUntil = Number.NEGATIVE_INFINITY;
  readonly #held = new Map<number, GivenCandle>();
  readonly #given: { candle: Candle; version: number }[] = [];
  #holes: Hole[] = [];
  /** The newest candle of an exchange that does not say when one has closed. */
  #forming: CandleFrame | undefined;

  /** @param firstOpenTime of the first candle that is wanted */
  constructor(feed: Feed, firstOpenTime: EpochMs) {
    this.feed = feed;
    this.#length = timeframeMs(feed.timeframe);
    this.#next = firstOpenTime;
  }

  /** Of one candle. */
  get lengthMs(): number {
    return this.#length;
  }

  /** Everything that closes at or before this has come out. It is also the open time of the next candle. */
  get completeUntil(): EpochMs {
    return epochMs(this.#next);
  }

  /** When the next candle closes. */
  get nextClose(): EpochMs {
    return epochMs(this.#next + this.#length);
  }

  /** Where closed candles wait for earlier ones: the open time of the first that waits. */
  get waitingFrom(): EpochMs | undefined {
    let first = Number.POSITIVE_INFINITY;
    for (const openTime of this.#held.keys()) first = Math.min(first, openTime);
    return Number.isFinite(first) ? epochMs(first) : undefined;
  }

  /** A message of the stream. @param now the exchange's clock */
  take(frame: CandleFrame, now: EpochMs): FrameOutcome {
    if (frame.isClosed === undefined) return this.#takeUnsaid(frame);
    if (!frame.isClosed) return 'forming';
    const sentAt = frame.exchangeTime ?? now + UNSAID_TIME_TOLERANCE_MS;
    // A message from the future proves nothing.
    if (sentAt > now + MOST_AHEAD_MS) return 'impossible';
    if (sentAt < frame.openTime + this.#length - 1) return 'closed-too-early';
    return this.#hold(frame, false);
  }

  /** The connection broke: what was said last about the forming candle may not be its end. */
  forgetForming(): void {
    this.#forming = undefined;
  }

  /**
   * An answer of the history, of rows in rising open time from `completeUntil` on.
   *
   * @param closedUntil candles that end at or before it are final, by the exchange's clock when it was asked
   * @param coveredUntil what the answer lacks before this open time does not exist
   * @returns the impossible rows
   */
  fill(rows: readonly CandleRow[], closedUntil: EpochMs, coveredUntil: EpochMs): readonly CandleRow[] {
    const impossible: CandleRow[] = [];
    let covered: number = coveredUntil;
    for (const row of rows) {
      if (row.openTime < this.#next) continue;
      const isFinal = row.isClosed ?? row.openTime + this.#length <= closedUntil;
      const isImpossible = isFinal && !this.#held.has(row.openTime) && this.#hold(row, true) === 'impossible';
      if (isImpossible) impossible.push(row);
      // One that may still change, or is wrong for now, is there, though it can't be taken yet.
      if (!isFinal || isImpossible) covered = Math.min(covered, row.openTime);
    }
    this.#coveredUntil = Math.max(this.#coveredUntil, covered);
    return impossible;
  }

  /** Takes out what can come out now, in order. */
  *release(): Generator<GivenCandle> {
    for (;;) {
      const held = this.#held.get(this.#next);
      if (held === undefined && this.#next >= this.#coveredUntil) return;
      const openTime = this.#next;
      this.#next += this.#length;
      if (held === undefined) {
        this.#addHole(openTime);
        continue;
      }
      this.#held.delete(openTime);
      this.#given.push({ candle: held.candle, version: 1 });
      if (this.#given.length > REMEMBERED) this.#given.shift();
      yield held;
    }
  }

  /** What was passed over since the last call, because the history does not have it. */
  takeHoles(): readonly Hole[] {
    const holes = this.#holes;
    this.#holes = [];
    return holes;
  }

  /** A candle that was given lately, as it holds now. */
  given(openTime: EpochMs): Candle | undefined {
    return this.#given.find(({ candle }) => candle.openTime === openTime)?.candle;
  }

  /** From now on a given candle is this one; `undefined` when it was so already, or is remembered no more. */
  revise(candle: Candle): CandleRevision | undefined {
    const given = this.#given.find((one) => one.candle.openTime === candle.openTime);
    if (given === undefined || isSameCandle(given.candle, candle)) return undefined;
    const before = given.candle;
    given.candle = candle;
    given.version += 1;
    return { before, candle, version: given.version };
  }

  #addHole(openTime: number): void {
    const last = this.#holes.at(-1);
    const to = epochMs(openTime + this.#length);
    if (last?.to === openTime) this.#holes[this.#holes.length - 1] = { from: last.from, to };
    else this.#holes.push({ from: epochMs(openTime), to });
  }

  #takeUnsaid(frame: CandleFrame): FrameOutcome {
    const before = this.#forming;
    if (before !== undefined && frame.openTime < before.openTime) {
      // Late news of a candle that has made room for a later one.
      return this.#hold(frame, false);
    }
    this.#forming = frame;
    if (before === undefined || frame.openTime === before.openTime) return 'forming';
    const outcome = this.#hold(before, false);
    return outcome === 'impossible' ? outcome : 'closed';
  }

  #hold(row: CandleRow, fromHistory: boolean): FrameOutcome {
    const candle = candleOf(row, this.feed);
    const isOnGrid = barOpenTime(row.openTime, this.feed.timeframe) === row.openTime;
    if (!isOnGrid || candleDefect(candle) !== undefined) return 'impossible';
    if (row.openTime < this.#next) {
      const given = this.given(row.openTime);
      return given !== undefined && !isSameCandle(given, candle) ? 'revised' : 'repeated';
    }
    this.#held.set(row.openTime, { candle, raw: row.raw, fromHistory });
    return 'closed';
  }
}
