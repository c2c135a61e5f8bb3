import { formatFixed } from '../../foundation/fixed-point.ts';
import { DAY_MS } from '../../foundation/time.ts';
import { decimalsOf, type InstrumentSpec } from '../market/instruments.ts';
import type { RecordedMarket } from '../market/market.ts';
import type { BookLevel, BookLevels } from '../market/order-book.ts';
import type { Print } from '../market/tape.ts';
import type { KlineInterval, TapeCandle } from '../market/tape-candles.ts';
import { identifier } from '../trading/identifiers.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Bitvavo's names of intervals. */
const INTERVALS: Readonly<Record<string, string>> = {
  '1m': '1',
  '5m': '5',
  '15m': '15',
  '30m': '30',
  '1h': '60',
  '2h': '120',
  '4h': '240',
  '6h': '360',
  '8h': '480',
  '12h': '720',
  '1d': 'D',
  '1W': 'W',
  '1M': 'M',
};

export function intervalOf(name: string): KlineInterval | undefined {
  return Object.hasOwn(INTERVALS, name) ? (INTERVALS[name] as KlineInterval) : undefined;
}

/** `BTC-USDT`. */
export function marketId({ baseCoin, quoteCoin }: InstrumentSpec): string {
  return `${baseCoin}-${quoteCoin}`;
}

/** A row of `GET /v2/markets`. */
export function marketRow(spec: InstrumentSpec): Row {
  return {
    market: marketId(spec),
    status: 'trading',
    base: spec.baseCoin,
    quote: spec.quoteCoin,
    pricePrecision: null,
    minOrderInBaseAsset: formatFixed(spec.minimumQuantity),
    minOrderInQuoteAsset: formatFixed(spec.minimumNotional),
    maxOrderInBaseAsset: '1000000000.00000000',
    maxOrderInQuoteAsset: '1000000000.00',
    quantityDecimals: decimalsOf(spec.quantityStep),
    notionalDecimals: 2,
    tickSize: formatFixed(spec.tickSize),
    maxOpenOrders: 100,
    feeCategory: 'B',
    orderTypes: ['market', 'limit', 'stopLoss', 'stopLossLimit', 'takeProfit', 'takeProfitLimit'],
  };
}

/** A row of `GET /v2/assets`. Nothing can be paid in or out here. */
export function assetRow(coin: string): Row {
  return {
    symbol: coin,
    name: coin,
    decimals: 8,
    depositFee: '0',
    depositConfirmations: 0,
    depositStatus: 'MAINTENANCE',
    withdrawalFee: '0',
    withdrawalMinAmount: '0',
    withdrawalStatus: 'MAINTENANCE',
    networks: ['Mainnet'],
    message: '',
  };
}

/** `[start, open, high, low, close, volume]`: the time a number, the rest text. */
export function candleRow({ start, open, high, low, close, volume }: TapeCandle): readonly (number | string)[] {
  return [start, ...[open, high, low, close, volume].map(formatFixed)];
}

/** A row of `GET /v2/ticker/24h`, and of the channel `ticker24h`. */
export function dayTicker(market: RecordedMarket, spec: InstrumentSpec, book: BookLevels): Row {
  const day = market.day();
  const now = market.now();
  return {
    market: marketId(spec),
    startTimestamp: now - DAY_MS,
    timestamp: now,
    open: formatFixed(day.priceDayAgo),
    openTimestamp: now - DAY_MS,
    high: formatFixed(day.high),
    low: formatFixed(day.low),
    last: formatFixed(market.lastPrint.price),
    closeTimestamp: market.lastPrint.time,
    bid: formatFixed(book.bids[0]?.price ?? 0n),
    bidSize: formatFixed(book.bids[0]?.size ?? 0n),
    ask: formatFixed(book.asks[0]?.price ?? 0n),
    askSize: formatFixed(book.asks[0]?.size ?? 0n),
    volume: formatFixed(day.volume),
    volumeQuote: formatFixed(day.turnover),
  };
}

/** A trade without its market. */
export function tradeRow(print: Print, spec: InstrumentSpec): Row {
  return {
    id: identifier('bitvavo-trade', spec.symbol, print.sequence),
    timestamp: print.time,
    amount: formatFixed(print.size),
    price: formatFixed(print.price),
    side: print.side === 'Buy' ? 'buy' : 'sell',
  };
}

/** Levels of a snapshot, in the shortest notation: `["75516","0.1"]`. */
export function snapshotLevels(levels: readonly BookLevel[]): [string, string][] {
  return levels.map(({ price, size }) => [formatFixed(price), formatFixed(size)]);
}

/** Prices of differences are padded, unlike those of a snapshot: `75516.00`. */
export function paddedPrice(price: string): string {
  const [whole = '0', fraction = ''] = price.split('.');
  return `${whole}.${fraction.padEnd(2, '0')}`;
}

export function refusal(code: number, error: string): Row {
  return { errorCode: code, error };
}
