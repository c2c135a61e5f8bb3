import fastifyWebsocket from '@fastify/websocket';
import fastify from 'fastify';
import type { Clock } from '../foundation/clock.ts';
import { fixed } from '../foundation/fixed-point.ts';
import { addBitvavoRoutes } from './bitvavo/bitvavo-routes.ts';
import { DisconnectProtection } from './bybit/disconnect-protection.ts';
import { addHttpRoutes } from './bybit/http-server.ts';
import { PrivateFeed } from './bybit/private-feed.ts';
import { PublicFeed } from './bybit/public-feed.ts';
import { RateLimiter } from './bybit/rate-limiter.ts';
import { type SocketKind, SocketServer } from './bybit/socket-server.ts';
import { CallCounts, type ExchangeParts, PrintListeners } from './exchange-parts.ts';
import { addAdminRoutes } from './faults/admin-routes.ts';
import { FaultBoard } from './faults/fault-board.ts';
import { CandleBoard } from './market/candle-board.ts';
import { type FundingEntry, FundingSchedule } from './market/funding-schedule.ts';
import { CATEGORIES, instrumentSpec } from './market/instruments.ts';
import { RecordedMarket } from './market/market.ts';
import { type BarColumns, MarketTape } from './market/market-tape.ts';
import { type TradeColumns, TradeTape } from './market/trade-tape.ts';
import { Account, type ApiKey, type FeeRates } from './trading/account.ts';
import { LookUpWindow } from './trading/look-up-window.ts';
import type { ClientIdRule } from './trading/order-check.ts';
import { Venue } from './trading/venue.ts';
import { addYahooRoutes } from './yahoo/yahoo-routes.ts';

/** What was recorded of a symbol. */
export type Recording = BarRecording | TradeRecording;

interface AnyRecording {
  readonly symbol: string;
  readonly priceDecimals: number;
  /** Funding of the perpetual, by rising recorded time; without it none is paid. */
  readonly funding?: readonly FundingEntry[];
}

export interface BarRecording extends AnyRecording {
  /** One-minute bars. */
  readonly columns: BarColumns;
}

export interface TradeRecording extends AnyRecording {
  readonly trades: TradeColumns;
  readonly sizeDecimals: number;
}

export interface ExchangeOptions {
  /** The market's clock: a recording is played by it. */
  readonly clock: Clock;
  /** The world's clock, for signatures and rate limits; by default the market's. */
  readonly wallClock?: Clock;
  readonly recordings: readonly Recording[];
  /** Added to recorded times, in whole minutes, so that they reach into the clock's present. */
  readonly shiftMs?: number;
  readonly printsPerMinute?: number;
  readonly keys: readonly ApiKey[];
  /** What each account has at first, by coin, in units of 10⁻¹². */
  readonly funds: Readonly<Record<string, bigint>>;
  readonly fees?: FeeRates;
  readonly clientIds?: ClientIdRule;
  /** From the acknowledgement of a request to its effect: 5 ms by default. */
  readonly matchingDelayMs?: number;
  /** Rate limits as the real exchange has them (the default), or none. */
  readonly rateLimits?: boolean;
  /** For how long look-ups know of closed orders and of executions; by default for ever. */
  readonly historyMs?: number;
  /** Of the faults' chance. */
  readonly seed?: number;
}

/** Bybit's fees without a rank: 0.055 % and 0.02 % for perpetuals, 0.1 % for spot. */
export const DEFAULT_FEES: FeeRates = {
  linearMaker: fixed('0.0002'),
  linearTaker: fixed('0.00055'),
  spotMaker: fixed('0.001'),
  spotTaker: fixed('0.001'),
};

/** An exchange that listens. */
export interface RunningExchange {
  /** `http://127.0.0.1:…` */
  readonly url: string;
  readonly port: number;
  readonly faults: FaultBoard;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly counts: CallCounts;
  readonly parts: ExchangeParts;
  disconnect(kind?: SocketKind): void;
  readonly openConnections: number;
  close(): Promise<void>;
}

/**
 * Starts the exchange on a port of this machine; 0 takes a free one. The market plays from the clock's present time.
 *
 * @throws the error of the port when it is taken
 */
