import type { FundingPayment } from '../../domain/funding.ts';
import type { LostStop, OrderEvent } from '../../domain/order.ts';
import { botPrefix } from '../../engine/decision-ids.ts';
import { ExternalVenue } from '../../execution/external/external-venue.ts';
import type { ReportedFill } from '../../execution/order-gateway.ts';
import { type Clock, sleep } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { PriceMessage } from '../price-trigger.ts';
import type { BotHoldings } from './account-balance.ts';
import type { AccountLink } from './account-link.ts';
import { OrderDesk } from './order-desk.ts';

export interface BotAccountParts {
  readonly botId: string;
  readonly link: AccountLink;
  readonly clock: Clock;
  readonly logger: Logger;
  /** There is something to {@link BotAccount.hear}. */
  readonly wake: () => void;
  /** Entries are refused, or are not any more. */
  readonly onHalt: () => void;
  readonly isHeld: () => boolean;
  readonly holdings: () => BotHoldings;
  readonly onPhantom: (fill: ReportedFill) => void;
  readonly onFunding: (payment: FundingPayment) => void;
  readonly onSent?: () => void;
  readonly onAcknowledged?: (milliseconds: number) => void;
}

const LOOK_EVERY_MS = 20;

/** A bot's part of an account at a venue outside: its venue, its desk, its place at the link. */
export class BotAccount {
  readonly #parts: BotAccountParts;
  #desk: OrderDesk | undefined;

  constructor(parts: BotAccountParts) {
    this.#parts = parts;
  }

  /** Makes the venue of a session. */
  openVenue(emit: (event: OrderEvent) => void): ExternalVenue {
    const { botId, link, clock } = this.#parts;
    const { sharedSymbols } = link;
    const venue = new ExternalVenue({ now: () => clock.now(), emit, sharedSymbols });
    this.#desk = new OrderDesk(botPrefix(botId), venue, {
      ...this.#parts,
      gateway: link.gateway,
      tell: (type, details) => link.tell(type, details),
      onFoundFill: (fill) => link.fill(fill),
    });
    return venue;
  }

  /** Why nothing but exits may be sent. */
  get haltReason(): string | undefined {
    return this.#parts.link.haltReason;
  }

  join(): void {
    const { botId, link, holdings, onHalt, onPhantom } = this.#parts;
    if (this.#desk) link.join({ botId, desk: this.#desk, holdings, wake: onHalt, onPhantom });
  }

  leave(): void {
    this.#parts.link.leave(this.#parts.botId);
    this.#desk?.close();
  }

  /** Takes in what the venue said. False: nothing. */
  hear(): boolean {
    return this.#desk?.hear() ?? false;
  }

  takeLostStops(): readonly LostStop[] {
    return this.#desk?.venue.takeLostStops() ?? [];
  }

  tellLostStop({ symbol, reason }: LostStop): void {
    const { botId, link, logger } = this.#parts;
    const details = { account: link.gateway.account, botId, symbol, reason };
    logger.warn('a position lost its stop at the venue, and is closed', details);
    link.tell('order.protection-lost', details);
  }

  /** Sends what is to be sent; to be called when the session's state is durable. */
  send(): void {
    this.#desk?.send();
  }

  price({ symbol, price, occurredAt }: PriceMessage): void {
    this.#desk?.price(symbol, price, occurredAt);
  }

  /** Nothing is in doubt, under way, or still to be sent. */
  get isSettled(): boolean {
    return this.#desk === undefined || (this.#desk.isSettled && !this.#desk.venue.hasRequests);
  }

  /** {@link isSettled}, and no order is out that will fill or end in a moment. */
  get isAtRest(): boolean {
    return this.isSettled && this.#desk?.venue.isExecuting !== true;
  }

  /**
   * Deals with the venue alone until `isDone`, for at most so long.
   *
   * @param takeIn hears, and makes durable what was heard
   */
  async attend(withinMs: number, isDone: () => boolean, takeIn: () => Promise<void>): Promise<void> {
    const { clock } = this.#parts;
    const end = clock.monotonic() + withinMs;
    while (clock.monotonic() < end) {
      await takeIn();
      this.send();
      if (isDone()) return;
      await sleep(clock, LOOK_EVERY_MS);
    }
  }
}
