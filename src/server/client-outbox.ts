/** Of a WebSocket, what sending needs (the package `ws`). */
export interface OutgoingSocket {
  /** Bytes handed to it that the operating system has not taken yet. */
  readonly bufferedAmount: number;
  send(data: Uint8Array, options: { readonly binary: false }, done: (error?: Error) => void): void;
}

/** A message as it goes out; the same bytes for every client. */
export interface Frame {
  readonly data: Uint8Array;
  /** Superseded by a later one of the same key, where the client has not read it yet. `undefined`: never. */
  readonly key: string | undefined;
}

/** Bytes that wait, of all clients together. */
export class BufferBudget {
  readonly limit: number;
  used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }
}

/**
 * Handed to the socket at one time; the rest waits here, where it can still be superseded, and where the clients share
 * the bytes. (The operating system takes some megabytes more.)
 */
const SOCKET_BYTES = 16_000;

/**
 * What one client has yet to read: bounded. While the client keeps up, frames go straight to the socket. When it does
 * not, they wait, and a price that waits gives way to the next one. What may not be left out adds up, and when it passes
 * the limit the client is given up.
 *
 * Frames leave in the order of offering; a superseded one simply is not there any more.
 */
export class ClientOutbox {
  readonly #socket: OutgoingSocket;
  readonly #limit: number;
  readonly #budget: BufferBudget;
  readonly #waiting = new Map<string, Frame>();
  #waitingBytes = 0;
  #unnamed = 0;
  #closed = false;

  constructor(socket: OutgoingSocket, limit: number, budget: BufferBudget) {
    this.#socket = socket;
    this.#limit = limit;
    this.#budget = budget;
  }

  /** Bytes that the client has not read, here and in the socket. */
  get bytes(): number {
    return this.#waitingBytes + this.#socket.bufferedAmount;
  }

  /** Takes a frame. `false` when there is no room for it: the client is too slow. After {@link close} it takes nothing. */
  offer(frame: Frame): boolean {
    if (this.#closed) return true;
    if (this.#waiting.size === 0 && this.#socketTakes(frame)) {
      this.#send(frame);
      return true;
    }
    const key = frame.key ?? `#${this.#unnamed++}`;
    this.#remove(key);
    const { length } = frame.data;
    if (this.bytes + length > this.#limit || this.#budget.used + length > this.#budget.limit) return false;
    this.#waiting.set(key, frame);
    this.#count(length);
    return true;
  }

  /** Lets go of everything that waits. */
  close(): void {
    this.#closed = true;
    this.#waiting.clear();
    this.#count(-this.#waitingBytes);
  }

  #socketTakes({ data }: Frame): boolean {
    const { bufferedAmount } = this.#socket;
    return bufferedAmount === 0 || bufferedAmount + data.length <= SOCKET_BYTES;
  }

  #send({ data }: Frame): void {
    // A frame waits only behind one that is under way, so that there is always a `done` to come.
    this.#socket.send(data, { binary: false }, (error) => {
      if (!error) this.#flush();
    });
  }

  #flush(): void {
    for (const [key, frame] of this.#waiting) {
      if (!this.#socketTakes(frame)) return;
      this.#remove(key);
      this.#send(frame);
    }
  }

  #remove(key: string): void {
    const frame = this.#waiting.get(key);
    if (frame === undefined) return;
    this.#waiting.delete(key);
    this.#count(-frame.data.length);
  }

  #count(bytes: number): void {
    this.#waitingBytes += bytes;
    this.#budget.used += bytes;
  }
}
