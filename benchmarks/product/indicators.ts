import { atrColumn } from '../../src/indicators/atr.ts';
import { bollingerColumns } from '../../src/indicators/bollinger.ts';
import { emaColumn } from '../../src/indicators/ema.ts';
import { rsiColumn } from '../../src/indicators/rsi.ts';
import { smaColumn } from '../../src/indicators/sma.ts';
import { type Job, timed } from './jobs.ts';
import { readBars } from './read-bars.ts';

/** An indicator over a whole column, as TA-Lib computes it; `last` is its newest value. */
export const indicators: Job = async ({ file, bars: length, repetitions, indicator }) => {
  const bars = readBars(file, length);
  const computations: Record<string, () => Float64Array> = {
    sma: () => smaColumn(bars.close, 20),
    ema: () => emaColumn(bars.close, 20),
    rsi: () => rsiColumn(bars.close, 14),
    atr: () => atrColumn(bars, 14),
    bbands: () => bollingerColumns(bars.close, 20, 2).upper,
  };
  const compute = computations[indicator]!;
  return () => timed(repetitions, () => ({ last: compute().at(-1)! }));
};
