import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import type { EpochMs } from '../../foundation/time.ts';
import type { ConnectionState, ConnectionStatus } from '../../market/market-data.ts';
import type { ConnectionBudget } from './connection-budget.ts';
import { type ExchangeConnection, ExchangeFailure, symbolOf, type Topic, topicName } from './exchange-connection.ts';
import { Pauses } from './pauses.ts';
import { type BackoffTerms, backoffMs } from './reconnect-pace.ts';

export interface StreamKeeperParts {
  readonly connection: ExchangeConnection;
  readonly budget: ConnectionBudget;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The stream broke: what comes next has a hole before it. */
  readonly onBroken: (topics: readonly Topic[]) => void;
  /** The first message since the last connection came. */
  readonly onLive: (topics: readonly Topic[]) => void;
  /** Refused topics were asked for once more. */
  readonly onRetried: (topics: readonly Topic[]) => void;
}

const RECONNECT_PACE: BackoffTerms = { firstMs: 300, longestMs: 30_000 };
const RATE_LIMIT_PACE: BackoffTerms = { firstMs: 10_000, longestMs: 300_000 };
/** Of a topic that the exchange did not take. */
const REFUSED_PACE: BackoffTerms = { firstMs: 5_000, longestMs: 60_000 };
/** A connection that held for so long was a good one: the next wait is short again. */
const STABLE_MS = 30_000;

/** Keeps one line of an exchange open and its topics subscribed: connects anew after a random, growing wait. */
export class StreamKeeper {
  readonly line: number;
  readonly topics: readonly Topic[];
  readonly #parts: StreamKeeperParts;
  #state: ConnectionState = 'off';
  #attempts = 0;
  #connects = 0;
  #lastHeard = 0;
  #lastHeardAt: EpochMs | null = null;
  #liveSince = 0;
  #liveSinceAt: EpochMs | null = null;
  #lastFailure: string | null = null;
  #cancelWait: CancelTimer | undefined;
  readonly #resubscribing = new Set<string>();
  readonly #refusals = new Map<string, number>();
  readonly #pauses: Pauses;

  constructor(line: number, topics: readonly Topic[], parts: StreamKeeperParts) {
    this.line = line;
    this.topics = topics;
    this.#parts = parts;
    this.#pauses = new Pauses(parts.clock);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** How long the stream has been live; 0 while it is not. */
  get liveForMs(): number {
    return this.#state === 'live' ? this.#parts.clock.monotonic() - this.#liveSince : 0;
  }

  /** How often it connected. */
  get connects(): number {
    return this.#connects;
  }

  status(): ConnectionStatus {
    return {
      line: this.line,
      state: this.#state,
      connectedSince: this.#state === 'live' ? this.#liveSinceAt : null,
      lastMessageAt: this.#lastHeardAt,
      connects: this.#connects,
      symbols: [...new Set(this.topics.map(symbolOf))],
      lastFailure: this.#lastFailure,
    };
  }

  start(): void {
    this.#state = 'down';
    this.#cancelWait = this.#parts.budget.whenAllowed(() => this.#connect());
  }

  stop(): void {
    this.#state = 'off';
    this.#cancelWait?.();
    this.#pauses.end();
    this.#parts.connection.disconnect(this.line);
  }

  heard(): void {
    const { clock } = this.#parts;
    this.#lastHeard = clock.monotonic();
    this.#lastHeardAt = clock.now();
    if (this.#state !== 'connecting') return;
    this.#state = 'live';
    this.#liveSince = this.#lastHeard;
    this.#liveSinceAt = this.#lastHeardAt;
    this.#parts.onLive(this.topics);
  }

  down(failure: ExchangeFailure): void {
    if (this.#state !== 'connecting' && this.#state !== 'live') return;
    const { clock, connection, random, logger, budget } = this.#parts;
    if (this.#state === 'live' && clock.monotonic() - this.#liveSince >= STABLE_MS) this.#attempts = 0;
    this.#state = 'down';
    this.#lastFailure = failure.message;
    connection.disconnect(this.line);
    this.#parts.onBroken(this.topics);
    const pace = failure.kind === 'rate-limited' ? RATE_LIMIT_PACE : RECONNECT_PACE;
    const wait = backoffMs(this.#attempts++, pace, random);
    logger.warn('the stream broke; connecting anew', {
      exchange: connection.traits.name,
      line: this.line,
      error: failure.message,
      waitMs: Math.round(wait),
      attempt: this.#attempts,
    });
    this.#cancelWait = clock.after(wait, () => {
      this.#cancelWait = budget.whenAllowed(() => this.#connect());
    });
  }

  /** Called now and then. */
  check(): void {
    if (this.#state !== 'connecting' && this.#state !== 'live') return;
    const silence = this.#parts.clock.monotonic() - this.#lastHeard;
    if (silence < this.#parts.connection.traits.silenceMs) return;
    this.down(new ExchangeFailure('network', `nothing came for ${Math.round(silence)} ms`));
  }

  /** One topic is silent while others are not: it alone is subscribed anew, or all where that is not possible. */
  async resubscribe(topic: Topic): Promise<void> {
    if (this.#state !== 'live' || this.#resubscribing.has(topicName(topic))) return;
    this.#resubscribing.add(topicName(topic));
    const connects = this.#connects;
    this.#parts.logger.warn('a topic fell silent; subscribing anew', { topic: topicName(topic) });
    const done = await this.#parts.connection.resubscribe(this.line, topic).catch(() => false);
    this.#resubscribing.delete(topicName(topic));
    if (done || connects !== this.#connects) return;
    this.down(new ExchangeFailure('network', `${topicName(topic)} is silent and can't be subscribed anew`));
  }

  /**
   * The exchange did not take these: each is asked for again after a while, by itself, so that one that will never be
   * taken does not spoil those that came in the same request.
   */
  retry(topics: readonly Topic[]): void {
    const { connection, random } = this.#parts;
    const connects = this.#connects;
    for (const topic of topics) {
      const refusals = this.#refusals.get(topicName(topic)) ?? 0;
      this.#refusals.set(topicName(topic), refusals + 1);
      void this.#pauses.pause(backoffMs(refusals, REFUSED_PACE, random)).then(() => {
        const isSame = this.#connects === connects && (this.#state === 'live' || this.#state === 'connecting');
        if (!isSame) return;
        connection.subscribe(this.line, [topic]);
        this.#parts.onRetried([topic]);
      });
    }
  }

  /** The topic brings something: the next refusal is the first one again. */
  taken(topic: Topic): void {
    this.#refusals.delete(topicName(topic));
  }

  #connect(): void {
    if (this.#state === 'off') return;
    const { clock, connection } = this.#parts;
    this.#connects += 1;
    this.#state = 'connecting';
    this.#lastHeard = clock.monotonic();
    connection.subscribe(this.line, this.topics);
  }
}
