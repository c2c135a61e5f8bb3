import type { Candle, Feed } from '../../../src/domain/candle.ts';
import { type Instrument, instrument } from '../../../src/domain/instrument.ts';
import type { Clock } from '../../../src/foundation/clock.ts';
import type { Random } from '../../../src/foundation/random.ts';
import { type EpochMs, epochMs, MINUTE_MS } from '../../../src/foundation/time.ts';
import type { LatestPrice } from '../../../src/market/market-data.ts';
import {
  type CandleRow,
  type ExchangeConnection,
  ExchangeFailure,
  type ExchangeListener,
  type ExchangeTraits,
  type Topic,
  topicName,
} from '../../../src/providers/exchange/exchange-connection.ts';
import { SCRIPT_START, scriptedCandles } from './scripted-market.ts';

/** How much goes wrong, as shares of what happens. */
export interface Faults {
  readonly lost: number;
  readonly repeated: number;
  /** Messages that arrive up to 20 s late, and so out of order. */
  readonly late: number;
  /** Forming candles that are called closed. */
  readonly closedTooEarly: number;
  readonly impossible: number;
  /** Of each minute: the connection is cut. */
  readonly cut: number;
  /** Of each minute: the stream goes on without saying anything, and nobody is told. */
  readonly frozen: number;
  /** Requests that fail. */
  readonly failed: number;
  /** Answers of the history that lack their newest two minutes. */
  readonly lagging: number;
  /** Closed candles whose close the stream tells wrong, within the range of the candle. */
  readonly wrong: number;
}

export const NO_FAULTS: Faults = {
  ...{ lost: 0, repeated: 0, late: 0, closedTooEarly: 0, impossible: 0, cut: 0, frozen: 0, failed: 0, lagging: 0 },
  wrong: 0,
};

/** Far away from the exchange's clock: nothing may lean on the machine's. */
export const CLOCK_SKEW_MS = 1_234_567;
const WAY_MS = 40;
const FRAMES_A_MINUTE = 6;

interface Line {
  isOpen: boolean;
  topics: readonly Topic[];
  /** Messages of a connection that ended are not told. */
  generation: number;
  isFrozen: boolean;
}

/** An exchange on a virtual clock, whose network does what chance says: the port's other side in simulations. */
export class SimulatedConnection implements ExchangeConnection {
  readonly traits: ExchangeTraits;
  readonly script = new Map<string, readonly Candle[]>();
  connections = 0;
  requests = 0;
  faults: Faults;
  readonly #clock: Clock;
  readonly #random: Random;
  #listener: ExchangeListener | undefined;
  #feeds: readonly Feed[] = [];
  /** When each connection was opened, by the monotonic clock. */
  readonly openedAt: number[] = [];
  /** Names of topics that say nothing, though the connection is well; subscribing anew does not help. */
  readonly muted = new Set<string>();
  /** Names of topics that say the same again and again. */
  readonly repeating = new Set<string>();
  /** Names of topics whose next subscription is refused, or not taken without a word. */
  readonly refused = new Set<string>();
  readonly forgotten = new Set<string>();
  /** Names of topics that were subscribed to one by one. */
  readonly resubscribed: string[] = [];
  /** Candles that the exchange changed after they had closed, as its history has them. */
  readonly revisions = new Map<Candle, Candle>();
  readonly #lines = new Map<number, Line>();
  readonly #lastSaid = new Map<string, () => void>();
  #isClosed = false;

