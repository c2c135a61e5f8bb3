import type { Timeframe } from '../domain/timeframe.ts';

/** The command line of `parity`, each value checked by itself. */
export interface ParityOptions {
  readonly symbol?: readonly string[];
  readonly data?: readonly string[];
  readonly timeframe?: Timeframe;
  readonly bars?: number;
  readonly store?: string;
  readonly bus?: string;
  readonly config?: string;
  readonly json?: true;
}
