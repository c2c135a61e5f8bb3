import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What can hold bars; see `providers/files`. */
const ENDINGS = ['.csv', '.csv.gz', '.parquet', '.zip'];

/**
 * The file of a folder that holds a symbol's bars: `BTCUSDT-1m.csv.gz` before `BTCUSDT.csv.gz`. Where there is none it
 * is the first that would do, so that whoever opens it tells what is missing.
 */
export async function dataFileIn(folder: string, symbol: string, timeframe: string): Promise<string> {
  const present = new Set(await readdir(folder).catch(() => []));
  const names = [`${symbol}-${timeframe}`, symbol].flatMap((stem) => ENDINGS.map((ending) => stem + ending));
  return join(folder, names.find((name) => present.has(name)) ?? names[0]!);
}
