import { divide, formatFixed, multiply } from '../../foundation/fixed-point.ts';
import { type InstrumentSpec, priceText, quantityText, withDecimals } from '../market/instruments.ts';
import type { RecordedMarket } from '../market/market.ts';
import type { BookLevel, BookLevels } from '../market/order-book.ts';
import type { Print } from '../market/tape.ts';
import type { KlineInterval, TapeCandle } from '../market/tape-candles.ts';
import { identifier } from '../trading/identifiers.ts';

export type Row = Readonly<Record<string, unknown>>;

/** What Bybit lists for most perpetuals. */
const FUNDING_CAP = '0.005';

/** `[start, open, high, low, close, volume, turnover]`, as `GET /v5/market/kline` lists it. */
export function klineRow(candle: TapeCandle): readonly string[] {
  const { start, open, high, low, close, volume, turnover } = candle;
  return [String(start), ...[open, high, low, close, volume, turnover].map(formatFixed)];
}

/** `data[0]` of a message of the topic `kline.{interval}.{symbol}`. */
export function klineData(candle: TapeCandle, interval: KlineInterval, confirm: boolean): Row {
  return {
    start: candle.start,
    end: candle.end - 1,
    interval,
    open: formatFixed(candle.open),
    close: formatFixed(candle.close),
    high: formatFixed(candle.high),
    low: formatFixed(candle.low),
    volume: formatFixed(candle.volume),
    turnover: formatFixed(candle.turnover),
    confirm,
    timestamp: candle.lastTradeTime,
  };
}

/**
 * A ticker of a perpetual. Mark and index price are the last price; without a record of funding its rate is 0; nobody's open interest is
 * recorded, so that the day's volume stands for it.
 */
export function linearTicker(market: RecordedMarket, spec: InstrumentSpec, book: BookLevels): Record<string, string> {
  const day = market.day();
  const price = (value: bigint): string => priceText(spec, value);
  const last = market.lastPrint.price;
  const funding = market.funding.nextAfter(market.now());
  return {
    symbol: spec.symbol,
    tickDirection: market.tickDirection,
    price24hPcnt: changeOf(last, day.priceDayAgo, 6),
    lastPrice: price(last),
    prevPrice24h: price(day.priceDayAgo),
    highPrice24h: price(day.high),
    lowPrice24h: price(day.low),
    prevPrice1h: price(day.priceHourAgo),
    markPrice: price(last),
    indexPrice: price(last),
    openInterest: quantityText(spec, day.volume),
    openInterestValue: withDecimals(multiply(day.volume, last), 2),
    turnover24h: formatFixed(day.turnover),
    volume24h: quantityText(spec, day.volume),
    fundingIntervalHour: '8',
    fundingCap: FUNDING_CAP,
    nextFundingTime: String(funding.time),
    fundingRate: formatFixed(funding.rate),
    ...bestOf(book, spec),
  };
}

/** What the list of `GET /v5/market/tickers` has beside the fields of the socket. */
export function linearTickerRow(ticker: Readonly<Record<string, string>>): Row {
  const { fundingIntervalHour, fundingCap, ...shared } = ticker;
  return {
    ...shared,
    predictedDeliveryPrice: '',
    basisRate: '',
    deliveryFeeRate: '',
    deliveryTime: '0',
    preOpenPrice: '',
    preQty: '',
    curPreListingPhase: '',
    fundingIntervalHour,
    fundingCap,
    basisRateYear: '',
  };
}

/** A ticker of a spot pair on the socket: without bid and ask. */
export function spotTicker(market: RecordedMarket, spec: InstrumentSpec): Record<string, string> {
  const day = market.day();
  const last = market.lastPrint.price;
  return {
    symbol: spec.symbol,
    lastPrice: formatFixed(last),
    highPrice24h: formatFixed(day.high),
    lowPrice24h: formatFixed(day.low),
    prevPrice24h: formatFixed(day.priceDayAgo),
    volume24h: formatFixed(day.volume),
    turnover24h: formatFixed(day.turnover),
    price24hPcnt: changeOf(last, day.priceDayAgo, 4),
    usdIndexPrice: formatFixed(last),
  };
}

export function spotTickerRow(ticker: Readonly<Record<string, string>>, spec: InstrumentSpec, book: BookLevels): Row {
  return { ...ticker, ...bestOf(book, spec) };
}

function bestOf(book: BookLevels, spec: InstrumentSpec): Record<string, string> {
  const text = (level: BookLevel | undefined): [string, string] => {
    return level === undefined ? ['', ''] : [priceText(spec, level.price), quantityText(spec, level.size)];
  };
  const [bid1Price, bid1Size] = text(book.bids[0]);
  const [ask1Price, ask1Size] = text(book.asks[0]);
  return { bid1Price, bid1Size, ask1Price, ask1Size };
}

function changeOf(last: bigint, before: bigint, decimals: number): string {
  if (before === 0n) return '0';
  const unit = 10n ** BigInt(12 - decimals);
  return withDecimals((divide(last - before, before) / unit) * unit, decimals);
}

export function levelPairs(levels: readonly BookLevel[], spec: InstrumentSpec): [string, string][] {
  return levels.map(({ price, size }) => [priceText(spec, price), quantityText(spec, size)]);
}

/** A row of `GET /v5/market/recent-trade`. */
export function tradeRow(print: Print, spec: InstrumentSpec): Row {
  return {
    execId: tradeId(print, spec),
    symbol: spec.symbol,
    price: priceText(spec, print.price),
    size: recordedSize(print.size, spec),
    side: print.side,
    time: String(print.time),
    isBlockTrade: false,
    isRPITrade: false,
    seq: String(print.sequence),
  };
}

/** `data[0]` of a message of the topic `publicTrade.{symbol}`. */
export function tradeData(print: Print, spec: InstrumentSpec, tickDirection: string): Row {
  return {
    T: print.time,
    s: spec.symbol,
    S: print.side,
    v: recordedSize(print.size, spec),
    p: priceText(spec, print.price),
    ...(spec.category === 'linear' && { L: tickDirection }),
    i: tradeId(print, spec),
    BT: false,
    RPI: false,
    seq: print.sequence,
  };
}

function tradeId({ sequence }: Print, { symbol, category }: InstrumentSpec): string {
  return category === 'linear'
    ? identifier('trade', symbol, sequence)
    : String(2_290_000_000_000_000n + BigInt(sequence));
}

/** Recorded volume may be finer than the exchange's own steps. */
function recordedSize(size: bigint, spec: InstrumentSpec): string {
  return quantityText(spec, size);
}
