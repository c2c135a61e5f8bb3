import type { Decimals } from '../../market/dataset.ts';
import { CandleRows } from './candle-rows.ts';
import { type CsvLayout, recognizeLayout } from './csv-layout.ts';
import type { FileContent } from './file-content.ts';
import { PlainLines } from './plain-lines.ts';
import { SingleLine } from './single-line.ts';

/** Told now and then while a file is read. */
export type OnProgress = (progress: { readonly done: number; readonly total: number; readonly rows: number }) => void;

/** The rows of a file, not yet judged as a series. */
export interface FileRows {
  readonly rows: CandleRows;
  readonly decimals: Decimals;
  readonly format: string;
  readonly symbol: string | undefined;
  readonly dependsOnSymbol: boolean;
  /** What the name of the time column says about its times. */
  readonly timeNamed: 'open' | 'close' | undefined;
  /** The line of a row, by its position; `null` where the source has no lines. */
  rawLine(position: number): string | null;
}

const LF = 10;
const CR = 13;
/** A byte count per row, low, so that memory is taken once for most files. */
const LEAST_ROW_BYTES = 40;
const BYTES_PER_PROGRESS = 2 ** 22;
/** After so many lines on end none of which is plain, the file is taken for one without plain lines. */
const MOST_IN_VAIN = 100;

/** Reads delimited text. Throws a UserError when it is not a table of bars. */
export function readCsv(
  content: Extract<FileContent, { kind: 'text' }>,
  path: string,
  wantedSymbol: string | undefined,
  onProgress: OnProgress | undefined,
): FileRows {
  const { bytes, start, name } = content;
  const layout = recognizeLayout(bytes, start, name, path, wantedSymbol);
  const rows = new CandleRows(
    (position) => `line ${lineOf(bytes, position)}`,
    Math.ceil(bytes.length / LEAST_ROW_BYTES),
  );
  const decimals = readRows(bytes, layout, rows, onProgress);
  return {
    rows,
    decimals,
    format: layout.format,
    symbol: layout.symbol,
    dependsOnSymbol: layout.dependsOnSymbol,
    timeNamed: layout.timeNamed,
    rawLine: (position) => lineAt(bytes, position),
  };
}

/** Plain lines in blocks, the others one by one. */
function readRows(text: Buffer, layout: CsvLayout, rows: CandleRows, onProgress: OnProgress | undefined): Decimals {
  const plain = new PlainLines(text, layout);
  const single = new SingleLine(text, layout);
  const total = text.length;
  let position = layout.firstRow;
  let told = position;
  let inVain = 0;
  while (position < total) {
    if (inVain < MOST_IN_VAIN) {
      const next = plain.take(rows, position);
      inVain = next === position ? inVain + 1 : 0;
      // A whole block, or one before a line that is not plain.
      if (next > position) position = next;
      else position = single.read(rows, position);
    } else position = single.read(rows, position);
    if (onProgress && position - told > BYTES_PER_PROGRESS && position < total) {
      onProgress({ done: position, total, rows: rows.length });
      told = position;
    }
  }
  onProgress?.({ done: total, total, rows: rows.length });
  return { price: Math.max(plain.price, single.price), quantity: Math.max(plain.quantity, single.quantity) };
}

/** The number of the line that starts at `position`, from 1. Counted, as it is only wanted for messages. */
function lineOf(bytes: Buffer, position: number): number {
  let lines = 1;
  for (let at = bytes.indexOf(LF); at !== -1 && at < position; at = bytes.indexOf(LF, at + 1)) lines++;
  return lines;
}

function lineAt(bytes: Buffer, position: number): string {
  const end = bytes.indexOf(LF, position);
  const last = end === -1 ? bytes.length : end;
  return bytes.toString('utf8', position, bytes[last - 1] === CR ? last - 1 : last);
}
