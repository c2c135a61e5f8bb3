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
}

export const NO_FAULTS: Faults = {
  ...{ lost: 0, repeated: 0, late: 0, closedTooEarly: 0, impossible: 0, cut: 0, frozen: 0, failed: 0, lagging: 0 },
};

/** Far away from the exchange's clock: nothing may lean on the machine's. */
export const CLOCK_SKEW_MS = 1_234_567;
const WAY_MS = 40;
const FRAMES_A_MINUTE = 6;

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
  #topics: readonly Topic[] = [];
  /** Messages of a connection that ended are not told. */
  #generation = 0;
  #isFrozen = false;
  #isClosed = false;

  constructor(clock: Clock, random: Random, faults: Faults, minutes: number, traits: Partial<ExchangeTraits> = {}) {
    this.#clock = clock;
    this.#random = random;
    this.faults = faults;
    this.traits = {
      ...{ name: 'simulated', delayMs: 0, streamsCandles: true, streamsPrices: true, isSparse: false, settleMs: 1_000 },
      ...{ graceMs: 2_500, absenceMs: 15_000, lookAgainMs: 500, quietMs: 15_000, pageSize: 100 },
      connections: { most: 250, windowMs: 300_000 },
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

  async candles(feed: Feed, from: EpochMs): Promise<readonly CandleRow[]> {
    await this.#request();
    const present = this.#chance(this.faults.lagging) ? this.now - 2 * MINUTE_MS : this.now;
    const rows = this.script
      .get(feed.symbol)!
      .filter(
        ({ openTime }) => openTime >= from && openTime <= present && openTime < from + this.traits.pageSize * MINUTE_MS,
      );
    return rows.map((candle) => ({ ...this.#asOf(candle), isClosed: undefined, raw: null }));
  }

  async price(symbol: string): Promise<LatestPrice> {
    await this.#request();
    return this.#price(symbol);
  }

  subscribe(topics: readonly Topic[]): void {
    this.connections += 1;
    this.#topics = topics;
    this.#isFrozen = false;
    const generation = ++this.#generation;
    this.#clock.after(WAY_MS, () => {
      if (generation !== this.#generation) return;
      if (this.#chance(this.faults.cut)) this.#cut();
      else this.#listener?.heard();
    });
  }

  async resubscribe(): Promise<boolean> {
    return !this.#isFrozen;
  }

  disconnect(): void {
    this.#generation += 1;
    this.#topics = [];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.disconnect();
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
    if (this.#isClosed || this.#topics.length === 0) return;
    if (this.#chance(this.faults.cut / FRAMES_A_MINUTE)) this.#cut();
    if (this.#chance(this.faults.frozen / FRAMES_A_MINUTE)) this.#isFrozen = true;
    for (const topic of this.#topics) {
      if (topic.kind === 'price') this.#say(() => this.#listener?.price(this.#price(topic.symbol)));
      else this.#tellCandles(topic.feed);
    }
  }

  #tellCandles(feed: Feed): void {
    const { now } = this;
    const all = this.script.get(feed.symbol)!;
    const running = all.find(({ openTime, closeTime }) => openTime <= now && now < closeTime);
    const ended = all.find(({ closeTime }) => closeTime <= now && now < closeTime + MINUTE_MS / FRAMES_A_MINUTE);
    // Its last trade is told, and with it its last values, before anything of the next.
    if (ended !== undefined) this.#tell(feed, ended, true);
    if (running !== undefined) this.#tell(feed, running, this.#chance(this.faults.closedTooEarly));
  }

  #tell(feed: Feed, candle: Candle, saysClosed: boolean): void {
    const exchangeTime = this.now;
    const values = { ...this.#asOf(candle), ...(this.#chance(this.faults.impossible) && { high: 0.01 }) };
    // A sparse exchange here is one that does not say when a candle has closed, nor when it sent the message.
    const said = this.traits.isSparse
      ? { isClosed: undefined, exchangeTime: undefined }
      : { isClosed: saysClosed, exchangeTime };
    this.#say(() => this.#listener?.candle({ ...values, feed, raw: 'words', ...said }));
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

  #say(tell: () => void): void {
    if (this.#isFrozen || this.#chance(this.faults.lost)) return;
    const generation = this.#generation;
    const times = this.#chance(this.faults.repeated) ? 2 : 1;
    for (let time = 0; time < times; time++) {
      const way = WAY_MS + (this.#chance(this.faults.late) ? this.#random.next() * 20_000 : 0);
      this.#clock.after(way, () => {
        if (generation !== this.#generation) return;
        this.#listener?.heard();
        tell();
      });
    }
  }

  #cut(): void {
    this.#generation += 1;
    this.#topics = [];
    this.#listener?.down(new ExchangeFailure('network', 'the connection was cut'));
  }
}
