import type { Consumer, EventBus, LogEntry, LogPosition, Message, Unsubscribe } from '../bus/event-bus.ts';
import { decodePayload, encodePayload } from '../bus/event-codec.ts';
import { type Log, type Topic, topics } from '../bus/topics.ts';
import type { Feed } from '../domain/candle.ts';
import type { CandleMessage } from '../domain/event.ts';
import { barOpenTime, timeframeMs } from '../domain/timeframe.ts';
import type { SessionSpec, VenueFactory } from '../engine/open-session.ts';
import { type Clock, nextTurn, VirtualClock } from '../foundation/clock.ts';
import { messageOf } from '../foundation/errors.ts';
import { toNumber } from '../foundation/fixed-point.ts';
import { type Logger, silentLogger } from '../foundation/logger.ts';
import { Random } from '../foundation/random.ts';
import { success } from '../foundation/result.ts';
import { type EpochMs, epochMs } from '../foundation/time.ts';
import type { MarketStore, TradingStore } from '../store/store.ts';
import { Bot } from './bot.ts';

export interface WarmUpParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The simulated venue: nothing is sent anywhere. */
  readonly venueOf: (spec: SessionSpec) => VenueFactory;
  /** The bus of the system: some messages to ourselves go over it, on a channel of our own. */
  readonly bus: EventBus;
  /** Unique to the process. */
  readonly processName: string;
}

export interface WarmUpOptions {
  /** Instants shown to each strategy. Default 4,000: after them the compiler has seen the code often enough. */
  readonly instants?: number;
  /** All strategies together take no longer than about this. Default 5,000 ms. */
  readonly withinMs?: number;
}

export interface WarmUpReport {
  /** Instants decided on, of all strategies. */
  readonly instants: number;
  readonly milliseconds: number;
}

const DEFAULT_INSTANTS = 4_000;
const DEFAULT_WITHIN_MS = 5_000;
/** So many at once, then others have their turn. */
const AT_ONCE = 16;
const FIRST_TIME = epochMs(Date.UTC(2026, 0, 1));
/** Of the walk, a bar: so wild that any strategy finds something to do. */
const VOLATILITY = 0.004;
const LEAST_PRICE_IN_TICKS = 100_000;

/**
 * Runs each strategy over made-up candles, before it is asked about real ones: its own code and that of bots (decoding,
 * follower, engine, gate, commit, encoding) is compiled and in the caches by then. It leaves no trace: bot, store and
 * clock are thrown away, the chance is its own, and nothing is sent.
 *
 * Then some messages go over the system's own bus to ourselves, on a channel that nobody else knows.
 *
 * One bot a strategy is enough, as the code is shared. A strategy that fails on made-up candles is left alone: it will
 * say so itself when it is asked in earnest.
 */
export async function warmUp(
  specs: readonly SessionSpec[],
  parts: WarmUpParts,
  { instants = DEFAULT_INSTANTS, withinMs = DEFAULT_WITHIN_MS }: WarmUpOptions = {},
): Promise<WarmUpReport> {
  const began = parts.clock.monotonic();
  const strategies = new Map(specs.map((spec) => [spec.definition, spec]));
  const end = began + withinMs;
  let done = 0;
  for (const spec of strategies.values()) {
    try {
      done += await runOne(spec, parts, instants, end);
    } catch (thrown) {
      parts.logger.debug('a strategy could not be warmed up', { bot: spec.botId, error: messageOf(thrown) });
    }
  }
  await sendToOurselves(parts, specs, instants, end);
  const milliseconds = parts.clock.monotonic() - began;
  parts.logger.info('warmed up', {
    strategies: strategies.size,
    instants: done,
    milliseconds: Math.round(milliseconds),
  });
  return { instants: done, milliseconds };
}

async function runOne(spec: SessionSpec, parts: WarmUpParts, instants: number, end: number): Promise<number> {
  const bus = new LoopBus();
  const bot = new Bot(unlimited(spec), {
    bus,
    store: forgetfulStore,
    clock: new VirtualClock(FIRST_TIME),
    logger: silentLogger,
    venue: parts.venueOf(spec),
  });
  await bot.start({ name: `warm-up/${spec.botId}`, owner: 'warm-up', token: 1 });
  const running = bot.run();
  const market = new MadeUpMarket(spec, bus.feeds);
  let instant = 0;
  while (instant < instants && bot.lifecycle === 'running' && parts.clock.monotonic() < end) {
    for (let turn = 0; turn < AT_ONCE && instant < instants; turn++, instant++) {
      for (const candle of market.next()) await bus.publish(topics.candle(candle.symbol, candle.timeframe), candle);
    }
    await nextTurn();
  }
  const { slices } = bot.status();
  await bot.stop();
  await running;
  return slices;
}

