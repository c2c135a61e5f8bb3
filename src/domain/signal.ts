import type { EpochMs } from '../foundation/time.ts';

/**
 * What a strategy wishes. It is a wish: sizing, the risk gate and the venue decide what becomes of it. Prices are
 * float64 and are snapped to the instrument's grid later. Every signal says why (`reason`, for people).
 */
export type Signal = EnterSignal | ExitSignal | TargetSignal | QuoteSignal | OrderSignal;

interface SignalBase {
  readonly symbol: string;
  readonly reason: string;
}

/** Open a position, or turn one round; sized by the bot's position sizing. Ignored when already on that side. */
export interface EnterSignal extends SignalBase {
  readonly kind: 'enter';
  readonly side: 'long' | 'short';
  /** Enter by a limit order at this price instead of at the market. */
  readonly limitPrice?: number;
  /** Enter by a stop order once the market reaches this price. */
  readonly stopPrice?: number;
  /** Protective orders, placed when the entry has filled; the two cancel each other. */
  readonly stopLoss?: number;
  readonly takeProfit?: number;
  /** A stop that follows the best price at this distance (a price difference). */
  readonly trailingDistance?: number;
  /** 0 … 1: the share of the size that sizing gives. Default 1. */
  readonly strength?: number;
}

/** Close the position at the market. Ignored when flat. */
export interface ExitSignal extends SignalBase {
  readonly kind: 'exit';
}

/** Hold this share of equity in the symbol: −1 … 1, negative is short. Only the difference is traded. */
export interface TargetSignal extends SignalBase {
  readonly kind: 'target';
  readonly weight: number;
}

/** Quote both sides: replaces the symbol's earlier quotes. A side without a price is withdrawn. */
export interface QuoteSignal extends SignalBase {
  readonly kind: 'quote';
  readonly bidPrice?: number;
  readonly askPrice?: number;
  /** In units of base, for each side. */
  readonly quantity: number;
}

/** One order in full detail, for strategies that want no help. */
export interface OrderSignal extends SignalBase {
  readonly kind: 'order';
  readonly side: 'buy' | 'sell';
  /** In units of base. */
  readonly quantity: number;
  readonly type: 'market' | 'limit' | 'stop' | 'take-profit' | 'trailing-stop';
  /** Limit price of `limit`, and of `stop` and `take-profit` when they become limit orders. */
  readonly limitPrice?: number;
  /** Trigger of `stop` and `take-profit`. */
  readonly triggerPrice?: number;
  /** Distance of `trailing-stop`, a price difference. */
  readonly trailingDistance?: number;
  readonly timeInForce?: 'GTC' | 'IOC' | 'FOK';
  /** Good till this time; overrides `timeInForce`. */
  readonly expiresAt?: EpochMs;
  readonly postOnly?: boolean;
  readonly reduceOnly?: boolean;
  /** Orders of one group, that is of one name in one decision, cancel one another when one of them fills. */
  readonly oneCancelsOther?: string;
}

/** What became of a signal. */
export type SignalOutcome =
  | { readonly kind: 'executed'; readonly clientOrderIds: readonly string[] }
  /** Nothing to do: already in the wished position, or the size rounds to nothing. */
  | { readonly kind: 'ignored'; readonly why: string }
  /** The risk gate or a filter said no, or the signal made no sense. */
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      /** What went out all the same: of a turn whose entry was refused, the exit. */
      readonly clientOrderIds?: readonly string[];
    };

/** A signal as it is recorded: every one is, executed or not. */
export interface SignalRecord {
  /** `{bot}-{decisionTime}-{index}`: the same for the same decision in every run; see `engine/decision-ids.ts`. */
  readonly signalId: string;
  readonly botId: string;
  readonly decisionTime: EpochMs;
  readonly signal: Signal;
  /** The price on which it was decided: the close of the latest closed candle of the symbol; 0 while it has none. */
  readonly price: number;
  /** Where that price came from, for example `candle:BTCUSDT:1m`; `none` while the symbol has no price. */
  readonly priceSource: string;
  /** Age of that price at the decision: in the market's own time, and on live markets in real time. */
  readonly priceAgeMs: number;
  readonly outcome: SignalOutcome;
}
