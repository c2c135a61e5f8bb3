import type { Socket } from 'node:net';
import { systemClock } from '../../../src/foundation/clock.ts';
import type { Random } from '../../../src/foundation/random.ts';
import type { LinkMode } from './link-mode.ts';

/** Beyond so many waiting bytes the source is not read, as with a full window of TCP. */
const MOST_WAITING = 1_048_576;

type Item =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly due: number }
  | { readonly kind: 'end'; readonly due: number }
  | { readonly kind: 'reset'; readonly due: number };

/** One direction of a connection: what came out of one socket goes into another, as the mode allows. */
export class Pipe {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #towardsClient: boolean;
  readonly #random: Random;
  readonly #queue: Item[] = [];
  #mode: LinkMode;
  #waiting = 0;
  #lastDue = 0;
  #bytesUntilCut = Number.POSITIVE_INFINITY;
  #isDead = false;
  #isBlocked = false;
  #cancelTimer: (() => void) | undefined;
  bytes = 0;

  constructor(source: Socket, target: Socket, towardsClient: boolean, mode: LinkMode, random: Random) {
    this.#source = source;
    this.#target = target;
    this.#towardsClient = towardsClient;
    this.#random = random;
    this.#mode = mode;
    this.setMode(mode);
    let ended = false;
    source.on('data', (bytes) => this.#take({ kind: 'bytes', bytes, due: this.#dueOf(bytes.length) }));
    source.on('end', () => {
      ended = true;
      this.#take({ kind: 'end', due: this.#dueOf(0) });
    });
    source.on('close', () => {
      if (!ended) this.#take({ kind: 'reset', due: this.#dueOf(0) });
    });
    target.on('drain', () => {
      this.#isBlocked = false;
      this.#pump();
    });
  }

  setMode(mode: LinkMode): void {
    this.#mode = mode;
    if (mode.kind === 'black-hole') this.#isDead = true;
    this.#bytesUntilCut = mode.kind === 'truncate' && this.#towardsClient ? mode.bytes : Number.POSITIVE_INFINITY;
    this.#pump();
  }

  /** Nothing moves any more; what waited is forgotten. */
  stop(): void {
    this.#isDead = true;
    this.#cancelTimer?.();
    this.#queue.length = 0;
  }

  #take(item: Item): void {
    // What falls into a black hole is read and forgotten: the sender's system acknowledged it.
    if (this.#isDead) return;
    this.#queue.push(item);
    if (item.kind === 'bytes') this.#waiting += item.bytes.length;
    if (this.#waiting > MOST_WAITING) this.#source.pause();
    this.#pump();
  }

  /** When a piece that comes now arrives: never before the one ahead of it. */
  #dueOf(length: number): number {
    const now = systemClock.monotonic();
    const mode = this.#mode;
    let due = Math.max(now, this.#lastDue);
    if (mode.kind === 'delay') due = Math.max(due, now + mode.ms + this.#random.next() * (mode.jitterMs ?? 0));
    if (mode.kind === 'throttle') due += (length / mode.bytesPerSecond) * 1_000;
    this.#lastDue = due;
    return due;
  }

  #pump(): void {
    while (!this.#isDead && !this.#isBlocked && this.#mode.kind !== 'stall') {
      const item = this.#queue[0];
      if (item === undefined) return;
      const wait = item.due - systemClock.monotonic();
      if (wait > 0) {
        this.#pumpAfter(wait);
        return;
      }
      this.#queue.shift();
      this.#deliver(item);
    }
  }

  #pumpAfter(wait: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = systemClock.after(wait, () => this.#pump());
  }

  #deliver(item: Item): void {
    if (item.kind === 'reset') {
      this.#target.resetAndDestroy();
    } else if (item.kind === 'end') {
      this.#target.end();
    } else {
      this.#waiting -= item.bytes.length;
      if (this.#waiting <= MOST_WAITING) this.#source.resume();
      this.#write(item.bytes);
    }
  }

  #write(bytes: Buffer): void {
    if (this.#target.destroyed || this.#target.writableEnded) return;
    const whole = this.#spoiled(bytes);
    const part = whole.length <= this.#bytesUntilCut ? whole : whole.subarray(0, this.#bytesUntilCut);
    this.#bytesUntilCut -= part.length;
    this.bytes += part.length;
    this.#isBlocked = !this.#target.write(part);
    if (this.#bytesUntilCut > 0) return;
    this.#target.end();
    this.#source.resetAndDestroy();
    this.stop();
  }

  #spoiled(bytes: Buffer): Buffer {
    const mode = this.#mode;
    if (mode.kind !== 'corrupt' || !this.#towardsClient || this.#random.next() >= mode.probability) return bytes;
    const spoiled = Buffer.from(bytes);
    const at = this.#random.integer(0, spoiled.length - 1);
    spoiled[at] = spoiled[at]! ^ this.#random.integer(1, 255);
    return spoiled;
  }
}
