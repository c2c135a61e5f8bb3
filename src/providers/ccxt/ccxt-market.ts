import { type Instrument, instrument } from '../../domain/instrument.ts';
import { closestName } from '../../foundation/closest-name.ts';
import { UserError } from '../../foundation/errors.ts';
import { fixed, formatFixed, multiply, type Quantity } from '../../foundation/fixed-point.ts';
import { decimal, type Fields, isFields } from './venue-message.ts';
import type { MarketKind, Venue } from './venues.ts';

/** A market as ccxt tells it, checked. */
export interface CcxtMarket {
  /** ccxt's name, such as `BTC/USDT:USDT`. */
  readonly unified: string;
  /** The exchange's own, such as `BTCUSDT`. */
  readonly id: string;
  readonly base: string;
  readonly quote: string;
  readonly fields: Fields;
}

/** ccxt's `precisionMode`: what `precision.price` of a market counts. */
const DECIMAL_PLACES = 2;
const TICK_SIZE = 4;

/** The markets of a kind that are open for trading, of what `loadMarkets` gave. */
export function readMarkets(loaded: unknown, kind: MarketKind): readonly CcxtMarket[] {
  if (!isFields(loaded)) return [];
  return Object.values(loaded).flatMap((fields): CcxtMarket[] => {
    if (!isFields(fields) || fields.active === false) return [];
    const isWanted = kind === 'spot' ? fields.spot === true : fields.swap === true && fields.linear === true;
    const { symbol: unified, id, base, quote } = fields;
    if (!isWanted || typeof unified !== 'string' || typeof id !== 'string') return [];
    return typeof base === 'string' && typeof quote === 'string' ? [{ unified, id, base, quote, fields }] : [];
  });
}

/**
 * The market that a person means with `BTCUSDT`, `BTC-USDT` or the exchange's own name.
 *
 * @throws UserError when there is none
 */
export function findMarket(
  symbol: string,
  markets: readonly CcxtMarket[],
  venue: Pick<Venue, 'title'>,
  kind: MarketKind,
): CcxtMarket {
  const wanted = plain(symbol);
  const found =
    markets.find(({ id }) => id === symbol) ??
    markets.find(({ base, quote }) => plain(base + quote) === wanted) ??
    markets.find(({ id }) => plain(id) === wanted);
  if (found !== undefined) return found;
  const near = closestName(
    symbol,
    markets.map(({ id }) => id),
  );
  const guess = near === undefined ? '' : ` Did you mean ${near}?`;
  throw new UserError(`${venue.title} has no ${kind} market ${symbol}.${guess}`);
}

function plain(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
}

/**
 * The instrument of a market. Quantities are in units of base everywhere: where the exchange counts contracts, their size
 * is multiplied in.
 *
 * @throws UserError when the exchange does not say what prices and quantities are multiples of
 */
export function instrumentOf(symbol: string, market: CcxtMarket, precisionMode: number, kind: MarketKind): Instrument {
  const { fields, base, quote } = market;
  const precision = isFields(fields.precision) ? fields.precision : {};
  const limits = isFields(fields.limits) ? fields.limits : {};
  const amount = isFields(limits.amount) ? limits.amount : {};
  const cost = isFields(limits.cost) ? limits.cost : {};
  const contractSize = decimal(fields.contractSize) ?? 1;
  const tickSize = stepText(precision.price, precisionMode);
  const step = stepText(precision.amount, precisionMode);
  if (tickSize === undefined || step === undefined) {
    throw new UserError(`The exchange does not say what prices and quantities of ${symbol} are multiples of.`);
  }
  const inBase = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : contracts(text, contractSize);
  const stepSize = contracts(step, contractSize);
  const minimumQuantity = inBase(limitText(amount.min)) ?? stepSize;
  const maximumQuantity = inBase(limitText(amount.max));
  const minimumNotional = limitText(cost.min);
  return instrument({
    symbol,
    baseCurrency: base,
    quoteCurrency: quote,
    tickSize,
    stepSize,
    minimumQuantity,
    ...(maximumQuantity !== undefined && { maximumQuantity }),
    ...(minimumNotional !== undefined && { minimumNotional }),
    shortable: kind === 'perpetual',
  });
}

/** What prices or quantities are multiples of, as a decimal text. */
function stepText(value: unknown, precisionMode: number): string | undefined {
  const number = decimal(value);
  if (number === undefined || number < 0) return undefined;
  if (precisionMode === TICK_SIZE) return number > 0 ? plainDecimal(number) : undefined;
  return precisionMode === DECIMAL_PLACES ? plainDecimal(10 ** -number) : undefined;
}

/** A limit above 0; exchanges write 0 or nothing for none. */
function limitText(value: unknown): string | undefined {
  const number = decimal(value);
  return number !== undefined && number > 0 && number <= 1e12 ? plainDecimal(number) : undefined;
}

/** Twelve decimals are the most that money here has. */
function plainDecimal(number: number): string {
  return number.toFixed(12).replace(/\.?0+$/, '');
}

function contracts(quantity: string, contractSize: number): string {
  if (contractSize === 1) return quantity;
  return formatFixed(multiply(fixed<Quantity>(quantity), fixed<Quantity>(plainDecimal(contractSize))));
}
