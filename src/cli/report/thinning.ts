import type { CandleSeries } from '../../statistics/run-report.ts';

/** Fewer rows for a chart: every `factor` rows become one. Nothing here touches figures; those come from all rows. */
export function thinCandles(candles: CandleSeries, factor: number): CandleSeries {
  if (factor === 1) return candles;
  return {
    openTime: thinned(candles.openTime, factor, (values, from) => values[from]!),
    open: thinned(candles.open, factor, (values, from) => values[from]!),
    high: thinned(candles.high, factor, greatest),
    low: thinned(candles.low, factor, (values, from, to) => {
      let found = values[from]!;
      for (let row = from + 1; row < to; row++) if (values[row]! < found) found = values[row]!;
      return found;
    }),
    close: thinLast(candles.close, factor),
    volume: thinned(candles.volume, factor, (values, from, to) => {
      let total = 0;
      for (let row = from; row < to; row++) total += values[row]!;
      return total;
    }),
  };
}

/** The last value of each `factor`: for what is known at a close. */
export function thinLast(values: Float64Array, factor: number): Float64Array {
  return factor === 1 ? values : thinned(values, factor, (all, _, to) => all[to - 1]!);
}

/** The greatest value of each `factor`: for drawdowns, of which none may be lost. */
export function thinGreatest(values: Float64Array, factor: number): Float64Array {
  return factor === 1 ? values : thinned(values, factor, greatest);
}

function greatest(values: Float64Array, from: number, to: number): number {
  let found = values[from]!;
  for (let row = from + 1; row < to; row++) if (!(values[row]! <= found)) found = values[row]!;
  return found;
}

type Pick = (values: Float64Array, from: number, to: number) => number;

function thinned(values: Float64Array, factor: number, pick: Pick): Float64Array {
  const count = Math.ceil(values.length / factor);
  const thin = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    thin[row] = pick(values, row * factor, Math.min(values.length, (row + 1) * factor));
  }
  return thin;
}
