import { DataReader } from '../../src/app/data-reader.ts';
import type { CandleColumns } from '../../src/market/candle-columns.ts';
import { loadCandles } from '../../src/providers/files/load-candles.ts';
import type { Job } from './jobs.ts';

/** A CSV file to checked columns: the job of csv.c, and the checks of a file that a person may have edited. */
export const csv: Job = async ({ csv: path, repetitions }) => {
  return () => timedLoads(repetitions, async () => (await loadCandles({ path, symbol: 'BTCUSDT' })).columns);
};

/** The same file when the cache has its columns: the job of read.c, and two checksums of all bytes. */
export const cache: Job = async ({ csv: path, repetitions }) => {
  const load = async (): Promise<CandleColumns> => {
    const reader = new DataReader({ cache: true, onNotice: (sentence) => console.error(sentence) });
    return (await reader.load({ path, symbol: 'BTCUSDT', timeframe: '1m' })).columns;
  };
  await load();
  return () => timedLoads(repetitions, load);
};

async function timedLoads(repetitions: number, load: () => Promise<CandleColumns>) {
  const milliseconds: number[] = [];
  let columns: CandleColumns | undefined;
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const began = performance.now();
    columns = await load();
    milliseconds.push(performance.now() - began);
  }
  const { close, volume } = columns!;
  let sumOfCloses = 0;
  for (const price of close) sumOfCloses += price;
  return { milliseconds, result: { bars: close.length, sumOfCloses, lastVolume: volume.at(-1)! } };
}
