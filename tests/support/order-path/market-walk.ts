import type { EventBus } from '../../../src/bus/event-bus.ts';
import { logs, topics } from '../../../src/bus/topics.ts';
import type { CandleMessage } from '../../../src/domain/event.ts';
import { fromNumber, type Price } from '../../../src/foundation/fixed-point.ts';
import type { Random } from '../../../src/foundation/random.ts';
import { epochMs, MINUTE_MS } from '../../../src/foundation/time.ts';
import type { ScriptedAccount } from '../scripted-account.ts';
import type { Surroundings } from './outside.ts';

interface Walk {
  price: number;
  open: number;
  high: number;
  low: number;
}

/** Prices that walk by the second: at the venue, on the bus, and as minutes in the market's log. */
export class MarketWalk {
  readonly #walks: ReadonlyMap<string, Walk>;
  readonly #bus: EventBus;
  readonly #truth: ScriptedAccount;
  readonly #surroundings: Surroundings;
  #sequence = 0;
  #index = 0;
  /** Prices do not move any more, and only minutes are told. */
  stands = false;

  constructor(symbols: readonly string[], bus: EventBus, truth: ScriptedAccount, surroundings: Surroundings) {
    this.#bus = bus;
    this.#truth = truth;
    this.#surroundings = surroundings;
    const walk = (price: number): Walk => ({ price, open: price, high: price, low: price });
    this.#walks = new Map(symbols.map((symbol) => [symbol, walk(cents(50 + 100 * surroundings.random.next()))]));
    for (const [symbol, { price }] of this.#walks) truth.setPrice(symbol, exact(price));
  }

  price(symbol: string): Price {
    return exact(this.#walks.get(symbol)!.price);
  }

  start(): void {
    const { world } = this.#surroundings;
    world.every(1_000, () => this.#step());
    const untilMinute = MINUTE_MS - (world.now() % MINUTE_MS);
    world.after(untilMinute, () => {
      this.#close();
      world.every(MINUTE_MS, () => this.#close());
    });
  }

  #step(): void {
    if (this.stands) return;
    const { world, random } = this.#surroundings;
    for (const [symbol, walk] of this.#walks) {
      walk.price = stepped(walk.price, random);
      walk.high = Math.max(walk.high, walk.price);
      walk.low = Math.min(walk.low, walk.price);
      this.#truth.setPrice(symbol, exact(walk.price));
      const at = { occurredAt: world.now(), receivedAt: world.now(), source: 'walk' };
      const price = { kind: 'price', symbol, price: walk.price, bid: null, ask: null, ...at } as const;
      void this.#bus.publish(topics.market(symbol), price);
    }
  }

  #close(): void {
    const { world, random } = this.#surroundings;
    this.#sequence += 1;
    const closeTime = epochMs(Math.round(world.now() / MINUTE_MS) * MINUTE_MS);
    const messages: CandleMessage[] = [];
    for (const [symbol, walk] of this.#walks) {
      const { open, high, low, price: close } = walk;
      const times = { openTime: epochMs(closeTime - MINUTE_MS), closeTime, receivedAt: world.now() };
      const place = { symbol, timeframe: '1m' as const, sequence: this.#sequence, source: 'walk' };
      const isLast = messages.length === this.#walks.size - 1;
      const watermark = isLast ? closeTime : epochMs(closeTime - MINUTE_MS);
      messages.push({ ...place, ...times, open, high, low, close, volume: 10, watermark });
      Object.assign(walk, { open: close, high: close, low: close });
    }
    world.after(20 + random.next() * 400, () => void this.#tell(messages));
  }

  async #tell(messages: readonly CandleMessage[]): Promise<void> {
    for (const candle of messages) {
      this.#index += 1;
      await this.#bus.append(logs.market, [{ index: this.#index, kind: 'candle', candle, raw: null }]);
      await this.#bus.publish(topics.candle(candle.symbol, candle.timeframe), candle);
    }
  }
}

function stepped(price: number, random: Random): number {
  return Math.max(1, cents(price * (1 + 0.003 * (random.next() - 0.5))));
}

function cents(value: number): number {
  return Math.round(value * 100) / 100;
}

function exact(price: number): Price {
  return fromNumber<Price>(price);
}
