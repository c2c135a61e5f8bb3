import { fixed, formatFixed } from '../../foundation/fixed-point.ts';

export type Category = 'linear' | 'spot';
export const CATEGORIES: readonly Category[] = ['linear', 'spot'];

/** As Bybit names them; the others than `Trading` stand for a halt and for the ways to a delisting. */
export const INSTRUMENT_STATUSES = ['PreLaunch', 'Trading', 'Delivering', 'Closed'] as const;
export type InstrumentStatus = (typeof INSTRUMENT_STATUSES)[number];

/** What the exchange trades and by which steps. Amounts are exact, in units of 10⁻¹². */
export interface InstrumentSpec {
  /** What is not `Trading` takes no order, fills none, and tells no price. */
  readonly status: InstrumentStatus;
  readonly category: Category;
  readonly symbol: string;
  readonly baseCoin: string;
  readonly quoteCoin: string;
  readonly tickSize: bigint;
  /** How many decimals a price of a perpetual is written with. */
  readonly priceScale: number;
  readonly quantityStep: bigint;
  readonly minimumQuantity: bigint;
  readonly maximumQuantity: bigint;
  readonly maximumMarketQuantity: bigint;
  /** Least value of an order in quote currency. */
  readonly minimumNotional: bigint;
  readonly minimumPrice: bigint;
  readonly maximumPrice: bigint;
  readonly maximumLeverage: bigint;
}

interface Steps {
  readonly tick: string;
  readonly priceScale: number;
  readonly linearStep: string;
  readonly spotStep: string;
  readonly linearMaximum: string;
}

/**
 * Steps of Bybit's instruments, as the exchange lists them: BTCUSDT from its documentation (instruments-info), the others
 * from QuantConnect LEAN's symbol properties (Apache-2.0). The largest quantities are round numbers of their order.
 */
const KNOWN: Readonly<Record<string, Steps>> = {
  BTCUSDT: { tick: '0.1', priceScale: 2, linearStep: '0.001', spotStep: '0.000001', linearMaximum: '1190' },
  ETHUSDT: { tick: '0.01', priceScale: 2, linearStep: '0.01', spotStep: '0.00001', linearMaximum: '7240' },
  SOLUSDT: { tick: '0.01', priceScale: 3, linearStep: '0.1', spotStep: '0.001', linearMaximum: '80000' },
  XRPUSDT: { tick: '0.0001', priceScale: 4, linearStep: '1', spotStep: '0.01', linearMaximum: '3000000' },
  BNBUSDT: { tick: '0.1', priceScale: 2, linearStep: '0.01', spotStep: '0.0001', linearMaximum: '10000' },
  ADAUSDT: { tick: '0.0001', priceScale: 4, linearStep: '1', spotStep: '0.01', linearMaximum: '5000000' },
  DOGEUSDT: { tick: '0.00001', priceScale: 5, linearStep: '1', spotStep: '0.1', linearMaximum: '25000000' },
  LTCUSDT: { tick: '0.01', priceScale: 2, linearStep: '0.1', spotStep: '0.00001', linearMaximum: '50000' },
};

const QUOTE_COINS = ['USDT', 'USDC', 'USD', 'EUR', 'BTC', 'ETH'];

/** What is known of a symbol: `priceDecimals` of its record makes the tick finer where the record needs it. */
export function instrumentSpec(category: Category, symbol: string, priceDecimals: number): InstrumentSpec {
  const known = KNOWN[symbol];
  const recordedTick = 10n ** BigInt(12 - Math.min(priceDecimals, 8));
  const listedTick: bigint = known === undefined ? recordedTick : fixed(known.tick);
  const tickSize = listedTick < recordedTick ? listedTick : recordedTick;
  const scale = Math.max(known?.priceScale ?? priceDecimals, priceDecimals);
  const step: bigint = fixed((category === 'linear' ? known?.linearStep : known?.spotStep) ?? '0.001');
  const maximum: bigint = fixed(known?.linearMaximum ?? '1000000');
  const quoteCoin = QUOTE_COINS.find((coin) => symbol.endsWith(coin) && symbol !== coin) ?? 'USDT';
  return {
    status: 'Trading',
    category,
    symbol,
    baseCoin: symbol.slice(0, symbol.length - quoteCoin.length),
    quoteCoin,
    tickSize,
    priceScale: scale,
    quantityStep: step,
    minimumQuantity: step,
    maximumQuantity: maximum,
    maximumMarketQuantity: maximum / 2n,
    minimumNotional: fixed('5'),
    minimumPrice: tickSize,
    maximumPrice: tickSize * 19_999_998n,
    maximumLeverage: fixed('100'),
  };
}

/** What may change of an instrument while it is traded. */
export type InstrumentChange = Partial<
  Pick<
    InstrumentSpec,
    'status' | 'tickSize' | 'quantityStep' | 'minimumQuantity' | 'minimumNotional' | 'maximumQuantity'
  >
>;

/** Changes an instrument where it stands: everybody who looks at it sees the new rules from now on. */
export function changeInstrument(spec: InstrumentSpec, change: InstrumentChange): void {
  Object.assign(spec, change);
}

/** With as many decimals as `decimals` says, or more where the value needs them: `84017.50`. */
export function withDecimals(value: bigint, decimals: number): string {
  const text = formatFixed(value);
  if (decimals === 0) return text;
  const [whole = '0', fraction = ''] = text.split('.');
  return `${whole}.${fraction.padEnd(decimals, '0')}`;
}

/** How many decimals a step has: 3 for 0.001. */
export function decimalsOf(step: bigint): number {
  return (formatFixed(step).split('.')[1] ?? '').length;
}

export function priceText(spec: InstrumentSpec, price: bigint): string {
  return withDecimals(price, spec.category === 'linear' ? spec.priceScale : decimalsOf(spec.tickSize));
}

export function quantityText(spec: InstrumentSpec, quantity: bigint): string {
  return withDecimals(quantity, decimalsOf(spec.quantityStep));
}
