import type { EventBus, Unsubscribe } from '../bus/event-bus.ts';
import { topics } from '../bus/topics.ts';
import type { CandleMessage, MarketMessage, SystemEvent } from '../domain/event.ts';
import type { Timeframe } from '../domain/timeframe.ts';
import type { CancelTimer, Clock } from '../foundation/clock.ts';
import { messageOf } from '../foundation/errors.ts';
import { type Logger, silentLogger } from '../foundation/logger.ts';
import type { MarketStore } from '../store/store.ts';
import { ExchangeTime } from './exchange-time.ts';
import { type Cancel, callForEach, LatestValues } from './latest-values.ts';
import { type MarketConnection, MarketConnections } from './market-connections.ts';
import { type BoardPrice, type PriceReading, SymbolPrice } from './symbol-price.ts';

export interface PriceBoardOptions {
  /** A price that is older than this, by arrival or by its exchange's own time, is stale. Default 60,000 ms. */
  readonly staleAfterMs?: number;
  /** Where the past of a feed is read that volatility needs. Without it volatility begins with the candles heard. */
  readonly store?: Pick<MarketStore, 'candlesAfter'>;
  /** Hears of listeners that throw. */
  readonly logger?: Logger;
}

/** A price became stale, or is fresh again. */
export interface StaleChange extends PriceReading {
  readonly symbol: string;
}

const DEFAULT_STALE_AFTER_MS = 60_000;
const WATCH_EVERY_MS = 1_000;

/**
 * The latest price of every symbol with its source and ages, its volatility, and how its provider is connected: fed by
 * `market_data:{symbol}` and by the events `market.status`. Reading never waits. It tells of prices and of staleness to
 * who asks; each listener has a queue of its own, so that a slow one gets the latest price and delays nobody.
 */
export class PriceBoard {
  readonly #bus: EventBus;
  readonly #clock: Clock;
  readonly #staleAfterMs: number;
  readonly #store: PriceBoardOptions['store'];
  readonly #logger: Logger;
  readonly #symbols = new Map<string, SymbolPrice>();
  readonly #exchangeTime = new ExchangeTime();
  readonly #connections = new MarketConnections();
  readonly #stale = new Set<string>();
  readonly #priceQueues = new Map<string, Set<LatestValues<string, BoardPrice>>>();
  readonly #staleQueues = new Set<LatestValues<string, StaleChange>>();
  readonly #watched = new Set<string>();
  readonly #filling = new Set<string>();
  readonly #unsubscribe: Unsubscribe[] = [];
  #cancelWatch: CancelTimer | undefined;

  constructor(bus: EventBus, clock: Clock, options: PriceBoardOptions = {}) {
    this.#bus = bus;
    this.#clock = clock;
    this.#staleAfterMs = options.staleAfterMs ?? DEFAULT_STALE_AFTER_MS;
    this.#store = options.store;
    this.#logger = options.logger ?? silentLogger;
  }

