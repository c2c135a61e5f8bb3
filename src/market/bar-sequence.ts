import type { Candle } from '../domain/candle.ts';
import { barOpenTime, type Timeframe, timeframeMs } from '../domain/timeframe.ts';
import { invariant } from '../foundation/errors.ts';
import type { Json } from '../foundation/json.ts';
import { decodeState, encodeState, type Stateful } from '../foundation/state-codec.ts';
import { type EpochMs, epochMs } from '../foundation/time.ts';

/** What becomes of intervals without anything in them, and of what comes after its bar was closed. */
export interface BarPolicy {
  readonly empty: 'skip' | 'flat';
  readonly late: 'drop' | 'amend';
  /** How many intervals before the running one are kept, for `late: 'amend'`. */
  readonly remember: number;
}

/** A bar that was made of trades or of smaller bars. */
export interface AggregatedCandle {
  /** `amended`: a bar that was closed before is now this; or one that was not there before, in an empty interval. */
  readonly kind: 'closed' | 'amended';
  readonly candle: Candle;
  /** How many trades or smaller bars it is made of; 0 for a flat one. */
  readonly parts: number;
  /** How many smaller bars a whole one has: it lacks `wholeParts − parts`. `undefined` when made of trades. */
  readonly wholeParts: number | undefined;
  /** 0 when it was closed, then one more with each amendment. */
  readonly revision: number;
}

/** How one bar is made: of trades, or of smaller bars. A `Bar` is plain data. */
export interface BarMaker<Item, Bar> {
  readonly wholeParts: number | undefined;
  empty(): Bar;
  /** `false` when the bar already holds just this. */
  add(bar: Bar, item: Item): boolean;
  parts(bar: Bar): number;
  candle(bar: Bar, openTime: EpochMs, closeTime: EpochMs): Candle;
}

/** A bar that was given out. `bar` is `null` for a flat one. */
interface ClosedBar<Bar> {
  readonly openTime: number;
  bar: Bar | null;
  candle: Candle;
  revision: number;
}

/** More empty bars in a row than this are taken for a broken time stamp. */
const MAXIMUM_FLAT_RUN = 10_000_000;
const NONE: readonly AggregatedCandle[] = [];

/**
 * One bar after the other of one timeframe: decides when a bar is over, fills or skips empty intervals, and amends bars
 * that were closed. Knows nothing of what a bar is made of.
 */
export class BarSequence<Item, Bar> implements Stateful {
  readonly #timeframe: Timeframe;
  readonly #length: number;
  readonly #policy: BarPolicy;
  readonly #maker: BarMaker<Item, Bar>;
  #running: { openTime: number; bar: Bar } | null = null;
  /** The intervals that may still be amended, oldest first. */
  #closed: ClosedBar<Bar>[] = [];
  /** Every bar that closes at or before this is over. */
  #closedUntil = Number.NEGATIVE_INFINITY;
  #lastClose: number | null = null;
  #dropped = 0;
  #repeated = 0;

  constructor(timeframe: Timeframe, policy: BarPolicy, maker: BarMaker<Item, Bar>) {
    this.#timeframe = timeframe;
    this.#length = timeframeMs(timeframe);
    this.#policy = policy;
    this.#maker = maker;
  }

  /** How many items came too late to be taken. */
  get dropped(): number {
    return this.#dropped;
  }

  /** How many items were there already. */
  get repeated(): number {
    return this.#repeated;
  }

  /** The bar that is not over yet, as it stands. */
  get running(): Candle | undefined {
    const running = this.#running;
    return running === null ? undefined : this.#candle(running.openTime, running.bar);
  }

