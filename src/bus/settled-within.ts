import type { Clock } from '../foundation/clock.ts';

/** Resolves when `promise` has settled, one way or the other, or after `delay` milliseconds, whichever comes first. */
export function settledWithin(clock: Clock, promise: Promise<unknown>, delay: number): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(delay, resolve);
    const settle = (): void => {
      cancel();
      resolve();
    };
    promise.then(settle, settle);
  });
}
