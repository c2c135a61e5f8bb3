import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Candle, candleDefect, type Feed, feedName } from '../domain/candle.ts';
import { InvariantError, UserError } from '../foundation/errors.ts';
import { fileFault, StoreUnavailableError } from './store-error.ts';

const HEADER = 'timestamp,open,high,low,close,volume';

/** More than two of the longest lines that can be written. */
const TAIL_BYTES = 1_024;

/**
 * Confirmed candles as CSV, one file a feed: `{folder}/{symbol}-{timeframe}.csv` with the columns
 * `timestamp,open,high,low,close,volume`. **`timestamp` is the candle's OPEN time** in milliseconds UTC, as in every
 * exchange's export and unlike everywhere else in this program, so that the file can be given to the backtester and to
 * other tools. Numbers are in their shortest notation that reads back to the same float64.
 *
 * A file only grows, by candles in the order of time: one that is not newer than the last line is passed over, so that
 * a candle delivered again after a restart is not there twice. Later revisions of a candle are in the store alone. What
 * was appended survives a kill; a power cut may take the last lines, which the store has. One process writes a folder.
 */
export class CandleCsvWriter {
  readonly #folder: string;
  readonly #files = new Map<string, CsvFile>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Appends what is newer than each file's last line, one write a file; gives how many lines that were. Throws a
   * StoreUnavailableError when the disk is full or the folder can't be written (call it again with the same candles when
   * that is mended), and a UserError when a file of that name is there and holds something else.
   */
  append(candles: readonly (Feed & Candle)[]): Promise<number> {
    return this.#inTurn(async () => {
      const byFile = new Map<string, (Feed & Candle)[]>();
      for (const candle of candles) {
        const path = join(this.#folder, csvFileName(candle));
        const some = byFile.get(path);
        if (some) some.push(candle);
        else byFile.set(path, [candle]);
      }
      let lines = 0;
      for (const [path, some] of byFile) lines += await this.#appendTo(path, some);
      return lines;
    });
  }

  /** Puts everything on the disk and lets go of the files. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      const files = [...this.#files.values()];
      this.#files.clear();
      for (const { handle } of files) {
        await handle.sync();
        await handle.close();
      }
    });
  }

  async #appendTo(path: string, candles: readonly (Feed & Candle)[]): Promise<number> {
    try {
      const file = this.#files.get(path) ?? (await this.#open(path));
      let { lastOpenTime } = file;
      let text = '';
      let lines = 0;
      for (const candle of candles) {
        if (candle.openTime <= lastOpenTime) continue;
        lastOpenTime = candle.openTime;
        text += csvLine(candle);
        lines += 1;
      }
      if (lines > 0) await file.handle.appendFile(text);
      file.lastOpenTime = lastOpenTime;
      return lines;
    } catch (error) {
      await this.#forget(path);
      const fault = fileFault(error);
      throw fault ? new StoreUnavailableError(fault, path, error) : error;
    }
  }

  async #open(path: string): Promise<CsvFile> {
    await mkdir(this.#folder, { recursive: true });
    const handle = await open(path, 'a+');
    try {
      const file = { handle, lastOpenTime: await lastOpenTime(handle, path) };
      this.#files.set(path, file);
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** After a failure the end of the file is unknown: it is read, and repaired, when the file is opened again. */
  async #forget(path: string): Promise<void> {
    const file = this.#files.get(path);
    this.#files.delete(path);
    await file?.handle.close();
  }

  #inTurn<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => {});
    return turn;
  }
}

interface CsvFile {
  readonly handle: FileHandle;
  /** Of the last line; −∞ while there is none. */
  lastOpenTime: number;
}

/**
 * `BTCUSDT-1m.csv`. What a file system might not take in a name is written as `%XX` (as in URLs), so that different
 * symbols never share a file: `BTC/USDT` goes to `BTC%2FUSDT-1m.csv`.
 */
export function csvFileName({ symbol, timeframe }: Feed): string {
  const safe = Array.from(new TextEncoder().encode(symbol), (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9._-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  });
  return `${safe.join('')}-${timeframe}.csv`;
}

function csvLine(candle: Feed & Candle): string {
  const defect = candleDefect(candle);
  if (defect) throw new InvariantError(`An impossible candle: ${defect}`, { feed: feedName(candle) });
  const { openTime, open, high, low, close, volume } = candle;
  return `${openTime},${open},${high},${low},${close},${volume}\n`;
}

/** The open time of the last whole line. Cuts off a line that was torn by a kill, and writes the header of a new file. */
async function lastOpenTime(handle: FileHandle, path: string): Promise<number> {
  const { size } = await handle.stat();
  const from = Math.max(0, size - TAIL_BYTES);
  const { buffer } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
  const whole = buffer.lastIndexOf('\n') + 1;
  if (from > 0 && whole === 0) throw otherContent(path);
  if (from + whole < size) {
    const isOurs = from + whole > 0 || HEADER.startsWith(buffer.toString('latin1'));
    if (!isOurs) throw otherContent(path);
    await handle.truncate(from + whole);
  }
  if (from + whole === 0) {
    await handle.appendFile(`${HEADER}\n`);
    return Number.NEGATIVE_INFINITY;
  }
  const lines = buffer.toString('latin1', 0, whole - 1).split('\n');
  const last = lines.at(-1)!;
  if (from === 0 && lines[0] !== HEADER) throw otherContent(path);
  if (from === 0 && lines.length === 1) return Number.NEGATIVE_INFINITY;
  const values = last.split(',').map((text) => (text === '' ? Number.NaN : Number(text)));
  if (values.length !== 6 || !values.every(Number.isFinite)) throw otherContent(path);
  return values[0]!;
}

function otherContent(path: string): UserError {
  return new UserError(
    `${path} is not a candle file of this program (its columns are ${HEADER}); move it away, or give another folder.`,
  );
}
