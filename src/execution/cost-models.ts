/** What an execution costs besides its price. Plain data: it travels to workers and into the record of a run as it is. */
export interface CostModel {
  readonly spread: SpreadModel;
  readonly slippage: SlippageModel;
  readonly fees: FeeModel;
}

/** The distance from bid to ask around the path of prices; a taker pays half of it, a maker nothing. */
export type SpreadModel =
  | { readonly kind: 'none' }
  /** So many ticks of the instrument. */
  | { readonly kind: 'ticks'; readonly ticks: number }
  /** A share of the price; 1 basis point is 0.01 %. */
  | { readonly kind: 'basis-points'; readonly basisPoints: number };

/** How far a taker's price is moved against it, beyond the spread. */
export type SlippageModel =
  | { readonly kind: 'none' }
  | { readonly kind: 'basis-points'; readonly basisPoints: number }
  /**
   * The price moves with the share that the fill has in the bar's volume: `basisPointsAtFullVolume × share` (linear) or
   * `× √share` (the square-root law of market impact: Almgren, Thum, Hauptmann, Li, "Direct Estimation of Equity Market
   * Impact", 2005). A bar without volume counts as share 1.
   */
  | {
      readonly kind: 'volume-impact';
      readonly shape: 'square-root' | 'linear';
      readonly basisPointsAtFullVolume: number;
    }
  /** Drawn anew for each taker fill, uniform between the two; from the venue's seed. */
  | { readonly kind: 'random'; readonly minimumBasisPoints: number; readonly maximumBasisPoints: number };

/** What a fee is paid in. */
export type FeeCurrency =
  | 'quote'
  | 'base'
  /** What the fill brings in, as on spot venues: base for a buy, quote for a sell. */
  | 'received'
  /** A third currency (an exchange's own coin), at a fixed price of one unit of it in quote currency. */
  | { readonly currency: string; readonly price: number };

interface FeeTerms {
  /** What the fee is paid in. Default `quote`. Amounts of the model are in this currency. */
  readonly currency?: FeeCurrency;
  /** The least an order pays in all, however many fills it has. */
  readonly minimum?: number;
  /** The smallest amount of the fee's currency: fees are rounded to it, half away from zero. Default 10⁻¹². */
  readonly precision?: number;
}

export type FeeModel =
  /** A share of the value, as a fraction: 0.00055 is 0.055 %. A negative rate is a rebate. */
  | (FeeTerms & { readonly kind: 'percent'; readonly makerRate: number; readonly takerRate: number })
  /** So much for each unit, capped at `maximumRate` of the order's value. */
  | (FeeTerms & { readonly kind: 'per-unit'; readonly perUnit: number; readonly maximumRate?: number });

const withoutFriction = { spread: { kind: 'none' }, slippage: { kind: 'none' } } as const;

/** Only percent fees; add spread and slippage with `{ ...costs, spread: …, slippage: … }`. */
export function percentFees(makerRate: number, takerRate: number): CostModel {
  return { ...withoutFriction, fees: { kind: 'percent', makerRate, takerRate } };
}

/**
 * The published fees of venues for accounts without a volume tier, as of 2025. They change: what an account really pays
 * stands in its own fee page. None of them says anything of spread and slippage; those depend on the market.
 */
export const costPresets = {
  /** Nothing costs anything: for checking a strategy against others' results. */
  frictionless: percentFees(0, 0),
  /** bybit.com, help centre, "Perpetual & Futures Contracts Fees Explained": maker 0.02 %, taker 0.055 %. */
  'bybit-linear': percentFees(0.0002, 0.00055),
  /** bybit.com, help centre, "Spot Trading Fees Explained": 0.1 % both ways. */
  'bybit-spot': percentFees(0.001, 0.001),
  /** binance.com/en/fee/trading, regular user: 0.1 % both ways. */
  'binance-spot': percentFees(0.001, 0.001),
  /** binance.com/en/fee/futureFee, USDⓈ-M, regular user: maker 0.02 %, taker 0.05 %. */
  'binance-usdm': percentFees(0.0002, 0.0005),
  /** okx.com/fees, regular user, spot: maker 0.08 %, taker 0.1 %. */
  'okx-spot': percentFees(0.0008, 0.001),
  /** okx.com/fees, regular user, perpetual swaps: maker 0.02 %, taker 0.05 %. */
  'okx-swap': percentFees(0.0002, 0.0005),
  /** interactivebrokers.com, Commissions Stocks, United States, fixed: USD 0.005 a share, at least 1, at most 1 % of value. */
  'interactive-brokers-us-stocks': {
    ...withoutFriction,
    fees: { kind: 'per-unit', perUnit: 0.005, minimum: 1, maximumRate: 0.01, precision: 0.01 },
  },
} as const satisfies Record<string, CostModel>;

export type CostPreset = keyof typeof costPresets;
