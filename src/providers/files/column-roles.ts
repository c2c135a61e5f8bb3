import { UserError } from '../../foundation/errors.ts';

/** What a column is for; its place in the list is its number. */
export const ROLES = ['time', 'open', 'high', 'low', 'close', 'volume', 'symbol'] as const;
export type Role = (typeof ROLES)[number];
/** The number of a column that is not read. */
export const IGNORED = -1;
export const TIME = 0;
export const VOLUME = 5;
export const SYMBOL = 6;

/**
 * The names that columns go by, as exchanges, data services and pandas write them, most telling first; in lower case and
 * without anything but letters and digits.
 */
const NAMES: Readonly<Record<Role, readonly string[]>> = {
  time: [
    ...['timestamp', 'opentime', 'starttime', 'startat', 'start', 'datetime', 'time', 'date', 'unix', 'ts', 't'],
    ...['indexlevel0', 'index', 'unnamed0', 'closetime', 'endtime'],
  ],
  open: ['open', 'openprice', 'o'],
  high: ['high', 'highprice', 'h'],
  low: ['low', 'lowprice', 'l'],
  close: ['close', 'closeprice', 'c'],
  volume: ['volume', 'vol', 'v', 'basevolume', 'volumebase'],
  symbol: ['symbol', 'ticker', 'instrument', 'pair', 'sym'],
};

/** Which column has which role: column index by role number; −1 where there is none (a symbol is optional). */
export interface FoundRoles {
  readonly columnOf: readonly number[];
  /** What the name of the time column says about its times. */
  readonly timeNamed: 'open' | 'close' | undefined;
}

export function normalizedName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** Whether any of `names` is that of a price column: then they are a header. */
export function looksLikeHeader(names: readonly string[]): boolean {
  return names.some((name) => ['open', 'high', 'low', 'close'].some((role) => isNamed(name, role as Role)));
}

/**
 * Finds the columns by their names. A first column without a name is the time (pandas' index).
 *
 * @param origin the file, for the message of the UserError when a column is missing: it names what is wanted and seen
 */
export function findRoles(names: readonly string[], origin: string): FoundRoles {
  const columnOf = ROLES.map((role) => columnNamed(names, role));
  if (columnOf[TIME] === IGNORED && normalizedName(names[0] ?? '') === '') columnOf[TIME] = 0;
  const missing = ROLES.filter((role, number) => role !== 'symbol' && columnOf[number] === IGNORED);
  if (missing.length > 0) {
    const seen = names.map((name) => (name === '' ? '(no name)' : name)).join(', ');
    const plural = missing.length > 1 ? 'columns' : 'column';
    throw new UserError(
      `${origin}: has no ${plural} ${missing.join(', ')}. Wanted are timestamp, open, high, low, close, volume; seen are ${seen}.`,
    );
  }
  const timeName = normalizedName(names[columnOf[TIME]!]!);
  const timeNamed = /^(open|start)/.test(timeName) ? 'open' : /^(close|end)/.test(timeName) ? 'close' : undefined;
  return { columnOf, timeNamed };
}

function columnNamed(names: readonly string[], role: Role): number {
  const normalized = names.map(normalizedName);
  for (const wanted of NAMES[role]) {
    const column = normalized.indexOf(wanted);
    if (column >= 0) return column;
  }
  return IGNORED;
}

function isNamed(name: string, role: Role): boolean {
  return NAMES[role].includes(normalizedName(name));
}
