import type { GatewayListener } from '../../execution/order-gateway.ts';
import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import { messageOf } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import type { Pauses } from '../exchange/pauses.ts';
import { backoffMs } from '../exchange/reconnect-pace.ts';
import type { CcxtClient } from './ccxt-exchange.ts';
import { RequestWindow } from './ccxt-gateway-budget.ts';
import type { CcxtTrader } from './ccxt-gateway-trader.ts';
import type { StreamWord, VenueStream } from './ccxt-gateway-venue.ts';
import { reasonText } from './ccxt-gateway-words.ts';

export interface PrivateStreamOptions {
  readonly exchange: CcxtTrader;
  readonly stream: VenueStream;
  readonly listener: GatewayListener;
  readonly clock: Clock;
  readonly pauses: Pauses;
  readonly random: Random;
  readonly logger: Logger;
  /** Authenticated, with all topics confirmed. */
  readonly onReady: () => void;
  /** It was ready and is no more; or the venue refuses the key, which a new connection does not mend. */
  readonly onLost: (reason: string) => void;
}

/** So long the venue may take to confirm key and topics. */
const READY_WITHIN_MS = 10_000;
const PING_EVERY_MS = 10_000;
/** Nothing heard for so long, though it was asked: the connection is dead. */
const DEAF_AFTER_MS = 16_000;
const BACKOFF = { firstMs: 250, longestMs: 15_000 } as const;
/** A key that was refused is not tried more than twice a minute. */
const REFUSED_WAIT_MS = 30_000;
/** Far below what exchanges allow one address. */
const CONNECTIONS = { most: 60, windowMs: 300_000 } as const;

/** One life of the connection. */
interface Life {
  isReady: boolean;
  isRefused: boolean;
  readonly end: (reason: string) => void;
}

interface LifeEnd {
  readonly reason: string;
  readonly wasReady: boolean;
  readonly isRefused: boolean;
}

/**
 * The account's private stream: kept open, authenticated anew after each break, and read message by message before ccxt
 * puts them into its caches, which keep only the last of an order's states.
 */
export class PrivateStream {
  readonly #options: PrivateStreamOptions;
  readonly #connections: RequestWindow;
  #life: Life | undefined;
  #isClosed = false;
  #heardAt = 0;
  #malformed = 0;

  constructor(options: PrivateStreamOptions) {
    this.#options = options;
    this.#connections = new RequestWindow(options.clock, CONNECTIONS.most, CONNECTIONS.windowMs);
    this.#hook(options.exchange);
  }

