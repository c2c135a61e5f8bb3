import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { CandleColumns } from '../../market/candle-columns.ts';

const ROWS_PER_PART = 8_192;
/** What DuckDB takes at a time. */
const ROWS_PER_CHUNK = 2_048;

/** Told after each part. */
export type OnRows = (rows: number) => void;

/**
 * Writes bars to a file, whole or not at all: CSV (`timestamp` in epoch milliseconds of the open time), the same packed
 * when the name ends with `.gz`, or Parquet when it ends with `.parquet`. Numbers are the shortest text that gives the
 * same double again.
 *
 * @throws what Node or DuckDB throws when it can't be written
 */
export async function writeCandles(columns: CandleColumns, path: string, onRows: OnRows): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    if (/\.parquet$/i.test(path)) await writeParquet(columns, temporary, onRows);
    else {
      const packed = /\.gz$/i.test(path) ? [createGzip()] : [];
      await pipeline([Readable.from(csvParts(columns, onRows)), ...packed, createWriteStream(temporary)]);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function* csvParts(columns: CandleColumns, onRows: OnRows): Generator<string> {
  const { openTime, open, high, low, close, volume, length } = columns;
  yield 'timestamp,open,high,low,close,volume\n';
  for (let first = 0; first < length; first += ROWS_PER_PART) {
    let part = '';
    const end = Math.min(length, first + ROWS_PER_PART);
    for (let row = first; row < end; row++) {
      part += `${openTime[row]},${open[row]},${high[row]},${low[row]},${close[row]},${volume[row]}\n`;
    }
    onRows(end);
    yield part;
  }
}

async function writeParquet(columns: CandleColumns, path: string, onRows: OnRows): Promise<void> {
  const { DuckDBInstance, DuckDBDataChunk, DOUBLE, BIGINT } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const fields = ['open', 'high', 'low', 'close', 'volume'] as const;
    const declared = fields.map((name) => `"${name}" DOUBLE`).join(', ');
    await connection.run(`CREATE TABLE bars ("timestamp" BIGINT, ${declared})`);
    const appender = await connection.createAppender('bars');
    for (let first = 0; first < columns.length; first += ROWS_PER_CHUNK) {
      const end = Math.min(columns.length, first + ROWS_PER_CHUNK);
      const chunk = DuckDBDataChunk.create([BIGINT, ...fields.map(() => DOUBLE)], end - first);
      chunk.setColumnValues(0, Array.from(columns.openTime.subarray(first, end), BigInt));
      fields.forEach((name, index) => {
        chunk.setColumnValues(index + 1, Array.from(columns[name].subarray(first, end)));
      });
      appender.appendDataChunk(chunk);
      onRows(end);
    }
    appender.closeSync();
    const target = path.replaceAll("'", "''");
    const times = `epoch_ms("timestamp") AS "timestamp", * EXCLUDE ("timestamp")`;
    await connection.run(`COPY (SELECT ${times} FROM bars) TO '${target}' (FORMAT parquet, COMPRESSION zstd)`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
