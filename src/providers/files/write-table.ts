import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

export type CellKind = 'number' | 'whole' | 'text' | 'truth';
/** `null` is an empty cell. */
export type Cell = number | string | boolean | null;

export interface TableColumn {
  readonly name: string;
  readonly kind: CellKind;
}

const ROWS_PER_CHUNK = 2_048;
const SQL_TYPES: Readonly<Record<CellKind, string>> = {
  number: 'DOUBLE',
  whole: 'BIGINT',
  text: 'VARCHAR',
  truth: 'BOOLEAN',
};

/**
 * Writes a table to a file, whole or not at all: Parquet when the name ends with `.parquet`, else CSV, packed when it ends
 * with `.gz`. Rows are taken as they come, a few thousand at a time.
 *
 * @throws what Node or DuckDB throws when it can't be written
 */
export async function writeTable(
  path: string,
  columns: readonly TableColumn[],
  rows: AsyncIterable<readonly Cell[]>,
): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    if (/\.parquet$/i.test(path)) await writeParquet(temporary, columns, rows);
    else {
      const packed = /\.gz$/i.test(path) ? [createGzip()] : [];
      await pipeline([Readable.from(csvLines(columns, rows)), ...packed, createWriteStream(temporary)]);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

async function* csvLines(
  columns: readonly TableColumn[],
  rows: AsyncIterable<readonly Cell[]>,
): AsyncGenerator<string> {
  yield `${columns.map(({ name }) => csvCell(name)).join(',')}\n`;
  let part = '';
  for await (const row of rows) {
    part += `${row.map(csvCell).join(',')}\n`;
    if (part.length < 65_536) continue;
    yield part;
    part = '';
  }
  yield part;
}

/** RFC 4180; NaN and nothing are empty. */
function csvCell(value: Cell): string {
  if (value === null || Number.isNaN(value)) return '';
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function writeParquet(
  path: string,
  columns: readonly TableColumn[],
  rows: AsyncIterable<readonly Cell[]>,
): Promise<void> {
  const { DuckDBInstance, DuckDBDataChunk, DOUBLE, BIGINT, VARCHAR, BOOLEAN } = await import('@duckdb/node-api');
  const types = columns.map(({ kind }) => ({ number: DOUBLE, whole: BIGINT, text: VARCHAR, truth: BOOLEAN })[kind]);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const declared = columns.map(({ name, kind }) => `"${name.replaceAll('"', '""')}" ${SQL_TYPES[kind]}`);
    await connection.run(`CREATE TABLE rows (${declared.join(', ')})`);
    const appender = await connection.createAppender('rows');
    const append = (some: readonly (readonly Cell[])[]): void => {
      const chunk = DuckDBDataChunk.create(types, some.length);
      for (const [index, { kind }] of columns.entries()) {
        chunk.setColumnValues(
          index,
          some.map((row) => {
            const value = row[index]!;
            return kind === 'whole' && value !== null ? BigInt(value) : value;
          }),
        );
      }
      appender.appendDataChunk(chunk);
    };
    let waiting: (readonly Cell[])[] = [];
    for await (const row of rows) {
      waiting.push(row);
      if (waiting.length < ROWS_PER_CHUNK) continue;
      append(waiting);
      waiting = [];
    }
    if (waiting.length > 0) append(waiting);
    appender.closeSync();
    await connection.run(`COPY rows TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
