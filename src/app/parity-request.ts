import type { Timeframe } from '../domain/timeframe.ts';
import type { DataSource } from './backtest-data.ts';
import type { Configuration } from './configuration.ts';

/** The ways to run a strategy; each must give what the backtest gives. */
export type ParityWay = 'backtest' | 'in-process' | 'redis-postgres';

export interface ParityRequest {
  /** Costs, limits, and the addresses of Redis and PostgreSQL, where they are given. */
  readonly configuration: Configuration;
  /** Names of built-in strategies or absolute paths of files. */
  readonly strategies: readonly string[];
  readonly sources: readonly DataSource[];
  readonly timeframe: Timeframe;
  /** The most bars of each file, from its beginning; `null`: all. */
  readonly bars: number | null;
  readonly ways: readonly ParityWay[];
  readonly signal: AbortSignal;
  readonly onProgress?: (text: string) => void;
}

export interface ParityOutcome {
  readonly comparisons: readonly ParityComparison[];
  readonly elapsedMs: number;
}

/** One strategy on its symbols, run in one way and compared with the backtest. */
export interface ParityComparison {
  readonly strategy: string;
  readonly symbols: readonly string[];
  readonly way: ParityWay;
  readonly bars: number;
  /** How many of each were compared. */
  readonly compared: Readonly<Record<'signals' | 'orders' | 'fills' | 'equity', number>>;
  /** `null`: all the same, bit for bit. */
  readonly difference: ParityDifference | null;
}

/** The first difference. */
export interface ParityDifference {
  readonly what: 'signals' | 'orders' | 'fills' | 'equity';
  /** Which of them, from 0. */
  readonly index: number;
  /** What the backtest has, and what the other way has, as text. */
  readonly expected: string;
  readonly found: string;
  /** What probably led to it, in a sentence. */
  readonly cause: string;
}
