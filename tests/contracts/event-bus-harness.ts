import type { EventBus } from '../../src/bus/event-bus.ts';
import type { RecordingLogger } from '../support/recording-logger.ts';

/** What the contract needs of an adapter. */
export interface BusHarness {
  /** One more bus on the same server (or memory), as if of another process. Closed after the test if it is still open. */
  open(options?: { readonly closeWithinMs?: number }): Promise<EventBus>;
  /** Lets time pass, on whatever clock the buses have. */
  pass(milliseconds: number): Promise<void>;
  /** What the buses logged in this test. */
  readonly logger: RecordingLogger;
  /** A name that nobody else uses. */
  unique(name: string): string;
}

/** Gives each test a harness of its own and cleans up after it. */
export type WithBus = (test: (harness: BusHarness) => Promise<void>) => () => Promise<void>;

/** Lets time pass until `condition` holds; fails after 10 s. */
export async function until(harness: BusHarness, condition: () => boolean | Promise<boolean>, what: string) {
  for (let waited = 0; !(await condition()); waited += 10) {
    if (waited >= 10_000) throw new Error(`Waited in vain for: ${what}`);
    await harness.pass(10);
  }
}
