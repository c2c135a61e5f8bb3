import { type Candle, type Feed, feedName } from '../../src/domain/candle.ts';
import { VirtualClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { Random } from '../../src/foundation/random.ts';
import { MINUTE_MS, SECOND_MS } from '../../src/foundation/time.ts';
import { ExchangeFeed } from '../../src/providers/exchange/exchange-feed.ts';
import { type FetchPage, YahooConnection } from '../../src/providers/yahoo/yahoo-connection.ts';
import { ScriptedMarket } from '../support/venues/scripted-market.ts';
import { type MarketDataHarness, marketDataContract } from './market-data.contract.ts';

const LENGTH = 40;
const ALREADY = 5;

/** The chart service over a scripted market, on a virtual clock: no network, no waiting. */
class ChartService {
  readonly market: ScriptedMarket;
  isCut = false;

  constructor(market: ScriptedMarket) {
    this.market = market;
  }

  readonly fetchPage: FetchPage = async (url) => {
    if (this.isCut) throw new TypeError('fetch failed');
    const { pathname, searchParams } = new URL(url);
    const symbol = decodeURIComponent(pathname.split('/').at(-1)!);
    if (!this.market.symbols.includes(symbol)) {
      const error = { code: 'Not Found', description: 'No data found, symbol may be delisted' };
      return page(404, { chart: { result: null, error } });
    }
    const until = Number(searchParams.get('period2')) * SECOND_MS;
    const from = Number(searchParams.get('period1')) * SECOND_MS;
    const rows = this.market.rows(symbol, from, 1_000).filter(({ openTime }) => openTime < until);
    return page(200, { chart: { result: [this.#chart(symbol, rows)], error: null } });
  };

  #chart(symbol: string, rows: readonly Candle[]): unknown {
    const { now } = this.market;
    const column = (name: 'open' | 'high' | 'low' | 'close' | 'volume') => rows.map((row) => row[name]);
    const isRunning = (row: Candle): boolean => row.closeTime > now;
    // The running row stands at the time of the last trade.
    const timestamp = rows.map((row) => Math.floor((isRunning(row) ? now : row.openTime) / SECOND_MS));
    const price = this.market.forming(symbol).close;
    return {
      meta: {
        currency: 'USD',
        symbol,
        regularMarketPrice: price,
        regularMarketTime: Math.floor(now / SECOND_MS),
        priceHint: 2,
      },
      ...(rows.length > 0 && { timestamp }),
      indicators: {
        quote: [
          rows.length === 0
            ? {}
            : {
                open: column('open'),
                high: column('high'),
                low: column('low'),
                close: column('close'),
                volume: column('volume'),
              },
        ],
      },
    };
  }
}

function page(status: number, answer: unknown): Awaited<ReturnType<FetchPage>> {
  return { status, text: async () => JSON.stringify(answer) };
}

async function open(): Promise<MarketDataHarness> {
  const market = new ScriptedMarket(['AAPL', 'RELIANCE.NS'], LENGTH, ALREADY);
  const service = new ChartService(market);
  const clock = new VirtualClock(market.now);
  const connection = new YahooConnection({ baseUrl: null, clock, fetchPage: service.fetchPage, paceMs: 10 });
  const provider = new ExchangeFeed({ connection, clock, random: new Random(1), logger: silentLogger });
  const feeds: [Feed, Feed] = [
    { symbol: 'AAPL', timeframe: '1m' },
    { symbol: 'RELIANCE.NS', timeframe: '1m' },
  ];
  return {
    provider: clocked(provider, clock),
    feeds,
    script: new Map(feeds.map((feed) => [feedName(feed), market.script.get(feed.symbol)!])),
    already: ALREADY,
    async pass(candles) {
      for (let candle = 0; candle < candles; candle++) {
        market.endMinute();
        market.settleIntoMinute();
        await clock.advance(MINUTE_MS);
      }
    },
    async until(holds, what) {
      for (let second = 0; second < 40 && !holds(); second++) await clock.advance(SECOND_MS);
      if (!holds()) throw new Error(`still waiting for ${what}`);
    },
    quiet: () => clock.advance(2 * SECOND_MS),
    cut: () => {
      service.isCut = true;
    },
    restore: () => {
      service.isCut = false;
    },
    async close() {},
  };
}

/** The first requests are paced too: time must pass while the provider starts. */
function clocked(provider: ExchangeFeed, clock: VirtualClock): ExchangeFeed {
  const start = provider.start.bind(provider);
  provider.start = async (...given) => {
    let isDone = false;
    const started = start(...given).finally(() => {
      isDone = true;
    });
    started.catch(() => {});
    while (!isDone) await clock.advance(5);
    return started;
  };
  return provider;
}

marketDataContract({ name: 'yahoo', open, canLoseConnection: true, hasPrices: false });
