import type { z } from 'zod';
import { sleep, systemClock } from '../../src/foundation/clock.ts';

const PATIENCE_MS = 8_000;

/** The calls of a client library, one by one: each counted, each answer held to a shape. */
export class ClientRound {
  readonly calls: string[] = [];

  /** Calls, waits a limited time, and reads the answer. */
  async call<Answer>(name: string, shape: z.ZodType<Answer>, action: () => Promise<unknown>): Promise<Answer> {
    this.calls.push(name);
    let tellLate = (_: Error): void => {};
    const late = new Promise<never>((_, reject) => {
      tellLate = reject;
    });
    const cancel = systemClock.after(PATIENCE_MS, () => tellLate(new Error('no answer')));
    try {
      return shape.parse(await Promise.race([action(), late]));
    } catch (thrown) {
      throw new Error(`${name}: ${thrown instanceof Error ? thrown.message : JSON.stringify(thrown)}`);
    } finally {
      cancel();
    }
  }
}

/** Waits until something is so: the servers of these tests are real, and take their time. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let waited = 0; waited < PATIENCE_MS; waited += 10) {
    if (isSo()) return;
    await sleep(systemClock, 10);
  }
  throw new Error(`in vain waited for: ${what}`);
}
