import { type Instrument, instrument } from '../../domain/instrument.ts';
import type { LoadedCandles } from './load-candles.ts';

/** No venue counts amounts in smaller pieces. */
const MOST_QUANTITY_DECIMALS = 8;
/** The finest tick that prices of 12 exact decimals can carry. */
const MOST_PRICE_DECIMALS = 12;

/** Currencies that end the name of a crypto pair, tried in this order. */
const QUOTES = [
  ...['USDT', 'USDC', 'FDUSD', 'BUSD', 'TUSD', 'USDE', 'USD', 'EUR', 'GBP', 'JPY', 'TRY', 'BRL', 'INR', 'KRW'],
  ...['BTC', 'ETH', 'BNB', 'DAI'],
];
/** What a stock is quoted in, by the ending of its Yahoo name; without one it is US dollars. */
const EXCHANGE_CURRENCIES = new Map([
  ['NS', 'INR'],
  ['BO', 'INR'],
  ['DE', 'EUR'],
  ['PA', 'EUR'],
  ['AS', 'EUR'],
  ['TO', 'CAD'],
  ['T', 'JPY'],
  ['HK', 'HKD'],
]);

/** Base and quote of a name: `BTCUSDT`, `BTC/USDT:USDT`, `BTC-USD`, `BTCUSDT-PERP`, `EURUSD=X`; a stock is its own base. */
export function splitSymbol(symbol: string): { readonly base: string; readonly quote: string } {
  const name = symbol
    .toUpperCase()
    .replace(/[-_]?PERP$/, '')
    .replace(/=X$/, '');
  const separated = /^([A-Z0-9]+)[/_-]([A-Z0-9]{3,5})(?:[:_].*)?$/.exec(name);
  if (separated) return { base: separated[1]!, quote: separated[2]! };
  const quote = QUOTES.find((each) => name.endsWith(each) && name.length >= each.length + 2);
  if (quote !== undefined && /^[A-Z0-9]+$/.test(name)) return { base: name.slice(0, -quote.length), quote };
  const ending = /\.([A-Z]{1,2})$/.exec(name)?.[1];
  return { base: symbol, quote: EXCHANGE_CURRENCIES.get(ending ?? '') ?? 'USD' };
}

/**
 * An instrument for a file of bars, where no exchange is asked: tick and step are the smallest units that the file's
 * prices and volumes show (a volume's step capped at 10⁻⁸), there are no limits, and it may be sold short.
 */
export function inferInstrument(symbol: string, loaded: Pick<LoadedCandles, 'decimals'>): Instrument {
  const { base, quote } = splitSymbol(symbol);
  return instrument({
    symbol,
    baseCurrency: base,
    quoteCurrency: quote,
    tickSize: unitOf(Math.min(MOST_PRICE_DECIMALS, loaded.decimals.price)),
    stepSize: unitOf(Math.min(MOST_QUANTITY_DECIMALS, loaded.decimals.quantity)),
  });
}

function unitOf(decimals: number): string {
  return decimals === 0 ? '1' : `0.${'1'.padStart(decimals, '0')}`;
}
