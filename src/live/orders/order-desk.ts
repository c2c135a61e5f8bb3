import type { FundingPayment } from '../../domain/funding.ts';
import type { Doubt, ExternalVenue, FillFate, VenueRequest } from '../../execution/external/external-venue.ts';
import type {
  CancelOutcome,
  OrderGateway,
  OrderReport,
  ReportedFill,
  SendOutcome,
} from '../../execution/order-gateway.ts';
import type { Clock } from '../../foundation/clock.ts';
import { crashPoint } from '../../foundation/crash-point.ts';
import type { Json } from '../../foundation/json.ts';
import type { Logger } from '../../foundation/logger.ts';
import { DoubtInquiry } from './doubt-inquiry.ts';

export interface OrderDeskParts {
  readonly gateway: OrderGateway;
  readonly clock: Clock;
  readonly logger: Logger;
  /** There is something to {@link OrderDesk.hear}. */
  readonly wake: () => void;
  /** Whether this process may still act for the bot: its lease has not run out. */
  readonly isHeld: () => boolean;
  readonly tell: (type: string, details: Json) => void;
  /** Takes in a fill that was found by asking, as if the private stream had told of it. */
  readonly onFoundFill: (fill: ReportedFill) => void;
  /** To be booked; each comes once. */
  readonly onFunding: (payment: FundingPayment) => void;
  /** An order is handed to the gateway. */
  readonly onSent?: () => void;
  /** Hears how long a request was under way, in milliseconds. */
  readonly onAcknowledged?: (milliseconds: number) => void;
}

/** What was not sent because the lease is in doubt is looked at again after this. */
const LEASE_RETRY_MS = 500;
/** So often timers of the venue (resending, expiry) are looked at. */
const TICK_MS = 100;

/**
 * Between a bot's {@link ExternalVenue}, which does no input and output, and the gateway, which does nothing else. What
 * the gateway says waits in line until the bot takes it in with {@link hear}, between two slices, so that everything that
 * changes a session does so in one place, one after another, and is committed.
 */
export class OrderDesk {
  readonly venue: ExternalVenue;
  readonly #parts: OrderDeskParts;
  readonly #prefix: string;
  /** What was said, in order. */
  #news: (() => void)[] = [];
  /** The last request of each symbol that makes an order: the next one waits for its answer, so that none overtakes. */
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #underWay = new Set<Promise<void>>();
  /** Requests that make an order, from when they are handed out until their answer is here, by client id. */
  readonly #submissions = new Map<string, Promise<void>>();
  readonly #inquiries = new Map<string, OpenInquiry>();
  readonly #cancelTimer: () => void;
  #isClosed = false;

