/**
 * Files to columns: CSV parsing, the cache beside a bare read of the same bytes, and the whole command from the source and
 * from the cache. The yardstick in C for the same CSV is `limits/csv.c`.
 *
 *     node benchmarks/data.ts --file bars1m.csv [--rounds 9]
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { encodeDataset } from '../src/market/dataset.ts';
import { readDatasetFile, writeWhole } from '../src/providers/files/dataset-file.ts';
import { loadCandles } from '../src/providers/files/load-candles.ts';

// What bin/tradewind.js starts the program with.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/tradewind', import.meta.url)));
setFlagsFromString('--max-inlined-bytecode-size-cumulative=6000');
setFlagsFromString('--max-inlined-bytecode-size=2000');

export interface DataOptions {
  /** A CSV file of bars. */
  readonly file: string;
  readonly rounds: number;
  /** Called between rounds, for the yardstick to run in the same minute. */
  readonly between?: () => void;
}

/** Milliseconds to read the file, parse it, check every row and build the columns. */
export async function measureCsv({ file, rounds, between }: DataOptions): Promise<readonly number[]> {
  for (let warm = 0; warm < 2; warm++) await loadCandles({ path: file });
  return timed(rounds, between, () => loadCandles({ path: file }));
}

/** Milliseconds to read the kept columns with all checks, and to read the same bytes into shared memory without any. */
export async function measureCacheRead({
  file,
  rounds,
  between,
}: DataOptions): Promise<{ readonly checked: readonly number[]; readonly bare: readonly number[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-bench-'));
  try {
    const path = join(folder, 'bars');
    const { path: _, ...dataset } = await loadCandles({ path: file });
    writeWhole(path, [encodeDataset(dataset)]);
    const { size } = statSync(path);
    const checked: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < rounds + 2; round++) {
      const [one] = await timed(1, between, () => readDatasetFile(path, ''));
      const [other] = await timed(1, between, () => readBare(path, size));
      if (round >= 2) checked.push(one!);
      if (round >= 2) bare.push(other!);
    }
    return { checked, bare };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Milliseconds of `tradewind backtest` as a process, from the source and from the cache, and of an empty Node beside them. */
export async function measureCommand({
  file,
  rounds,
  between,
}: DataOptions): Promise<Readonly<Record<'source' | 'cache' | 'emptyNode', readonly number[]>>> {
  const cache = mkdtempSync(join(tmpdir(), 'tradewind-bench-'));
  const run = (...parameters: string[]): void => {
    const environment = { ...process.env, XDG_CACHE_HOME: cache };
    execFileSync(process.execPath, parameters, { env: environment, stdio: 'ignore' });
  };
  const launcher = fileURLToPath(new URL('../bin/tradewind.js', import.meta.url));
  const backtest = [launcher, 'backtest', 'moving-average-cross', '--data', `BENCH=${file}`, '--json'];
  const times = { source: [] as number[], cache: [] as number[], emptyNode: [] as number[] };
  try {
    run(...backtest);
    if (readdirSync(join(cache, 'tradewind', 'datasets')).length === 0) throw new Error(`${file} was not kept`);
    for (let round = 0; round < rounds; round++) {
      times.source.push(...(await timed(1, between, () => run(...backtest, '--no-cache'))));
      times.cache.push(...(await timed(1, between, () => run(...backtest))));
      times.emptyNode.push(...(await timed(1, between, () => run('-e', ''))));
    }
    return times;
  } finally {
    rmSync(cache, { recursive: true });
  }
}

async function timed(rounds: number, between: (() => void) | undefined, action: () => unknown): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    between?.();
    const begun = performance.now();
    await action();
    times.push(performance.now() - begun);
  }
  return times;
}

function readBare(path: string, size: number): void {
  const target = new Uint8Array(new SharedArrayBuffer(size));
  const file = openSync(path, 'r');
  readSync(file, target, 0, size, 0);
  closeSync(file);
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1]!;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { file: { type: 'string' }, rounds: { type: 'string', default: '9' } } });
  if (values.file === undefined) throw new Error('Which file? node benchmarks/data.ts --file bars1m.csv');
  const options = { file: values.file, rounds: Number(values.rounds) };
  const csv = await measureCsv(options);
  const { checked, bare } = await measureCacheRead(options);
  const command = await measureCommand({ ...options, rounds: Math.ceil(options.rounds / 2) });
  const document = {
    csvMs: median(csv),
    cacheReadMs: median(checked),
    bareReadMs: median(bare),
    cacheReadOfBare: median(bare) / median(checked),
    commandFromSourceMs: median(command.source),
    commandFromCacheMs: median(command.cache),
    emptyNodeMs: median(command.emptyNode),
  };
  console.log(JSON.stringify(document, undefined, 2));
}

if (import.meta.main) await main();
