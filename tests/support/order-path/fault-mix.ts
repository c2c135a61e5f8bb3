import type { OrderReference, VenueRefusal, VenueRules } from '../../../src/execution/order-gateway.ts';
import { formatFixed, type Quantity } from '../../../src/foundation/fixed-point.ts';
import type { Random } from '../../../src/foundation/random.ts';
import type { SendPlan, StreamPlan } from '../scripted-gateway.ts';

/** How often each fault happens, as shares of 1 or per minute of the world's time. Each seed draws its own; some are off. */
export interface FaultMix {
  readonly lostRequests: number;
  readonly lostAnswers: number;
  readonly lateRequests: number;
  readonly notSent: number;
  readonly refusals: number;
  readonly partialFills: number;
  readonly venueEnds: number;
  readonly lostMessages: number;
  readonly doubledMessages: number;
  readonly lateMessages: number;
  readonly lagMs: number;
  readonly lostTopics: number;
  readonly killsPerMinute: number;
  readonly aimedKills: number;
  readonly aimedDisconnects: number;
  readonly aimedSleeps: number;
  readonly sleepsPerMinute: number;
  readonly disconnectsPerMinute: number;
  readonly outagesPerMinute: number;
  readonly storeOutagesPerMinute: number;
  readonly stopsPerMinute: number;
  readonly shutdownsPerMinute: number;
  /** How wrong the wall clocks of processes are, at most, to either side. */
  readonly skewMs: number;
  readonly foreignPerMinute: number;
}

/** The mix of a seed: about a third of the faults is off, the others are anywhere up to their most. */
export function drawFaults(random: Random): FaultMix {
  const upTo = (most: number): number => (random.next() < 0.35 ? 0 : random.next() * most);
  return {
    lostRequests: upTo(0.12),
    lostAnswers: upTo(0.15),
    lateRequests: upTo(0.15),
    notSent: upTo(0.2),
    refusals: upTo(0.06),
    partialFills: upTo(0.5),
    venueEnds: upTo(0.1),
    lostMessages: upTo(0.05),
    doubledMessages: upTo(0.3),
    lateMessages: upTo(0.2),
    lagMs: upTo(1_000),
    lostTopics: upTo(0.1),
    killsPerMinute: upTo(5),
    aimedKills: upTo(0.6),
    aimedDisconnects: upTo(0.15),
    aimedSleeps: upTo(0.04),
    sleepsPerMinute: upTo(1),
    disconnectsPerMinute: upTo(2),
    outagesPerMinute: upTo(0.5),
    storeOutagesPerMinute: upTo(0.5),
    stopsPerMinute: upTo(0.6),
    shutdownsPerMinute: upTo(1),
    skewMs: Math.floor(upTo(500)),
    foreignPerMinute: upTo(0.6),
  };
}

const REFUSALS: readonly VenueRefusal[] = ['VENUE_INSUFFICIENT_FUNDS', 'VENUE_FILTER', 'VENUE_POST_ONLY'];

/** Draws what becomes of each request and message, as long as there are faults. */
export class FaultDice {
  readonly #mix: FaultMix;
  readonly #random: Random;
  readonly #rules: VenueRules;
  isOver = false;

  constructor(mix: FaultMix, random: Random, rules: VenueRules) {
    this.#mix = mix;
    this.#random = random;
    this.#rules = rules;
  }

  hits(share: number): boolean {
    return !this.isOver && share > 0 && this.#random.next() < share;
  }

  /** How wrong the clock of a new process is; skewed clocks do not heal. */
  drawSkew(): number {
    return this.#random.integer(-this.#mix.skewMs, this.#mix.skewMs);
  }

  topicIsLost(): boolean {
    return this.hits(this.#mix.lostTopics);
  }

  /** What becomes of a request: of an order, or of a cancellation. */
  plan = (order: OrderReference): SendPlan => {
    const random = this.#random;
    const mix = this.#mix;
    const usual = { arriveAfterMs: 1 + random.next() * 30, answerAfterMs: 1 + random.next() * 30 };
    if (this.hits(mix.notSent)) return { notSent: true };
    if (this.hits(mix.lostRequests)) return { arriveAfterMs: 'never' };
    const late = this.hits(mix.lateRequests)
      ? { arriveAfterMs: random.next() * this.#rules.receiveWindowMs * 1.3 }
      : {};
    const lost = this.hits(mix.lostAnswers) ? { answerAfterMs: 'never' as const } : {};
    const way = { ...usual, ...late, ...lost };
    if (!('quantity' in order)) return way;
    if (this.hits(mix.refusals)) return { ...way, refuse: REFUSALS[random.integer(0, REFUSALS.length - 1)]! };
    if (this.hits(mix.venueEnds)) {
      const state = (['cancelled', 'expired', 'rejected'] as const)[random.integer(0, 2)]!;
      return {
        ...way,
        ...this.#parts(order.quantity as Quantity, 0.5),
        end: { afterMs: 500, state, reason: 'by chance' },
      };
    }
    if (this.hits(mix.partialFills) && this.#fillsAtOnce(order))
      return { ...way, ...this.#parts(order.quantity as Quantity, 0) };
    return way;
  };

  /** What becomes of a message of the private stream. */
  streamPlan = (): StreamPlan => {
    const random = this.#random;
    if (this.hits(this.#mix.lostMessages)) return { times: 0, delayMs: 1 };
    const times = this.hits(this.#mix.doubledMessages) ? 2 : 1;
    const delayMs = this.hits(this.#mix.lateMessages) ? random.next() * 4_000 : 1 + random.next() * 10;
    return { times, delayMs };
  };

  lagMs = (): number => (this.isOver ? 0 : Math.min(this.#rules.lookUpLagMs, this.#random.next() * this.#mix.lagMs));

  #fillsAtOnce(order: OrderReference): boolean {
    return (order as { execution?: { type: string } }).execution?.type === 'market';
  }

  /** A fill in two or three parts, of which `missing` may leave the last out. */
  #parts(quantity: Quantity, missing: number): Pick<SendPlan, 'fills'> {
    const random = this.#random;
    const step = 1_000_000_000n;
    const first = ((quantity / step / 3n) * step) as Quantity;
    const rest = (quantity - first) as Quantity;
    if (first === 0n || formatFixed(first) === '0') return { fills: [{ afterMs: random.next() * 100, quantity }] };
    const parts = [
      { afterMs: random.next() * 30, quantity: first },
      { afterMs: 30 + random.next() * 400, quantity: rest },
    ];
    return { fills: random.next() < missing ? parts.slice(0, 1) : parts };
  }
}
