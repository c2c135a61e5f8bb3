import type { DurationMs } from '../foundation/time.ts';

/** What a bot may do. Shares are of its equity; `null` is no limit. */
export interface RiskLimits {
  /** The largest position in one symbol, as a share of equity (S4-69). */
  readonly maximumPositionSize: number;
  /** The most that one entry may lose, as a share of equity (S4-70): down to its stop, or by `assumedAdverseMove`. */
  readonly maximumRiskPerTrade: number;
  /** The move against an entry that has no stop, as a share of its price, for the limit above. */
  readonly assumedAdverseMove: number;
  /** The share of equity that stays in cash (S4-71): all positions together are at most `leverage × (1 − this)`. */
  readonly minimumCashReserve: number;
  /** All positions together as a multiple of equity. 1: no borrowing. */
  readonly leverage: number;
  /** In quote currency (S4-72). Once equity is this far below the day's start (UTC), only exits pass until the next day. */
  readonly dailyLossLimit: number | null;
  /** Entries per UTC day (S4-73). */
  readonly maximumTradesPerDay: number | null;
  /** How far a limit or trigger price may be from the market, as a share of it. An exit's trigger may be anywhere. */
  readonly priceCollar: number;
  /** In quote currency; exits may be as large as what they close. */
  readonly maximumOrderValue: number | null;
  /** In units of base; exits may be as large as what they close. */
  readonly maximumOrderQuantity: number | null;
  /** Exits at the market and the protection of an entry are counted, but not refused. */
  readonly maximumOpenOrders: number | null;
  /** Orders per minute of the market's time; a flood trips it. Exits and protection as above. */
  readonly maximumOrdersPerMinute: number | null;
  /** How old, in real time, the price may be on which an order is decided; holds for exits too, which come later then. */
  readonly maximumPriceAge: DurationMs | null;
}

/** The defaults of the configuration: cautious, as the seeds' documents have them. */
export const defaultLimits: RiskLimits = {
  maximumPositionSize: 0.1,
  maximumRiskPerTrade: 0.02,
  assumedAdverseMove: 0.2,
  minimumCashReserve: 0.2,
  leverage: 1,
  dailyLossLimit: 1_000,
  maximumTradesPerDay: 10,
  priceCollar: 0.1,
  maximumOrderValue: null,
  maximumOrderQuantity: null,
  maximumOpenOrders: 50,
  maximumOrdersPerMinute: 120,
  maximumPriceAge: 30_000 as DurationMs,
};

/** Lets through all that is sound: for comparing with other backtesters, never for money. */
export const noLimits: RiskLimits = {
  maximumPositionSize: Number.MAX_VALUE,
  maximumRiskPerTrade: Number.MAX_VALUE,
  assumedAdverseMove: 0,
  minimumCashReserve: 0,
  leverage: Number.MAX_VALUE,
  dailyLossLimit: null,
  maximumTradesPerDay: null,
  priceCollar: Number.MAX_VALUE,
  maximumOrderValue: null,
  maximumOrderQuantity: null,
  maximumOpenOrders: null,
  maximumOrdersPerMinute: null,
  maximumPriceAge: null,
};
