import type { Brand } from '../../foundation/brand.ts';
import { multiply } from '../../foundation/fixed-point.ts';
import { DAY_MS, MINUTE_MS } from '../../foundation/time.ts';
import { minuteOf, type Print, type Tape, type TapeBar } from './tape.ts';

/** Names of intervals as Bybit writes them: minutes, or a day, a week, a month. */
export const KLINE_INTERVALS = '1 3 5 15 30 60 120 240 360 720 D W M'.split(' ');
export type KlineInterval = Brand<string, 'KlineInterval'>;

export function isKlineInterval(text: string): text is KlineInterval {
  return KLINE_INTERVALS.includes(text);
}

/** A candle: its start, its exclusive end, and what traded in it up to a moment. */
export interface TapeCandle extends TapeBar {
  readonly start: number;
  readonly end: number;
  /** Time of the last print in it; its start where there was none. */
  readonly lastTradeTime: number;
}

/** 1970-01-05 was a Monday: weeks begin there. */
const FIRST_MONDAY_MS = 4 * DAY_MS;

/** The start of the candle that `time` lies in. */
export function candleStart(interval: KlineInterval, time: number): number {
  if (interval === 'M') {
    const day = new Date(time);
    return Date.UTC(day.getUTCFullYear(), day.getUTCMonth());
  }
  const length = lengthOf(interval);
  const origin = interval === 'W' ? FIRST_MONDAY_MS : 0;
  return Math.floor((time - origin) / length) * length + origin;
}

/** The start of the next candle: the exclusive end of the one that begins at `start`. */
export function candleEnd(interval: KlineInterval, start: number): number {
  if (interval !== 'M') return start + lengthOf(interval);
  const day = new Date(start);
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1);
}

function lengthOf(interval: KlineInterval): number {
  if (interval === 'D') return DAY_MS;
  return interval === 'W' ? 7 * DAY_MS : Number(interval) * MINUTE_MS;
}

/**
 * The candle that begins at `start`, with what had traded at `now`. `undefined` where nothing is recorded yet, or the
 * candle lies in the future.
 */
export function candleAt(tape: Tape, interval: KlineInterval, start: number, now: number): TapeCandle | undefined {
  const end = candleEnd(interval, start);
  if (start > now || end <= tape.start) return undefined;
  let candle: TapeBar | undefined;
  for (let minute = Math.max(start, tape.start); minute < end && minute <= now; minute += MINUTE_MS) {
    const part = minute + MINUTE_MS <= now ? tape.bar(minute) : runningMinute(tape, minute, now);
    if (part !== undefined) candle = candle === undefined ? part : join(candle, part);
  }
  if (candle === undefined) return undefined;
  return { ...candle, start, end, lastTradeTime: lastTradeIn(tape, start, Math.min(now, end - 1)) };
}

/** How far the running minute of a tape has been added up: every trade asks for it again. */
interface Running {
  readonly minute: number;
  readonly prints: number;
  readonly bar: TapeBar;
}
const runningOf = new WeakMap<Tape, Running>();

/** The minute that is under way: flat at the last price until its first print. */
function runningMinute(tape: Tape, minute: number, now: number): TapeBar | undefined {
  const prints = tape.printsOf(minute);
  const known = runningOf.get(tape);
  const isAhead = known?.minute === minute && prints[known.prints - 1]!.time <= now;
  let { prints: count, bar } = isAhead ? known : { prints: 0, bar: undefined };
  for (; count < prints.length && prints[count]!.time <= now; count++) {
    const print = prints[count]!;
    bar = bar === undefined ? barOf(print) : join(bar, print);
  }
  if (bar === undefined) {
    const last = tape.lastPrintAt(now);
    return last && { open: last.price, high: last.price, low: last.price, close: last.price, volume: 0n, turnover: 0n };
  }
  runningOf.set(tape, { minute, prints: count, bar });
  return bar;
}

function barOf({ price, size }: Print): TapeBar {
  return { open: price, high: price, low: price, close: price, volume: size, turnover: multiply(price, size) };
}

function join(left: TapeBar, right: TapeBar | Print): TapeBar {
  const part = 'open' in right ? right : barOf(right);
  return {
    open: left.open,
    high: left.high > part.high ? left.high : part.high,
    low: left.low < part.low ? left.low : part.low,
    close: part.close,
    volume: left.volume + part.volume,
    turnover: left.turnover + part.turnover,
  };
}

function lastTradeIn(tape: Tape, start: number, until: number): number {
  const print = tape.printsOf(minuteOf(until)).findLast(({ time }) => time <= until) ?? tape.lastPrintAt(until);
  return print !== undefined && print.time >= start ? print.time : start;
}