  /** Takes one item of the bar that opens at `openTime`; returns the bars that this closes or amends, in time order. */
  push(openTime: number, item: Item): readonly AggregatedCandle[] {
    if (openTime < this.#closedUntil) return this.#takeLate(openTime, item);
    let events = NONE;
    if (this.#running === null || this.#running.openTime !== openTime) {
      events = this.closeUntil(openTime);
      this.#running = { openTime, bar: this.#maker.empty() };
    }
    if (!this.#maker.add(this.#running.bar, item)) this.#repeated++;
    return events;
  }

  /** Ends every bar that closes at or before `time`. */
  closeUntil(time: number): readonly AggregatedCandle[] {
    const until = barOpenTime(epochMs(time), this.#timeframe);
    if (until <= this.#closedUntil) return NONE;
    const events: AggregatedCandle[] = [];
    const running = this.#running;
    if (running !== null && running.openTime < until) {
      this.#running = null;
      this.#close(running.openTime, running.bar, this.#candle(running.openTime, running.bar), events);
    }
    if (this.#policy.empty === 'flat' && this.#lastClose !== null) this.#fillUntil(until, this.#lastClose, events);
    this.#closedUntil = until;
    this.#forget();
    return events;
  }

  snapshot(): Json {
    return encodeState({
      timeframe: this.#timeframe,
      running: this.#running,
      closed: this.#closed,
      closedUntil: this.#closedUntil,
      lastClose: this.#lastClose,
      dropped: this.#dropped,
      repeated: this.#repeated,
    });
  }

  restore(state: Json): void {
    const saved = decodeState(state) as {
      timeframe: Timeframe;
      running: { openTime: number; bar: Bar } | null;
      closed: ClosedBar<Bar>[];
      closedUntil: number;
      lastClose: number | null;
      dropped: number;
      repeated: number;
    };
    invariant(saved.timeframe === this.#timeframe, 'A saved state of another timeframe', {
      saved: saved.timeframe,
      own: this.#timeframe,
    });
    this.#running = saved.running;
    this.#closed = saved.closed;
    this.#closedUntil = saved.closedUntil;
    this.#lastClose = saved.lastClose;
    this.#dropped = saved.dropped;
    this.#repeated = saved.repeated;
  }

  #candle(openTime: number, bar: Bar): Candle {
    return this.#maker.candle(bar, epochMs(openTime), epochMs(openTime + this.#length));
  }

  #flat(openTime: number, price: number): Candle {
    return {
      openTime: epochMs(openTime),
      closeTime: epochMs(openTime + this.#length),
      open: price,
      high: price,
      low: price,
      close: price,
      volume: 0,
    };
  }

  #close(openTime: number, bar: Bar | null, candle: Candle, events: AggregatedCandle[]): void {
    const closed: ClosedBar<Bar> = { openTime, bar, candle, revision: 0 };
    if (this.#policy.late === 'amend') this.#closed.push(closed);
    this.#closedUntil = openTime + this.#length;
    this.#lastClose = candle.close;
    events.push(this.#event('closed', closed));
  }

  #fillUntil(until: number, price: number, events: AggregatedCandle[]): void {
    const count = (until - this.#closedUntil) / this.#length;
    invariant(count <= MAXIMUM_FLAT_RUN, 'A jump in time too long to fill with flat bars', {
      from: this.#closedUntil,
      until,
      timeframe: this.#timeframe,
    });
    while (this.#closedUntil < until) {
      this.#close(this.#closedUntil, null, this.#flat(this.#closedUntil, price), events);
    }
  }

  #forget(): void {
    const oldest = this.#closedUntil - this.#policy.remember * this.#length;
    let gone = 0;
    while (gone < this.#closed.length && this.#closed[gone]!.openTime < oldest) gone++;
    if (gone > 0) this.#closed.splice(0, gone);
  }

  #takeLate(openTime: number, item: Item): readonly AggregatedCandle[] {
    const forgotten = openTime < this.#closedUntil - this.#policy.remember * this.#length;
    if (this.#policy.late === 'drop' || forgotten) {
      this.#dropped++;
      return NONE;
    }
    const index = this.#placeOf(openTime);
    const closed = this.#closed[index]!;
    closed.bar ??= this.#maker.empty();
    if (!this.#maker.add(closed.bar, item)) {
      this.#repeated++;
      return NONE;
    }
    const events: AggregatedCandle[] = [];
    this.#amend(closed, this.#candle(openTime, closed.bar), events);
    if (this.#policy.empty === 'flat') this.#amendFlatsAfter(index, events);
    this.#lastClose = this.#closed.at(-1)!.candle.close;
    return events;
  }

  /** Where the bar of `openTime` lies in `#closed`; it is put there, still empty, when it was skipped before. */
  #placeOf(openTime: number): number {
    const found = this.#closed.findIndex((closed) => closed.openTime >= openTime);
    const index = found === -1 ? this.#closed.length : found;
    if (this.#closed[index]?.openTime !== openTime) {
      this.#closed.splice(index, 0, { openTime, bar: null, candle: this.#flat(openTime, 0), revision: 0 });
    }
    return index;
  }

  #amend(closed: ClosedBar<Bar>, candle: Candle, events: AggregatedCandle[]): void {
    closed.candle = candle;
    closed.revision++;
    events.push(this.#event('amended', closed));
  }

  /** The flat bars that follow a changed one stand at its new close; those that were not there yet are put in. */
  #amendFlatsAfter(index: number, events: AggregatedCandle[]): void {
    const price = this.#closed[index]!.candle.close;
    let openTime = this.#closed[index]!.openTime + this.#length;
    for (let next = index + 1; openTime < this.#closedUntil; next++, openTime += this.#length) {
      const existing = this.#closed[next]?.openTime === openTime;
      const closed = this.#closed[this.#placeOf(openTime)]!;
      if (closed.bar !== null || (existing && closed.candle.close === price)) return;
      this.#amend(closed, this.#flat(openTime, price), events);
    }
  }

  #event(kind: AggregatedCandle['kind'], closed: ClosedBar<Bar>): AggregatedCandle {
    return {
      kind,
      candle: closed.candle,
      parts: closed.bar === null ? 0 : this.#maker.parts(closed.bar),
      wholeParts: this.#maker.wholeParts,
      revision: closed.revision,
    };
  }
}
