import type { WebSocket } from '@fastify/websocket';
import type { ExchangeParts } from '../exchange-parts.ts';
import type { Category } from '../market/instruments.ts';
import { identifier } from '../trading/identifiers.ts';
import type { Subscriber } from './topic-channel.ts';

/** Which stream a connection came to. */
export type Stream =
  | { readonly kind: 'public'; readonly category: Category | undefined; readonly protocol?: 'bitvavo' }
  | { readonly kind: 'private' }
  | { readonly kind: 'trade' };

/** A request of a client as it came. */
export type SocketRequest = Readonly<Record<string, unknown>>;

/** Bybit cuts a connection that has been silent for this long. */
const IDLE_MS = 600_000;

/** One socket: what is read from it and what is sent to it, and what faults make of that. */
export class SocketConnection implements Subscriber {
  readonly id: string;
  readonly stream: Stream;
  readonly #socket: WebSocket;
  readonly #parts: ExchangeParts;
  #isDeaf = false;
  #heardAt: number;

  constructor(socket: WebSocket, stream: Stream, parts: ExchangeParts, number: number) {
    this.#socket = socket;
    this.stream = stream;
    this.#parts = parts;
    this.id = identifier('connection', number, parts.wallClock.now());
    this.#heardAt = parts.wallClock.now();
  }

  /** Requests come to `handle` as objects; what is no JSON object is answered here. */
  listen(handle: (request: SocketRequest) => void): void {
    this.#socket.on('message', (data) => {
      if (this.#isDeaf) return;
      this.#heardAt = this.#parts.wallClock.now();
      const request = parseRequest(String(data));
      if (request === undefined) this.reply({ success: false, ret_msg: 'Invalid request', conn_id: this.id, op: '' });
      else handle(request);
    });
    // A client that breaks off is no failure of ours.
    this.#socket.on('error', () => {});
  }

  onClose(action: () => void): void {
    this.#socket.on('close', action);
  }

  /** An answer to a request: no fault but deafness touches it. */
  reply(message: object): void {
    this.#write(JSON.stringify(message));
  }

  sendTopic(topic: string, text: string): void {
    for (const delivery of this.#parts.faults.deliveries(topic, text)) {
      if (delivery.delayMs === 0) this.#write(delivery.text);
      else this.#parts.clock.after(delivery.delayMs, () => this.#write(delivery.text));
    }
  }

  /** From now on nothing is heard, nothing is said, and nothing is closed. */
  deafen(): void {
    this.#isDeaf = true;
    // Without this the protocol's own pings would still be answered.
    this.#socket.pause();
  }

  /** Cut, without a farewell. */
  cut(): void {
    this.#socket.terminate();
  }

  get isIdle(): boolean {
    return !this.#isDeaf && this.#parts.wallClock.now() - this.#heardAt > IDLE_MS;
  }

  #write(text: string): void {
    if (this.#isDeaf || this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(text);
  }
}

function parseRequest(text: string): SocketRequest | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as SocketRequest) : undefined;
  } catch {
    return undefined;
  }
}
