import type { EventBus, Unsubscribe } from '../bus/event-bus.ts';
import { topics } from '../bus/topics.ts';
import type { Clock } from '../foundation/clock.ts';
import type { BotUpdate, PortfolioUpdate } from '../protocol/messages.ts';
import { type BotStatus, type Fill, type SignalRecord, wireFill, wirePortfolio } from '../protocol/wire.ts';
import { Channel } from './channel.ts';
import { RecentRows } from './recent-rows.ts';
import type { StoreReader } from './store-reader.ts';
import { botStatus, fill, portfolio, signal } from './wire-schemas.ts';
import { shared } from './within.ts';

const ROWS_TOLD = 20;

/** What is known of one bot now, and the two channels that tell it. */
export class BotView {
  readonly statusChannel: Channel<BotUpdate>;
  readonly portfolioChannel: Channel<PortfolioUpdate>;
  readonly #botId: string;
  readonly #reader: StoreReader;
  readonly #signals = new RecentRows<SignalRecord>(ROWS_TOLD, (row) => row.signalId);
  readonly #fills = new RecentRows<Fill>(ROWS_TOLD, (row) => row.fillId);
  readonly #sharedRefresh: () => Promise<void>;
  #status: BotStatus | undefined;
  #statusesHeard = 0;

  constructor(botId: string, reader: StoreReader, clock: Clock) {
    this.#botId = botId;
    this.#reader = reader;
    const refresh = shared(() => this.#refresh());
    this.#sharedRefresh = refresh;
    this.statusChannel = new Channel({ snapshot: () => this.#statusSnapshot(), refresh }, clock);
    this.portfolioChannel = new Channel({ snapshot: () => this.#portfolioSnapshot(), refresh }, clock);
  }

  async subscribe(bus: EventBus): Promise<readonly Unsubscribe[]> {
    return [
      await bus.subscribe(topics.botStatus(this.#botId), ({ payload }) => this.#hearStatus(payload)),
      await bus.subscribe(topics.botSignals(this.#botId), ({ payload }) => this.#hearSignal(payload)),
      await bus.subscribe(topics.tradeUpdates(this.#botId), ({ payload }) => this.#hearFill(payload)),
    ];
  }

  /** Makes good what the bus lost, for those who listen already; a bot that has ended would never say it again. */
  async repair(): Promise<void> {
    if (this.statusChannel.isHeard || this.portfolioChannel.isHeard) await this.#sharedRefresh();
  }

  /**
   * The bus may lose what the store has, and be later than it: a bot commits, and then tells. Of two statuses the one
   * with more slices is the newer; level, it is the store's, unless the bus spoke while the store was asked. What is new
   * is told to those who listen already.
   */
  async #refresh(): Promise<void> {
    const heard = this.#statusesHeard;
    this.#signals.beginReading();
    this.#fills.beginReading();
    const stored = (await this.#reader.statuses()).find(({ botId }) => botId === this.#botId);
    if (!stored) return;
    const lastOf = (count: number) => ({ offset: Math.max(0, count - ROWS_TOLD), limit: 2 * ROWS_TOLD });
    const signals = await this.#reader.read((store) => store.signals(this.#botId, lastOf(stored.signals)));
    const fills = await this.#reader.read((store) => store.fills(this.#botId, lastOf(stored.fills)));
    for (const row of this.#signals.endReading(signals)) this.#tellSignal(row);
    for (const row of this.#fills.endReading(fills)) this.#tellFill(row);
    const lead = stored.slices - (this.#status?.slices ?? Number.NEGATIVE_INFINITY);
    const isNewer = lead > 0 || (lead === 0 && this.#statusesHeard === heard);
    if (!isNewer || (lead === 0 && this.#status?.lifecycle === stored.lifecycle)) return;
    this.#takeStatus(stored);
  }

  #statusSnapshot(): Extract<BotUpdate, { type: 'snapshot' }> {
    return {
      type: 'snapshot',
      bot: this.#status ? botStatus.parse(this.#status) : null,
      signals: this.#signals.all().map((row) => signal.parse(row)),
    };
  }

  #portfolioSnapshot(): Extract<PortfolioUpdate, { type: 'snapshot' }> {
    return {
      type: 'snapshot',
      portfolio: this.#status ? portfolio.parse(wirePortfolio(this.#status)) : null,
      fills: this.#fills.all().map((row) => fill.parse(wireFill(row))),
    };
  }

  #hearStatus(status: BotStatus): void {
    // It was on its way while the store already had a newer one.
    if (status.slices < (this.#status?.slices ?? 0)) return;
    this.#statusesHeard += 1;
    this.#takeStatus(status);
  }

  #takeStatus(status: BotStatus): void {
    this.#status = status;
    this.statusChannel.tell(() => ({ type: 'status', bot: botStatus.parse(status) }), 'status');
    this.portfolioChannel.tell(
      () => ({ type: 'portfolio', portfolio: portfolio.parse(wirePortfolio(status)) }),
      'portfolio',
    );
  }

  #hearSignal(record: SignalRecord): void {
    if (this.#signals.hear(record)) this.#tellSignal(record);
  }

  #tellSignal(record: SignalRecord): void {
    this.statusChannel.tell(() => ({ type: 'signal', signal: signal.parse(record) }));
  }

  #hearFill(made: Fill): void {
    if (this.#fills.hear(made)) this.#tellFill(made);
  }

  #tellFill(made: Fill): void {
    this.portfolioChannel.tell(() => ({ type: 'fill', fill: fill.parse(wireFill(made)) }));
  }
}
