import { IGNORED, SYMBOL, TIME, VOLUME } from './column-roles.ts';
import type { CsvLayout } from './csv-layout.ts';
import { POWERS_OF_TEN, TextScanner } from './text-scanner.ts';
import { timeOfNumber } from './time-text.ts';

const LF = 10;
const CR = 13;
const QUOTE = 34;
const DASH = 45;
const POINT = 46;
const SLASH = 47;
const ZERO = 48;
/** Rows that are taken at a time. */
const BLOCK_ROWS = 2_048;
/** So many digits are sure to fit into 32 bits. */
const WORD_DIGITS = 9;
/** A float64 has every whole number below. */
const EXACT = 2 ** 53;

/** What a line is made of. */
export type LineLayout = Pick<CsvLayout, 'roles' | 'delimiter' | 'dayStart' | 'symbol'>;

/** What takes rows that were read. */
export interface RowSink {
  /**
   * Takes rows as long as they are sound, and says how many these were.
   *
   * @param positions of each row
   * @param block `count` rows of six numbers: in one array they take no memory of their own
   */
  addSound(positions: Float64Array, block: Float64Array, count: number): number;
}

/**
 * Reads the lines that nearly all lines are like: as many fields as the header has, plain decimals without sign, quotes
 * or exponent, in order of time and sound. It stops before the first line that is different in any way, which is then
 * read by {@link TextScanner} and judged by {@link CandleRows}; so it needs to understand little and explain nothing.
 *
 * The numbers are the same to the last bit: a whole number below 2⁵³ (made of two 32-bit words, so that the processor
 * multiplies integers) divided by a power of ten, as told at {@link TextScanner}.
 */
export class PlainLines {
  readonly #bytes: Uint8Array;
  readonly #times: TextScanner;
  readonly #roles: Int8Array;
  readonly #delimiter: number;
  readonly #dayStart: number;
  readonly #symbol: Uint8Array;
  /** Behind the last line end: nothing before it has to ask whether the text is over. */
  #end: number;
  /** Rows that were read and not yet judged: few enough to stay in the processor's cache. */
  readonly #block = new Float64Array(BLOCK_ROWS * (VOLUME + 1));
  readonly #starts = new Float64Array(BLOCK_ROWS);
  #fraction = 0;
  /** The most decimals seen, trailing zeros not counted. */
  price = 0;
  quantity = 0;

  constructor(text: Buffer, { roles, delimiter, dayStart, symbol = '' }: LineLayout) {
    this.#bytes = new Uint8Array(text.buffer, text.byteOffset, text.length);
    this.#times = new TextScanner(text, 0, delimiter);
    this.#roles = roles;
    this.#delimiter = delimiter;
    this.#dayStart = dayStart;
    this.#symbol = new TextEncoder().encode(symbol);
    this.#end = text.lastIndexOf(LF) + 1;
  }

  /** Begins with another part of the text: it is over at `end`, which is behind a line end. */
  begin(end: number): void {
    this.#end = end;
    this.price = 0;
    this.quantity = 0;
  }

