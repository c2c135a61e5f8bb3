import { UserError } from '../../foundation/errors.ts';
import { findRoles, IGNORED, looksLikeHeader, normalizedName, SYMBOL, TIME, VOLUME } from './column-roles.ts';
import { TextScanner } from './text-scanner.ts';
import { dateOf } from './time-text.ts';

/** How the rows of a text file are to be read. */
export interface CsvLayout {
  /** In words, for people. */
  readonly format: string;
  /** The byte between fields. */
  readonly delimiter: number;
  /** The role number (see `ROLES`) of each field of a row, −1 for those that are not read. */
  readonly roles: Int8Array;
  /** Where the first row begins. */
  readonly firstRow: number;
  /** Added to each time: 0, or the day of a file whose times count from midnight. */
  readonly dayStart: number;
  readonly timeNamed: 'open' | 'close' | undefined;
  readonly symbol: string | undefined;
  /** Whether the columns were chosen by the symbol that is wanted. */
  readonly dependsOnSymbol: boolean;
}

/** Fields per row of the files without a header that are known, in the order time, open, high, low, close, volume, … */
const HEADERLESS = new Map([
  [6, 'CSV without header'],
  [7, 'Bybit kline list'],
  [12, 'Binance klines without header'],
]);

/** `20221213_btcusdt_minute_trade.csv`: one day of LEAN's crypto bars; their times are milliseconds since midnight. */
const leanName = /^(\d{4})(\d{2})(\d{2})_([a-z0-9]+(?:usdt|usdc|usd|eur|btc|eth))_(?:minute|second)_trade\.csv$/;

/**
 * Recognises header, delimiter and columns by the first lines. Throws a UserError that names what was seen.
 *
 * @param name of the file, or of the one inside its archive
 * @param wantedSymbol which one to take from yfinance's file of several
 */
export function recognizeLayout(
  bytes: Buffer,
  start: number,
  name: string,
  path: string,
  wantedSymbol: string | undefined,
): CsvLayout {
  const delimiter = delimiterOf(bytes, start);
  const lines = firstLines(bytes, start, delimiter, 4);
  const [first, second, third] = lines;
  if (first === undefined) throw new UserError(`${path}: the file is empty.`);
  const lean = leanName.exec(name);
  if (lean && first.fields.length === 6) return leanLayout(lean, delimiter, first.start);
  if (second && normalizedName(first.fields[0]!) === 'price' && normalizedName(second.fields[0]!) === 'ticker') {
    const rows = third?.fields.slice(1).every((field) => field === '') ? third : second;
    return yfinanceLayout(first.fields, second.fields, delimiter, rows.next, path, wantedSymbol);
  }
  if (looksLikeHeader(first.fields)) return headerLayout(first.fields, second?.fields, delimiter, first.next, path);
  return headerlessLayout(first, delimiter, bytes, path);
}

function leanLayout(match: RegExpExecArray, delimiter: number, firstRow: number): CsvLayout {
  return {
    format: 'LEAN crypto bars',
    delimiter,
    roles: inOrder(6),
    firstRow,
    dayStart: dateOf(Number(match[1]), Number(match[2]), Number(match[3])),
    timeNamed: 'open',
    symbol: match[4]!.toUpperCase(),
    dependsOnSymbol: false,
  };
}

/** yfinance's own `to_csv`: a line of fields, a line of tickers, a line that names the index. */
function yfinanceLayout(
  names: readonly string[],
  tickers: readonly string[],
  delimiter: number,
  firstRow: number,
  path: string,
  wantedSymbol: string | undefined,
): CsvLayout {
  const held = [...new Set(tickers.slice(1))];
  const symbol = held.length === 1 ? held[0]! : wantedSymbol;
  if (symbol === undefined || !held.includes(symbol)) {
    throw new UserError(`${path}: holds ${held.join(', ')}; say by its symbol which one to load.`);
  }
  const own = names.map((name, column) => (column === 0 ? 'timestamp' : tickers[column] === symbol ? name : 'other'));
  const { columnOf } = findRoles(own, path);
  const roles = rolesOf(columnOf, names.length);
  const dependsOnSymbol = held.length > 1;
  const format = 'yfinance CSV';
  return { format, delimiter, roles, firstRow, dayStart: 0, timeNamed: undefined, symbol, dependsOnSymbol };
}