export async function startExchange(options: ExchangeOptions, port = 0, host = '127.0.0.1'): Promise<RunningExchange> {
  const parts = composeExchange(options);
  const sockets = new SocketServer(parts);
  const app = fastify({ forceCloseConnections: true, exposeHeadRoutes: false, requestTimeout: 0 });
  await app.register(fastifyWebsocket, { options: { maxPayload: 1_048_576 } });
  addHttpRoutes(app, parts);
  addBitvavoRoutes(app, parts);
  addYahooRoutes(app, parts);
  addAdminRoutes(app, parts, (kind) => sockets.disconnect(kind));
  await app.register(async (scope) => sockets.addRoutes(scope));
  const url = await app.listen({ port, host });
  play(parts);
  return {
    url,
    port: Number(new URL(url).port),
    faults: parts.faults,
    accounts: parts.accounts,
    counts: parts.counts,
    parts,
    disconnect: (kind) => sockets.disconnect(kind),
    get openConnections() {
      return sockets.openConnections;
    },
    async close() {
      for (const market of parts.markets) market.stop();
      parts.publicFeed.stop();
      parts.protection.stop();
      sockets.stop();
      await app.close();
    },
  };
}

/** The exchange without its faces: for tests that need no network. */
export function composeExchange(options: ExchangeOptions): ExchangeParts {
  const { clock, wallClock = clock } = options;
  const markets = options.recordings.map((recording) => marketOf(recording, options));
  const feeds: { public?: PublicFeed; private?: PrivateFeed } = {};
  const venue = new Venue({
    clock,
    markets,
    clientIds: options.clientIds ?? 'always-unique',
    matchingDelayMs: options.matchingDelayMs ?? 5,
    onChanges: (changes) => feeds.private?.onChanges(changes),
    onBook: (market) => feeds.public?.onBook(market),
  });
  const faults = new FaultBoard(options.seed ?? 1);
  const candles = new CandleBoard();
  const publicFeed = new PublicFeed({ clock, markets, venue, candles, faults });
  const protection = new DisconnectProtection(clock, venue);
  const privateFeed = new PrivateFeed(venue.specs, venue.priceOf, protection);
  Object.assign(feeds, { public: publicFeed, private: privateFeed });
  const accounts = new Map(options.keys.map((key) => [key.key, new Account(key, options.fees ?? DEFAULT_FEES)]));
  for (const account of accounts.values()) {
    venue.addAccount(account);
    for (const [coin, amount] of Object.entries(options.funds)) venue.deposit(account, coin, amount, 'first funds');
  }
  const rateLimiter = options.rateLimits === false ? undefined : new RateLimiter(wallClock);
  const counts = new CallCounts();
  const listeners = new PrintListeners();
  const lookUps = new LookUpWindow();
  if (options.historyMs !== undefined) lookUps.ms = options.historyMs;
  return {
    clock,
    wallClock,
    markets,
    candles,
    venue,
    faults,
    publicFeed,
    privateFeed,
    accounts,
    rateLimiter,
    counts,
    listeners,
    lookUps,
    protection,
  };
}

/** Lets the markets run: the trading side sees a trade before the public does. */
export function play({ markets, venue, publicFeed, listeners }: ExchangeParts): void {
  for (const market of markets) {
    market.play({
      onPrint(one, print) {
        venue.onPrint(one, print);
        publicFeed.onPrint(one, print);
        listeners.onPrint(one, print);
      },
      onMinute(one, end) {
        venue.onMinute(one, end);
        publicFeed.onMinute(one, end);
      },
    });
  }
}

function marketOf(recording: Recording, options: ExchangeOptions): RecordedMarket {
  const { symbol, priceDecimals, funding = [] } = recording;
  const specs = CATEGORIES.map((category) => instrumentSpec(category, symbol, priceDecimals));
  const { tickSize } = specs[0]!;
  const shift = options.shiftMs !== undefined && { shiftMs: options.shiftMs };
  const tape =
    'trades' in recording
      ? new TradeTape(recording.trades, { tickSize, volumeStep: 10n ** BigInt(12 - recording.sizeDecimals), ...shift })
      : new MarketTape(recording.columns, {
          tickSize,
          ...shift,
          ...(options.printsPerMinute !== undefined && { printsPerMinute: options.printsPerMinute }),
        });
  const { shiftMs = 0 } = options;
  const schedule = new FundingSchedule(funding.map(({ time, rate }) => ({ time: time + shiftMs, rate })));
  return new RecordedMarket(symbol, tape, specs, options.clock, schedule);
}
