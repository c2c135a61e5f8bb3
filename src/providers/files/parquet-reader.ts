import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { messageOf, UserError } from '../../foundation/errors.ts';
import type { Decimals } from '../../market/dataset.ts';
import { CandleRows } from './candle-rows.ts';
import { findRoles, ROLES, SYMBOL, TIME, VOLUME } from './column-roles.ts';
import type { FileRows, OnProgress } from './csv-reader.ts';
import { decimalsOf } from './text-scanner.ts';
import { timeOfNumber, timeOfText } from './time-text.ts';

/** Beyond this nobody quotes, and the float64 itself has no more to tell. */
const MOST_DECIMALS = 15;

/**
 * Reads a Parquet file by DuckDB, which is loaded only now. Its chunks of 2,048 rows come one after the other and are
 * copied out by its public value functions, so that neither the whole table nor any of its memory is held.
 */
export async function readParquet(path: string, onProgress: OnProgress | undefined): Promise<FileRows> {
  const { DuckDBInstance } = await import('@duckdb/node-api').catch((error: unknown) => {
    throw new UserError(`${path}: Parquet needs @duckdb/node-api, which does not load here (${messageOf(error)}).`);
  });
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    memory_limit: '1GB',
    threads: '2',
  });
  const connection = await instance.connect();
  try {
    return await readTable(connection, path, onProgress);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: can't be read as Parquet (${messageOf(error).split('\n')[0]}).`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function readTable(
  connection: DuckDBConnection,
  path: string,
  onProgress: OnProgress | undefined,
): Promise<FileRows> {
  const table = `read_parquet('${literalPath(path)}')`;
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${table}`);
  const columns = described.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
  const names = columns.map(({ name }) => name);
  const { columnOf, timeNamed } = findRoles(names, path);
  const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${table}`);
  const total = Number(counted.getRows()[0]![0]);
  const wanted = ROLES.flatMap((_, role) => {
    const column = columns[columnOf[role]!];
    return column === undefined ? [] : [`${expression(role, column.name, column.type)} AS r${role}`];
  });
  const result = await connection.stream(`SELECT ${wanted.join(', ')} FROM ${table}`);
  const rows = new CandleRows((position) => `row ${position}`, total);
  const decimals = new SeenDecimals();
  const values = new Float64Array(VOLUME + 1);
  let position = 0;
  let symbol: string | undefined;
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const fields = chunk.getColumns();
    for (let row = 0; row < chunk.rowCount; row++) {
      position++;
      const own = fields[SYMBOL]?.[row];
      symbol ??= own === undefined ? undefined : String(own);
      if (own !== undefined && String(own) !== symbol) {
        rows.reject(position, 'of another symbol', `it is of ${own}, the file began with ${symbol}`);
        continue;
      }
      values[TIME] = timeOf(fields[TIME]![row]!);
      for (let role = TIME + 1; role <= VOLUME; role++) values[role] = numberOf(fields[role]![row]!);
      rows.add(position, values);
      decimals.see(values);
    }
    onProgress?.({ done: position, total, rows: rows.length });
  }
  return { rows, decimals, format: 'Parquet', symbol, dependsOnSymbol: false, timeNamed, rawLine: () => null };
}

/** What a column is read by: times as text or epoch numbers, prices as float64. */
function expression(role: number, name: string, type: string): string {
  const column = `"${name.replaceAll('"', '""')}"`;
  if (role === SYMBOL) return `CAST(${column} AS VARCHAR)`;
  if (role !== TIME) return `TRY_CAST(${column} AS DOUBLE)`;
  if (type === 'DATE') return `CAST(epoch_ms(CAST(${column} AS TIMESTAMP)) AS DOUBLE)`;
  if (type.startsWith('TIMESTAMP')) return `CAST(epoch_ms(${column}) AS DOUBLE)`;
  return type === 'VARCHAR' ? column : `CAST(${column} AS DOUBLE)`;
}

function timeOf(value: DuckDBValue): number {
  if (typeof value === 'number') return timeOfNumber(value);
  return typeof value === 'string' ? timeOfText(value.trim()) : Number.NaN;
}

function numberOf(value: DuckDBValue): number {
  return typeof value === 'number' ? value : Number.NaN;
}

/** A path as DuckDB takes it: quotes doubled, and nothing in it a pattern. */
function literalPath(path: string): string {
  return path.replaceAll(/[*?[]/g, '[$&]').replaceAll("'", "''");
}

class SeenDecimals implements Decimals {
  price = 0;
  quantity = 0;

  /** @param row time, open, high, low, close, volume */
  see(row: Float64Array): void {
    for (let role = TIME + 1; role < VOLUME; role++) this.price = moreDecimals(row[role]!, this.price);
    this.quantity = moreDecimals(row[VOLUME]!, this.quantity);
  }
}

/** The larger of `seen` and the decimals of `value`, found by a division in the common case that there are no more. */
function moreDecimals(value: number, seen: number): number {
  const scale = 10 ** seen;
  if (seen >= MOST_DECIMALS || !Number.isFinite(value) || Math.round(value * scale) / scale === value) return seen;
  return Math.min(MOST_DECIMALS, Math.max(seen, decimalsOf(value)));
}