  /** Takes lines from `position` on, at most {@link BLOCK_ROWS}. Gives the start of the first that was not taken. */
  take(rows: RowSink, position: number): number {
    const starts = this.#starts;
    const end = this.#end;
    let at = position;
    let count = 0;
    while (count < BLOCK_ROWS && at < end) {
      const { price, quantity } = this;
      const next = this.#line(at, 6 * count);
      if (next < 0) {
        this.price = price;
        this.quantity = quantity;
        break;
      }
      starts[count++] = at;
      at = next;
    }
    const taken = rows.addSound(starts, this.#block, count);
    return taken === count ? at : starts[taken]!;
  }

  /** The line at `position` into the block; where the next one starts, or −1 when it is not plain. */
  #line(position: number, target: number): number {
    const bytes = this.#bytes;
    const roles = this.#roles;
    const delimiter = this.#delimiter;
    const last = roles.length - 1;
    let at = position;
    for (let field = 0; ; field++) {
      const role = roles[field]!;
      if (role === IGNORED) at = this.#skip(at);
      else if (role === SYMBOL) at = this.#symbolEnd(at);
      else if (role === TIME) at = this.#time(at, target);
      else at = this.#number(at, target + role);
      if (at < 0) return -1;
      if (role > TIME && role < VOLUME) {
        if (this.#fraction > this.price) this.price = this.#moreDecimals(at, this.price);
      } else if (role === VOLUME && this.#fraction > this.quantity) {
        this.quantity = this.#moreDecimals(at, this.quantity);
      }
      if (field === last) break;
      if (bytes[at] !== delimiter) return -1;
      at++;
    }
    if (bytes[at] === CR) at++;
    return bytes[at] === LF ? at + 1 : -1;
  }

  /** Into the block, as a number that is returned would take memory; where it ends, or −1 when it is not plain. */
  #number(start: number, target: number): number {
    const bytes = this.#bytes;
    let at = start;
    let point = -1;
    let high = 0;
    let byte = 0;
    for (const stop = at + WORD_DIGITS; at < stop; at++) {
      byte = bytes[at]!;
      if (byte >= ZERO && byte <= 57) high = (Math.imul(high, 10) + (byte - ZERO)) | 0;
      else if (byte === POINT && point === -1) point = at;
      else break;
    }
    const length = at - start;
    if (length === WORD_DIGITS) return this.#longNumber(start, point, high, target);
    if (length === (point === -1 ? 0 : 1)) return -1;
    const fraction = point === -1 ? 0 : at - point - 1;
    this.#fraction = fraction;
    this.#block[target] = high / POWERS_OF_TEN[fraction]!;
    return at;
  }

  /** What follows on nine bytes, at most eight more. */
  #longNumber(start: number, pointBefore: number, high: number, target: number): number {
    const bytes = this.#bytes;
    const middle = start + WORD_DIGITS;
    let at = middle;
    let point = pointBefore;
    let low = 0;
    for (const stop = at + WORD_DIGITS; at < stop; at++) {
      const byte = bytes[at]!;
      if (byte >= ZERO && byte <= 57) low = (Math.imul(low, 10) + (byte - ZERO)) | 0;
      else if (byte === POINT && point === -1) point = at;
      else break;
    }
    if (at - middle === WORD_DIGITS) return -1;
    const digits = high * POWERS_OF_TEN[at - middle - (point >= middle ? 1 : 0)]! + low;
    if (digits > EXACT) return -1;
    const fraction = point === -1 ? 0 : at - point - 1;
    this.#fraction = fraction;
    this.#block[target] = digits / POWERS_OF_TEN[fraction]!;
    return at;
  }

  #time(start: number, target: number): number {
    const block = this.#block;
    const fifth = this.#bytes[start + 4]!;
    if (fifth === DASH || fifth === SLASH || fifth === POINT) {
      if (this.#dayStart !== 0) return -1;
      this.#times.position = start;
      block[target] = this.#times.time();
      return this.#times.position;
    }
    const at = this.#number(start, target);
    if (at < 0) return -1;
    const value = block[target]!;
    if (this.#dayStart !== 0) block[target] = this.#dayStart + value;
    else block[target] = value >= 1e11 && value < 1e14 ? Math.floor(value) : timeOfNumber(value);
    return at;
  }

  #skip(start: number): number {
    const bytes = this.#bytes;
    const delimiter = this.#delimiter;
    for (let at = start; ; at++) {
      const byte = bytes[at]!;
      if (byte === delimiter || byte === LF || byte === CR) return at;
      if (byte === QUOTE) return -1;
    }
  }

  #symbolEnd(start: number): number {
    const symbol = this.#symbol;
    for (let index = 0; index < symbol.length; index++) {
      if (this.#bytes[start + index] !== symbol[index]) return -1;
    }
    return start + symbol.length;
  }

  /** The decimals of the number that ends at `end`, where they are more than `seen` without trailing zeros. */
  #moreDecimals(end: number, seen: number): number {
    let zeros = 0;
    while (this.#bytes[end - 1 - zeros] === ZERO) zeros++;
    return Math.max(seen, this.#fraction - zeros);
  }
}
