import type { Timeframe } from '../../domain/timeframe.ts';
import type { ExchangeTraits } from '../exchange/exchange-connection.ts';
import { readBinance } from './binance-messages.ts';
import { readBitvavo } from './bitvavo-messages.ts';
import { readBybit } from './bybit-messages.ts';
import { readCoinbase } from './coinbase-messages.ts';
import { readOkx } from './okx-messages.ts';
import type { ReadMessage } from './venue-message.ts';

/** What is traded: coins for money, or contracts without expiry that are settled in a stablecoin. */
export type MarketKind = 'spot' | 'perpetual';

/** One exchange, as ccxt knows it. */
export interface Venue {
  readonly id: string;
  /** For people. */
  readonly title: string;
  /** The first is what is meant where nothing is said. */
  readonly kinds: readonly [MarketKind, ...MarketKind[]];
  readonly traits: Omit<ExchangeTraits, 'name' | 'delayMs'>;
  readonly read: ReadMessage;
  /** ccxt's options for a kind of market: only what is needed is loaded. */
  readonly options: (kind: MarketKind) => Readonly<Record<string, unknown>>;
  /** Symbols of one subscription request. */
  readonly topicsPerRequest: number;
  /** ccxt's call that subscribes to the prices of several symbols, or of one. */
  readonly priceCall: 'watchTickers' | 'watchTicker';
  /** Whether a ticker that is asked for says of when it is. */
  readonly datesTickers: boolean;
  /** Bid and ask have a stream of their own. */
  readonly asksForBook: (kind: MarketKind) => boolean;
  /** Candles of these are not the ones of the platform: OKX begins its days at 16:00 UTC. */
  readonly unfitTimeframes: readonly Timeframe[];
}

const FIVE_MINUTES = 300_000;

/** Half of the 500 that Bybit allows; at most ten a second at the start. */
const CONNECTIONS = { most: 250, windowMs: FIVE_MINUTES, spacingMs: 100 } as const;
/** Binance allows 300 an address, and a line of ours may need two; OKX allows three a second. */
const FEWER_CONNECTIONS = { most: 100, windowMs: FIVE_MINUTES, spacingMs: 400 } as const;

const LIVELY = {
  streamsCandles: true,
  streamsPrices: true,
  streamsTrades: false,
  isSparse: false,
  settleMs: 1_000,
  graceMs: 2_500,
  absenceMs: 60_000,
  lookAgainMs: 500,
  quietMs: 15_000,
  silenceMs: 20_000,
  pricePollMs: 3_000,
  pageSize: 1_000,
  symbolsPerSocket: 100,
  connections: CONNECTIONS,
} as const;

export const VENUES: readonly Venue[] = [
  {
    id: 'bybit',
    title: 'Bybit',
    kinds: ['perpetual', 'spot'],
    traits: { ...LIVELY, streamsTrades: true },
    read: readBybit,
    options: (kind) => ({ fetchMarkets: { types: [kind === 'spot' ? 'spot' : 'linear'] } }),
    topicsPerRequest: 10,
    priceCall: 'watchTickers',
    datesTickers: false,
    asksForBook: (kind) => kind === 'spot',
    unfitTimeframes: [],
  },
  {
    id: 'binance',
    title: 'Binance',
    kinds: ['spot', 'perpetual'],
    traits: { ...LIVELY, streamsTrades: true, connections: FEWER_CONNECTIONS },
    read: readBinance,
    options: (kind) => ({
      fetchMarkets: { types: [kind === 'spot' ? 'spot' : 'linear'] },
      defaultType: kind === 'spot' ? 'spot' : 'swap',
      // The name of the stream with last price, bid and ask.
      watchTickers: { name: 'ticker' },
    }),
    topicsPerRequest: 50,
    priceCall: 'watchTickers',
    datesTickers: true,
    asksForBook: () => false,
    unfitTimeframes: [],
  },
  {
    id: 'okx',
    title: 'OKX',
    kinds: ['spot', 'perpetual'],
    traits: { ...LIVELY, pageSize: 300, quietMs: 20_000, connections: FEWER_CONNECTIONS },
    read: readOkx,
    options: (kind) => ({ fetchMarkets: { types: [kind === 'spot' ? 'spot' : 'swap'] } }),
    topicsPerRequest: 50,
    priceCall: 'watchTickers',
    datesTickers: true,
    asksForBook: () => false,
    unfitTimeframes: ['6h', '12h', '1d', '1w'],
  },
  {
    id: 'coinbase',
    title: 'Coinbase',
    kinds: ['spot'],
    traits: {
      ...LIVELY,
      streamsCandles: false,
      isSparse: true,
      settleMs: 2_000,
      absenceMs: 15_000,
      quietMs: 30_000,
      pageSize: 300,
      symbolsPerSocket: 50,
      connections: FEWER_CONNECTIONS,
    },
    read: readCoinbase,
    options: () => ({}),
    topicsPerRequest: 1,
    priceCall: 'watchTicker',
    datesTickers: false,
    asksForBook: () => false,
    unfitTimeframes: [],
  },
  {
    id: 'bitvavo',
    title: 'Bitvavo',
    kinds: ['spot'],
    traits: { ...LIVELY, isSparse: true, settleMs: 2_000, absenceMs: 15_000, quietMs: 90_000 },
    read: readBitvavo,
    options: () => ({}),
    topicsPerRequest: 50,
    priceCall: 'watchTickers',
    datesTickers: true,
    asksForBook: () => false,
    unfitTimeframes: [],
  },
];