  /** Begins to listen; called again, adds symbols. */
  async start(symbols: readonly string[]): Promise<void> {
    if (this.#cancelWatch === undefined) {
      this.#cancelWatch = this.#clock.every(WATCH_EVERY_MS, () => this.check());
      const { systemEvents } = topics;
      this.#unsubscribe.push(await this.#bus.subscribe(systemEvents, ({ payload }) => this.takeEvent(payload)));
    }
    for (const symbol of symbols) {
      if (this.#watched.has(symbol)) continue;
      this.#watched.add(symbol);
      const unsubscribe = await this.#bus.subscribe(topics.market(symbol), ({ payload }) => void this.take(payload));
      this.#unsubscribe.push(unsubscribe);
    }
  }

  /** Ends every subscription. What was known can still be read. */
  async stop(): Promise<void> {
    this.#cancelWatch?.();
    this.#cancelWatch = undefined;
    this.#watched.clear();
    for (const unsubscribe of this.#unsubscribe.splice(0)) await unsubscribe();
    for (const queues of this.#priceQueues.values()) for (const queue of queues) queue.end();
    for (const queue of this.#staleQueues) queue.end();
  }

  price(symbol: string): BoardPrice | undefined {
    return this.#symbols.get(symbol)?.latest;
  }

  all(): readonly BoardPrice[] {
    return [...this.#symbols.values()].map(({ latest }) => latest).filter((latest) => latest !== undefined);
  }

  /** How old the price of a symbol is now, and whether that is too old; `undefined` while there is none. */
  reading(symbol: string): PriceReading | undefined {
    return this.#symbols.get(symbol)?.reading(this.#clock.now());
  }

  /** Milliseconds since the price reached us; `undefined` while there is none. */
  priceAgeMs(symbol: string): number | undefined {
    return this.reading(symbol)?.ageMs;
  }

  /** Whether there is no price, or one that is too old. */
  isStale(symbol: string): boolean {
    return this.reading(symbol)?.isStale ?? true;
  }

  /**
   * The realised volatility of a symbol: the sample standard deviation (ddof 1) of the log returns ln(close / previous
   * close) of its last `periods` closed candles, as a fraction for one bar: Hull, Options, Futures, and Other
   * Derivatives, "Estimating volatility from historical data"; times the root of the bars in a year it is annual.
   * `undefined` while the closes are not there without a hole.
   *
   * @param periods 2 to 500
   * @param timeframe by default the shortest that was heard
   */
  volatility(symbol: string, periods = 20, timeframe?: Timeframe): number | undefined {
    return this.#symbols.get(symbol)?.volatility(periods, timeframe);
  }

  /** How every provider that tells of it is connected. */
  connections(): readonly MarketConnection[] {
    return this.#connections.all();
  }

  /**
   * Calls `listener` with every new price. Where it gives a promise, the next call waits for it, and of the prices that
   * come meanwhile it gets the latest.
   */
  onPrice(symbol: string, listener: (price: BoardPrice) => unknown): Cancel {
    const prices = this.prices([symbol]);
    void callForEach(prices, listener, (thrown) => this.#report('a listener to prices failed', symbol, thrown));
    return () => prices.end();
  }

  /** Calls `listener` when a price becomes stale, and when it is fresh again. */
  onStale(listener: (change: StaleChange) => unknown): Cancel {
    const changes = new LatestValues<string, StaleChange>();
    this.#staleQueues.add(changes);
    void callForEach(changes, listener, (thrown) => this.#report('a listener to stale prices failed', '*', thrown));
    return () => {
      changes.end();
      this.#staleQueues.delete(changes);
    };
  }

  /** New prices as they come, for `for await`: of each symbol the latest, where the reader is slower than they are. */
  prices(symbols: readonly string[]): LatestValues<string, BoardPrice> {
    const queue = new LatestValues<string, BoardPrice>(() => {
      for (const symbol of symbols) this.#priceQueues.get(symbol)?.delete(queue);
    });
    for (const symbol of symbols) {
      const queues = this.#priceQueues.get(symbol) ?? new Set();
      this.#priceQueues.set(symbol, queues.add(queue));
    }
    return queue;
  }

  /** Takes a message in. False where it tells no newer price: the board moves forward only, and a repeat is no news. */
  take(message: MarketMessage): boolean {
    const name = message.kind === 'candle' ? message.candle.symbol : message.symbol;
    let symbol = this.#symbols.get(name);
    if (symbol === undefined) {
      symbol = new SymbolPrice(name, this.#exchangeTime, this.#staleAfterMs);
      this.#symbols.set(name, symbol);
    }
    const isNews = symbol.take(message, this.#clock.now());
    if (message.kind === 'candle') this.#fillCloses(symbol, message.candle);
    if (!isNews) return false;
    this.#compareStaleness(name, symbol);
    for (const queue of this.#priceQueues.get(name) ?? []) queue.offer(name, symbol.latest!);
    return true;
  }

  /** Takes an event of the system in; those that tell nothing of connections are passed over. */
  takeEvent(event: SystemEvent): void {
    const connection = this.#connections.take(event);
    if (connection === undefined) return;
    this.#exchangeTime.tell(connection.source, connection.exchangeTime, connection.toldAt, connection.delayMs);
  }

  /** Looks at every age. Called by itself each second while it listens. */
  check(): void {
    for (const [name, symbol] of this.#symbols) this.#compareStaleness(name, symbol);
  }

  #compareStaleness(name: string, symbol: SymbolPrice): void {
    const reading = symbol.reading(this.#clock.now());
    if (reading === undefined || reading.isStale === this.#stale.has(name)) return;
    if (reading.isStale) this.#stale.add(name);
    else this.#stale.delete(name);
    for (const queue of this.#staleQueues) queue.offer(name, { symbol: name, ...reading });
  }

  /** Candles that were lost on the way, or came before this began to listen, are in the store. */
  #fillCloses(symbol: SymbolPrice, { timeframe }: CandleMessage): void {
    const store = this.#store;
    const wanted = symbol.missingCloses(timeframe);
    const key = `${symbol.name}:${timeframe}`;
    if (store === undefined || wanted === undefined || this.#filling.has(key)) return;
    this.#filling.add(key);
    store
      .candlesAfter({ symbol: symbol.name, timeframe }, wanted.after, wanted.count)
      .then((candles) => {
        for (const candle of candles) symbol.takeClose(candle);
      })
      .catch((thrown: unknown) => this.#report('the store does not tell the past closes', symbol.name, thrown))
      .finally(() => this.#filling.delete(key));
  }

  #report(message: string, symbol: string, thrown: unknown): void {
    this.#logger.error(message, { symbol, error: messageOf(thrown) });
  }
}

export type { BoardPrice, PriceReading };
