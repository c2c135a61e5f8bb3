import type {
  Answer,
  CancelOutcome,
  ClockOffset,
  GatewayListener,
  Holdings,
  KeyRights,
  LookUp,
  OrderGateway,
  OrderReference,
  OrderReport,
  ReportedFill,
  SendOutcome,
  VenueRefusal,
  VenueRules,
  WireOrder,
} from '../../src/execution/order-gateway.ts';
import type { Clock } from '../../src/foundation/clock.ts';
import { invariant } from '../../src/foundation/errors.ts';
import { fixed, type Money, type Price, type Quantity } from '../../src/foundation/fixed-point.ts';
import { failed, success } from '../../src/foundation/result.ts';
import { DAY_MS, type EpochMs, epochMs } from '../../src/foundation/time.ts';
import { type AccountEvent, type BookedOrder, isOpen, latest, NO_FEE, ScriptedAccount } from './scripted-account.ts';

/** What becomes of one request. What is left out goes well: there in 5 ms, back in 5 ms. */
export interface SendPlan {
  /** Nothing leaves, and that is certain. */
  readonly notSent?: boolean;
  /** Until the venue sees the request. Later than the receive window, it is refused there. */
  readonly arriveAfterMs?: number | 'never';
  /** From there until the answer is here; `never`, or later than the time-out, is an unknown outcome. */
  readonly answerAfterMs?: number | 'never';
  /** What the venue says instead of taking the order. */
  readonly refuse?: VenueRefusal;
  /** What the venue does with the order after it took it; without it the order fills by the price that is set. */
  readonly fills?: readonly { readonly afterMs: number; readonly quantity: Quantity; readonly price?: Price }[];
  /** How the order ends where it is still open then. */
  readonly end?: {
    readonly afterMs: number;
    readonly state: 'cancelled' | 'expired' | 'rejected';
    readonly reason: string;
  };
}

/** What becomes of one message of the private stream: how often it comes, and how late. */
export interface StreamPlan {
  readonly times: number;
  readonly delayMs: number;
}

export interface ScriptedGatewayOptions {
  readonly clock: Clock;
  readonly account?: string;
  readonly kind?: 'perpetual' | 'spot';
  readonly rules?: Partial<VenueRules>;
  readonly funds?: Readonly<Record<string, Money>>;
  readonly feeRate?: Money;
  /** After so long without an answer the outcome is unknown. 5000 by default. */
  readonly timeoutMs?: number;
  /** The plan of each submission and cancel without one of its own. */
  readonly plan?: (order: OrderReference) => SendPlan;
  readonly streamPlan?: (event: AccountEvent) => StreamPlan;
  /** How far the venue's look-ups lie behind at this moment: up to `rules.lookUpLagMs`. */
  readonly lagMs?: () => number;
  /** An account that other gateways trade on as well; by default it has one of its own. */
  readonly truth?: ScriptedAccount;
}

const HOP_MS = 5;
const UNREACHABLE = { code: 'UNREACHABLE', message: 'the venue does not answer', retryAfterMs: 1_000 } as const;
const RULES: VenueRules = { clientIds: 'unique', receiveWindowMs: 3_000, lookUpLagMs: 1_000, historyMs: 7 * DAY_MS };

/**
 * An account at a venue that does what a test says: requests and answers are lost, late and doubled by plan, and the truth
 * is in {@link ScriptedAccount}. Deterministic: it lives on the clock that it is given, and uses no chance of its own.
 */
export class ScriptedGateway implements OrderGateway {
  readonly account: string;
  readonly rules: VenueRules;
  /** The venue's own books. */
  readonly truth: ScriptedAccount;
  /** Every request that left, in order: what a test counts. */
  readonly sent: WireOrder[] = [];
  readonly cancels: OrderReference[] = [];
  clockOffset: ClockOffset | undefined;
  /** Reads fail and requests get lost while it is true. */
  isUnreachable = false;
  readonly #options: ScriptedGatewayOptions;
  readonly #plans: SendPlan[] = [];
  readonly #plansById = new Map<string, SendPlan[]>();
  readonly #cancelPlans: SendPlan[] = [];
  #listener: GatewayListener | undefined;
  #isHeard = false;
  #connections = 0;

