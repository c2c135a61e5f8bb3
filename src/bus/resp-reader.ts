import { InvariantError } from '../foundation/errors.ts';

/** An error that the server answered, by the name that other clients give it. */
export class RespError extends Error {
  override readonly name = 'ReplyError';
}

/** An answer of the server; an error inside an array stands where its command's answer would. */
export type RespValue = string | number | null | RespError | readonly RespValue[];

/** What is heard of a reader. */
export interface RespListener {
  /** An answer, in the order of the commands. */
  reply(value: RespValue): void;
  message(channel: string, text: string): void;
  patternMessage(pattern: string, channel: string, text: string): void;
}

const [CR, STAR, DOLLAR, PLUS, MINUS, COLON] = [13, 42, 36, 43, 45, 58] as const;
const ZERO = 48;
const MESSAGE = Buffer.from('*3\r\n$7\r\nmessage\r\n');
const PATTERN_MESSAGE = Buffer.from('*4\r\n$8\r\npmessage\r\n');
/** Of its place in the stream of bytes, not of ours: more has to come before it can be read. */
const INCOMPLETE = Symbol('incomplete');
/** Redis itself lets none be longer (`proto-max-bulk-len`). */
const LONGEST_BULK = 512 * 2 ** 20;

/**
 * Reads what Redis sends (RESP2), cut wherever the network cut it. Throws an InvariantError where it is no RESP: the
 * connection is of no use then.
 */
export class RespReader {
  readonly #listener: RespListener;
  /** The beginning of a value whose end has not come. */
  #rest: Buffer | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(listener: RespListener) {
    this.#listener = listener;
  }

  /** Forgets the half of a value: another connection begins. */
  reset(): void {
    this.#rest = undefined;
  }

  /** @param chunk is read during the call only */
  feed(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    this.#bytes = bytes;
    this.#at = 0;
    while (this.#at < bytes.length) {
      const start = this.#at;
      if (this.#next()) continue;
      // A copy: the chunk's memory is used again.
      this.#rest = Buffer.from(bytes.subarray(start));
      break;
    }
    this.#bytes = chunk;
  }

  /** Reads one value and tells of it; false where it is not all there. */
  #next(): boolean {
    if (this.#begins(MESSAGE)) {
      this.#at += MESSAGE.length;
      const channel = this.#value();
      const text = channel === INCOMPLETE ? INCOMPLETE : this.#value();
      if (text === INCOMPLETE) return false;
      this.#listener.message(channel as string, text as string);
      return true;
    }
    if (this.#begins(PATTERN_MESSAGE)) {
      this.#at += PATTERN_MESSAGE.length;
      const pattern = this.#value();
      const channel = pattern === INCOMPLETE ? INCOMPLETE : this.#value();
      const text = channel === INCOMPLETE ? INCOMPLETE : this.#value();
      if (text === INCOMPLETE) return false;
      this.#listener.patternMessage(pattern as string, channel as string, text as string);
      return true;
    }
    const value = this.#value();
    if (value === INCOMPLETE) return false;
    this.#listener.reply(value);
    return true;
  }

  #begins(prefix: Buffer): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    if (bytes.length - at < prefix.length) return false;
    // From its end: the beginnings of all arrays are alike.
    for (let index = prefix.length - 1; index >= 0; index--) if (bytes[at + index] !== prefix[index]) return false;
    return true;
  }

  #value(): RespValue | typeof INCOMPLETE {
    const kind = this.#bytes[this.#at];
    if (kind === undefined) return INCOMPLETE;
    const start = this.#at + 1;
    if (kind === PLUS || kind === MINUS) {
      const end = this.#bytes.indexOf(CR, start);
      if (end < 0 || end + 1 >= this.#bytes.length) return INCOMPLETE;
      this.#at = end + 2;
      const text = this.#bytes.toString('utf8', start, end);
      return kind === PLUS ? text : new RespError(text);
    }
    if (kind !== COLON && kind !== DOLLAR && kind !== STAR) throw this.#unreadable();
    const number = this.#number(start);
    if (number === INCOMPLETE || kind === COLON) return number;
    if (kind === DOLLAR) return this.#bulk(number);
    return this.#array(number);
  }

  #bulk(length: number): string | null | typeof INCOMPLETE {
    if (length < 0) return null;
    if (length > LONGEST_BULK) throw this.#unreadable();
    const start = this.#at;
    const end = start + length;
    if (end + 2 > this.#bytes.length) return INCOMPLETE;
    this.#at = end + 2;
    return this.#bytes.toString('utf8', start, end);
  }

  #array(length: number): readonly RespValue[] | null | typeof INCOMPLETE {
    if (length < 0) return null;
    const values: RespValue[] = [];
    for (let index = 0; index < length; index++) {
      const value = this.#value();
      if (value === INCOMPLETE) return INCOMPLETE;
      values.push(value);
    }
    return values;
  }

  /** The number from `start` to the end of its line. */
  #number(start: number): number | typeof INCOMPLETE {
    const bytes = this.#bytes;
    let at = start;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at += 1;
    let number = 0;
    for (; at < bytes.length; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit >= 0 && digit <= 9) {
        number = number * 10 + digit;
        continue;
      }
      if (bytes[at] !== CR) throw this.#unreadable();
      if (at + 1 >= bytes.length) return INCOMPLETE;
      this.#at = at + 2;
      return isNegative ? -number : number;
    }
    return INCOMPLETE;
  }

  #unreadable(): InvariantError {
    return new InvariantError('What came from Redis is not of its protocol', { position: this.#at });
  }
}
