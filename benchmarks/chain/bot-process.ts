/**
 * The bots of the chain, a process of its own: `node bot-process.ts <redis url> <symbols> [warm]`. One bot a symbol, each
 * with its own follower and session, as a bot manager has them; the order request is published the moment the gate has let
 * it through. Says `{"ready":true}` when all listen; then answers each line of input with what it has done.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { EventBus } from '../../src/bus/event-bus.ts';
import { connectRedisBus } from '../../src/bus/redis-bus.ts';
import type { OrderTerms } from '../../src/domain/order.ts';
import { openSession, type SessionSpec, type VenueFactory } from '../../src/engine/open-session.ts';
import { RunRecord } from '../../src/engine/run-record.ts';
import { nextTurn, systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { CandleFollower } from '../../src/live/candle-follower.ts';
import { CandleColumns } from '../../src/market/candle-columns.ts';
import { CandleWindow, pushCandle } from '../../src/market/candle-window.ts';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import type { MarketStore } from '../../src/store/store.ts';
import { botSpec, OutsideVenue, orderTopic, symbolsOf } from './scenario.ts';

const SLICES_AT_ONCE = 256;

class ChainBot {
  readonly follower: CandleFollower;
  readonly #spec: SessionSpec;
  readonly #bus: EventBus;
  orders = 0;

  constructor(spec: SessionSpec, bus: EventBus, store: MarketStore) {
    this.#spec = spec;
    this.#bus = bus;
    const feeds = spec.symbols.map((symbol) => ({ symbol, timeframe: spec.timeframe }));
    const start = { feeds, sequences: new Map<string, number>(), processedThrough: Number.NEGATIVE_INFINITY };
    this.follower = new CandleFollower({ bus, store, clock: systemClock, logger: silentLogger }, start);
  }

  async run(): Promise<void> {
    const record = new RunRecord();
    const windows: CandleWindow[] = [];
    const makeWindow = (feed: CandleWindow['feed'], lookback: number): CandleWindow => {
      const window = CandleWindow.overRing(feed, lookback, (length) => new CandleColumns(length, 60_000));
      windows.push(window);
      return window;
    };
    const send = (terms: OrderTerms): void => {
      this.orders += 1;
      void this.#bus.publish(orderTopic, terms);
    };
    let venue!: OutsideVenue;
    const makeVenue: VenueFactory = (_instruments, _account, emit) => {
      venue = new OutsideVenue(send, emit);
      return venue;
    };
    const session = openSession(this.#spec, makeWindow, makeVenue, record);
    const { market } = session.engine;
    for (;;) {
      const slices = await this.follower.take(SLICES_AT_ONCE);
      if (slices.length === 0) return;
      for (const slice of slices) {
        for (const [index, candle] of slice.candles.entries()) {
          if (!candle) continue;
          pushCandle(windows[index]!, candle);
          market.fresh[index] = 1;
        }
        session.slice(slice.time);
        // Where several wait, time has gone by: the account has answered.
        if (slice !== slices.at(-1)) venue.deliver();
      }
      // The order is on its way; what the account says of it comes later.
      await nextTurn();
      venue.deliver();
      record.clear();
    }
  }
}

async function main(): Promise<void> {
  const [url, symbols] = process.argv.slice(2) as [string, string];
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-chain-'));
  const store = await openEmbeddedStore({ path: join(folder, 'chain.db'), synchronous: 'NORMAL', clock: systemClock });
  await store.migrate();
  const bus = await connectRedisBus({ url, clock: systemClock, logger: silentLogger });
  const bots = symbolsOf(Number(symbols)).map((symbol) => new ChainBot(botSpec(symbol), bus, store));
  await Promise.all(bots.map((bot) => bot.follower.start()));
  const running = bots.map((bot) => bot.run());
  process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
  for await (const _ of createInterface({ input: process.stdin })) {
    const orders = bots.reduce((sum, bot) => sum + bot.orders, 0);
    const repairs = bots.reduce((sum, bot) => sum + bot.follower.repairs, 0);
    process.stdout.write(`${JSON.stringify({ orders, repairs, memoryBytes: process.memoryUsage().rss })}\n`);
  }
  await Promise.all(bots.map((bot) => bot.follower.stop()));
  await Promise.all(running);
  await bus.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
}

await main();
