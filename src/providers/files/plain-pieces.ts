import type { CsvLayout } from './csv-layout.ts';
import { PlainLines, type RowSink } from './plain-lines.ts';
import { type SixColumns, SoundRun } from './sound-run.ts';

const LF = 10;
const COLUMNS = 6;
/** In `control`: the next piece to be read, the first that is not wholly plain, the next to be copied. */
const NEXT_READ = 0;
const STOP = 1;
const NEXT_COPY = 2;
/** In `control` from here on: how far each piece is read, then how far each is copied. */
const STATES = 3;
const DONE = 1;
/** Numbers of a piece in `summaries`. */
const SUMMARY = 10;
const ROWS = 2;

/**
 * A text that several threads read in pieces, and where they write what they find; all of it is shared memory. The pieces
 * are as many bytes long and are cut at line ends; whoever is free takes the next one.
 */
export interface PiecesTask {
  readonly text: SharedArrayBuffer;
  readonly layout: Pick<CsvLayout, 'roles' | 'delimiter' | 'dayStart' | 'symbol' | 'firstRow'>;
  /** Behind the last line end of the text. */
  readonly end: number;
  readonly pieceBytes: number;
  readonly pieces: number;
  /** Room for so many rows in each piece. */
  readonly rowsPerPiece: number;
  /** For each piece six columns of `rowsPerPiece` float64. */
  readonly found: SharedArrayBuffer;
  readonly summaries: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
}

/** What was found in a piece, up to the first line that is not plain and sound. */
export interface PieceSummary {
  /** Whether all lines were taken. */
  readonly isWhole: boolean;
  /** Where the first line begins that was not taken; the end of the piece where all were. */
  readonly stopped: number;
  readonly rows: number;
  /** The time of the first row. */
  readonly first: number;
  readonly last: number;
  readonly spacing: number;
  readonly isRegular: boolean;
  readonly zeroVolumes: number;
  /** The most decimals seen, trailing zeros not counted. */
  readonly price: number;
  readonly quantity: number;
}

/** The columns that the pieces come to, and the row of them that each piece begins with; a piece at −1 is left out. */
export interface CopyTask {
  readonly task: PiecesTask;
  readonly columns: SharedArrayBuffer;
  readonly firstRows: Int32Array;
}

/** Memory for the pieces of a text. It is taken by the system as it is written to. */
export function planPieces(shared: SharedArrayBuffer, layout: PiecesTask['layout'], pieceBytes: number): PiecesTask {
  const text = Buffer.from(shared);
  const end = text.lastIndexOf(LF) + 1;
  const pieces = Math.max(0, Math.ceil((end - layout.firstRow) / pieceBytes));
  const rowsPerPiece = Math.ceil(pieceBytes / leastRowBytes(text, layout.firstRow, end)) + 1;
  const { roles, delimiter, dayStart, symbol, firstRow } = layout;
  return {
    text: shared,
    layout: { roles, delimiter, dayStart, symbol, firstRow },
    end,
    pieceBytes,
    pieces,
    rowsPerPiece,
    found: new SharedArrayBuffer(pieces * COLUMNS * rowsPerPiece * Float64Array.BYTES_PER_ELEMENT),
    summaries: new SharedArrayBuffer(pieces * SUMMARY * Float64Array.BYTES_PER_ELEMENT),
    control: controlOf(pieces),
  };
}

function controlOf(pieces: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer((STATES + 2 * pieces) * Int32Array.BYTES_PER_ELEMENT);
  new Int32Array(buffer)[STOP] = pieces;
  return buffer;
}

/** Three quarters of what the first rows are long. Where rows turn out to be shorter, their piece stops there. */
function leastRowBytes(text: Buffer, firstRow: number, end: number): number {
  let lines = 0;
  let at = firstRow;
  while (lines < 500 && at < end) {
    at = text.indexOf(LF, at) + 1;
    lines++;
  }
  return Math.max(1, (0.75 * (at - firstRow)) / Math.max(1, lines));
}

/** Reads pieces until none is left, or one was found that is not wholly plain. `onPiece` is told after each. */
export function readPieces(task: PiecesTask, onPiece?: () => void): void {
  const { layout, pieces } = task;
  const text = Buffer.from(task.text);
  const control = new Int32Array(task.control);
  const plain = new PlainLines(text, layout);
  for (;;) {
    const piece = Atomics.add(control, NEXT_READ, 1);
    if (piece >= Atomics.load(control, STOP)) return;
    if (!readPiece(task, text, plain, piece)) lower(control, STOP, piece + 1);
    finish(control, STATES + piece);
    if (piece + 1 < pieces) onPiece?.();
  }
}

