import type { TradingMode } from '../app/configuration.ts';
import type { StartRole } from '../app/system-request.ts';

/** The command line of `start`, each value checked by itself. */
export interface StartOptions {
  readonly config?: string;
  readonly role?: StartRole;
  /** Of a worker. */
  readonly threads?: number;
  readonly speed?: number | 'max';
  /** Milliseconds. */
  readonly for?: number;
  readonly untilEnd?: true;
  /** Of a simulated exchange. */
  readonly clockSpeed?: number;
  readonly mode?: TradingMode;
  /** Bots that were halted and are to trade again. */
  readonly resume?: readonly string[];
  /** Real money is asked for. */
  readonly live?: true;
  readonly symbols?: readonly string[];
  readonly provider?: string;
  /** Stands in for the provider's own address. */
  readonly url?: string;
  readonly data?: readonly string[];
  readonly store?: string;
  readonly bus?: string;
  readonly fresh?: true;
  readonly json?: true;
}
