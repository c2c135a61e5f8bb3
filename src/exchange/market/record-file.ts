import { messageOf, UserError } from '../../foundation/errors.ts';
import { formatFixed, fromNumber } from '../../foundation/fixed-point.ts';
import type { FundingEntry } from './funding-schedule.ts';
import type { TradeColumns } from './trade-tape.ts';

/*
 * Recorded trades and funding rates, from CSV (also compressed with gzip) or Parquet, read by DuckDB. Columns are found by
 * the names that exchanges and libraries give them. The exchange reads its own files: it shares no loader with the engine.
 */

const TIME = ['timestamp', 'time', 'ts', 'transacttime', 'tradetime', 'datetime', 'date', 't'];
const PRICE = ['price', 'px', 'p', 'rate'];
const SIZE = ['quantity', 'qty', 'amount', 'size', 'volume', 'vol', 'sz', 'q', 'v'];
const SIDE = ['takerside', 'side', 'direction', 's'];
const MAKER = ['isbuyermaker', 'buyermaker', 'm'];
/** `open`: what freqtrade calls the rate in its files of funding. */
const RATE = ['fundingrate', 'rate', 'open'];

export interface LoadedTrades {
  readonly trades: TradeColumns;
  readonly priceDecimals: number;
  readonly sizeDecimals: number;
}

/** @throws UserError where the file can't be read, or has no trades */
export async function loadTrades(path: string): Promise<LoadedTrades> {
  const rows = await readRows(path, (names) => [
    timeOf(path, names),
    numberOf(column(path, names, 'price', PRICE)),
    numberOf(column(path, names, 'size', SIZE)),
    takerSide(names),
  ]);
  const [time = [], price = [], size = [], side = []] = rows;
  const sound = Array.from(time.keys()).filter((row) => time[row]! > 0 && price[row]! > 0 && size[row]! > 0);
  if (sound.length < time.length || time.length === 0) {
    throw new UserError(`${path}: ${time.length - sound.length} of ${time.length} rows are no trades.`);
  }
  // DuckDB keeps the order of the file; trades of one millisecond stay in it.
  const order = sound.sort((one, other) => time[one]! - time[other]! || one - other);
  const prices = order.map((row) => price[row]!);
  const trades: TradeColumns = {
    length: order.length,
    time: Float64Array.from(order, (row) => time[row]!),
    price: Float64Array.from(prices),
    size: Float64Array.from(order, (row) => size[row]!),
    takerBought: takersOf(
      prices,
      order.map((row) => side[row]!),
    ),
  };
  return { trades, priceDecimals: mostDecimals(trades.price), sizeDecimals: mostDecimals(trades.size) };
}

/** @throws UserError where the file can't be read, or has no rates */
export async function loadFunding(path: string): Promise<readonly FundingEntry[]> {
  const [time = [], rate = []] = await readRows(path, (names) => [
    timeOf(path, names),
    numberOf(column(path, names, 'funding rate', RATE)),
  ]);
  const entries = time.map((at, row) => ({ time: at, rate: rate[row]! }));
  if (entries.length === 0 || entries.some((entry) => !(entry.time > 0) || Number.isNaN(entry.rate))) {
    throw new UserError(`${path}: has rows without a time or a funding rate.`);
  }
  return entries
    .sort((one, other) => one.time - other.time)
    .map(({ time: at, rate: share }) => ({ time: at, rate: fromNumber(share) }));
}

interface Column {
  readonly name: string;
  readonly type: string;
}

async function readRows(
  path: string,
  select: (columns: readonly Column[]) => readonly string[],
): Promise<readonly (readonly number[])[]> {
  const { DuckDBInstance } = await import('@duckdb/node-api').catch((error: unknown) => {
    throw new UserError(
      `${path}: recorded trades need @duckdb/node-api, which does not load here (${messageOf(error)}).`,
    );
  });
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', autoinstall_known_extensions: 'false' });
  const connection = await instance.connect();
  try {
    const literal = path.replaceAll("'", "''");
    const table = path.endsWith('.parquet') ? `read_parquet('${literal}')` : `read_csv('${literal}')`;
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${table}`);
    const columns = described.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
    const read = await connection.runAndReadAll(`SELECT ${select(columns).join(', ')} FROM ${table}`);
    return read.getColumns().map((values) => values.map((value) => (typeof value === 'number' ? value : Number.NaN)));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: can't be read as a table (${messageOf(error).split('\n')[0]}).`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function find(columns: readonly Column[], names: readonly string[]): Column | undefined {
  const plain = columns.map(({ name }) => name.toLowerCase().replaceAll(/[^a-z]/g, ''));
  const place = names.map((name) => plain.indexOf(name)).find((index) => index >= 0);
  return place === undefined ? undefined : columns[place];
}

function column(path: string, columns: readonly Column[], what: string, names: readonly string[]): Column {
  const found = find(columns, names);
  if (found !== undefined) return found;
  throw new UserError(
    `${path}: has no column for the ${what}; its columns are ${columns.map(({ name }) => name).join(', ')}.`,
  );
}

function quoted({ name }: Column): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function numberOf(one: Column): string {
  return `TRY_CAST(${quoted(one)} AS DOUBLE)`;
}

/** In milliseconds: numbers are seconds, milli-, micro- or nanoseconds by their size. */
function timeOf(path: string, columns: readonly Column[]): string {
  const time = column(path, columns, 'time', TIME);
  if (time.type.startsWith('TIMESTAMP')) return `CAST(epoch_ms(${quoted(time)}) AS DOUBLE)`;
  if (time.type === 'VARCHAR') return `CAST(epoch_ms(TRY_CAST(${quoted(time)} AS TIMESTAMP)) AS DOUBLE)`;
  const value = numberOf(time);
  return `floor(CASE WHEN ${value} < 1e11 THEN ${value} * 1e3 WHEN ${value} < 1e14 THEN ${value} WHEN ${value} < 1e17 THEN ${value} / 1e3 ELSE ${value} / 1e6 END)`;
}

/** 1 bought, 0 sold, NULL where nobody says. */
function takerSide(columns: readonly Column[]): string {
  const side = find(columns, SIDE);
  if (side !== undefined) {
    const text = `lower(CAST(${quoted(side)} AS VARCHAR))`;
    return `CAST(CASE WHEN ${text} IN ('buy', 'b', 'bid') THEN 1 WHEN ${text} IN ('sell', 's', 'ask') THEN 0 END AS DOUBLE)`;
  }
  const maker = find(columns, MAKER);
  if (maker === undefined) return 'CAST(NULL AS DOUBLE)';
  return `CAST(CASE WHEN TRY_CAST(${quoted(maker)} AS BOOLEAN) THEN 0 ELSE 1 END AS DOUBLE)`;
}

/** Where nobody says who took: who moved the price up bought, who moved it down sold, and so on until it moves again. */
function takersOf(prices: readonly number[], said: readonly number[]): Uint8Array {
  let bought = 1;
  return Uint8Array.from(prices, (price, row) => {
    const before = prices[row - 1] ?? price;
    if (price !== before) bought = price > before ? 1 : 0;
    return Number.isNaN(said[row]!) ? bought : said[row]!;
  });
}

function mostDecimals(values: ArrayLike<number>): number {
  let most = 0;
  for (let row = 0; row < values.length; row++) {
    const text = formatFixed(fromNumber(values[row]!));
    const point = text.indexOf('.');
    if (point >= 0) most = Math.max(most, text.length - point - 1);
  }
  return most;
}
