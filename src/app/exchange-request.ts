import type { FaultRequest } from '../exchange/faults/fault.ts';
import type { ClientIdRule } from '../exchange/trading/order-check.ts';
import type { Money } from '../foundation/fixed-point.ts';
import type { EpochMs } from '../foundation/time.ts';

/** What a person has asked of a simulated exchange. */
export interface ExchangeRequest {
  /** `FILE` or `SYMBOL=FILE`; where there is none, the bars that come with the program. */
  readonly data: readonly string[];
  /** `SYMBOL=FILE`: recorded trades, in place of bars. */
  readonly trades?: readonly string[];
  /** `SYMBOL=FILE`: recorded funding rates. */
  readonly funding?: readonly string[];
  readonly symbols: readonly string[];
  readonly cwd: string;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Market seconds in a second. */
  readonly speed: number;
  /** The recorded moment that is now; by default the same time of day in the middle of the recording. */
  readonly at: EpochMs | undefined;
  readonly tradesPerMinute: number;
  readonly clientIds: ClientIdRule;
  readonly rateLimits: boolean;
  readonly usdt: Money;
  /** For how long look-ups know of closed orders; absent: for ever. */
  readonly historyMs?: number;
  readonly seed: number;
  readonly faults: readonly (FaultRequest | Readonly<Record<string, unknown>>)[];
}

/** The keys of the exchange's accounts, one account each. They open nothing but this exchange. */
export const SIMULATED_KEYS = [
  { key: 'simulated-key', secret: 'simulated-secret', readOnly: false, mayWithdraw: false },
  { key: 'simulated-read-only', secret: 'simulated-secret', readOnly: true, mayWithdraw: false },
  { key: 'simulated-withdrawal', secret: 'simulated-secret', readOnly: false, mayWithdraw: true },
] as const;
