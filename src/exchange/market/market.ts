import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import { InvariantError } from '../../foundation/errors.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../foundation/time.ts';
import { type FundingSchedule, NO_FUNDING } from './funding-schedule.ts';
import type { InstrumentSpec } from './instruments.ts';
import { minuteOf, type Print, type Tape } from './tape.ts';
import { candleAt, type KlineInterval } from './tape-candles.ts';

/** Figures of the last day, as every ticker shows them. Exact. */
export interface DayFigures {
  readonly high: bigint;
  readonly low: bigint;
  readonly volume: bigint;
  readonly turnover: bigint;
  readonly priceDayAgo: bigint;
  readonly priceHourAgo: bigint;
}

interface DaySums {
  readonly minute: number;
  readonly volume: bigint;
  readonly turnover: bigint;
}

export interface MarketListener {
  /** A trade of the recorded market, at its time. */
  onPrint(market: RecordedMarket, print: Print): void;
  /** A minute has ended. Comes before a print of the same instant. */
  onMinute(market: RecordedMarket, end: number): void;
}

/**
 * One recorded symbol, played on a clock: it tells its listener of every print at its time, and of the end of every
 * minute. Spot and perpetual of the same symbol share one record.
 */
export class RecordedMarket {
  readonly symbol: string;
  readonly tape: Tape;
  readonly specs: readonly InstrumentSpec[];
  readonly funding: FundingSchedule;
  readonly #clock: Clock;
  #last: Print;
  #lastTick: 'PlusTick' | 'MinusTick' | 'ZeroPlusTick' | 'ZeroMinusTick' = 'ZeroPlusTick';
  #day: { readonly minute: number; readonly figures: DayFigures } | undefined;
  #sums: DaySums | undefined;
  #cancel: CancelTimer = () => {};
  #playedUntil = 0;
  #minuteEnd = 0;
  #next: Print | undefined;

  constructor(
    symbol: string,
    tape: Tape,
    specs: readonly InstrumentSpec[],
    clock: Clock,
    funding: FundingSchedule = NO_FUNDING,
  ) {
    this.symbol = symbol;
    this.funding = funding;
    this.tape = tape;
    this.specs = specs;
    this.#clock = clock;
    const first = tape.lastPrintAt(clock.now()) ?? tape.nextPrintAfter(tape.start - 1);
    if (first === undefined) throw new InvariantError('A recording without a trade', { symbol });
    this.#last = first;
  }

  get lastPrint(): Print {
    return this.#last;
  }

  get tickDirection(): string {
    return this.#lastTick;
  }

  /** Begins to play from the clock's present time. */
  play(listener: MarketListener): void {
    this.#playedUntil = this.#clock.now();
    this.#minuteEnd = minuteOf(this.#playedUntil) + MINUTE_MS;
    this.#next = this.tape.nextPrintAfter(this.#playedUntil);
    this.#schedule(listener);
  }

  stop(): void {
    this.#cancel();
  }

  /** The present time, never before what has been played: timers of a machine may fire a moment early. */
  now(): number {
    return Math.max(this.#clock.now(), this.#playedUntil);
  }

  /** The last 24 hours up to now. */
  day(): DayFigures {
    const now = this.now();
    const minute = minuteOf(now);
    if (this.#day?.minute !== minute) this.#day = { minute, figures: this.#dayUntil(minute) };
    const running = candleAt(this.tape, '1' as KlineInterval, minute, now);
    const { figures } = this.#day;
    if (running === undefined) return figures;
    return {
      ...figures,
      high: running.high > figures.high ? running.high : figures.high,
      low: running.low < figures.low ? running.low : figures.low,
      volume: figures.volume + running.volume,
      turnover: figures.turnover + running.turnover,
    };
  }

  /** What traded in the 24 hours before the minute that `time` lies in. */
  volumeBefore(time: number): bigint {
    let volume = 0n;
    const minute = minuteOf(time);
    for (let at = minute - DAY_MS; at < minute; at += MINUTE_MS) volume += this.tape.bar(at)?.volume ?? 0n;
    return volume;
  }

  #dayUntil(minute: number): DayFigures {
    const price = this.#last.price;
    const { high, low } = this.tape.extremes(minute - DAY_MS, minute) ?? { high: price, low: price };
    const { volume, turnover } = this.#sumsUntil(minute);
    const [priceDayAgo, priceHourAgo] = [this.#openNear(minute - DAY_MS), this.#openNear(minute - HOUR_MS)];
    return { high, low, volume, turnover, priceDayAgo, priceHourAgo };
  }

  /** Exact sums of the day before `minute`: where they were known lately, only what has come and gone is counted. */
  #sumsUntil(minute: number): DaySums {
    const known = this.#sums;
    const isNear = known !== undefined && known.minute <= minute && minute - known.minute <= HOUR_MS;
    let { volume, turnover } = isNear ? known : { volume: 0n, turnover: 0n };
    for (let at = isNear ? known.minute : minute - DAY_MS; at < minute; at += MINUTE_MS) {
      const come = this.tape.bar(at);
      const gone = isNear ? this.tape.bar(at - DAY_MS) : undefined;
      volume += (come?.volume ?? 0n) - (gone?.volume ?? 0n);
      turnover += (come?.turnover ?? 0n) - (gone?.turnover ?? 0n);
    }
    this.#sums = { minute, volume, turnover };
    return this.#sums;
  }

  #openNear(minute: number): bigint {
    return this.tape.bar(Math.max(minute, this.tape.start))?.open ?? this.#last.price;
  }

  /** One timer at a time: for the next print, or the end of the minute where that comes first or at the same instant. */
  #schedule(listener: MarketListener): void {
    const due = Math.min(this.#next?.time ?? Number.POSITIVE_INFINITY, this.#minuteEnd);
    this.#cancel = this.#clock.after(due - this.#clock.now(), () => {
      // A timer of the machine may fire a moment early: no candle ends before its time.
      while (Math.min(this.#next?.time ?? Number.POSITIVE_INFINITY, this.#minuteEnd) <= this.#clock.now()) {
        this.#playNext(listener);
      }
      this.#schedule(listener);
    });
  }

  /** A print on the boundary belongs to the minute that begins, so that the end of the minute comes first. */
  #playNext(listener: MarketListener): void {
    const print = this.#next;
    if (print !== undefined && print.time < this.#minuteEnd) {
      this.#playedUntil = print.time;
      this.#next = this.tape.following(print);
      this.#apply(print);
      listener.onPrint(this, print);
    } else {
      const end = this.#minuteEnd;
      this.#playedUntil = Math.max(this.#playedUntil, end - 1);
      this.#minuteEnd = end + MINUTE_MS;
      listener.onMinute(this, end);
    }
  }

  #apply(print: Print): void {
    const before = this.#last.price;
    if (print.price > before) this.#lastTick = 'PlusTick';
    else if (print.price < before) this.#lastTick = 'MinusTick';
    else this.#lastTick = this.#lastTick.endsWith('MinusTick') ? 'ZeroMinusTick' : 'ZeroPlusTick';
    this.#last = print;
  }
}
