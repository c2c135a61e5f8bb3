import type {
  GatewayListener,
  LookUp,
  OrderGateway,
  OrderReference,
  OrderReport,
  ReportedFill,
  SendOutcome,
  WireOrder,
} from '../../../src/execution/order-gateway.ts';
import type { Quantity } from '../../../src/foundation/fixed-point.ts';
import { success } from '../../../src/foundation/result.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import type { BotCommit } from '../../../src/store/store.ts';
import type { Life } from './life.ts';
import type { BotStore } from './outside.ts';
import type { WorldClock } from './world-clock.ts';

/** A mistake that trading programs have made, put around the sound parts of one process, to see whether it is found. */
export interface PlantedBug {
  readonly name: string;
  /** @param memory outlives the processes of a world */
  readonly gateway?: (sound: OrderGateway, memory: Set<string>) => OrderGateway;
  readonly store?: (sound: BotStore, life: Life, world: WorldClock) => BotStore;
}

const failed: SendOutcome = { kind: 'refused', code: 'VENUE_REFUSED', reason: 'no answer' };

/** The same gateway with some calls of its own. */
function changed(sound: OrderGateway, calls: Partial<OrderGateway>): OrderGateway {
  return new Proxy(sound, {
    get(target, name) {
      const own = (calls as Record<PropertyKey, unknown>)[name];
      if (own !== undefined) return own;
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? (value as (...given: unknown[]) => unknown).bind(target) : value;
    },
  });
}

async function submitAgain(sound: OrderGateway, order: WireOrder): Promise<SendOutcome> {
  const first = await sound.submit(order);
  if (first.kind !== 'unknown') return first;
  return sound.submit({ ...order, clientOrderId: `${order.clientOrderId}r` });
}

/** Fills that this process, or an earlier one, was told of: marked before anything was done with them. */
function unseenOf(fills: readonly ReportedFill[], seen: Set<string>): ReportedFill[] {
  const unseen = fills.filter(({ fillId }) => !seen.has(fillId));
  for (const { fillId } of unseen) seen.add(fillId);
  return unseen;
}

function unseenOnly(sound: OrderGateway, seen: Set<string>): OrderGateway {
  return changed(sound, {
    open: (listener) =>
      sound.open({
        report: (report) => listener.report(report),
        fill: (fill) => {
          for (const one of unseenOf([fill], seen)) listener.fill(one);
        },
        connected: () => listener.connected(),
        disconnected: (reason) => listener.disconnected(reason),
      }),
    async fills(since) {
      const answer = await sound.fills(since);
      return answer.ok ? success(unseenOf(answer.value, seen)) : answer;
    },
    async find(order) {
      const answer = await sound.find(order);
      return answer.kind === 'found' ? { ...answer, fills: unseenOf(answer.fills, seen) } : answer;
    },
  });
}

async function findOrRefuse(sound: OrderGateway, order: WireOrder | undefined, id: string): Promise<LookUp> {
  const answer = await sound.find({ clientOrderId: id, symbol: order?.symbol ?? '' });
  if (answer.kind !== 'absent' || order === undefined) return answer;
  const { clientOrderId, symbol, side, quantity } = order;
  const none = { venueOrderId: '', filledQuantity: 0n as typeof quantity, updatedAt: epochMs(0) };
  const report = { clientOrderId, symbol, side, quantity, state: 'rejected', reason: 'not found', ...none } as const;
  return { kind: 'found', report, fills: [] };
}

/** Those that were found in the field in other programs. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'timeout-means-failed',
    gateway: (sound) =>
      changed(sound, {
        async submit(order) {
          const outcome = await sound.submit(order);
          return outcome.kind === 'unknown' ? failed : outcome;
        },
      }),
  },
  { name: 'new-id-per-retry', gateway: (sound) => changed(sound, { submit: (order) => submitAgain(sound, order) }) },
  {
    // The fence around a lost answer is made of the venue's rules.
    name: 'no-fence',
    gateway: (sound) => changed(sound, { rules: { ...sound.rules, receiveWindowMs: 0, lookUpLagMs: 0 } }),
  },
  {
    name: 'not-found-means-rejected',
    gateway(sound) {
      const sent = new Map<string, WireOrder>();
      return changed(sound, {
        submit(order) {
          sent.set(order.clientOrderId, order);
          return sound.submit(order);
        },
        find: ({ clientOrderId }) => findOrRefuse(sound, sent.get(clientOrderId), clientOrderId),
      });
    },
  },
  { name: 'fill-seen-before-committed', gateway: unseenOnly },
  {
    name: 'fills-by-stream-only',
    gateway: (sound) =>
      changed(sound, {
        fills: async () => success([]),
        async find(order) {
          const answer = await sound.find(order);
          return answer.kind === 'found' ? { ...answer, fills: [] } : answer;
        },
      }),
  },
  {
    name: 'cancel-error-ends-tracking',
    gateway(sound) {
      let listener: GatewayListener | undefined;
      const told = (reference: OrderReference): OrderReport => ({
        ...reference,
        venueOrderId: '',
        side: 'buy',
        quantity: 0n as Quantity,
        filledQuantity: 0n as Quantity,
        state: 'cancelled',
        reason: 'gone',
        updatedAt: epochMs(0),
      });
      return changed(sound, {
        open(given) {
          listener = given;
          return sound.open(given);
        },
        async cancel(order) {
          const outcome = await sound.cancel(order);
          if (outcome.kind === 'gone' || outcome.kind === 'unknown') listener?.report(told(order));
          return outcome;
        },
      });
    },
  },
  { name: 'acknowledged-before-committed', store: writesLater },
];

/** Acknowledges a commit at once and writes it a little later, unless the process has died by then. */
function writesLater(sound: BotStore, life: Life, world: WorldClock): BotStore {
  let last: Promise<unknown> = Promise.resolve();
  return new Proxy(sound, {
    get(target, name) {
      if (name === 'commitBot') {
        return async (commit: BotCommit) => {
          last = last.then(async () => {
            await new Promise<void>((resolve) => world.after(40, () => life.deliver(resolve)));
            return target.commitBot(commit);
          });
          return success(commit.expectedRevision + 1);
        };
      }
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? (value as (...given: unknown[]) => unknown).bind(target) : value;
    },
  });
}
