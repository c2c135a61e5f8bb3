/**
 * The bots of the chain, a process of its own: `node bot-process.ts <redis url> <symbols> [--warm] [--poll folder]`. One bot
 * a symbol, each with its own follower and session, as a bot manager has them; the order request is published the moment
 * the gate has let it through. Says `{"ready":true}` when all listen; then answers each line of input with what it has done.
 *
 * With `--poll` it learns of candles as S0 describes the design before: by reading CSV files again and again.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { EventBus } from '../../src/bus/event-bus.ts';
import { connectRedisBus } from '../../src/bus/redis-bus.ts';
import type { OrderTerms } from '../../src/domain/order.ts';
import { openSession, type SessionSpec, type VenueFactory } from '../../src/engine/open-session.ts';
import { RunRecord } from '../../src/engine/run-record.ts';
import { nextTurn, systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { CandleFollower } from '../../src/live/candle-follower.ts';
import type { Slice } from '../../src/live/slice-assembler.ts';
import { warmUp } from '../../src/live/warm-up.ts';
import { CandleColumns } from '../../src/market/candle-columns.ts';
import { CandleWindow, pushCandle } from '../../src/market/candle-window.ts';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import type { MarketStore } from '../../src/store/store.ts';
import { CsvPoller } from './csv-poller.ts';
import { botSpec, OutsideVenue, orderTopic, symbolsOf } from './scenario.ts';

const SLICES_AT_ONCE = 256;

/** Where slices come from. */
interface SliceSource {
  start(): Promise<void>;
  stop(): Promise<void>;
  take(limit: number): Promise<readonly Slice[]>;
}

class ChainBot {
  readonly follower: SliceSource;
  readonly #spec: SessionSpec;
  readonly #bus: EventBus;
  orders = 0;

  constructor(spec: SessionSpec, bus: EventBus, follower: SliceSource) {
    this.#spec = spec;
    this.#bus = bus;
    this.follower = follower;
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

function followerOf(spec: SessionSpec, bus: EventBus, store: MarketStore): CandleFollower {
  const feeds = spec.symbols.map((symbol) => ({ symbol, timeframe: spec.timeframe }));
  const start = { feeds, sequences: new Map<string, number>(), processedThrough: Number.NEGATIVE_INFINITY };
  return new CandleFollower({ bus, store, clock: systemClock, logger: silentLogger }, start);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { warm: { type: 'boolean', default: false }, poll: { type: 'string' } },
  });
  const [url, symbols] = positionals as [string, string];
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-chain-'));
  const store = await openEmbeddedStore({ path: join(folder, 'chain.db'), synchronous: 'NORMAL', clock: systemClock });
  await store.migrate();
  const bus = await connectRedisBus({ url, clock: systemClock, logger: silentLogger });
  const specs = symbolsOf(Number(symbols)).map(botSpec);
  if (values.warm) {
    const venueOf = (): VenueFactory => (_instruments, _account, emit) => new OutsideVenue(() => {}, emit);
    await warmUp(specs, {
      clock: systemClock,
      logger: silentLogger,
      venueOf,
      bus,
      processName: `chain-${process.pid}`,
    });
  }
  const poller = values.poll === undefined ? undefined : new CsvPoller(values.poll, systemClock);
  const bots = specs.map(
    (spec) => new ChainBot(spec, bus, poller?.follow(spec.symbols[0]!) ?? followerOf(spec, bus, store)),
  );
  await Promise.all(bots.map((bot) => bot.follower.start()));
  const running = bots.map((bot) => bot.run());
  process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
  for await (const _ of createInterface({ input: process.stdin })) {
    const orders = bots.reduce((sum, bot) => sum + bot.orders, 0);
    process.stdout.write(`${JSON.stringify({ orders, memoryBytes: process.memoryUsage().rss })}\n`);
  }
  await Promise.all(bots.map((bot) => bot.follower.stop()));
  await Promise.all(running);
  await bus.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
}

await main();