  /** @param prefix what the client ids of this bot begin with */
  constructor(prefix: string, venue: ExternalVenue, parts: OrderDeskParts) {
    this.venue = venue;
    this.#prefix = prefix;
    this.#parts = parts;
    this.#cancelTimer = parts.clock.every(TICK_MS, () => {
      if (venue.nextTime <= parts.clock.now()) this.#say(() => venue.onTime());
    });
  }

  /** Whether an order with this client id is, or was, one of this bot. */
  owns(clientOrderId: string): boolean {
    return isOrderOf(this.#prefix, clientOrderId);
  }

  // — the gateway's side —

  report(report: OrderReport): void {
    this.#say(() => this.venue.report(report));
  }

  /** @param onFate hears what became of it, once the bot has heard */
  fill(fill: ReportedFill, onFate: (fate: FillFate) => void): void {
    this.#say(() => onFate(this.venue.fill(fill)));
  }

  /** A payment of funding, or the bot's share of one. */
  funding(payment: FundingPayment): void {
    this.#say(() => {
      if (this.venue.takeFunding(payment.paymentId)) this.#parts.onFunding(payment);
    });
  }

  /** Nobody listened for a while: every order that may be out is asked for. */
  doubtAll(why: string): void {
    this.#say(() => this.venue.doubtAll(why));
  }

  doubt(clientOrderId: string, why: string): void {
    this.#say(() => this.venue.doubt(clientOrderId, why));
  }

  price(symbol: string, price: number, time: Parameters<ExternalVenue['onPrice']>[2]): void {
    if (!this.venue.passBar(symbol)) this.#say(() => this.venue.onPrice(symbol, price, time));
  }

  // — the bot's side —

  /** Takes in what was said since the last time. False: nothing. */
  hear(): boolean {
    if (this.#news.length === 0) return false;
    const news = this.#news;
    this.#news = [];
    for (const take of news) take();
    return true;
  }

  /** Sends what the venue wants sent, and asks for what is in doubt. To be called when the venue's state is durable. */
  send(): void {
    if (this.#isClosed) return;
    for (const request of this.venue.takeRequests()) this.#track(this.#carry(request));
    for (const doubt of this.venue.doubts()) {
      const { clientOrderId } = doubt;
      // What is under way may arrive any moment: its fence begins with the answer.
      if (!this.#inquiries.has(clientOrderId) && !this.#submissions.has(clientOrderId))
        this.#track(this.#inquire(doubt));
    }
  }

  /** Nothing is in doubt, nothing is under way, and all that was said was heard. */
  get isSettled(): boolean {
    return this.#news.length === 0 && this.#underWay.size === 0 && this.venue.doubts().length === 0;
  }

  /** Sends nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
  }

  #say(news: () => void): void {
    this.#news.push(news);
    this.#parts.wake();
  }

  async #inquire(doubt: Doubt): Promise<void> {
    const { clientOrderId } = doubt;
    const own: OpenInquiry = { isVoid: false };
    const inquiry = new DoubtInquiry(doubt, {
      ...this.#parts,
      isOpen: () => !this.#isClosed && !own.isVoid && this.#isDoubted(clientOrderId),
      onFound: (fills, report) => {
        for (const fill of fills) this.#parts.onFoundFill(fill);
        this.report(report);
      },
      onAbsent: () =>
        this.#say(() => {
          if (!own.isVoid) this.venue.neverArrived(clientOrderId);
        }),
    });
    this.#inquiries.set(clientOrderId, own);
    await inquiry.run();
    if (this.#inquiries.get(clientOrderId) === own) this.#inquiries.delete(clientOrderId);
  }

  #isDoubted(clientOrderId: string): boolean {
    return this.venue.doubts().some((one) => one.clientOrderId === clientOrderId);
  }

  async #carry(request: VenueRequest): Promise<void> {
    const { symbol, clientOrderId } = request.order;
    if (request.kind === 'cancel') {
      // Its own order is waited for, should that be about to be sent: cancelling overtakes everything else.
      await this.#submissions.get(clientOrderId);
      await this.#cancel(clientOrderId, symbol);
      return;
    }
    this.#endInquiry(clientOrderId);
    const mine = (this.#lanes.get(symbol) ?? Promise.resolve()).then(() => this.#submit(request));
    this.#lanes.set(symbol, mine);
    this.#submissions.set(clientOrderId, mine);
    await mine;
    this.#submissions.delete(clientOrderId);
    if (this.#lanes.get(symbol) === mine) this.#lanes.delete(symbol);
  }

  /** An order is sent anew: what an inquiry finds that began before says nothing of that. */
  #endInquiry(clientOrderId: string): void {
    const inquiry = this.#inquiries.get(clientOrderId);
    if (inquiry === undefined) return;
    inquiry.isVoid = true;
    this.#inquiries.delete(clientOrderId);
  }

  async #submit({ order, sendBy }: Extract<VenueRequest, { kind: 'submit' }>): Promise<void> {
    const { gateway, clock, onSent, onAcknowledged } = this.#parts;
    const { clientOrderId } = order;
    let outcome: SendOutcome;
    if (this.#isClosed || !this.#parts.isHeld() || clock.now() > sendBy) outcome = notSent;
    else {
      const from = clock.monotonic();
      onSent?.();
      const answer = gateway.submit(order);
      crashPoint('after-send');
      outcome = await answer;
      crashPoint('after-reply');
      if (outcome.kind === 'accepted') onAcknowledged?.(clock.monotonic() - from);
    }
    this.#say(() => this.venue.sent(clientOrderId, outcome));
  }

  async #cancel(clientOrderId: string, symbol: string): Promise<void> {
    let outcome: CancelOutcome = notSent;
    if (!this.#isClosed && this.#parts.isHeld()) {
      const answer = this.#parts.gateway.cancel({ clientOrderId, symbol });
      crashPoint('in-cancel');
      outcome = await answer;
    }
    this.#say(() => this.venue.cancelled(clientOrderId, outcome));
  }

  #track(work: Promise<void>): void {
    const tracked: Promise<void> = work
      .catch((thrown: unknown) => {
        // A gateway rejects for broken invariants alone: they end the bot, where it hears of them.
        this.#say(() => {
          throw thrown;
        });
      })
      .finally(() => {
        this.#underWay.delete(tracked);
        this.#parts.wake();
      });
    this.#underWay.add(tracked);
  }
}

/** Whether a client id is one that the bot of this prefix makes; another bot's name may begin alike. */
export function isOrderOf(prefix: string, clientOrderId: string): boolean {
  return clientOrderId.startsWith(prefix) && /^-[0-9a-z]{8,9}-[0-9a-z]{1,3}$/.test(clientOrderId.slice(prefix.length));
}

interface OpenInquiry {
  /** Its order was sent again since it began: what it says counts no more. */
  isVoid: boolean;
}

const notSent = {
  kind: 'not-sent',
  reason: 'the lease is in doubt, or it is too late',
  retryAfterMs: LEASE_RETRY_MS,
} as const;