  constructor(clock: Clock, random: Random, faults: Faults, minutes: number, traits: Partial<ExchangeTraits> = {}) {
    this.#clock = clock;
    this.#random = random;
    this.faults = faults;
    this.traits = {
      ...{ name: 'simulated', delayMs: 0, streamsCandles: true, streamsPrices: true, streamsTrades: false },
      ...{ isSparse: false, settleMs: 1_000, graceMs: 2_500, absenceMs: 15_000, lookAgainMs: 500, quietMs: 15_000 },
      ...{ silenceMs: 15_000, pricePollMs: 3_000, pageSize: 100, symbolsPerSocket: 100 },
      connections: { most: 250, windowMs: 300_000, spacingMs: 0 },
      ...traits,
    };
    for (const [index, symbol] of ['AAAUSD', 'BBBUSD'].entries()) {
      const all = scriptedCandles(minutes, 100 * (index + 1));
      // A sparse market has minutes without a trade.
      this.script.set(symbol, this.traits.isSparse ? all.filter((_, minute) => (minute * 7 + index) % 5 !== 0) : all);
    }
    clock.every(MINUTE_MS / FRAMES_A_MINUTE, () => this.#tick());
  }

  get now(): EpochMs {
    return epochMs(this.#clock.now() + CLOCK_SKEW_MS);
  }

  async open(feeds: readonly Feed[], listener: ExchangeListener): Promise<void> {
    await this.#request();
    this.#feeds = feeds;
    this.#listener = listener;
  }

  instruments(): readonly Instrument[] {
    return this.#feeds.map(({ symbol }) =>
      instrument({ symbol, baseCurrency: symbol.slice(0, 3), quoteCurrency: 'USD', tickSize: '0.25', stepSize: '0.5' }),
    );
  }

  async time(): Promise<EpochMs> {
    await this.#request();
    return this.now;
  }

  async candles(feed: Feed, from: EpochMs, count = this.traits.pageSize): Promise<readonly CandleRow[]> {
    await this.#request();
    const present = this.#chance(this.faults.lagging) ? this.now - 2 * MINUTE_MS : this.now;
    const rows = this.script
      .get(feed.symbol)!
      .filter(({ openTime }) => openTime >= from && openTime <= present && openTime < from + count * MINUTE_MS);
    return rows.map((candle) => ({
      ...this.#asOf(this.revisions.get(candle) ?? candle),
      isClosed: undefined,
      raw: null,
    }));
  }

  async prices(symbols: readonly string[]): Promise<readonly LatestPrice[]> {
    await this.#request();
    return symbols.map((symbol) => this.#price(symbol));
  }

  subscribe(number: number, topics: readonly Topic[]): void {
    const known = this.#lines.get(number);
    const line = known ?? { isOpen: false, topics: [], generation: 0, isFrozen: false };
    this.#lines.set(number, line);
    const isNew = !line.isOpen;
    line.isOpen = true;
    const refused = topics.filter((topic) => this.refused.delete(topicName(topic)));
    const taken = topics.filter((topic) => !refused.includes(topic) && !this.forgotten.delete(topicName(topic)));
    if (isNew) {
      this.connections += 1;
      this.openedAt.push(this.#clock.monotonic());
      line.isFrozen = false;
      line.generation += 1;
    } else this.resubscribed.push(...topics.map(topicName));
    line.topics = isNew ? taken : [...line.topics, ...taken];
    const { generation } = line;
    this.#clock.after(WAY_MS, () => {
      if (generation !== line.generation) return;
      if (this.#chance(this.faults.cut)) {
        this.#cut(number, line);
        return;
      }
      this.#listener?.heard(number);
      if (refused.length === 0) return;
      this.#listener?.subscriptionFailed(number, refused, new ExchangeFailure('refused', 'no such topic'));
    });
  }

  async resubscribe(number: number, topic: Topic): Promise<boolean> {
    const line = this.#lines.get(number);
    if (line === undefined || line.isFrozen) return false;
    this.resubscribed.push(topicName(topic));
    const isThere = line.topics.some((one) => topicName(one) === topicName(topic));
    if (!isThere) line.topics = [...line.topics, topic];
    return true;
  }

  disconnect(number: number): void {
    const line = this.#lines.get(number);
    if (line === undefined) return;
    line.generation += 1;
    line.isOpen = false;
    line.topics = [];
  }

  /** Cuts the connection of a line, as the network does. */
  cutLine(number: number): void {
    this.#cut(number, this.#lines.get(number)!);
  }

  /** The exchange tells a candle that has closed with other values, on the stream and from its history. */
  revise(feed: Feed, candle: Candle, close: number, isInHistory = true): void {
    const changed = { ...candle, close };
    if (isInHistory) this.revisions.set(candle, changed);
    const { closeTime: _, ...row } = changed;
    this.#listener?.candle({ ...row, feed, isClosed: true, exchangeTime: this.now, raw: 'again' });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const number of this.#lines.keys()) this.disconnect(number);
  }

  #chance(share: number): boolean {
    return this.#random.next() < share;
  }

