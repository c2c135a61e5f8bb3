import { invariant } from './errors.ts';

/** Words (int32) before the first record: fields per record, capacity, and the number appended as one int64. */
const HEADER_WORDS = 4;
const FIELDS_WORD = 0;
const CAPACITY_WORD = 1;
/** Where the number appended lies, counted in int64. */
const APPENDED_LONG = 1;

/** What a reader found where it looked. */
export type RingRead = 'read' | 'overwritten' | 'not yet written';

/**
 * The latest `capacity` records of `fields` float64 each, in shared memory: one thread writes, any number read, nobody
 * waits for anybody. A ring overwrites, so readers need protection: each slot is a sequence lock. Its stamp tells which
 * record it holds, is odd while that is being written, and a reader that finds the stamp changed after copying throws
 * the copy away. So a reader never gets a torn record, and knows when what it wanted is gone.
 *
 * Every word goes through `Atomics`, which are sequentially consistent by the language's memory model: the protocol
 * holds on every processor, not only on those that happen to keep stores in order. (Why plain reads between two atomic
 * ones would not do: H. Boehm, "Can Seqlocks Get Along With Programming Language Memory Models?", 2012.)
 *
 * Memory: 16 bytes, and 8 × (fields + 1) bytes a record: 56 for a candle of six fields, 28,016 for 500 of them.
 */
export class RingBuffer {
  readonly buffer: SharedArrayBuffer;
  readonly fields: number;
  readonly capacity: number;
  readonly #words: Int32Array;
  readonly #longs: BigInt64Array;
  readonly #stride: number;
  readonly #record: Float64Array;
  readonly #recordWords: Int32Array;
  /** The writer's own count, so that appending need not read it back. */
  #appended: number;

  /** A new, empty ring. */
  static create(capacity: number, fields: number): RingBuffer {
    const whole = Number.isInteger(capacity) && capacity >= 1 && Number.isInteger(fields) && fields >= 1;
    invariant(whole, 'A ring holds at least one record of at least one field', { capacity, fields });
    const buffer = new SharedArrayBuffer(4 * HEADER_WORDS + capacity * RingBuffer.bytesPerRecord(fields));
    const words = new Int32Array(buffer);
    words[FIELDS_WORD] = fields;
    words[CAPACITY_WORD] = capacity;
    return new RingBuffer(buffer);
  }

  /** Bytes that a record of `fields` float64 takes, its stamp included. */
  static bytesPerRecord(fields: number): number {
    return 8 * (fields + 1);
  }

  /** The same ring, seen by another thread, which got its `buffer`. */
  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
    this.#longs = new BigInt64Array(buffer);
    this.fields = this.#words[FIELDS_WORD]!;
    this.capacity = this.#words[CAPACITY_WORD]!;
    const bytes = 4 * HEADER_WORDS + this.capacity * RingBuffer.bytesPerRecord(this.fields);
    invariant(bytes === buffer.byteLength, 'Not the memory of a ring', { bytes, found: buffer.byteLength });
    this.#stride = 2 * (this.fields + 1);
    this.#record = new Float64Array(this.fields);
    this.#recordWords = new Int32Array(this.#record.buffer);
    this.#appended = this.appended;
  }

  /** How many records were ever appended: the index of the next one. */
  get appended(): number {
    return Number(Atomics.load(this.#longs, APPENDED_LONG));
  }

  /** How many records it holds now, at most `capacity`. */
  get length(): number {
    return Math.min(this.appended, this.capacity);
  }

  /** Appends a record, over the oldest one when full. Only ever called by one thread. */
  append(record: ArrayLike<number>): void {
    invariant(record.length === this.fields, 'A record of another width', { fields: this.fields, got: record.length });
    this.#record.set(record);
    const index = this.#appended;
    const slot = this.#slotOf(index);
    const stamp = this.#stampOf(index);
    Atomics.store(this.#words, slot, stamp - 1);
    for (let word = 0; word < this.#recordWords.length; word++) {
      Atomics.store(this.#words, slot + 2 + word, this.#recordWords[word]!);
    }
    Atomics.store(this.#words, slot, stamp);
    this.#appended = index + 1;
    Atomics.store(this.#longs, APPENDED_LONG, BigInt(index + 1));
  }

  /**
   * Copies the record of `index` (0 is the first that was ever appended) into `target`, which holds `fields` numbers.
   * `target` is changed only when the answer is `'read'`.
   */
  read(index: number, target: Float64Array): RingRead {
    const slot = this.#slotOf(index);
    const stamp = this.#stampOf(index);
    const before = Atomics.load(this.#words, slot);
    if (before !== stamp) return this.#stateOf(index);
    for (let word = 0; word < this.#recordWords.length; word++) {
      this.#recordWords[word] = Atomics.load(this.#words, slot + 2 + word);
    }
    if (Atomics.load(this.#words, slot) !== stamp) return this.#stateOf(index);
    target.set(this.#record);
    return 'read';
  }

  /**
   * The latest records, oldest first: at most `count`, and fewer when there are fewer or when the writer overtook the
   * reader meanwhile. They follow each other without a gap and end with the newest at the time of the call.
   */
  latest(count: number): Float64Array[] {
    for (;;) {
      const newest = this.appended - 1;
      const records: Float64Array[] = [];
      const oldest = Math.max(0, newest - Math.min(count, this.capacity) + 1);
      for (let index = newest; index >= oldest; index--) {
        const record = new Float64Array(this.fields);
        if (this.read(index, record) !== 'read') break;
        records.push(record);
      }
      if (records.length > 0 || newest < oldest) return records.reverse();
    }
  }

  /** Whether a record whose stamp was not found is still to come or gone. */
  #stateOf(index: number): RingRead {
    // The slot's own record is written before the count is raised, so what is counted and not there is overwritten.
    return index < this.appended ? 'overwritten' : 'not yet written';
  }

  #slotOf(index: number): number {
    return HEADER_WORDS + (index % this.capacity) * this.#stride;
  }

  /** Twice the number of the round, as int32: even, never 0 in the first 2³⁰ rounds, and other in the next round. */
  #stampOf(index: number): number {
    return (2 * (Math.floor(index / this.capacity) + 1)) | 0;
  }
}

/** Goes through a {@link RingBuffer} record by record, from where it was made, and counts what it was too slow for. */
export class RingReader {
  readonly #ring: RingBuffer;
  #next: number;
  #overwritten = 0;

  /** @param from the index of the first record to read; by default what is appended from now on */
  constructor(ring: RingBuffer, from = ring.appended) {
    this.#ring = ring;
    this.#next = from;
  }

  /** The index of the record that `next` will give, unless it is overwritten first. */
  get position(): number {
    return this.#next;
  }

  /** How many records were overwritten before this reader came to them. */
  get overwritten(): number {
    return this.#overwritten;
  }

  /** Copies the next record into `target`; `false` when there is none yet. Skips, and counts, those that are gone. */
  next(target: Float64Array): boolean {
    for (;;) {
      const found = this.#ring.read(this.#next, target);
      if (found === 'not yet written') return false;
      if (found === 'read') {
        this.#next++;
        return true;
      }
      const oldest = Math.max(this.#next + 1, this.#ring.appended - this.#ring.capacity);
      this.#overwritten += oldest - this.#next;
      this.#next = oldest;
    }
  }
}
