import type { CancelTimer, Clock } from '../foundation/clock.ts';
import { closeCodes } from '../protocol/messages.ts';
import type { Listener } from './channel.ts';
import { type BufferBudget, ClientOutbox, type Frame, type OutgoingSocket } from './client-outbox.ts';

/** Of a WebSocket, what the server uses (the package `ws`, which has no types of its own). */
export interface ClientSocket extends OutgoingSocket {
  ping(): void;
  pong(data: Uint8Array): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'ping', handler: (data: Uint8Array) => void): void;
  on(event: 'message' | 'pong' | 'close' | 'error', handler: () => void): void;
}

export interface ClientParts {
  readonly clock: Clock;
  readonly budget: BufferBudget;
  readonly bufferBytes: number;
  /** Called once, when the connection is over. */
  readonly onGone: (client: Client) => void;
}

/** How long a client has to answer a good-bye. */
const CLOSE_WITHIN_MS = 2_000;

/** One WebSocket of one reader. Whatever it does, it costs a bounded amount of memory. */
export class Client implements Listener {
  readonly #socket: ClientSocket;
  readonly #parts: ClientParts;
  readonly #outbox: ClientOutbox;
  #answered = true;
  #closing = false;
  #gone = false;
  #cancelTermination: CancelTimer | undefined;

  constructor(socket: ClientSocket, parts: ClientParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#outbox = new ClientOutbox(socket, parts.bufferBytes, parts.budget);
    socket.on('pong', () => {
      this.#answered = true;
    });
    // Answers to pings wait for no one: a client that pings without reading gets none.
    socket.on('ping', (data) => {
      if (socket.bufferedAmount === 0 && !this.#closing) socket.pong(data);
    });
    socket.on('message', () => this.hangUp(closeCodes.clientSpoke, 'This channel only speaks.'));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => this.#end());
  }

  get isGone(): boolean {
    return this.#gone || this.#closing;
  }

  /** Bytes that wait for it. */
  get waitingBytes(): number {
    return this.#outbox.bytes;
  }

  send(frame: Frame): void {
    if (this.isGone || this.#outbox.offer(frame)) return;
    this.hangUp(closeCodes.tooSlow, 'You read too slowly.');
  }

  /** Hangs up on a client that has not answered since the last call; otherwise asks it for a sign of life. */
  checkAlive(): void {
    if (this.isGone) return;
    if (!this.#answered) {
      this.#socket.terminate();
      return;
    }
    this.#answered = false;
    this.#socket.ping();
  }

  /** Says good-bye with a reason; who does not answer is cut off. */
  hangUp(code: number, reason: string): void {
    if (this.isGone) return;
    this.#closing = true;
    this.#outbox.close();
    this.#cancelTermination = this.#parts.clock.after(CLOSE_WITHIN_MS, () => this.#socket.terminate());
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #end(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#cancelTermination?.();
    this.#outbox.close();
    this.#parts.onGone(this);
  }
}