  async #request(): Promise<void> {
    this.requests += 1;
    const waits = this.#random.next() * 200;
    await new Promise<void>((resolve) => this.#clock.after(waits, resolve));
    if (this.#chance(this.faults.failed)) {
      throw new ExchangeFailure(this.#chance(0.2) ? 'rate-limited' : 'network', 'the network failed');
    }
  }

  #tick(): void {
    if (this.#isClosed) return;
    for (const [number, line] of this.#lines) {
      if (line.topics.length === 0) continue;
      if (this.#chance(this.faults.cut / FRAMES_A_MINUTE)) this.#cut(number, line);
      if (this.#chance(this.faults.frozen / FRAMES_A_MINUTE)) line.isFrozen = true;
      for (const topic of line.topics) {
        if (topic.kind === 'candles') this.#tellCandles(number, topic);
        else this.#say(number, topic, this.#priceTeller(topic.symbol));
      }
    }
  }

  #priceTeller(symbol: string): () => void {
    const price = this.#price(symbol);
    return () => this.#listener?.price(price);
  }

  #tellCandles(line: number, topic: Extract<Topic, { kind: 'candles' }>): void {
    const { now } = this;
    const { feed } = topic;
    const all = this.script.get(feed.symbol)!;
    const running = all.find(({ openTime, closeTime }) => openTime <= now && now < closeTime);
    const ended = all.find(({ closeTime }) => closeTime <= now && now < closeTime + MINUTE_MS / FRAMES_A_MINUTE);
    // Its last trade is told, and with it its last values, before anything of the next.
    if (ended !== undefined) this.#tell(line, topic, ended, true);
    if (running !== undefined) this.#tell(line, topic, running, this.#chance(this.faults.closedTooEarly));
  }

  #tell(line: number, topic: Extract<Topic, { kind: 'candles' }>, candle: Candle, saysClosed: boolean): void {
    const { feed } = topic;
    const exchangeTime = this.now;
    const isWrong = saysClosed && candle.closeTime <= this.now && this.#chance(this.faults.wrong);
    const values = {
      ...this.#asOf(candle),
      ...(this.#chance(this.faults.impossible) && { high: 0.01 }),
      ...(isWrong && { close: candle.low }),
    };
    // A sparse exchange here is one that does not say when a candle has closed, nor when it sent the message.
    const said = this.traits.isSparse
      ? { isClosed: undefined, exchangeTime: undefined }
      : { isClosed: saysClosed, exchangeTime };
    this.#say(line, topic, () => this.#listener?.candle({ ...values, feed, raw: 'words', ...said }));
  }

  /** What is known of a candle by now. */
  #asOf({ closeTime, ...candle }: Candle): Omit<CandleRow, 'isClosed' | 'raw'> {
    if (closeTime <= this.now) return candle;
    const { open } = candle;
    return { ...candle, close: open, high: Math.max(open, candle.low), volume: 0.5 };
  }

  #price(symbol: string): LatestPrice {
    const price = 100 + Math.floor((this.now - SCRIPT_START) / 1_000) / 4;
    return { symbol, price, bid: price - 0.25, ask: price + 0.25, occurredAt: this.now, source: this.traits.name };
  }

  #say(number: number, topic: Topic, news: () => void): void {
    const line = this.#lines.get(number)!;
    const name = topicName(topic);
    if (line.isFrozen || this.muted.has(name) || this.#chance(this.faults.lost)) return;
    if (!this.repeating.has(name)) this.#lastSaid.set(name, news);
    const tell = this.#lastSaid.get(name) ?? news;
    const { generation } = line;
    const times = this.#chance(this.faults.repeated) ? 2 : 1;
    for (let time = 0; time < times; time++) {
      const way = WAY_MS + (this.#chance(this.faults.late) ? this.#random.next() * 20_000 : 0);
      this.#clock.after(way, () => {
        if (generation !== line.generation) return;
        this.#listener?.heard(number);
        tell();
      });
    }
  }

  #cut(number: number, line: Line): void {
    line.generation += 1;
    line.isOpen = false;
    line.topics = [];
    this.#listener?.down(number, new ExchangeFailure('network', 'the connection was cut'));
  }
}