/** The way through the bus itself; what is lost on it does not matter here. */
async function sendToOurselves(parts: WarmUpParts, specs: readonly SessionSpec[], messages: number, end: number) {
  const { bus, clock, logger, processName } = parts;
  const [spec] = specs;
  if (!spec) return;
  const [symbol] = spec.symbols;
  const topic = { ...topics.candle(symbol!, spec.timeframe), channel: `warm_up:${processName}` };
  const market = new MadeUpMarket(spec, [{ symbol: symbol!, timeframe: spec.timeframe }]);
  try {
    const leave = await bus.subscribe(topic, () => {});
    for (let sent = 0; sent < messages && clock.monotonic() < end; sent += AT_ONCE) {
      const underWay: Promise<void>[] = [];
      while (underWay.length < AT_ONCE) for (const candle of market.next()) underWay.push(bus.publish(topic, candle));
      await Promise.all(underWay);
    }
    await leave();
  } catch (thrown) {
    logger.debug('the bus could not be warmed up', { error: messageOf(thrown) });
  }
}

/** Limits that a strategy would soon have used up, so that its orders go all the way. */
function unlimited(spec: SessionSpec): SessionSpec {
  const limits = { ...spec.limits, dailyLossLimit: null, maximumTradesPerDay: null, maximumOrdersPerMinute: null };
  return { ...spec, limits };
}

/** A random walk of every feed, each candle closing when its timeframe says so. */
class MadeUpMarket {
  readonly #states: { readonly feed: Feed; price: number; sequence: number }[];
  readonly #step: number;
  readonly #random: Random;
  #time: number = FIRST_TIME;

  constructor(spec: SessionSpec, feeds: readonly Feed[]) {
    this.#random = new Random(1, `warm-up/${spec.definition.name}`);
    this.#states = feeds.map((feed) => {
      const traded = spec.instruments.find(({ symbol }) => symbol === feed.symbol);
      const price = Math.max(100, traded ? toNumber(traded.tickSize) * LEAST_PRICE_IN_TICKS : 0);
      return { feed, price, sequence: 0 };
    });
    this.#step = Math.min(...feeds.map(({ timeframe }) => timeframeMs(timeframe)));
  }

  /** The candles that close at the next instant. */
  next(): CandleMessage[] {
    this.#time += this.#step;
    const closeTime = epochMs(this.#time);
    return this.#states
      .filter(({ feed }) => barOpenTime(closeTime, feed.timeframe) === closeTime)
      .map((state) => this.#candle(state, closeTime));
  }

  #candle(state: { readonly feed: Feed; price: number; sequence: number }, closeTime: EpochMs): CandleMessage {
    const open = state.price;
    const close = open * (1 + VOLATILITY * (2 * this.#random.next() - 1));
    state.price = close;
    state.sequence += 1;
    return {
      ...state.feed,
      openTime: epochMs(closeTime - timeframeMs(state.feed.timeframe)),
      closeTime,
      open,
      high: Math.max(open, close) * (1 + (VOLATILITY / 2) * this.#random.next()),
      low: Math.min(open, close) * (1 - (VOLATILITY / 2) * this.#random.next()),
      close,
      volume: 1_000 * this.#random.next(),
      sequence: state.sequence,
      watermark: epochMs(closeTime - this.#step),
      source: 'warm-up',
      receivedAt: closeTime,
    };
  }
}

/** A bus to oneself: encodes and decodes as every bus does, and keeps nothing. */
class LoopBus implements EventBus {
  readonly #handlers = new Map<string, (text: string) => void>();

  /** What was subscribed to as candles. */
  get feeds(): readonly Feed[] {
    return [...this.#handlers.keys()].flatMap((channel) => {
      const [, kind, symbol, timeframe] = /^(data):(.+):([^:]+)$/.exec(channel) ?? [];
      return kind === undefined ? [] : [{ symbol, timeframe } as Feed];
    });
  }

  async publish<Payload>(topic: Topic<Payload>, payload: Payload): Promise<void> {
    const text = encodePayload(topic.codec, payload);
    this.#handlers.get(topic.channel)?.(text);
  }

  async subscribe<Payload>(topic: Topic<Payload>, handler: (message: Message<Payload>) => void): Promise<Unsubscribe> {
    const { channel, codec } = topic;
    this.#handlers.set(channel, (text) => handler({ channel, payload: decodePayload(codec, text) }));
    return async () => void this.#handlers.delete(channel);
  }

  async append<Entry>(log: Log<Entry>, entries: readonly Entry[]): Promise<readonly LogPosition[]> {
    return entries.map((entry) => `${encodePayload(log.codec, entry).length}`);
  }

  async read<Entry>(): Promise<readonly LogEntry<Entry>[]> {
    return [];
  }

  async oldest(): Promise<undefined> {}

  async consume(): Promise<Consumer> {
    return { stop: async () => {} };
  }

  async backlog(): Promise<number> {
    return 0;
  }

  async trim(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {}
}

/** A store that takes everything and has nothing. */
const forgetfulStore: MarketStore & TradingStore = {
  recordMarket: async () => {},
  candlesAfter: async () => [],
  candleVersions: async () => [],
  lastCandles: async () => [],
  newestCandles: async () => [],
  countRows: async () => 0,
  checkpoint: async () => undefined,
  commitBot: async ({ expectedRevision, state }) => {
    // What a store does with it first.
    JSON.stringify(state);
    return success(expectedRevision + 1);
  },
  outbox: async () => [],
  botStatuses: async () => [],
  signals: async () => [],
  orderIntents: async () => [],
  orderEvents: async () => [],
  fills: async () => [],
  equity: async () => [],
};
