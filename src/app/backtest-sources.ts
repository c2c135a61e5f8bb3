import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Timeframe } from '../domain/timeframe.ts';
import { UserError } from '../foundation/errors.ts';
import type { DataSource } from './backtest-data.ts';
import { BUNDLED_SYMBOLS, bundledFile } from './config-defaults.ts';
import { readSymbol } from './config-values.ts';
import { DataLibrary } from './data-library.ts';
import { DataReader, type Reading } from './data-reader.ts';

/** What a person has said of the data. */
export interface SourceWishes {
  /** `FILE` or `SYMBOL=FILE`. */
  readonly data: readonly string[];
  readonly symbols: readonly string[];
  /** Files that the configuration names for symbols. */
  readonly configured: ReadonlyMap<string, string>;
  /** The folder from which paths count. */
  readonly cwd: string;
  readonly reading?: Reading;
  /** Default: one of its own, without a cache. */
  readonly reader?: DataReader;
}

/**
 * The file of each symbol: those of `data` (paths, or names of imported datasets), in their order; else the configured,
 * imported or bundled ones of `symbols`.
 *
 * @throws UserError where symbols and files do not pair up, or a symbol has no file
 */
export async function resolveSources(wishes: SourceWishes): Promise<readonly DataSource[]> {
  const sources =
    wishes.data.length > 0 ? await givenFiles(wishes) : wishes.symbols.map((symbol) => knownFile(symbol, wishes));
  if (sources.length === 0) {
    throw new UserError(
      `Which market? Give --symbol ${BUNDLED_SYMBOLS[0]} (bars of ${BUNDLED_SYMBOLS.join(', ')} come with the program), or a file of bars with --data FILE.`,
    );
  }
  const symbols = sources.map(({ symbol }) => symbol);
  const repeated = symbols.find((symbol, index) => symbols.indexOf(symbol) !== index);
  if (repeated !== undefined) throw new UserError(`${repeated} is given twice; each symbol has one file.`);
  return sources;
}

/** The timeframe of the file's own bars. */
export async function ownTimeframe(
  { path, symbol }: DataSource,
  reading: Reading = {},
  reader = new DataReader(),
): Promise<Timeframe> {
  return (await reader.load({ path, symbol, reading })).timeframe;
}

async function givenFiles({ data, symbols, cwd, reading, reader }: SourceWishes): Promise<readonly DataSource[]> {
  const named: DataSource[] = [];
  const unnamed: string[] = [];
  for (const entry of data) {
    const pair = await symbolAndFile(entry, cwd);
    if (pair === undefined) unnamed.push(fileOrDataset(entry, cwd));
    else named.push(pair);
  }
  const stray = symbols.filter((symbol) => !named.some((source) => source.symbol === symbol));
  if (unnamed.length === 0) {
    if (stray.length === 0) return orderedBy(symbols, named);
    throw new UserError(`There is no file for ${stray.join(', ')}: give one with --data ${stray[0]}=FILE.`);
  }
  if (stray.length === unnamed.length) {
    const paired = unnamed.map((path, index) => ({ symbol: stray[index]!, path }));
    return orderedBy(symbols, [...named, ...paired]);
  }
  if (stray.length > 0) {
    throw new UserError(
      `${count(unnamed, 'file')} and ${count(stray, 'symbol')} do not pair up: give each file with its symbol, --data ${stray[0]}=FILE.`,
    );
  }
  const recognised = await Promise.all(
    unnamed.map(async (path) => ({ symbol: await symbolOf(path, reading, reader), path })),
  );
  return [...named, ...recognised];
}

/** `SYMBOL=FILE`; `undefined` for a path, even one with an equals sign in it. */
async function symbolAndFile(entry: string, cwd: string): Promise<DataSource | undefined> {
  const [, before, path] = /^([^=]+)=(.+)$/s.exec(entry) ?? [];
  const symbol = before === undefined ? undefined : readSymbol(before);
  if (symbol === undefined || !symbol.ok || (await stat(resolve(cwd, entry)).catch(() => undefined))) return undefined;
  return { symbol: symbol.value, path: fileOrDataset(path!, cwd) };
}

/** The path of a file, or of the imported dataset of that name where there is no such file. */
function fileOrDataset(entry: string, cwd: string): string {
  const path = resolve(cwd, entry);
  return existsSync(path) ? path : (new DataLibrary(cwd).find(entry)?.path ?? path);
}

async function symbolOf(path: string, reading?: Reading, reader = new DataReader()): Promise<string> {
  const { symbol } = await reader.load({ path, reading });
  if (symbol !== undefined) return symbol;
  throw new UserError(`What symbol is in ${path}? Say it with --symbol, or --data SYMBOL=${basename(path)}.`);
}

function knownFile(symbol: string, { configured, cwd }: SourceWishes): DataSource {
  const bundled = bundledFile(symbol);
  const written = configured.get(symbol);
  // A configuration that names no files names the bundled ones; what was imported goes before those.
  const path = (written === bundled ? undefined : written) ?? new DataLibrary(cwd).findSymbol(symbol)?.path ?? bundled;
  if (path !== undefined) return { symbol, path };
  throw new UserError(
    `There are no bars of ${symbol}: ${BUNDLED_SYMBOLS.join(', ')} come with the program; give a file with --data ${symbol}=FILE, or import one: tradewind data import FILE.`,
  );
}

/** In the order of the symbols where that is given. */
function orderedBy(symbols: readonly string[], sources: readonly DataSource[]): readonly DataSource[] {
  const rank = ({ symbol }: DataSource): number =>
    symbols.includes(symbol) ? symbols.indexOf(symbol) : symbols.length;
  return sources.toSorted((left, right) => rank(left) - rank(right));
}

function count(list: readonly unknown[], noun: string): string {
  return `${list.length} ${noun}${list.length === 1 ? '' : 's'}`;
}
