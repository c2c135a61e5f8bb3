import type { Clock } from '../../foundation/clock.ts';
import type { EpochMs } from '../../foundation/time.ts';
import type { TopicState, TopicStatus } from '../../market/market-data.ts';
import { type Topic, topicName } from './exchange-connection.ts';

/** A topic that has brought nothing so long after it was subscribed was forgotten by the exchange. */
const FIRST_NEWS_WITHIN_MS = 10_000;
/** A topic that stays stale is subscribed anew after so long, then after twice as long, up to the longest. */
const FIRST_RESUBSCRIPTION_MS = 10_000;
const LONGEST_RESUBSCRIPTION_MS = 300_000;

export interface TopicBoardParts {
  readonly clock: Clock;
  /** How long the line of a topic has been live; 0 while it is not. */
  readonly liveForMs: (line: number) => number;
  /** Whether a topic brings something soon after it was subscribed, a trade or not. */
  readonly speaksAtOnce: (topic: Topic) => boolean;
  readonly resubscribe: (line: number, topic: Topic) => void;
  readonly onStale: (topic: Topic) => void;
}

interface Watched {
  readonly topic: Topic;
  readonly line: number | null;
  state: TopicState;
  lastMessageAt: EpochMs | null;
  lastExchangeTime: EpochMs | null;
  /** Of the monotonic clock: when it last brought news, and when it was last asked for. */
  movedAt: number;
  subscribedAt: number;
  resubscriptions: number;
  /** Since it last brought news. */
  attempts: number;
  nextAttemptAt: number;
}

/**
 * What each topic of an exchange brings. News is what has a later exchange time than before: a topic that repeats itself
 * brings none. One that is found stale is subscribed anew, at growing intervals, until it brings news again.
 */
export class TopicBoard {
  readonly #parts: TopicBoardParts;
  readonly #watched = new Map<string, Watched>();

  constructor(parts: TopicBoardParts) {
    this.#parts = parts;
  }

  /** @param line `null` where it is asked for, not subscribed to */
  add(topic: Topic, line: number | null): void {
    this.#watched.set(topicName(topic), {
      topic,
      line,
      state: line === null ? 'polled' : 'waiting',
      lastMessageAt: null,
      lastExchangeTime: null,
      movedAt: Number.NEGATIVE_INFINITY,
      subscribedAt: this.#parts.clock.monotonic(),
      resubscriptions: 0,
      attempts: 0,
      nextAttemptAt: 0,
    });
  }

  /** The stream said something of the topic. @param exchangeTime where the message does not say, any is news */
  heard(topic: Topic, exchangeTime: EpochMs | undefined): void {
    const watched = this.#watched.get(topicName(topic));
    if (watched === undefined) return;
    const { lastExchangeTime } = watched;
    if (exchangeTime !== undefined && lastExchangeTime !== null && exchangeTime <= lastExchangeTime) return;
    watched.lastExchangeTime = exchangeTime ?? lastExchangeTime;
    watched.lastMessageAt = this.#parts.clock.now();
    watched.movedAt = this.#parts.clock.monotonic();
    watched.attempts = 0;
    if (watched.state !== 'polled') watched.state = 'live';
  }

  /** A request brought what the topic would have. */
  asked(topic: Topic, exchangeTime: EpochMs | undefined): void {
    const watched = this.#watched.get(topicName(topic));
    if (watched === undefined || watched.line !== null) return;
    watched.state = 'polled';
    watched.lastMessageAt = this.#parts.clock.now();
    watched.lastExchangeTime = exchangeTime ?? watched.lastExchangeTime;
  }

  /** A request for what the topic would have was not answered. */
  unanswered(topic: Topic): void {
    const watched = this.#watched.get(topicName(topic));
    if (watched === undefined || watched.line !== null) return;
    if (watched.state !== 'stale') this.#parts.onStale(topic);
    watched.state = 'stale';
  }

  /** Whether the topic comes by itself at the moment, as far as is known. */
  isStreamed(topic: Topic): boolean {
    const watched = this.#watched.get(topicName(topic));
    if (watched === undefined || watched.line === null || this.#parts.liveForMs(watched.line) === 0) return false;
    return watched.state === 'live' || watched.state === 'waiting';
  }

  /** How long it has brought no news. */
  silenceMs(topic: Topic): number {
    const movedAt = this.#watched.get(topicName(topic))?.movedAt ?? Number.NEGATIVE_INFINITY;
    return this.#parts.clock.monotonic() - movedAt;
  }

  /** The exchange has something newer than the topic brought. */
  missed(topic: Topic): void {
    const watched = this.#watched.get(topicName(topic));
    if (watched === undefined || watched.line === null || watched.state === 'refused') return;
    if (this.#parts.liveForMs(watched.line) === 0) return;
    this.#makeStale(watched);
  }

  refused(topic: Topic): void {
    const watched = this.#watched.get(topicName(topic));
    if (watched !== undefined) watched.state = 'refused';
  }

  /** The line of these topics broke; the next one subscribes to all of them. */
  broken(topics: readonly Topic[]): void {
    for (const topic of topics) {
      const watched = this.#watched.get(topicName(topic));
      if (watched === undefined) continue;
      watched.state = watched.lastMessageAt === null ? 'waiting' : 'stale';
      watched.attempts = 0;
    }
  }

  /** The line of these topics is alive again, or they were asked for once more. */
  subscribed(topics: readonly Topic[]): void {
    for (const topic of topics) {
      const watched = this.#watched.get(topicName(topic));
      if (watched === undefined) continue;
      watched.state = 'waiting';
      watched.subscribedAt = this.#parts.clock.monotonic();
    }
  }

  /** Called now and then. */
  check(): void {
    for (const watched of this.#watched.values()) {
      const { state, topic, line } = watched;
      if (line === null) continue;
      if (this.#parts.liveForMs(line) === 0) continue;
      const waitsFor = this.#parts.clock.monotonic() - watched.subscribedAt;
      const isForgotten = state === 'waiting' && waitsFor >= FIRST_NEWS_WITHIN_MS && this.#parts.speaksAtOnce(topic);
      if (isForgotten || state === 'stale') this.#makeStale(watched);
    }
  }

  statuses(): readonly TopicStatus[] {
    return [...this.#watched.values()].map(
      ({ topic, line, state, lastMessageAt, lastExchangeTime, resubscriptions }) => ({
        kind: topic.kind,
        symbol: topic.kind === 'candles' ? topic.feed.symbol : topic.symbol,
        timeframe: topic.kind === 'candles' ? topic.feed.timeframe : null,
        line,
        state,
        lastMessageAt,
        lastExchangeTime,
        resubscriptions,
      }),
    );
  }

  #makeStale(watched: Watched): void {
    if (watched.state !== 'stale') this.#parts.onStale(watched.topic);
    watched.state = 'stale';
    const now = this.#parts.clock.monotonic();
    if (watched.attempts > 0 && now < watched.nextAttemptAt) return;
    const wait = Math.min(LONGEST_RESUBSCRIPTION_MS, FIRST_RESUBSCRIPTION_MS * 2 ** Math.min(watched.attempts, 10));
    watched.nextAttemptAt = now + wait;
    watched.attempts += 1;
    watched.resubscriptions += 1;
    this.#parts.resubscribe(watched.line!, watched.topic);
  }
}
