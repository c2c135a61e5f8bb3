import type { Clock } from '../foundation/clock.ts';

/** Ctrl+C reaches us from the terminal, from the launcher and from npm: what comes together is one wish. */
const TOGETHER_MS = 400;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What a shell says of a process that Ctrl+C has ended. */
export const EXIT_INTERRUPTED = 130;

export interface StopSignals {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** Signals have their usual effect again. */
  release(): void;
}

/**
 * The first signal asks for a graceful stop, a second one ends the process at once.
 *
 * @param onFirst told of the first one
 */
export function listenForStop(clock: Clock, onFirst: () => void): StopSignals {
  const controller = new AbortController();
  let firstAt = Number.POSITIVE_INFINITY;
  const listener = (): void => {
    const now = clock.monotonic();
    if (!controller.signal.aborted) {
      firstAt = now;
      controller.abort();
      onFirst();
    } else if (now - firstAt > TOGETHER_MS) process.exit(EXIT_INTERRUPTED);
  };
  for (const name of SIGNALS) process.on(name, listener);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of SIGNALS) process.off(name, listener);
    },
  };
}
