import type { BotStatus } from '../domain/event.ts';
import type { Fill } from '../domain/fill.ts';
import type { EpochMs } from '../foundation/time.ts';

/** The running system at a glance: what the terminal view draws and what programs get. */
export interface LiveView {
  /** `replay`, or the provider's name. */
  readonly source: string;
  /** Market seconds per real second of a replay; `null` for the fastest possible; 1 for a real market. */
  readonly speed: number | null;
  /** 0 … 1 of a replay; `null` where there is no end. */
  readonly progress: number | null;
  /** The newest close time seen. */
  readonly marketTime: EpochMs | null;
  /** Real milliseconds since the start. */
  readonly elapsedMs: number;
  readonly prices: readonly LivePrice[];
  readonly bots: readonly BotStatus[];
  /** Newest first. */
  readonly lastFills: readonly Fill[];
  /** Equity of all bots together, oldest first, thinned to a few hundred points. */
  readonly equity: readonly number[];
  /** Warnings and changes of state, newest first. */
  readonly events: readonly string[];
}

export interface LivePrice {
  readonly symbol: string;
  readonly price: number;
  /** When the price was made, in the market's time. */
  readonly marketTime: EpochMs;
  /** Real milliseconds since it arrived. */
  readonly ageMs: number;
  /** Nothing came for longer than `market.updateTimeout`. */
  readonly isStale: boolean;
  /** Change over the run so far, as a fraction. */
  readonly change: number;
  readonly candles: number;
}
