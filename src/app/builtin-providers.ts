import type { Feed } from '../domain/candle.ts';
import type { Instrument } from '../domain/instrument.ts';
import { UserError } from '../foundation/errors.ts';
import { type EpochMs, epochMs } from '../foundation/time.ts';
import {
  type MarketDataProvider,
  type ProviderFactory,
  type ProviderRequest,
  providerNames,
  registerProvider,
} from '../market/provider.ts';

export const REPLAY = 'replay';
export const EXCHANGES = ['bybit', 'binance', 'okx', 'coinbase', 'bitvavo'] as const;

/** Makes the providers that come with the program known. What they load is loaded when one is opened. */
export function registerBuiltinProviders(): void {
  if (providerNames().includes(REPLAY)) return;
  registerProvider(REPLAY, openReplay);
  for (const exchange of EXCHANGES) registerProvider(exchange, (request) => openExchange(exchange, request));
  registerProvider('yahoo', openYahoo);
}

const openReplay: ProviderFactory = async ({ files, speed, clock }) => {
  const { ReplayFeed } = await import('../providers/files/replay-feed.ts');
  const feed = new ReplayFeed({ files, clock, speed: speed ?? 'max' });
  return {
    name: feed.name,
    delayMs: feed.delayMs,
    start: (feeds, resumeAfter, sink) => feed.start(feeds, resumeAfter, sink),
    stop: () => feed.stop(),
    instruments: async (feeds) => (await readFiles(feeds, files)).instruments,
    period: (feeds) => readFiles(feeds, files),
  };
};

/** What recorded files say: the instruments, and the period that they cover. */
export interface RecordedMarket {
  readonly instruments: readonly Instrument[];
  readonly from: EpochMs;
  readonly to: EpochMs;
}

export async function readFiles(feeds: readonly Feed[], files: ReadonlyMap<string, string>): Promise<RecordedMarket> {
  const [{ loadCandles }, { inferInstrument }] = await Promise.all([
    import('../providers/files/load-candles.ts'),
    import('../providers/files/infer-instrument.ts'),
  ]);
  const instruments: Instrument[] = [];
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const { symbol, timeframe } of feeds) {
    const path = files.get(symbol);
    if (path === undefined) {
      throw new UserError(
        `There is no data file for ${symbol}. Name one in market.data, or with --data ${symbol}=FILE.`,
      );
    }
    const loaded = await loadCandles({ path, symbol, timeframe });
    instruments.push(inferInstrument(symbol, loaded));
    from = Math.min(from, loaded.columns.closeTime(0));
    to = Math.max(to, loaded.columns.closeTime(loaded.columns.length - 1));
  }
  return { instruments, from: epochMs(from), to: epochMs(to) };
}

async function openExchange(id: string, request: ProviderRequest): Promise<MarketDataProvider> {
  const [{ CcxtConnection }, { VENUES }, { ExchangeFeed }] = await Promise.all([
    import('../providers/ccxt/ccxt-connection.ts'),
    import('../providers/ccxt/venues.ts'),
    import('../providers/exchange/exchange-feed.ts'),
  ]);
  const venue = VENUES.find((one) => one.id === id)!;
  const kind = request.kind ?? venue.kinds[0];
  if (!venue.kinds.includes(kind)) {
    throw new UserError(`${venue.title} has no ${kind} markets here: set market.kind to ${venue.kinds.join(' or ')}.`);
  }
  const { url: baseUrl, clock, logger, random, transport, ...rest } = request;
  const connection = new CcxtConnection({ venue, kind, baseUrl, clock, logger, ...(transport && { transport }) });
  return new ExchangeFeed({ connection, clock, logger, random, ...feedTerms(rest) });
}

/** What of a request concerns how an exchange is followed. */
function feedTerms({
  history,
  alignTo = [],
  symbolsPerSocket,
  authority = 'history',
  compareTrades = false,
}: Pick<ProviderRequest, 'history' | 'alignTo' | 'symbolsPerSocket' | 'authority' | 'compareTrades'>) {
  return { history, alignTo, authority, compareTrades, ...(symbolsPerSocket !== undefined && { symbolsPerSocket }) };
}

async function openYahoo(request: ProviderRequest): Promise<MarketDataProvider> {
  const { url: baseUrl, kind, clock, logger, random } = request;
  if (kind === 'perpetual') throw new UserError('Yahoo has no perpetual markets: leave market.kind out.');
  const [{ YahooConnection }, { ExchangeFeed }] = await Promise.all([
    import('../providers/yahoo/yahoo-connection.ts'),
    import('../providers/exchange/exchange-feed.ts'),
  ]);
  const connection = new YahooConnection({ baseUrl, clock });
  return new ExchangeFeed({ connection, clock, logger, random, ...feedTerms(request) });
}
