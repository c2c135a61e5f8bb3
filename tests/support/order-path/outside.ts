import type { EventBus } from '../../../src/bus/event-bus.ts';
import type { OrderGateway, WireOrder } from '../../../src/execution/order-gateway.ts';
import type { Random } from '../../../src/foundation/random.ts';
import type { LeaseStore, MarketStore, TradingStore } from '../../../src/store/store.ts';
import { StoreUnavailableError } from '../../../src/store/store-error.ts';
import type { Life } from './life.ts';
import type { WorldClock } from './world-clock.ts';

/** A store as a bot needs it. */
export type BotStore = MarketStore & TradingStore & LeaseStore;

/** What a process's ways to the outside are made with. */
export interface Surroundings {
  readonly world: WorldClock;
  readonly random: Random;
}

/** A store at some distance: it takes and answers late, and is away now and then, before or after it did what was asked. */
export function distantStore(
  store: BotStore,
  life: Life,
  { world, random }: Surroundings,
  isAway: () => boolean,
): BotStore {
  const after = (delay: number): Promise<void> => new Promise((resolve) => world.after(delay, resolve));
  const away = (): StoreUnavailableError => new StoreUnavailableError('UNREACHABLE', 'the store', 'it does not answer');
  return new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name, target) as unknown;
      if (typeof method !== 'function') return method;
      return (...given: unknown[]) =>
        life.call(async () => {
          await after(random.next() * 4);
          if (isAway() && random.next() < 0.7) throw away();
          const value = await (method as (...given: unknown[]) => Promise<unknown>).apply(target, given);
          await after(random.next() * 4);
          if (isAway()) throw away();
          return value;
        });
    },
  });
}

/** A process's bus: messages come late, and where `isLost` says so, not at all. */
export function distantBus(
  bus: EventBus,
  life: Life,
  { world, random }: Surroundings,
  isLost: () => boolean,
): EventBus {
  const replaced: Partial<EventBus> = {
    async subscribe(topic, handler) {
      return life.call(() =>
        bus.subscribe(topic, (message) => {
          if (!isLost()) world.after(random.next() * 3, () => life.deliver(() => handler(message)));
        }),
      );
    },
  };
  return new Proxy(bus, {
    get(target, name) {
      const own = (replaced as Record<PropertyKey, unknown>)[name];
      if (own !== undefined) return own;
      const method = Reflect.get(target, name, target) as (...given: unknown[]) => Promise<unknown>;
      return (...given: unknown[]) => life.call(() => method.apply(target, given));
    },
  });
}

/** A process's gateway: what it says comes to the living alone; `onSubmit` sees each order at the moment that it leaves. */
export function ownGateway(inner: OrderGateway, life: Life, onSubmit: (order: WireOrder) => void): OrderGateway {
  return {
    account: inner.account,
    rules: inner.rules,
    get clockOffset() {
      return inner.clockOffset;
    },
    open: (listener) =>
      life.call(() =>
        inner.open({
          report: (report) => life.deliver(() => listener.report(report)),
          fill: (fill) => life.deliver(() => listener.fill(fill)),
          connected: () => life.deliver(() => listener.connected()),
          disconnected: (reason) => life.deliver(() => listener.disconnected(reason)),
        }),
      ),
    submit: (order) =>
      life.call(() => {
        onSubmit(order);
        return inner.submit(order);
      }),
    cancel: (order) => life.call(() => inner.cancel(order)),
    find: (order) => life.call(() => inner.find(order)),
    openOrders: () => life.call(() => inner.openOrders()),
    fills: (since) => life.call(() => inner.fills(since)),
    holdings: () => life.call(() => inner.holdings()),
    rights: () => life.call(() => inner.rights()),
    close: () => life.call(() => inner.close()),
  };
}