  /** Connects, and again whenever the connection is lost, until {@link close}. Resolves then. */
  async run(): Promise<void> {
    const { clock, pauses, random, onLost, logger } = this.#options;
    let failures = 0;
    while (!this.#isClosed) {
      const allowedIn = this.#connections.waitMs();
      if (allowedIn > 0) await pauses.pause(allowedIn);
      if (this.#isClosed) return;
      this.#connections.take();
      const begun = clock.monotonic();
      const { reason, wasReady, isRefused } = await this.#live();
      this.#drop();
      if (this.#isClosed) return;
      logger.warn('the private stream was lost', { reason, wasReady });
      onLost(reason);
      // A connection that lasted begins the waits anew.
      failures = wasReady && clock.monotonic() - begun > BACKOFF.longestMs ? 0 : failures + 1;
      const wait = backoffMs(Math.max(0, failures - 1), BACKOFF, random);
      await pauses.pause(isRefused ? Math.max(wait, REFUSED_WAIT_MS) : wait);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#life?.end('closed');
    this.#drop();
  }

  /** From the connection to its end. */
  async #live(): Promise<LifeEnd> {
    const { clock, stream } = this.#options;
    const timers: CancelTimer[] = [];
    this.#heardAt = clock.monotonic();
    const outcome = await new Promise<LifeEnd>((resolve) => {
      const life: Life = {
        isReady: false,
        isRefused: false,
        end: (reason) => resolve({ reason, wasReady: life.isReady, isRefused: life.isRefused }),
      };
      this.#life = life;
      timers.push(
        clock.after(READY_WITHIN_MS, () => {
          if (!life.isReady)
            life.end(`the exchange did not confirm key and topics within ${READY_WITHIN_MS / 1_000} s`);
        }),
        clock.every(PING_EVERY_MS, () => this.#ping()),
        clock.every(1_000, () => {
          const silence = clock.monotonic() - this.#heardAt;
          if (stream.ping !== undefined && silence > DEAF_AFTER_MS) life.end('the connection is silent');
        }),
      );
      stream.open().then(
        () => {
          if (stream.isReadyWhenOpen) this.#take({ kind: 'subscribed' });
        },
        (thrown: unknown) => life.end(reasonText(messageOf(thrown))),
      );
    });
    for (const cancel of timers) cancel();
    this.#life = undefined;
    return outcome;
  }

  #ping(): void {
    const { ping } = this.#options.stream;
    if (ping === undefined) return;
    for (const client of this.#clients()) client.send(ping).catch(() => {});
  }

  #clients(): readonly CcxtClient[] {
    return Object.values(this.#options.exchange.clients ?? {});
  }

  /** Off ccxt's list first: what a dropped socket still says is not heard any more. */
  #drop(): void {
    const { exchange } = this.#options;
    for (const [url, client] of Object.entries(exchange.clients ?? {})) {
      delete exchange.clients[url];
      client.close();
      client.connection?.terminate?.();
    }
  }

  /** ccxt's messages come here first. */
  #hook(exchange: CcxtTrader): void {
    const { handleMessage, onError, onClose, client: clientOf } = exchange;
    exchange.client = (url) => quietFutures(clientOf.call(exchange, url));
    const isCurrent = (client: CcxtClient): boolean => exchange.clients?.[client.url] === client;
    exchange.handleMessage = (client, message) => {
      if (!isCurrent(client)) return undefined;
      this.#heardAt = this.#options.clock.monotonic();
      this.#read(message);
      return this.#options.stream.isForCcxt(message) ? handleMessage.call(exchange, client, message) : undefined;
    };
    exchange.onError = (client, error) => {
      const wasCurrent = isCurrent(client);
      onError.call(exchange, client, error);
      if (wasCurrent) this.#life?.end(reasonText(messageOf(error)));
    };
    exchange.onClose = (client, error) => {
      const wasCurrent = isCurrent(client);
      onClose.call(exchange, client, error);
      if (wasCurrent) this.#life?.end('the exchange closed the connection');
    };
  }

  #read(message: unknown): void {
    try {
      for (const word of this.#options.stream.read(message)) this.#take(word);
    } catch (thrown) {
      // A broken invariant of whoever listens: ccxt would swallow it.
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }

  #take(word: StreamWord): void {
    const { listener, logger, onReady } = this.#options;
    const life = this.#life;
    switch (word.kind) {
      case 'report':
        listener.report(word.report);
        break;
      case 'fill':
        listener.fill(word.fill);
        break;
      case 'ended':
        life?.end(word.reason);
        break;
      case 'refused':
        if (life !== undefined) life.isRefused = true;
        life?.end(`the exchange refuses the private stream: ${word.reason}`);
        break;
      case 'malformed':
        this.#malformed += 1;
        logger.warn('a private message makes no sense', { reason: word.reason, count: this.#malformed });
        break;
      case 'subscribed':
        if (life === undefined || life.isReady) break;
        life.isReady = true;
        onReady();
    }
  }
}

/** What ccxt waits for by itself is rejected when the socket ends; where nobody awaits it, that would end this process. */
function quietFutures(client: CcxtClient): CcxtClient {
  if (QUIET.has(client)) return client;
  QUIET.add(client);
  const { future } = client;
  client.future = (hash) => {
    const awaited = future.call(client, hash);
    awaited.catch(() => {});
    return awaited;
  };
  return client;
}

const QUIET = new WeakSet<CcxtClient>();
