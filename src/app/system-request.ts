import type { BotStatus } from '../domain/event.ts';
import type { AccountAccess } from '../execution/account-access.ts';
import type { LiveView } from '../protocol/live-view.ts';
import type { Configuration } from './configuration.ts';

/** What one process does of the system. `all` is everything in one process. */
export const SYSTEM_ROLES = ['all', 'collector', 'bots', 'recorder', 'server'] as const;
export type SystemRole = (typeof SYSTEM_ROLES)[number];

/** The roles of `start`: those of the system, and the one that computes sweeps (see run-sweep-worker.ts). */
export const START_ROLES = [...SYSTEM_ROLES, 'worker'] as const;
export type StartRole = (typeof START_ROLES)[number];

/** What to run, and for how long. The settings of the command line are in the configuration already. */
export interface SystemRequest {
  readonly configuration: Configuration;
  readonly role: SystemRole;
  /** What opens the account that orders go to; absent on paper, and in roles that do not trade. */
  readonly account?: AccountAccess;
  /** Market seconds per real second of a replay; `null` as fast as can be. */
  readonly speed: number | null;
  /** Real milliseconds after which to stop; absent: no limit. */
  readonly durationMs?: number;
  /** Stop when the market has ended and all that came of it is recorded. */
  readonly untilEnd: boolean;
  /** Begin with an empty store. */
  readonly fresh: boolean;
  /** Bots that were halted and are to trade again. */
  readonly resumedBots?: readonly string[];
  /** Aborted: stop gracefully. */
  readonly signal: AbortSignal;
  /** Called now and then, while it runs and once at the end. */
  readonly onView?: (view: LiveView) => void;
  /** Is told in a sentence what a person should know: that an earlier record was put aside, and where. */
  readonly onNotice?: (notice: string) => void;
}

export interface SystemOutcome {
  readonly reason: 'end' | 'duration' | 'stopped' | 'failed';
  readonly statuses: readonly BotStatus[];
  readonly candles: number;
  readonly elapsedMs: number;
  /** Real milliseconds from the start to the first fill; `null` without one. */
  readonly firstTradeAfterMs: number | null;
  readonly view: LiveView;
  /** What went wrong, in sentences. */
  readonly failures: readonly string[];
}
