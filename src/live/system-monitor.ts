import type { EventBus, Unsubscribe } from '../bus/event-bus.ts';
import { topics } from '../bus/topics.ts';
import type { BotStatus, SystemEvent } from '../domain/event.ts';
import type { Fill } from '../domain/fill.ts';
import type { Clock } from '../foundation/clock.ts';
import { type EpochMs, epochMs, toIso } from '../foundation/time.ts';
import { MARKET_STATUS } from './market-connections.ts';
import { PriceBoard, type PriceBoardOptions, type StaleChange } from './price-board.ts';

const FILLS_KEPT = 20;
const EVENTS_KEPT = 20;
const EQUITY_POINTS_KEPT = 240;

/** What the system says of itself, gathered from the bus for those who look on. Never in the way of trading. */
export class SystemMonitor {
  readonly prices: PriceBoard;
  readonly #bus: EventBus;
  readonly #clock: Clock;
  readonly #statuses = new Map<string, BotStatus>();
  readonly #fills: Fill[] = [];
  readonly #events: string[] = [];
  readonly #unsubscribe: Unsubscribe[] = [];
  #equity: number[] = [];
  #startedAt = 0;
  #botCount = 0;
  /** Real milliseconds from the start to the first fill; `null` before it. */
  firstFillAfterMs: number | null = null;

  constructor(bus: EventBus, clock: Clock, prices: PriceBoardOptions) {
    this.#bus = bus;
    this.#clock = clock;
    this.prices = new PriceBoard(bus, clock, prices);
  }

  async start(symbols: readonly string[], botIds: readonly string[]): Promise<void> {
    this.#startedAt = this.#clock.monotonic();
    this.#botCount = botIds.length;
    await this.prices.start(symbols);
    const cancelStale = this.prices.onStale((change) => this.#tellStale(change));
    this.#unsubscribe.push(async () => cancelStale());
    for (const botId of botIds) {
      this.#unsubscribe.push(
        await this.#bus.subscribe(topics.botStatus(botId), ({ payload }) => this.#takeStatus(payload)),
      );
      this.#unsubscribe.push(
        await this.#bus.subscribe(topics.tradeUpdates(botId), ({ payload }) => this.#takeFill(payload)),
      );
    }
    this.#unsubscribe.push(await this.#bus.subscribe(topics.systemEvents, ({ payload }) => this.#takeEvent(payload)));
  }

  async stop(): Promise<void> {
    await this.prices.stop();
    for (const unsubscribe of this.#unsubscribe.splice(0)) await unsubscribe();
  }

  get elapsedMs(): number {
    return this.#clock.monotonic() - this.#startedAt;
  }

  /** The newest close time that any price or bot has reached. */
  get marketTime(): EpochMs | null {
    const times = [
      ...this.prices.all().map((one) => one.occurredAt),
      ...[...this.#statuses.values()].map((one) => one.marketTime),
    ];
    return times.length === 0 ? null : epochMs(Math.max(...times));
  }

  statuses(): readonly BotStatus[] {
    return [...this.#statuses.values()].sort((a, b) => (a.botId < b.botId ? -1 : 1));
  }

  /** Newest first. */
  lastFills(): readonly Fill[] {
    return this.#fills;
  }

  /** Newest first. */
  events(): readonly string[] {
    return this.#events;
  }

  /** Equity of all bots together, oldest first, thinned. */
  equity(): readonly number[] {
    return this.#equity;
  }

  /** Says once when a price grows stale, and once when the symbol is back. */
  #tellStale({ symbol, isStale, ageMs, exchangeAgeMs }: StaleChange): void {
    const type = isStale ? 'market.stale' : 'market.resumed';
    const details = { symbol, ageMs, exchangeAgeMs };
    this.#takeEvent({ type, source: 'monitor', time: this.#clock.now(), details });
  }

  #takeStatus(status: BotStatus): void {
    this.#statuses.set(status.botId, status);
    // A sum of fewer bots than there are would look like a jump of equity when the next one reports.
    if (this.#statuses.size < this.#botCount) return;
    let total = 0;
    for (const one of this.#statuses.values()) total += one.equity;
    this.#equity.push(total);
    if (this.#equity.length > 2 * EQUITY_POINTS_KEPT) this.#equity = this.#equity.filter((_, index) => index % 2 === 0);
  }

  #takeFill(fill: Fill): void {
    this.firstFillAfterMs ??= this.elapsedMs;
    this.#fills.unshift(fill);
    this.#fills.length = Math.min(this.#fills.length, FILLS_KEPT);
  }

  #takeEvent(event: SystemEvent): void {
    // Told all the time: it has a place of its own.
    if (event.type === MARKET_STATUS) return;
    this.#events.unshift(`${toIso(event.time).slice(11, 19)} ${event.type}${inWords(event.details)}`);
    this.#events.length = Math.min(this.#events.length, EVENTS_KEPT);
  }
}

/** `botId=trend lifecycle=finished`: the details of an event on a line. */
function inWords(details: SystemEvent['details']): string {
  if (typeof details !== 'object' || details === null || Array.isArray(details)) return ` ${JSON.stringify(details)}`;
  return Object.entries(details)
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('');
}
