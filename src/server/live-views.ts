import type { EventBus, Unsubscribe } from '../bus/event-bus.ts';
import { topics } from '../bus/topics.ts';
import type { LiveConnection } from '../protocol/live-view.ts';
import { BotView } from './bot-view.ts';
import { MarketView } from './market-view.ts';
import { RequestRefused } from './refusal.ts';
import type { ServerOptions } from './server-options.ts';
import type { StoreReader } from './store-reader.ts';
import { shared } from './within.ts';

/** What is known now of every bot and symbol that may be asked for. */
export class LiveViews {
  readonly bots: ReadonlyMap<string, BotView>;
  readonly markets: ReadonlyMap<string, MarketView>;
  readonly #options: ServerOptions;
  readonly #reader: StoreReader;
  readonly #warmUp = shared(() => this.#readCandles());
  #isWarm = false;

  constructor(options: ServerOptions, reader: StoreReader) {
    const { botIds, symbols, prices, clock } = options;
    this.#options = options;
    this.#reader = reader;
    const ready = () => this.warmUp();
    this.bots = new Map(botIds.map((botId) => [botId, new BotView(botId, reader, clock)]));
    this.markets = new Map(symbols.map((symbol) => [symbol, new MarketView(symbol, prices, ready, clock)]));
  }

  /** Listens to the bus, and then takes what the store has; without a store it goes on with what the bus says. */
  async start(bus: EventBus): Promise<readonly Unsubscribe[]> {
    const unsubscribes: Unsubscribe[] = [];
    const { prices } = this.#options;
    unsubscribes.push(await bus.subscribe(topics.systemEvents, ({ payload }) => prices.takeEvent(payload)));
    for (const market of this.markets.values()) unsubscribes.push(await market.subscribe(bus));
    for (const bot of this.bots.values()) unsubscribes.push(...(await bot.subscribe(bus)));
    await this.warmUp().catch((error: unknown) => this.#report(error));
    return unsubscribes;
  }

  connections(): readonly LiveConnection[] {
    return this.#options.prices.connections();
  }

  /** The newest candles, from the store, once: from then on the bus tells what is newer. */
  async warmUp(): Promise<void> {
    if (!this.#isWarm) await this.#warmUp();
  }

  /** Asks the store for what the bus may have lost of the bots that somebody listens to. */
  async repair(): Promise<void> {
    try {
      for (const bot of this.bots.values()) await bot.repair();
    } catch (error) {
      this.#report(error);
    }
  }

  async #readCandles(): Promise<void> {
    if (this.#isWarm) return;
    const candles = await this.#reader.read((store) => store.newestCandles());
    for (const candle of candles) this.markets.get(candle.symbol)?.takeStored(candle);
    this.#isWarm = true;
  }

  /** A refusal was told to the logger where it arose. */
  #report(error: unknown): void {
    if (!(error instanceof RequestRefused)) {
      this.#options.logger.error('The server could not read the store', { error: String(error) });
    }
  }
}
