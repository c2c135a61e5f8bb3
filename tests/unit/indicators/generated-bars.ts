import { Random } from '../../../src/foundation/random.ts';
import { type Bars, MINUTE_MS } from './reference-data.ts';

/** Bars of a seeded random walk on a grid of 0.01, with flat stretches, equal closes and bars without volume. */
export function generatedBars(count: number, seed = 1, start = 100): Bars {
  const random = new Random(seed, 'indicator bars');
  const bars = emptyBars(count);
  let close = start;
  for (let index = 0; index < count; index += 1) {
    const quiet = index % 97 > 80;
    const open = close;
    if (!quiet) close = Math.max(1, cents(close + (random.next() - 0.5) * 0.01 * start));
    const reach = quiet ? 0 : 0.003 * start;
    bars.high[index] = cents(Math.max(open, close) + random.next() * reach);
    bars.low[index] = cents(Math.min(open, close) - random.next() * reach);
    bars.close[index] = close;
    bars.volume[index] = index % 7 === 3 ? 0 : random.integer(1, 10_000) / 100;
    bars.closeTime[index] = (index + 1) * 11 * MINUTE_MS;
  }
  return bars;
}

/** Bars on which nothing happens: one price, no volume. */
export function flatBars(count: number, price: number): Bars {
  const bars = emptyBars(count);
  for (const column of [bars.high, bars.low, bars.close]) column.fill(price);
  bars.closeTime.forEach((_time, index) => {
    bars.closeTime[index] = (index + 1) * MINUTE_MS;
  });
  return bars;
}

function emptyBars(count: number): Bars {
  return {
    high: new Float64Array(count),
    low: new Float64Array(count),
    close: new Float64Array(count),
    volume: new Float64Array(count),
    closeTime: new Float64Array(count),
  };
}

function cents(price: number): number {
  return Math.round(price * 100) / 100;
}

/** Bars of a seeded random walk on no grid: no two prices are equal, and each bar has range and volume. */
export function livelyBars(count: number, seed = 1): Bars {
  const random = new Random(seed, 'lively bars');
  const bars = emptyBars(count);
  let close = 100;
  for (let index = 0; index < count; index += 1) {
    const open = close;
    close = open * (1 + (random.next() - 0.5) * 0.01);
    bars.high[index] = Math.max(open, close) * (1 + random.next() * 0.003);
    bars.low[index] = Math.min(open, close) * (1 - random.next() * 0.003);
    bars.close[index] = close;
    bars.volume[index] = 1 + random.next() * 100;
    bars.closeTime[index] = (index + 1) * MINUTE_MS;
  }
  return bars;
}
