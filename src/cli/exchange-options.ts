import type { Money } from '../foundation/fixed-point.ts';
import type { EpochMs } from '../foundation/time.ts';

/** What commander makes of the words after `tradewind exchange`. */
export interface ExchangeCommandOptions {
  readonly data?: readonly string[];
  readonly trades?: readonly string[];
  readonly funding?: readonly string[];
  /** Milliseconds. */
  readonly history?: number;
  readonly symbols?: readonly string[];
  readonly port: number;
  readonly host: string;
  readonly speed: number;
  readonly at?: EpochMs;
  readonly tradesPerMinute: number;
  readonly clientIds?: 'always-unique' | 'unique-among-open';
  readonly rateLimits: boolean;
  readonly funds?: Money;
  readonly faults?: string;
  readonly seed: number;
  readonly json?: true;
}
