import type { Decimals } from '../../market/dataset.ts';
import { CandleRows } from './candle-rows.ts';
import { IGNORED, SYMBOL, TIME, VOLUME } from './column-roles.ts';
import { type CsvLayout, recognizeLayout } from './csv-layout.ts';
import type { FileContent } from './file-content.ts';
import { TextScanner } from './text-scanner.ts';

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
const ROWS_PER_PROGRESS = 131_072;

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
  const decimals = readRows(new TextScanner(bytes, layout.firstRow, layout.delimiter), layout, rows, onProgress);
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

function readRows(
  scanner: TextScanner,
  { roles, dayStart, symbol }: CsvLayout,
  rows: CandleRows,
  onProgress: OnProgress | undefined,
): Decimals {
  const { bytes, end } = scanner;
  const row = new Float64Array(VOLUME + 1);
  let price = 0;
  let quantity = 0;
  for (let lines = 1; scanner.position < end; lines++) {
    const lineStart = scanner.position;
    let foreign: string | undefined;
    let field = 0;
    for (; ; field++) {
      const role = field < roles.length ? roles[field]! : IGNORED;
      if (role === IGNORED) scanner.skip();
      else if (role === TIME) row[TIME] = dayStart === 0 ? scanner.time() : dayStart + scanner.number(0);
      else if (role === VOLUME) {
        row[VOLUME] = scanner.number(quantity);
        quantity = scanner.decimals;
      } else if (role === SYMBOL) {
        const own = scanner.text();
        if (own !== symbol) foreign = own;
      } else {
        row[role] = scanner.number(price);
        price = scanner.decimals;
      }
      if (!scanner.atDelimiter) break;
      scanner.position++;
    }
    const fields = field + 1;
    if (foreign !== undefined) rows.reject(lineStart, `it is of ${foreign}, the file began with ${symbol}`);
    else if (fields === roles.length) rows.add(lineStart, row[0]!, row[1]!, row[2]!, row[3]!, row[4]!, row[5]!);
    else if (fields > 1 || !isBlank(bytes, lineStart, scanner.position)) {
      rows.reject(lineStart, `${fields} fields where ${roles.length} are wanted`);
    }
    scanner.nextLine();
    if (onProgress && lines % ROWS_PER_PROGRESS === 0)
      onProgress({ done: scanner.position, total: end, rows: rows.length });
  }
  onProgress?.({ done: end, total: end, rows: rows.length });
  return { price, quantity };
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! > 32) return false;
  return true;
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
