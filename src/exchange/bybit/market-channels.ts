import type { InstrumentSpec } from '../market/instruments.ts';
import type { RecordedMarket } from '../market/market.ts';
import type { BookLevels } from '../market/order-book.ts';
import type { Print } from '../market/tape.ts';
import { levelPairs, linearTicker, spotTicker, tradeData } from './market-messages.ts';
import { TopicChannel } from './topic-channel.ts';

/** Bybit repeats the best level when nothing has changed for this long. */
const REPEAT_BEST_MS = 3_000;
/** Bybit counts `u` on for ever; the exchange of this program begins here. 1 would mean that the service began anew. */
const FIRST_UPDATE_ID = 1_000;

export interface ChannelParts {
  readonly market: RecordedMarket;
  readonly spec: InstrumentSpec;
  readonly bookOf: (depth: number) => BookLevels;
}

/** `publicTrade.{symbol}` */
export class TradeChannel extends TopicChannel {
  readonly #parts: ChannelParts;

  constructor(topic: string, parts: ChannelParts) {
    super(topic);
    this.#parts = parts;
  }

  onPrint(print: Print): void {
    const { market, spec } = this.#parts;
    const data = [tradeData(print, spec, market.tickDirection)];
    this.send({ topic: this.topic, type: 'snapshot', ts: market.now(), data });
  }

  protected firstMessage(): undefined {
    return undefined;
  }
}

/** `tickers.{symbol}`: a perpetual's sends a snapshot first and then what has changed; a spot pair's snapshots only. */
export class TickerChannel extends TopicChannel {
  readonly #parts: ChannelParts;
  #last: Record<string, string> | undefined;
  #crossSequence = 0;

  constructor(topic: string, parts: ChannelParts) {
    super(topic);
    this.#parts = parts;
  }

  /** The market or the book has moved. */
  onMove(): void {
    if (!this.isHeard) return;
    const before = this.#last;
    const now = this.#read();
    this.#last = now;
    this.#crossSequence += 1;
    if (before === undefined || this.#parts.spec.category === 'spot') {
      this.send(this.#message('snapshot', now));
      return;
    }
    const changed = Object.entries(now).filter(([name, value]) => before[name] !== value);
    if (changed.length === 0) return;
    this.send(this.#message('delta', { symbol: now.symbol, ...Object.fromEntries(changed) }));
  }

  protected firstMessage(): object {
    if (!this.isHeard || this.#last === undefined) this.#last = this.#read();
    return this.#message('snapshot', this.#last);
  }

  #read(): Record<string, string> {
    const { market, spec, bookOf } = this.#parts;
    return spec.category === 'linear' ? linearTicker(market, spec, bookOf(1)) : spotTicker(market, spec);
  }

  #message(type: 'snapshot' | 'delta', data: object): object {
    const { market, spec } = this.#parts;
    const cs = market.lastPrint.sequence + this.#crossSequence;
    const ts = market.now();
    // The two sides of the exchange order their fields differently.
    return spec.category === 'linear'
      ? { topic: this.topic, type, data, cs, ts }
      : { topic: this.topic, ts, type, cs, data };
  }
}

type Pair = [string, string];

/** `orderbook.{depth}.{symbol}`: level 1 sends snapshots only, the others one snapshot and then differences. */
export class BookChannel extends TopicChannel {
  readonly #parts: ChannelParts;
  readonly #depth: number;
  #last: { readonly b: readonly Pair[]; readonly a: readonly Pair[] } | undefined;
  #updateId = FIRST_UPDATE_ID;
  #sentAt = 0;

  constructor(topic: string, depth: number, parts: ChannelParts) {
    super(topic);
    this.#depth = depth;
    this.#parts = parts;
  }

  onMove(): void {
    if (!this.isHeard) return;
    const before = this.#last;
    const now = this.#read();
    if (before === undefined) return;
    const changes = { b: differences(before.b, now.b), a: differences(before.a, now.a) };
    if (changes.b.length === 0 && changes.a.length === 0) return;
    this.#last = now;
    this.#updateId += 1;
    this.#sentAt = this.#parts.market.now();
    if (this.#depth === 1) this.send(this.#message('snapshot', now));
    else this.send(this.#message('delta', changes));
  }

  /** To be called now and then. */
  repeatBest(): void {
    if (this.#depth !== 1 || this.#last === undefined || !this.isHeard) return;
    if (this.#parts.market.now() - this.#sentAt < REPEAT_BEST_MS) return;
    this.#sentAt = this.#parts.market.now();
    this.send(this.#message('snapshot', this.#last));
  }

  protected firstMessage(): object {
    // Differences that the others have not seen yet reach all of them, the new one included.
    this.onMove();
    this.#last ??= this.#read();
    return this.#message('snapshot', this.#last);
  }

  #read(): { readonly b: readonly Pair[]; readonly a: readonly Pair[] } {
    const { bids, asks } = this.#parts.bookOf(this.#depth);
    return { b: levelPairs(bids, this.#parts.spec), a: levelPairs(asks, this.#parts.spec) };
  }

  #message(type: 'snapshot' | 'delta', sides: { readonly b: readonly Pair[]; readonly a: readonly Pair[] }): object {
    const { market, spec } = this.#parts;
    const ts = market.now();
    const seq = market.lastPrint.sequence + this.#updateId;
    const data = { s: spec.symbol, b: sides.b, a: sides.a, u: this.#updateId, seq };
    return { topic: this.topic, type, ts, data, cts: ts };
  }
}

/** Levels that are new or another size; `'0'` for those that are gone. */
function differences(before: readonly Pair[], now: readonly Pair[]): Pair[] {
  const old = new Map(before);
  const present = new Map(now);
  const changed = now.filter(([price, size]) => old.get(price) !== size);
  const gone = before.filter(([price]) => !present.has(price)).map(([price]): Pair => [price, '0']);
  return [...changed, ...gone];
}
