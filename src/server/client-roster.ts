import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { closeCodes } from '../protocol/messages.ts';
import { Client, type ClientSocket } from './client.ts';
import { BufferBudget } from './client-outbox.ts';
import { RequestRefused } from './refusal.ts';
import type { ServerLimits } from './server-options.ts';

/** What a client joins: one of the channels. */
export interface Joinable {
  join(client: Client, isGone: () => boolean): Promise<void>;
  leave(client: Client): void;
}

export interface RosterParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: ServerLimits;
}

/** How long the roster waits for its clients when the server stops. */
const FAREWELL_MS = 1_000;

/** All clients of all channels. */
export class ClientRoster {
  readonly #parts: RosterParts;
  readonly #budget: BufferBudget;
  readonly #clients = new Map<Client, Joinable | undefined>();
  #onEmpty: (() => void) | undefined;

  constructor(parts: RosterParts) {
    this.#parts = parts;
    this.#budget = new BufferBudget(parts.limits.totalBufferBytes);
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Takes a new connection in. `channel` is `undefined` where there is none of the name that was asked for. */
  async receive(socket: ClientSocket, channel: Joinable | undefined): Promise<void> {
    const { clock, logger, limits } = this.#parts;
    const isFull = this.#clients.size >= limits.maximumClients;
    const client = new Client(socket, {
      clock,
      budget: this.#budget,
      bufferBytes: limits.clientBufferBytes,
      onGone: (gone) => this.#remove(gone),
    });
    this.#clients.set(client, channel);
    if (isFull) return client.hangUp(closeCodes.tryLater, 'There are too many clients.');
    if (!channel) return client.hangUp(closeCodes.unknown, 'There is no such bot or symbol here.');
    try {
      await channel.join(client, () => client.isGone);
    } catch (error) {
      // The reader of the store has told the logger already where it was the store.
      if (!(error instanceof RequestRefused)) logger.error('A WebSocket got no snapshot', { error: String(error) });
      client.hangUp(closeCodes.tryLater, 'There is no snapshot to be had at present.');
    }
  }

  /** Pings all, and hangs up on those who did not answer the last one. */
  checkAlive(): void {
    for (const client of this.#clients.keys()) client.checkAlive();
  }

  /** Says good-bye to all and waits a moment for them to leave. */
  async close(): Promise<void> {
    if (this.#clients.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    const cancel = this.#parts.clock.after(FAREWELL_MS, resolve);
    for (const client of this.#clients.keys()) {
      // What is stuck behind unread bytes would not be heard.
      if (client.waitingBytes > 0) client.terminate();
      else client.hangUp(closeCodes.stopping, 'The server stops.');
    }
    await promise;
    cancel();
    for (const client of this.#clients.keys()) client.terminate();
  }

  #remove(client: Client): void {
    this.#clients.get(client)?.leave(client);
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#onEmpty?.();
  }
}
