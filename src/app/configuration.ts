import type { Timeframe } from '../domain/timeframe.ts';
import type { CostModel } from '../execution/cost-models.ts';
import type { MatchingOptions } from '../execution/matching-engine.ts';
import type { Money } from '../foundation/fixed-point.ts';
import type { JsonObject } from '../foundation/json.ts';
import type { RiskLimits } from '../risk/limits.ts';
import type { PositionSizing } from '../risk/position-sizing.ts';
import type { CheckedParameters } from '../strategy/feeds.ts';
import type { AnyStrategyDefinition } from '../strategy/strategy.ts';

/** Everything that a person can set: read once, checked, complete. Paths are absolute. */
export interface Configuration {
  /** The file it came from; `null` when there is none and all are defaults. */
  readonly file: string | null;
  readonly trading: TradingConfiguration;
  readonly account: AccountConfiguration;
  readonly market: MarketConfiguration;
  readonly bots: readonly BotConfiguration[];
  /** The limits of bots that set none of their own. */
  readonly risk: RiskLimits;
  readonly costs: CostsConfiguration;
  readonly store: StoreConfiguration;
  readonly bus: BusConfiguration;
  readonly server: ServerConfiguration;
  readonly record: RecordConfiguration;
  readonly logging: LoggingConfiguration;
  /** A section as it stands in the file (S4-74), environment variables filled in; empty when it is absent. */
  section(name: string): JsonObject;
  /** Values that came from environment variables, `store.url` → `DATABASE_URL`: they are never printed. */
  readonly fromEnvironment: ReadonlyMap<string, string>;
}

export const TRADING_MODES = ['paper', 'demo', 'live'] as const;
export type TradingMode = (typeof TRADING_MODES)[number];

export interface TradingConfiguration {
  /** Where orders go. */
  readonly mode: TradingMode;
  /** Arms live trading (S4-64); the command line must ask for it as well. */
  readonly allowLive: boolean;
  /** Of bots that name none (S4-66). */
  readonly timeframe: Timeframe;
}

/** Where orders go in the modes demo and live. On paper it has no meaning. */
export interface AccountConfiguration {
  /** `null` where nothing says it, which is so on paper only. */
  readonly exchange: string | null;
  /** Under which the keys are kept; `null` where there is no exchange. */
  readonly name: string | null;
  /** Stands in for the exchange's own address; `null` for that. */
  readonly url: string | null;
  readonly keyFile: string;
}

export interface MarketConfiguration {
  /** The name of a registered provider, or the absolute path of a file. */
  readonly provider: string;
  /** Stands in for the provider's own address; `null` for that. */
  readonly url: string | null;
  /** What is traded there; `null` for what the provider means where nothing is said. */
  readonly kind: 'spot' | 'perpetual' | null;
  /** With how many candles before the present a live market begins; `auto`: as many as the bots look back. */
  readonly history: number | 'auto';
  /** `poll`: an exchange is asked again and again, and no socket is opened. */
  readonly transport: 'stream' | 'poll';
  /** The most symbols on one socket; `null` as many as the exchange likes. */
  readonly symbolsPerSocket: number | null;
  /** Whose candle holds where the stream and the history of an exchange differ. */
  readonly authority: 'stream' | 'history';
  /** Whether candles are built from the exchange's trades too, and compared. */
  readonly compareTrades: boolean;
  readonly symbols: readonly string[];
  /** Of the candles that are collected; bigger ones are made of them. */
  readonly timeframe: Timeframe;
  /** Market seconds per real second: of a replay, `null` as fast as can be; 1 of a live market. */
  readonly speed: number | null;
  /** The file of each symbol to replay. */
  readonly data: ReadonlyMap<string, string>;
  /** The most candles of a feed that a bot may look back at (S4-67). */
  readonly bufferSize: number;
  /** How long a feed may be silent before it counts as stale (S4-68). */
  readonly updateTimeoutMs: number;
}

export interface BotConfiguration {
  readonly id: string;
  /** A built-in strategy's name or the absolute path of a file. */
  readonly strategy: string;
  readonly definition: AnyStrategyDefinition;
  readonly parameters: CheckedParameters;
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  readonly startingBalance: Money;
  readonly sizing: PositionSizing;
  readonly limits: RiskLimits;
  /** The least time between two decisions on prices; `null`: it decides on bars alone. */
  readonly trigger: number | null;
}

/** What executions on paper cost, and how they come about. */
export interface CostsConfiguration {
  readonly model: CostModel;
  readonly latencyMs: number;
  readonly seed: number;
  readonly matching: MatchingOptions;
}

export type StoreConfiguration =
  | { readonly kind: 'embedded'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly schema: string };

export type BusConfiguration =
  | { readonly kind: 'in-process' }
  | {
      readonly kind: 'redis';
      readonly url: string;
      readonly keyPrefix: string;
      /** Accept a Redis whose settings may lose data. */
      readonly allowUnsafeRedis: boolean;
    };

export interface ServerConfiguration {
  readonly host: string;
  readonly port: number;
  /** What every request must carry; needed where other machines can reach the server. `null` for none. */
  readonly token: string | null;
  /** Other origins whose pages may read. */
  readonly allowedOrigins: readonly string[];
}

export interface RecordConfiguration {
  /** Keep the provider's own words beside the candles. */
  readonly raw: boolean;
  /** The folder for CSV files of confirmed candles; `null` for none. */
  readonly csv: string | null;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export interface LoggingConfiguration {
  readonly level: (typeof LOG_LEVELS)[number];
  /** The folder for log files; `null` for none. */
  readonly folder: string | null;
}
