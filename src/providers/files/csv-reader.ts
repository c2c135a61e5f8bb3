import type { Decimals } from '../../market/dataset.ts';
import { CandleRows } from './candle-rows.ts';
import { type CsvLayout, recognizeLayout } from './csv-layout.ts';
import type { FileContent } from './file-content.ts';
import { readBeginning, restPieceThreads, type SoundBeginning } from './piece-threads.ts';
import { PlainLines } from './plain-lines.ts';
import { planPieces, progressOf } from './plain-pieces.ts';
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
/** What a thread reads at a time: little enough that none waits for another for long. */
const PIECE_BYTES = 2 ** 20;
const BYTES_PER_PROGRESS = 2 ** 22;
/** After so many lines on end none of which is plain, the file is taken for one without plain lines. */
const MOST_IN_VAIN = 100;

/**
 * Reads delimited text; what is in shared memory, by several threads. Throws a UserError when it is not a table of bars.
 *
 * @param pieceBytes what a thread reads at a time
 */
export function readCsv(
  content: Extract<FileContent, { kind: 'text' }>,
  path: string,
  wantedSymbol: string | undefined,
  onProgress: OnProgress | undefined,
  pieceBytes: number = PIECE_BYTES,
): FileRows {
  const { bytes, start, name } = content;
  const layout = recognizeLayout(bytes, start, name, path, wantedSymbol);
  const beginning = readShared(bytes, layout, pieceBytes, onProgress);
  const rows = new CandleRows(
    (position) => `line ${lineOf(bytes, position)}`,
    beginning
      ? { ...beginning, positions: () => lineStarts(bytes, layout.firstRow, beginning.rows) }
      : Math.ceil(bytes.length / LEAST_ROW_BYTES),
  );
  const rest = readRows(bytes, layout, beginning?.end ?? layout.firstRow, rows, onProgress);
  const decimals = {
    price: Math.max(beginning?.price ?? 0, rest.price),
    quantity: Math.max(beginning?.quantity ?? 0, rest.quantity),
  };
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

/** The first lines, as far as all are plain and sound. */
function readShared(
  { buffer, length }: Buffer,
  layout: CsvLayout,
  pieceBytes: number,
  onProgress: OnProgress | undefined,
): (SoundBeginning & { readonly rows: number }) | undefined {
  if (!(buffer instanceof SharedArrayBuffer) || buffer.byteLength !== length) return undefined;
  const task = planPieces(buffer, layout, pieceBytes);
  try {
    const beginning = readBeginning(task, onProgress && (() => onProgress({ ...progressOf(task), total: length })));
    return beginning && { ...beginning, rows: beginning.run.rows };
  } finally {
    restPieceThreads();
  }
}

/** Where so many lines begin. */
function lineStarts(bytes: Buffer, first: number, lines: number): Float64Array {
  const starts = new Float64Array(lines);
  for (let line = 0, at = first; line < lines; line++) {
    starts[line] = at;
    at = bytes.indexOf(LF, at) + 1;
  }
  return starts;
}

/** Plain lines in blocks, the others one by one. */
function readRows(
  text: Buffer,
  layout: CsvLayout,
  start: number,
  rows: CandleRows,
  onProgress: OnProgress | undefined,
): Decimals {
  const plain = new PlainLines(text, layout);
  const single = new SingleLine(text, layout);
  const total = text.length;
  let position = start;
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