  constructor(options: ScriptedGatewayOptions) {
    this.#options = options;
    this.account = options.account ?? 'scripted';
    this.rules = { ...RULES, ...options.rules };
    this.truth = options.truth ?? ScriptedGateway.accountFor(options);
    this.truth.listeners.add((event) => this.#stream(event));
  }

  /** An account for several gateways, which stand for several processes or lives of one. */
  static accountFor({ clock, kind, rules, funds, feeRate }: ScriptedGatewayOptions): ScriptedAccount {
    return new ScriptedAccount({
      kind: kind ?? 'perpetual',
      clientIds: rules?.clientIds ?? RULES.clientIds,
      now: () => clock.now(),
      funds: funds ?? { USDT: fixed<Money>('100000') },
      feeRate: feeRate ?? NO_FEE,
      quoteCurrency: 'USDT',
    });
  }

  // — what a test says —

  /** What becomes of the next submission without a plan of its own, or of the next one with this client id. */
  next(plan: SendPlan, clientOrderId?: string): void {
    if (clientOrderId === undefined) this.#plans.push(plan);
    else this.#plansById.set(clientOrderId, [...(this.#plansById.get(clientOrderId) ?? []), plan]);
  }

  nextCancel(plan: SendPlan): void {
    this.#cancelPlans.push(plan);
  }

  /** Cuts the private stream; with a duration it comes back by itself. What happens meanwhile is never told. */
  disconnect(reason: string, durationMs?: number): void {
    this.#isHeard = false;
    this.#connections += 1;
    this.#listener?.disconnected(reason);
    if (durationMs !== undefined) this.#options.clock.after(durationMs, () => this.reconnect());
  }

  reconnect(): void {
    if (this.#isHeard || this.#listener === undefined) return;
    this.#isHeard = true;
    this.#listener.connected();
  }

  // — the port —

  async open(listener: GatewayListener): Promise<void> {
    invariant(this.#listener === undefined, 'A gateway is opened once', { account: this.account });
    this.#listener = listener;
    this.clockOffset = { offsetMs: 0, uncertaintyMs: 1 };
    await this.#wait(HOP_MS);
    this.reconnect();
  }

  submit(order: WireOrder): Promise<SendOutcome> {
    const plan = this.#planOf(order);
    if (plan.notSent === true) return this.#after(HOP_MS, notSent);
    this.sent.push(order);
    const sentAt = this.#options.clock.now();
    return this.#exchange<SendOutcome>(plan, () => {
      if (this.#options.clock.now() > sentAt + this.rules.receiveWindowMs) {
        return { kind: 'refused', code: 'VENUE_EXPIRED', reason: 'the request came too late' };
      }
      if (plan.refuse !== undefined) return { kind: 'refused', code: plan.refuse, reason: 'as the test says' };
      const reception = this.truth.receive(order, plan.fills === undefined && plan.end === undefined);
      if (reception.kind === 'accepted') this.#carryOut(plan, this.truth.orders.at(-1)!);
      return reception;
    });
  }

  cancel(order: OrderReference): Promise<CancelOutcome> {
    const plan = this.#cancelPlans.shift() ?? this.#options.plan?.(order) ?? {};
    if (plan.notSent === true) return this.#after(HOP_MS, notSent);
    this.cancels.push(order);
    const sentAt = this.#options.clock.now();
    return this.#exchange<CancelOutcome>(plan, () => {
      const isLate = this.#options.clock.now() > sentAt + this.rules.receiveWindowMs;
      if (isLate) return { kind: 'unknown', reason: 'the request came too late' };
      const isCancelled = this.truth.cancel(order.clientOrderId);
      return isCancelled ? { kind: 'accepted' } : { kind: 'gone', reason: 'there is no such open order' };
    });
  }

  async find({ clientOrderId }: OrderReference): Promise<LookUp> {
    const asOf = await this.#lookUp();
    if (asOf === undefined) return { kind: 'unavailable', failure: UNREACHABLE };
    const known = this.truth.orders
      .filter(({ wire }) => wire.clientOrderId === clientOrderId)
      .map((order) => reportAt(order, asOf))
      .filter((report) => report !== undefined)
      .filter((report) => isOpen(report) || report.updatedAt >= asOf - this.rules.historyMs);
    const report = known.find(isOpen) ?? known.at(-1);
    if (report === undefined) return { kind: 'absent' };
    const isOfIt = ({ venueOrderId, time }: ReportedFill): boolean => {
      return venueOrderId === report.venueOrderId && time <= asOf;
    };
    return { kind: 'found', report, fills: this.truth.fills.filter(isOfIt) };
  }

  async openOrders(): Promise<Answer<readonly OrderReport[]>> {
    const asOf = await this.#lookUp();
    if (asOf === undefined) return failed(UNREACHABLE);
    const known = this.truth.orders.map((order) => reportAt(order, asOf));
    return success(known.filter((report) => report !== undefined).filter(isOpen));
  }

  async fills(since: EpochMs): Promise<Answer<readonly ReportedFill[]>> {
    const asOf = await this.#lookUp();
    if (asOf === undefined) return failed(UNREACHABLE);
    return success(this.truth.fills.filter(({ time }) => time >= since && time <= asOf));
  }

  async holdings(): Promise<Answer<Holdings>> {
    const asOf = await this.#lookUp();
    return asOf === undefined ? failed(UNREACHABLE) : success(this.truth.holdingsAt(asOf));
  }

  async rights(): Promise<Answer<KeyRights>> {
    const asOf = await this.#lookUp();
    if (asOf === undefined) return failed(UNREACHABLE);
    return success({ canTrade: true, canWithdraw: false, isBoundToAddress: true, expiresAt: null, isTold: true });
  }

  async close(): Promise<void> {
    this.#isHeard = false;
    this.#listener = undefined;
  }

  #planOf(order: WireOrder): SendPlan {
    const ofIt = this.#plansById.get(order.clientOrderId)?.shift();
    return ofIt ?? this.#plans.shift() ?? this.#options.plan?.(order) ?? {};
  }

  /** The order's life as the plan has it. */
  #carryOut({ fills = [], end }: SendPlan, order: BookedOrder): void {
    const { clock } = this.#options;
    const whileOpen = (afterMs: number, action: () => void): void => {
      const act = (): void => {
        if (isOpen(latest(order))) action();
      };
      // At once: before the answer to the request.
      if (afterMs === 0) act();
      else clock.after(afterMs, act);
    };
    for (const { afterMs, quantity, price } of fills) whileOpen(afterMs, () => this.truth.fill(order, quantity, price));
    if (end !== undefined) whileOpen(end.afterMs, () => this.truth.end(order, end.state, end.reason));
  }

  /** A request on its way there, and the answer on its way back: whichever comes first, the answer or the time-out. */
  #exchange<Outcome extends SendOutcome | CancelOutcome>(plan: SendPlan, arrive: () => Outcome): Promise<Outcome> {
    const { clock, timeoutMs = 5_000 } = this.#options;
    const { arriveAfterMs = HOP_MS, answerAfterMs = HOP_MS } = plan;
    return new Promise((resolve) => {
      clock.after(timeoutMs, () => resolve({ kind: 'unknown', reason: `no answer within ${timeoutMs} ms` } as Outcome));
      if (arriveAfterMs === 'never' || this.isUnreachable) return;
      clock.after(arriveAfterMs, () => {
        const outcome = arrive();
        if (answerAfterMs !== 'never') clock.after(answerAfterMs, () => resolve(outcome));
      });
    });
  }

  /** What was true when it is asked; `undefined` where nobody answers. */
  async #lookUp(): Promise<EpochMs | undefined> {
    await this.#wait(HOP_MS);
    const asOf = epochMs(this.#options.clock.now() - (this.#options.lagMs?.() ?? 0));
    const isUnreachable = this.isUnreachable;
    await this.#wait(HOP_MS);
    return isUnreachable ? undefined : asOf;
  }

  #stream(event: AccountEvent): void {
    const { times, delayMs } = this.#options.streamPlan?.(event) ?? { times: 1, delayMs: 1 };
    const connection = this.#connections;
    if (!this.#isHeard) return;
    for (let count = 0; count < times; count++) {
      const tell = (): void => {
        // What is on its way when the connection breaks is lost.
        if (connection === this.#connections) this.#tell(event);
      };
      if (delayMs === 0) tell();
      else this.#options.clock.after(delayMs, tell);
    }
  }

  #tell(event: AccountEvent): void {
    if (event.kind === 'fill') this.#listener?.fill(event.fill);
    else this.#listener?.report(event.report);
  }

  async #after<Value>(delay: number, value: Value): Promise<Value> {
    await this.#wait(delay);
    return value;
  }

  #wait(delay: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.after(delay, resolve);
    });
  }
}

const notSent = { kind: 'not-sent', reason: 'nothing left', retryAfterMs: 500 } as const;

function reportAt({ versions }: BookedOrder, at: EpochMs): OrderReport | undefined {
  return versions.findLast((version) => version.at <= at)?.report;
}
