import type { EventBus } from '../bus/event-bus.ts';
import { logs } from '../bus/topics.ts';
import type { PartHealth, ReadyAnswer } from '../protocol/answers.ts';
import type { Store } from '../store/store.ts';
import type { ServerOptions } from './server-options.ts';
import { NoAnswer, within } from './within.ts';

/** Long enough for a healthy part, short enough for who watches. */
const ANSWER_WITHIN_MS = 2_000;

type Probe = () => Promise<PartHealth>;

/** Asks bus and store something small, and says which of them answers. */
export function readiness({
  bus,
  store,
  clock,
}: Pick<ServerOptions, 'bus' | 'store' | 'clock'>): () => Promise<ReadyAnswer> {
  const probe = (ask: () => Promise<unknown>): Probe => {
    const pending = once(ask);
    return () =>
      within(clock, ANSWER_WITHIN_MS, pending()).then(
        () => 'ok',
        (error: unknown) => (error instanceof NoAnswer ? 'no-answer' : 'failed'),
      );
  };
  const busHealth = probe(() => askBus(bus));
  const storeHealth = probe(() => askStore(store));
  return async () => {
    const [ofBus, ofStore] = await Promise.all([busHealth(), storeHealth()]);
    return { ready: ofBus === 'ok' && ofStore === 'ok', parts: { bus: ofBus, store: ofStore } };
  };
}

async function askBus(bus: EventBus): Promise<void> {
  await bus.oldest(logs.journal);
}

async function askStore(store: Store): Promise<void> {
  await store.auditRows(0, 1);
}

/** While a question is open it is not asked again, so that questions do not pile up before a part that hangs. */
function once(ask: () => Promise<unknown>): () => Promise<unknown> {
  let open: Promise<unknown> | undefined;
  return () => {
    open ??= ask().finally(() => {
      open = undefined;
    });
    return open;
  };
}