/** Whether all of the piece was plain and sound. */
function readPiece(task: PiecesTask, text: Buffer, plain: PlainLines, piece: number): boolean {
  const rows = new PieceRows(columnsOf(task, piece), task.rowsPerPiece);
  const end = pieceStart(task, text, piece + 1);
  let at = pieceStart(task, text, piece);
  plain.begin(end);
  while (at < end) {
    const next = plain.take(rows, at);
    if (next === at) break;
    at = next;
  }
  const { run, first } = rows;
  const isWhole = at >= end;
  const numbers = [Number(isWhole), at, run.rows, first, run.last, run.spacing, Number(run.isRegular), run.zeroVolumes];
  summaryOf(task, piece).set([...numbers, plain.price, plain.quantity]);
  return isWhole;
}

/** Copies pieces to their place among all rows until none is left. */
export function copyPieces({ task, columns, firstRows }: CopyTask): void {
  const control = new Int32Array(task.control);
  for (;;) {
    const piece = Atomics.add(control, NEXT_COPY, 1);
    if (piece >= firstRows.length) return;
    copyPiece({ task, columns, firstRows }, piece);
    finish(control, STATES + task.pieces + piece);
  }
}

export function copyPiece({ task, columns, firstRows }: CopyTask, piece: number): void {
  const rows = summaryOf(task, piece)[ROWS]!;
  const columnBytes = columns.byteLength / COLUMNS;
  const offset = firstRows[piece]! * Float64Array.BYTES_PER_ELEMENT;
  for (const [index, column] of columnsOf(task, piece).entries()) {
    new Float64Array(columns, index * columnBytes + offset, rows).set(column.subarray(0, rows));
  }
}

/** Waits for a piece that another thread reads. `undefined` where nobody does, or not within `patienceMs`. */
export function awaitRead(task: PiecesTask, piece: number, patienceMs: number): PieceSummary | undefined {
  if (!awaitDone(task, STATES + piece, patienceMs)) return undefined;
  const numbers = summaryOf(task, piece);
  const [isWhole, stopped, rows, first, last, spacing, isRegular, zeroVolumes, price, quantity] = numbers;
  return {
    isWhole: isWhole === 1,
    stopped: stopped!,
    rows: rows!,
    first: first!,
    last: last!,
    spacing: spacing!,
    isRegular: isRegular === 1,
    zeroVolumes: zeroVolumes!,
    price: price!,
    quantity: quantity!,
  };
}

/** Waits for a piece that another thread copies; whether it did within `patienceMs`. */
export function awaitCopy(task: PiecesTask, piece: number, patienceMs: number): boolean {
  return awaitDone(task, STATES + task.pieces + piece, patienceMs);
}

/** How many bytes of the text the pieces that are done come to, about, and their rows. */
export function progressOf(task: PiecesTask): { readonly done: number; readonly rows: number } {
  const control = new Int32Array(task.control);
  let done = task.layout.firstRow;
  let rows = 0;
  for (let piece = 0; piece < task.pieces; piece++) {
    if (Atomics.load(control, STATES + piece) !== DONE) continue;
    done += task.pieceBytes;
    rows += summaryOf(task, piece)[ROWS]!;
  }
  return { done: Math.min(done, task.end), rows };
}

function awaitDone({ control: buffer }: PiecesTask, index: number, patienceMs: number): boolean {
  const control = new Int32Array(buffer);
  if (Atomics.load(control, index) !== DONE) Atomics.wait(control, index, 0, patienceMs);
  return Atomics.load(control, index) === DONE;
}

function finish(control: Int32Array, index: number): void {
  Atomics.store(control, index, DONE);
  Atomics.notify(control, index);
}

function lower(control: Int32Array, index: number, value: number): void {
  let seen = Atomics.load(control, index);
  while (value < seen) {
    const before = Atomics.compareExchange(control, index, seen, value);
    if (before === seen) return;
    seen = before;
  }
}

/** The start of the first line that begins in a piece or behind it. */
function pieceStart({ layout, end, pieceBytes }: PiecesTask, text: Buffer, piece: number): number {
  if (piece === 0) return layout.firstRow;
  const from = layout.firstRow + piece * pieceBytes;
  return from >= end ? end : text.indexOf(LF, from - 1) + 1;
}

function columnsOf({ found, rowsPerPiece }: PiecesTask, piece: number): SixColumns {
  const bytes = rowsPerPiece * Float64Array.BYTES_PER_ELEMENT;
  return Array.from(
    { length: COLUMNS },
    (_, index) => new Float64Array(found, (piece * COLUMNS + index) * bytes, rowsPerPiece),
  );
}

function summaryOf({ summaries }: PiecesTask, piece: number): Float64Array {
  return new Float64Array(summaries, piece * SUMMARY * Float64Array.BYTES_PER_ELEMENT, SUMMARY);
}

/** The rows of a piece. */
class PieceRows implements RowSink {
  readonly run = new SoundRun();
  readonly #columns: SixColumns;
  readonly #room: number;

  constructor(columns: SixColumns, room: number) {
    this.#columns = columns;
    this.#room = room;
  }

  get first(): number {
    return this.#columns[0]![0]!;
  }

  addSound(_positions: Float64Array, block: Float64Array, count: number): number {
    const start = this.run.rows;
    return this.run.take(block, Math.min(count, this.#room - start), this.#columns, start);
  }
}
