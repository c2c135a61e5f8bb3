import type { Clock } from '../foundation/clock.ts';

/** What was asked did not answer in time. It may still be at work. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** `work`'s outcome; rejects with {@link NoAnswer} when there is none within `limitMs`. */
export function within<Value>(clock: Clock, limitMs: number, work: Promise<Value>): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  const cancel = clock.after(limitMs, () => reject(new NoAnswer(`No answer within ${limitMs} ms`)));
  work.then(resolve, reject).finally(cancel);
  return promise;
}

/**
 * Shares one run of `work` among all who ask while none is under way; who asks meanwhile gets the next run, which begins
 * when this one has ended. So an answer is never older than its question, and there are never two runs at a time.
 */
export function shared<Value>(work: () => Promise<Value>): () => Promise<Value> {
  let running: Promise<Value> | undefined;
  let next: Promise<Value> | undefined;
  const start = (): Promise<Value> => {
    next = undefined;
    const run = work().finally(() => {
      if (running === run && next === undefined) running = undefined;
    });
    running = run;
    return run;
  };
  return () => {
    if (running === undefined) return start();
    next ??= running.then(start, start);
    return next;
  };
}
