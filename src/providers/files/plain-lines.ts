import type { CandleRows } from './candle-rows.ts';
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
/** So many digits are sure to fit into 32 bits. */
const WORD_DIGITS = 9;
/** A float64 has every whole number below. */
const EXACT = 2 ** 53;

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
  readonly #end: number;
  readonly #row = new Float64Array(VOLUME + 1);
  #at = 0;
  #fraction = 0;
  /** The most decimals seen, trailing zeros not counted. */
  price = 0;
  quantity = 0;

  constructor(text: Buffer, { roles, delimiter, dayStart, symbol = '' }: CsvLayout) {
    this.#bytes = new Uint8Array(text.buffer, text.byteOffset, text.length);
    this.#times = new TextScanner(text, 0, delimiter);
    this.#roles = roles;
    this.#delimiter = delimiter;
    this.#dayStart = dayStart;
    this.#symbol = new TextEncoder().encode(symbol);
    this.#end = text.lastIndexOf(LF) + 1;
  }

  /** Takes lines from `position` on, at most `most`. Gives the start of the first that was not taken. */
  take(rows: CandleRows, position: number, most: number): number {
    const row = this.#row;
    this.#at = position;
    for (let taken = 0; taken < most && this.#at < this.#end; taken++) {
      const lineStart = this.#at;
      const { price, quantity } = this;
      if (this.#line() && rows.addSound(lineStart, row)) continue;
      this.price = price;
      this.quantity = quantity;
      return lineStart;
    }
    return this.#at;
  }

  /** One line into `#row`; whether it was plain. */
  #line(): boolean {
    const bytes = this.#bytes;
    const roles = this.#roles;
    const last = roles.length - 1;
    for (let field = 0; ; field++) {
      const role = roles[field]!;
      if (role === IGNORED) {
        if (!this.#skip()) return false;
      } else if (role === TIME) this.#time();
      else if (role === SYMBOL) {
        if (!this.#isSymbol()) return false;
      } else {
        this.#number(role);
        if (role === VOLUME) {
          if (this.#fraction > this.quantity) this.quantity = this.#moreDecimals(this.quantity);
        } else if (this.#fraction > this.price) this.price = this.#moreDecimals(this.price);
      }
      if (field === last) break;
      if (bytes[this.#at] !== this.#delimiter) return false;
      this.#at++;
    }
    if (bytes[this.#at] === CR) this.#at++;
    return bytes[this.#at++] === LF;
  }

  /** Into `#row`; NaN when it is not plain: then the row is not sound. Returned, it would take memory. */
  #number(role: number): void {
    const bytes = this.#bytes;
    const start = this.#at;
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
    let low = 0;
    const middle = at;
    let lowDigits = 0;
    if (at - start === WORD_DIGITS) {
      for (const stop = at + WORD_DIGITS; at < stop; at++) {
        byte = bytes[at]!;
        if (byte >= ZERO && byte <= 57) low = (Math.imul(low, 10) + (byte - ZERO)) | 0;
        else if (byte === POINT && point === -1) point = at;
        else break;
      }
      lowDigits = at - middle - (point >= middle ? 1 : 0);
    }
    this.#at = at;
    const digits = lowDigits === 0 ? high : high * POWERS_OF_TEN[lowDigits]! + low;
    const fraction = point === -1 ? 0 : at - point - 1;
    this.#fraction = fraction;
    const isPlain = digits <= EXACT && at - start > (point === -1 ? 0 : 1) && at - start < 2 * WORD_DIGITS;
    this.#row[role] = isPlain ? digits / POWERS_OF_TEN[fraction]! : Number.NaN;
  }

  #time(): void {
    const row = this.#row;
    const fifth = this.#bytes[this.#at + 4]!;
    if (fifth === DASH || fifth === SLASH || fifth === POINT) {
      this.#times.position = this.#at;
      row[TIME] = this.#dayStart === 0 ? this.#times.time() : Number.NaN;
      this.#at = this.#times.position;
      return;
    }
    this.#number(TIME);
    const value = row[TIME]!;
    if (this.#dayStart !== 0) row[TIME] = this.#dayStart + value;
    else row[TIME] = value >= 1e11 && value < 1e14 ? Math.floor(value) : timeOfNumber(value);
  }

  #skip(): boolean {
    const bytes = this.#bytes;
    for (; ; this.#at++) {
      const byte = bytes[this.#at]!;
      if (byte === this.#delimiter || byte === LF || byte === CR) return true;
      if (byte === QUOTE) return false;
    }
  }

  #isSymbol(): boolean {
    const symbol = this.#symbol;
    for (let index = 0; index < symbol.length; index++) {
      if (this.#bytes[this.#at + index] !== symbol[index]) return false;
    }
    this.#at += symbol.length;
    return true;
  }

  /** The decimals of the number before `#at`, where they are more than `seen` without trailing zeros. */
  #moreDecimals(seen: number): number {
    let zeros = 0;
    while (this.#bytes[this.#at - 1 - zeros] === ZERO) zeros++;
    return Math.max(seen, this.#fraction - zeros);
  }
}
