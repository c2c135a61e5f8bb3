import { type Feed, feedName } from '../../src/domain/candle.ts';
import { sleep, systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { Random } from '../../src/foundation/random.ts';
import { CcxtConnection } from '../../src/providers/ccxt/ccxt-connection.ts';
import { VENUES } from '../../src/providers/ccxt/venues.ts';
import { ExchangeFeed } from '../../src/providers/exchange/exchange-feed.ts';
import { dialects } from '../support/venues/dialects.ts';
import { ScriptedMarket } from '../support/venues/scripted-market.ts';
import { VenueServer } from '../support/venues/venue-server.ts';
import { type MarketDataHarness, marketDataContract } from './market-data.contract.ts';

const LENGTH = 40;
const ALREADY = 5;
const PATIENCE_MS = 15_000;
/** Longer than a check of the watch-dog and a short wait before a reconnection. */
const QUIET_MS = 700;

const SYMBOLS: Readonly<Record<string, readonly [string, string]>> = {
  bybit: ['BTCUSDT', 'ETHUSDT'],
  binance: ['BTCUSDT', 'ETHUSDT'],
  okx: ['BTCUSDT', 'ETHUSDT'],
  coinbase: ['BTCUSD', 'ETHUSD'],
  bitvavo: ['BTCEUR', 'ETHEUR'],
};

/** ccxt, unmodified, against a local server that speaks as the exchange does. */
async function open(venue: (typeof VENUES)[number]): Promise<MarketDataHarness> {
  const symbols = SYMBOLS[venue.id]!;
  const market = new ScriptedMarket(symbols, LENGTH, ALREADY);
  const server = await VenueServer.open(dialects.get(venue.id)!, market);
  const surroundings = { clock: systemClock, logger: silentLogger };
  const [kind] = venue.kinds;
  const connection = new CcxtConnection({ venue, kind, baseUrl: server.url, ...surroundings });
  const provider = new ExchangeFeed({ connection, random: new Random(1), ...surroundings });
  const feeds: [Feed, Feed] = [
    { symbol: symbols[0], timeframe: '1m' },
    { symbol: symbols[1], timeframe: '1m' },
  ];
  const topics = (venue.traits.streamsCandles ? 2 : 1) * feeds.length;
  const until = async (holds: () => boolean, what: string): Promise<void> => {
    const begun = systemClock.monotonic();
    while (!holds()) {
      if (systemClock.monotonic() - begun > PATIENCE_MS) {
        throw new Error(`still waiting for ${what}: ${JSON.stringify(provider.status())}`);
      }
      await sleep(systemClock, 5);
    }
  };
  return {
    provider,
    feeds,
    script: new Map(feeds.map((feed) => [feedName(feed), market.script.get(feed.symbol)!])),
    already: ALREADY,
    async pass(candles) {
      const isReady = (): boolean =>
        server.isCut ||
        provider.status().connections.every(({ state }) => state === 'off') ||
        server.streams.length >= topics;
      await until(isReady, `${topics} subscriptions`);
      await server.pass(candles);
    },
    until,
    quiet: () => sleep(systemClock, QUIET_MS),
    cut: () => server.cut(),
    restore: () => server.restore(),
    close: () => server.close(),
  };
}

for (const venue of VENUES) {
  marketDataContract({ name: venue.id, open: () => open(venue), canLoseConnection: true, hasPrices: true });
}