function headerLayout(
  names: readonly string[],
  row: readonly string[] | undefined,
  delimiter: number,
  firstRow: number,
  path: string,
): CsvLayout {
  const { columnOf, timeNamed } = findRoles(names, path);
  const symbolColumn = columnOf[SYMBOL]!;
  return {
    format: formatNamed(names),
    delimiter,
    roles: rolesOf(columnOf, names.length),
    firstRow,
    dayStart: 0,
    timeNamed,
    symbol: symbolColumn === IGNORED ? undefined : row?.[symbolColumn],
    dependsOnSymbol: false,
  };
}

function formatNamed(names: readonly string[]): string {
  const normalized = names.map(normalizedName);
  if (normalized.includes('adjclose')) return 'Yahoo CSV';
  if (normalized.includes('takerbuyvolume') || normalized.includes('takerbuybasevolume')) return 'Binance klines';
  if (normalized.includes('turnover')) return 'Bybit klines';
  return normalized[0] === '' ? 'pandas CSV' : 'CSV';
}

function headerlessLayout(first: Line, delimiter: number, bytes: Buffer, path: string): CsvLayout {
  const scanner = new TextScanner(bytes, first.start, delimiter);
  const format = HEADERLESS.get(first.fields.length);
  if (format === undefined || Number.isNaN(scanner.time())) {
    const seen = first.fields.join(', ').slice(0, 120);
    throw new UserError(
      `${path}: is not a table of bars. Line 1 should be a header such as timestamp,open,high,low,close,volume, or a row of 6, 7 or 12 fields that begins with a time; it is: ${seen}`,
    );
  }
  const roles = inOrder(first.fields.length);
  const [dayStart, dependsOnSymbol] = [0, false];
  return {
    format,
    delimiter,
    roles,
    firstRow: first.start,
    dayStart,
    timeNamed: undefined,
    symbol: undefined,
    dependsOnSymbol,
  };
}

function inOrder(fields: number): Int8Array {
  return Int8Array.from({ length: fields }, (_, field) => (field >= TIME && field <= VOLUME ? field : IGNORED));
}

function rolesOf(columnOf: readonly number[], fields: number): Int8Array {
  const roles = new Int8Array(fields).fill(IGNORED);
  columnOf.forEach((column, role) => {
    if (column !== IGNORED) roles[column] = role;
  });
  return roles;
}

interface Line {
  readonly start: number;
  /** Where the next line starts. */
  readonly next: number;
  readonly fields: readonly string[];
}

function delimiterOf(bytes: Buffer, start: number): number {
  const end = bytes.indexOf('\n', start);
  const line = bytes.toString('latin1', start, end === -1 ? Math.min(bytes.length, start + 4_096) : end);
  const count = (delimiter: string): number => line.split(delimiter).length;
  return [',', ';', '\t', '|'].sort((one, other) => count(other) - count(one))[0]!.charCodeAt(0);
}

function firstLines(bytes: Buffer, start: number, delimiter: number, count: number): Line[] {
  const scanner = new TextScanner(bytes, start, delimiter);
  const lines: Line[] = [];
  while (lines.length < count && scanner.position < scanner.end) {
    const lineStart = scanner.position;
    const fields = [scanner.text()];
    while (scanner.atDelimiter) {
      scanner.position++;
      fields.push(scanner.text());
    }
    scanner.nextLine();
    if (fields.length > 1 || fields[0] !== '') lines.push({ start: lineStart, next: scanner.position, fields });
  }
  return lines;
}
