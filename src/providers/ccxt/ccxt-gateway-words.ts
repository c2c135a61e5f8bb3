import { parseFixed } from '../../foundation/fixed-point.ts';
import { redact } from '../../foundation/redaction.ts';
import type { EpochMs } from '../../foundation/time.ts';
import { type Fields, isFields, time } from './venue-message.ts';

const LONGEST_REASON = 300;

/**
 * A venue's or a library's words, fit for records: without secrets, signatures, addresses' queries and what a venue
 * repeats of the request, and not endless.
 */
export function reasonText(text: string): string {
  return redact(text)
    .replace(/(https?|wss?):\/\/([^\s/?]+)\S*/g, '$2')
    .replace(/origin_string\[[^\]]*\]?/g, 'origin_string[…]')
    .replace(/\b[0-9a-fA-F]{40,}\b/g, '…')
    .slice(0, LONGEST_REASON);
}

/** A message or an answer of a venue that makes no sense. */
export class SenselessMessage extends Error {
  override readonly name = 'SenselessMessage';
}

/** Reads the fields of one row strictly: what is not as it must be throws {@link SenselessMessage}. */
export class Row {
  readonly fields: Fields;
  readonly #what: string;

  /** @param what for people: `an order of Bybit` */
  constructor(value: unknown, what: string) {
    if (!isFields(value)) throw new SenselessMessage(`${what} is no object: ${shown(value)}`);
    this.fields = value;
    this.#what = what;
  }

  /** A text that is not empty. */
  text(name: string): string {
    const value = this.fields[name];
    if (typeof value !== 'string' || value === '') throw this.#senseless(name);
    return value;
  }

  /** An id: a text, or a whole number that a float64 holds exactly. */
  id(name: string): string {
    const value = this.fields[name];
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
    return this.text(name);
  }

  /** The text, `null` where it is empty or absent. */
  optionalText(name: string): string | null {
    const value = this.fields[name];
    return typeof value === 'string' && value !== '' ? value : null;
  }

  /** An exact decimal number in a text, in units of 10⁻¹². */
  decimal<Kind extends bigint>(name: string): Kind {
    const value = this.fields[name];
    const units = typeof value === 'string' ? parseFixed(value) : undefined;
    if (units === undefined) throw this.#senseless(name);
    return units as Kind;
  }

  /** The number, 0 where the text is empty or absent. */
  decimalOrZero<Kind extends bigint>(name: string): Kind {
    const value = this.fields[name];
    return value === undefined || value === null || value === '' ? (0n as Kind) : this.decimal<Kind>(name);
  }

  /** Milliseconds since 1970, as a number or as text. */
  time(name: string): EpochMs {
    const value = time(this.fields[name]);
    if (value === undefined) throw this.#senseless(name);
    return value;
  }

  oneOf<Word extends string>(name: string, words: Readonly<Record<string, Word>>): Word {
    const value = this.fields[name];
    const found = typeof value === 'string' && Object.hasOwn(words, value) ? words[value] : undefined;
    if (found === undefined) throw this.#senseless(name);
    return found;
  }

  rows(name: string, what: string): readonly Row[] {
    const value: unknown = this.fields[name];
    if (!Array.isArray(value)) throw this.#senseless(name);
    return value.map((one: unknown) => new Row(one, what));
  }

  row(name: string, what: string): Row {
    return new Row(this.fields[name], what);
  }

  #senseless(name: string): SenselessMessage {
    return new SenselessMessage(`${this.#what} has a wrong ${name}: ${shown(this.fields[name])}`);
  }
}

function shown(value: unknown): string {
  return reasonText(JSON.stringify(value) ?? 'nothing').slice(0, 120);
}
