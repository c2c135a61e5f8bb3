import type { BacktestWishes } from '../app/backtest-plan.ts';
import type { SweepWishes } from '../app/sweep-prepare.ts';
import { UserError } from '../foundation/errors.ts';
import type { Assignment } from './option-values.ts';

/** The command line of `sweep`, each value checked by itself. */
export interface SweepOptions extends Omit<BacktestWishes, 'strategy' | 'symbols' | 'parameters' | 'latencyMs'> {
  readonly symbol?: readonly string[];
  readonly set?: readonly Assignment[];
  readonly where?: readonly string[];
  readonly random?: number;
  readonly rank: string;
  readonly top: number;
  readonly workers: number;
  readonly latency?: number;
  readonly cache: boolean;
  readonly fresh?: true;
  readonly yes?: true;
  readonly memory: number;
  /** On the workers of many machines; see `src/app/sweep-cluster.ts`. */
  readonly cluster?: true;
  readonly store?: string;
  readonly bus?: string;
  /** The beginning of the id of a sweep to be cancelled. */
  readonly cancel?: string;
  readonly path: 'auto' | 'event' | 'columns';
  readonly json?: true;
  readonly all?: true;
  readonly report?: string;
  readonly out?: string;
}

const DEFAULT_DRAW_SEED = 1;

export function sweepWishes(strategy: string, options: SweepOptions): SweepWishes {
  const { symbol, set = [], where = [], random, latency, ...same } = options;
  if (set.length === 0) {
    throw new UserError('What is to be swept? Give a parameter its values with --set, such as --set fast=5:60:5.');
  }
  return {
    ...same,
    strategy,
    symbols: symbol,
    latencyMs: latency,
    set,
    where,
    random: random === undefined ? null : { count: random, seed: options.seed ?? DEFAULT_DRAW_SEED },
  };
}
