import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../foundation/time.ts';
import { dateOf, timeOfNumber, timeOfText } from './time-text.ts';

const LF = 10;
const CR = 13;
const QUOTE = 34;
const DASH = 45;
const POINT = 46;
const SLASH = 47;
const ZERO = 48;
const COLON = 58;
/** Those that a float64 holds exactly. */
export const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));
const plainNumber = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Reads the fields of delimited text straight from its bytes, without making strings. Each reading method begins at
 * `position`, which is the start of a field, and leaves it on the delimiter or line end behind.
 *
 * Plain decimals of up to 2⁵³ without their point are exact in two float64 (digits and power of ten), so that one IEEE
 * division gives the correctly rounded value: W. D. Clinger, "How to Read Floating Point Numbers Accurately" (1990),
 * the fast path. All others go through `Number`, which rounds correctly too.
 */
export class TextScanner {
  readonly bytes: Uint8Array;
  readonly end: number;
  readonly #delimiter: number;
  readonly #text: Buffer;
  position: number;
  /** After `number(seen)`: the larger of `seen` and the decimals of that number, trailing zeros not counted. */
  decimals = 0;

  constructor(bytes: Buffer, start: number, delimiter: number) {
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#text = bytes;
    this.end = bytes.length;
    this.position = start;
    this.#delimiter = delimiter;
  }

  /** Whether `position` is on a delimiter, so that another field follows; else it is at the end of the line. */
  get atDelimiter(): boolean {
    return this.position < this.end && this.bytes[this.position] === this.#delimiter;
  }

  /** The number in this field; NaN when it is empty or not a number. */
  number(seen: number): number {
    const { bytes, end } = this;
    let position = this.position;
    let digits = 0;
    let point = -1;
    let byte = 0;
    for (; position < end; position++) {
      byte = bytes[position]!;
      if (byte >= ZERO && byte <= 57) digits = digits * 10 + (byte - ZERO);
      else if (byte === POINT && point === -1) point = position;
      else break;
    }
    const fraction = point === -1 ? 0 : position - point - 1;
    const length = position - this.position - (point === -1 ? 0 : 1);
    const ended = position === end || byte === this.#delimiter || byte === LF || byte === CR;
    if (!ended || length === 0 || digits > Number.MAX_SAFE_INTEGER || fraction > 22) return this.#slowNumber(seen);
    this.position = position;
    this.decimals = seen;
    if (fraction > seen) {
      while (bytes[position - 1] === ZERO) position--;
      this.decimals = Math.max(seen, position - point - 1);
    }
    return fraction === 0 ? digits : digits / POWERS_OF_TEN[fraction]!;
  }

  /** The moment in this field, in epoch milliseconds (see `time-text.ts`); NaN when it is none. */
  time(): number {
    const { bytes, position } = this;
    const first = bytes[position]!;
    const fifth = bytes[position + 4]!;
    if (fifth === DASH || fifth === SLASH || fifth === POINT) return this.#dateTime();
    if (first >= ZERO && first <= 57) return timeOfNumber(this.number(0));
    const text = this.text();
    return plainNumber.test(text) ? timeOfNumber(Number(text)) : timeOfText(text);
  }

  /** The text of this field, without quotes around it and blanks at its ends. */
  text(): string {
    const { bytes, end } = this;
    const start = this.position;
    let position = start;
    let quoted = false;
    for (; position < end; position++) {
      const byte = bytes[position]!;
      if (byte === QUOTE) quoted = !quoted;
      else if (byte === LF || (!quoted && (byte === this.#delimiter || byte === CR))) break;
    }
    this.position = position;
    const text = this.#text.toString('utf8', start, position).trim();
    const within = text.length >= 2 && text.startsWith('"') && text.endsWith('"');
    return within ? text.slice(1, -1).replaceAll('""', '"').trim() : text;
  }

  /** Goes over this field. */
  skip(): void {
    const { bytes, end } = this;
    let position = this.position;
    let quoted = false;
    for (; position < end; position++) {
      const byte = bytes[position]!;
      if (byte === QUOTE) quoted = !quoted;
      else if (byte === LF || (!quoted && (byte === this.#delimiter || byte === CR))) break;
    }
    this.position = position;
  }

  /** Goes to the start of the next line. */
  nextLine(): void {
    const { bytes, end } = this;
    let position = this.position;
    while (position < end && bytes[position] !== LF) position++;
    this.position = Math.min(end, position + 1);
  }

  #slowNumber(seen: number): number {
    const text = this.text();
    this.decimals = seen;
    if (!plainNumber.test(text)) return Number.NaN;
    const value = Number(text);
    const plain = /\.(\d*?)0*$/.exec(text);
    this.decimals = Math.max(seen, plain ? plain[1]!.length : decimalsOf(value));
    return value;
  }

  /** `2024-01-31`, or `2024-01-31 09:05:00` with nothing, `Z` or `+00:00` behind, by its digits; others by pattern. */
  #dateTime(): number {
    const start = this.position;
    this.skip();
    const length = this.position - start;
    const year = this.#twoDigits(start) * 100 + this.#twoDigits(start + 2);
    const day = dateOf(year, this.#twoDigits(start + 5), this.#twoDigits(start + 8));
    if (this.bytes[start + 4] === this.bytes[start + 7] && !Number.isNaN(day)) {
      if (length === 10) return day;
      if (length >= 19 && this.#isUtc(start + 19)) {
        const clock = this.#clock(start + 10);
        if (!Number.isNaN(clock)) return day + clock;
      }
    }
    this.position = start;
    return timeOfText(this.text());
  }

  /** Milliseconds of ` HH:MM:SS` or `THH:MM:SS`. */
  #clock(at: number): number {
    const { bytes } = this;
    const separated = (bytes[at] === 32 || bytes[at] === 84) && bytes[at + 3] === COLON && bytes[at + 6] === COLON;
    const [hours, minutes, seconds] = [this.#twoDigits(at + 1), this.#twoDigits(at + 4), this.#twoDigits(at + 7)];
    if (!(separated && hours < 24 && minutes < 60 && seconds < 60)) return Number.NaN;
    return hours * HOUR_MS + minutes * MINUTE_MS + seconds * SECOND_MS;
  }

  /** Whether nothing, `Z` or `+00:00` stands between `at` and `position`. */
  #isUtc(at: number): boolean {
    const length = this.position - at;
    if (length === 0) return true;
    if (length === 1) return this.bytes[at] === 90;
    return length === 6 && this.#text.toString('latin1', at, this.position) === '+00:00';
  }

  #twoDigits(at: number): number {
    const tens = this.bytes[at]! - ZERO;
    const ones = this.bytes[at + 1]! - ZERO;
    return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
  }
}

/** How many decimals the shortest notation of `value` has. */
export function decimalsOf(value: number): number {
  const [mantissa, exponent] = value.toString().split('e');
  const fraction = mantissa!.split('.')[1]?.length ?? 0;
  return Math.max(0, fraction - Number(exponent ?? 0));
}
