import type { EventBus } from '../../bus/event-bus.ts';
import { logs, topics } from '../../bus/topics.ts';
import { botPrefix } from '../../engine/decision-ids.ts';
import type { SessionSpec } from '../../engine/open-session.ts';
import type {
  GatewayListener,
  Holdings,
  OrderGateway,
  OrderReport,
  ReportedFill,
} from '../../execution/order-gateway.ts';
import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import { crashPoint } from '../../foundation/crash-point.ts';
import { messageOf } from '../../foundation/errors.ts';
import { absolute, formatFixed, type Money } from '../../foundation/fixed-point.ts';
import { forgetOldest } from '../../foundation/forget-oldest.ts';
import type { Json } from '../../foundation/json.ts';
import type { Logger } from '../../foundation/logger.ts';
import { type EpochMs, epochMs } from '../../foundation/time.ts';
import { AccountBalance, type AccountDifference, type BotHoldings } from './account-balance.ts';
import { isOrderOf, type OrderDesk } from './order-desk.ts';

export interface AccountLinkParts {
  readonly gateway: OrderGateway;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the books of the account's other bots say, which run in other processes or do not run just now. */
  readonly holdingsBesides: (present: ReadonlySet<string>) => Promise<readonly BotHoldings[]>;
}

/** A bot as the account knows it. */
export interface AccountMember {
  readonly botId: string;
  readonly desk: OrderDesk;
  /** What its books say that it holds. */
  holdings(): BotHoldings;
  /** Wakes the bot, so that it looks at {@link AccountLink.haltReason} again. */
  wake(): void;
  /** The venue filled what had ended here: nothing can be trusted until a person has looked. */
  onPhantom(fill: ReportedFill): void;
}

const RECONCILE_EVERY_MS = 30_000;
/** Fills are asked for again that are so much older than the newest known: look-ups lag, and clocks differ. */
const FILLS_OVERLAP_MS = 120_000;
/** So many fills that belong to nobody here are remembered as told. */
const REMEMBERED_FILLS = 10_000;
/** After a look that the venue did not answer. */
const RETRY_RECONCILE_MS = 1_000;

/**
 * An account at a venue, shared by the bots of this process: the one connection to it. Passes what it hears to the desk
 * that it belongs to, what belongs to nobody here is told as external, and reconciles (R7): after each connection of the
 * private stream and every 30 s it asks for fills, open orders and holdings. The venue's word wins, and each difference is
 * an event. Until that is done once, and whenever nothing can be heard, nothing new may be risked: {@link haltReason}.
 */
export class AccountLink implements GatewayListener {
  readonly gateway: OrderGateway;
  /** The symbols that more than one bot trades. */
  readonly sharedSymbols: ReadonlySet<string>;
  readonly #parts: AccountLinkParts;
  readonly #members = new Map<string, AccountMember>();
  /** What the client ids of the account's bots begin with. */
  readonly #prefixes: readonly string[];
  readonly #balance: AccountBalance;
  readonly #externalFills = new Set<string>();
  readonly #sharedFundings = new Set<string>();
  #haltReason: string | undefined = 'the account is not connected yet';
  #connections = 0;
  #fillsSince: EpochMs;
  #cancelTimer: CancelTimer | undefined;
  #reconciling: Promise<void> | undefined;
  #reconcileAgain = false;
  #stopped = false;

  /** @param bots all bots of the account, wherever they run */
  constructor(bots: readonly Pick<SessionSpec, 'botId' | 'symbols'>[], parts: AccountLinkParts) {
    this.gateway = parts.gateway;
    this.#prefixes = bots.map(({ botId }) => botPrefix(botId));
    const symbols = bots.flatMap((bot) => [...new Set(bot.symbols)]);
    this.sharedSymbols = new Set(symbols.filter((symbol, index) => symbols.indexOf(symbol) !== index));
    this.#parts = parts;
    this.#balance = new AccountBalance();
    this.#fillsSince = epochMs(parts.clock.now() - FILLS_OVERLAP_MS);
  }

  /**
   * Waits for the venue as long as it takes, or until {@link stop}.
   *
   * @throws UserError for a key or an account that can't be traded with
   */
  async start(): Promise<void> {
    const { clock, gateway } = this.#parts;
    try {
      await gateway.open(this);
    } catch (thrown) {
      if (this.#stopped) return;
      throw thrown;
    }
    this.#cancelTimer = clock.every(RECONCILE_EVERY_MS, () => this.#reconcileSoon());
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancelTimer?.();
    await this.#reconciling;
    await this.#parts.gateway.close();
  }

  /** Why nothing but exits may be sent; `undefined` when all is well. */
  get haltReason(): string | undefined {
    return this.#haltReason;
  }

  join(member: AccountMember): void {
    this.#members.set(member.botId, member);
    member.desk.doubtAll('the bot has just started');
    this.#reconcileSoon();
  }

  leave(botId: string): void {
    this.#members.delete(botId);
  }

  // — what the gateway says —

  report(report: OrderReport): void {
    const member = this.#memberOf(report.clientOrderId);
    if (member) member.desk.report(report);
    else if (!this.#isOurs(report.clientOrderId)) this.#tellExternalOrder(report);
  }

  fill(fill: ReportedFill): void {
    if (fill.time > this.#fillsSince + FILLS_OVERLAP_MS) this.#fillsSince = epochMs(fill.time - FILLS_OVERLAP_MS);
    if (fill.kind === 'funding') {
      this.#share(fill);
      return;
    }
    const member = fill.kind === 'trade' ? this.#memberOf(fill.clientOrderId) : undefined;
    if (member) {
      member.desk.fill(fill, (fate) => {
        if (fate === 'phantom') this.#tellPhantom(member, fill);
        else if (fate === 'foreign') this.#warnOfUnknown(member, fill);
      });
    } else if (fill.kind !== 'trade' || !this.#isOurs(fill.clientOrderId)) this.#tellExternalFill(fill);
  }

  connected(): void {
    this.#connections += 1;
    this.#setHalt('the account is being reconciled');
    for (const { desk } of this.#members.values()) desk.doubtAll('the private stream was away');
    this.tell('account.connected', { account: this.gateway.account, connections: this.#connections });
    this.#reconcileSoon();
  }

  disconnected(reason: string): void {
    this.#setHalt(`the account can't be heard: ${reason}`);
    this.tell('account.disconnected', { account: this.gateway.account, reason });
  }

  tell(type: string, details: Json): void {
    const { bus, clock, logger, gateway } = this.#parts;
    const event = { type, source: gateway.account, time: clock.now(), details };
    logger.info(type, details as Record<string, unknown>);
    bus.publish(topics.systemEvents, event).catch((thrown: unknown) => {
      logger.warn('an event was not published', { type, error: messageOf(thrown) });
    });
  }

  // — reconciling —

  /** One at a time; what comes up meanwhile is seen by the next. */
  #reconcileSoon(): void {
    if (this.#connections === 0 || this.#stopped) return;
    if (this.#reconciling) {
      this.#reconcileAgain = true;
      return;
    }
    this.#reconciling = this.#reconcile()
      .catch((thrown: unknown) => {
        this.#parts.logger.error('the account could not be reconciled', { error: messageOf(thrown) });
        return false;
      })
      .then((done) => {
        this.#reconciling = undefined;
        if (this.#reconcileAgain) {
          this.#reconcileAgain = false;
          this.#reconcileSoon();
        } else if (!done && !this.#stopped) {
          this.#parts.clock.after(RETRY_RECONCILE_MS, () => this.#reconcileSoon());
        }
      });
  }

  /** False: the venue did not answer, or another connection came in between. */
  async #reconcile(): Promise<boolean> {
    const { gateway } = this.#parts;
    const connection = this.#connections;
    const askedAt = this.#parts.clock.now();
    crashPoint('in-reconcile');
    const openBefore = this.#openOrders();
    const fills = await gateway.fills(this.#fillsSince);
    if (!fills.ok) return this.#notNow(fills.error.message);
    for (const fill of fills.value) this.fill(fill);
    const open = await gateway.openOrders();
    if (!open.ok) return this.#notNow(open.error.message);
    for (const report of open.value) this.report(report);
    this.#doubtMissing(openBefore, open.value);
    const holdings = await gateway.holdings();
    if (!holdings.ok) return this.#notNow(holdings.error.message);
    if (connection !== this.#connections) return false;
    await this.#compare(holdings.value);
    if (connection !== this.#connections) return false;
    if (this.#haltReason === 'the account is being reconciled') this.#setHalt(undefined);
    this.#fillsSince = epochMs(Math.max(this.#fillsSince, askedAt - FILLS_OVERLAP_MS));
    return true;
  }

  #notNow(reason: string): false {
    this.#parts.logger.warn('the account can not be reconciled now; trying again', { reason });
    return false;
  }

  /** The ids of orders that the venue had spoken of when the list was asked for. */
  #openOrders(): ReadonlyMap<string, AccountMember> {
    const open = new Map<string, AccountMember>();
    for (const member of this.#members.values()) {
      for (const id of member.desk.venue.openIds()) open.set(id, member);
    }
    return open;
  }

  /** What was open before the list was asked for, and is not in it, has ended without our hearing of it, or the list lags. */
  #doubtMissing(before: ReadonlyMap<string, AccountMember>, listed: readonly OrderReport[]): void {
    const there = new Set(listed.map((report) => report.clientOrderId));
    for (const [id, { desk }] of before) {
      if (!there.has(id)) desk.doubt(id, 'it is not among the open orders of the venue');
    }
  }

  async #compare(holdings: Holdings): Promise<void> {
    const besides = await this.#parts.holdingsBesides(new Set(this.#members.keys()));
    const members = [...this.#members.values()];
    // Without a bot here nobody takes in what happens: the books are those of the time before.
    const isQuiet = members.length > 0 && members.every(({ desk }) => desk.isSettled);
    if (!isQuiet) return;
    const bots = [...members.map((member) => member.holdings()), ...besides];
    const differences = this.#balance.compare(holdings, bots, this.#parts.clock.monotonic());
    for (const difference of differences) this.#tellDifference(difference);
  }

  /**
   * Funding is paid on the account's position: each bot books its share of it, in the measure of its own position, and the
   * shares add up to the last unit. What falls to a position that is nobody's here is external.
   */
  #share(fill: ReportedFill): void {
    const { fillId: paymentId, symbol, fee, feeCurrency: currency, time } = fill;
    if (this.#sharedFundings.has(paymentId)) return;
    this.#sharedFundings.add(paymentId);
    forgetOldest(this.#sharedFundings, REMEMBERED_FILLS);
    const members = [...this.#members.values()];
    if (members.some(({ desk }) => desk.venue.hasFunding(paymentId))) return;
    const shares = sharesOf(fee, [
      this.#balance.externalPosition(symbol),
      ...members.map((member) => member.holdings().positions.get(symbol) ?? 0n),
    ]);
    const [external = 0n, ...own] = shares;
    for (const [index, share] of own.entries()) {
      const { botId, desk } = members[index]!;
      if (share !== 0n) desk.funding({ paymentId, botId, symbol, amount: share as Money, currency, time });
    }
    if (external === 0n) return;
    this.#balance.addExternalFunding(currency, external);
    this.#tellExternalFill(fill);
  }

  // — what belongs to nobody here —

  #memberOf(clientOrderId: string | null): AccountMember | undefined {
    if (clientOrderId === null) return undefined;
    for (const member of this.#members.values()) if (member.desk.owns(clientOrderId)) return member;
    return undefined;
  }

  /** Whether it is an order of a bot of this system, though the bot may run elsewhere. */
  #isOurs(clientOrderId: string | null): boolean {
    return clientOrderId !== null && this.#prefixes.some((prefix) => isOrderOf(prefix, clientOrderId));
  }

  #tellExternalOrder({ venueOrderId, clientOrderId, symbol, side, quantity, state }: OrderReport): void {
    const details = { venueOrderId, clientOrderId, symbol, side, quantity: formatFixed(quantity), state };
    this.tell('order.external', { account: this.gateway.account, ...details });
  }

  /** Once, durably: it moves the account, and explains a difference of the holdings. */
  #tellExternalFill(fill: ReportedFill): void {
    if (this.#externalFills.has(fill.fillId)) return;
    this.#externalFills.add(fill.fillId);
    forgetOldest(this.#externalFills, REMEMBERED_FILLS);
    if (fill.kind !== 'funding') this.#balance.addExternal(fill);
    const { gateway, clock } = this.#parts;
    const { fillId, kind, symbol, side, price, quantity, fee, feeCurrency, clientOrderId, venueOrderId, time } = fill;
    const numbers = { price: formatFixed(price), quantity: formatFixed(quantity), fee: formatFixed(fee) };
    const details = {
      account: gateway.account,
      fillId,
      kind,
      symbol,
      side,
      ...numbers,
      feeCurrency,
      clientOrderId,
      venueOrderId,
    };
    this.tell('fill.external', details);
    const event = { type: 'fill.external', source: gateway.account, time, details };
    this.#journal(`external-fill/${gateway.account}/${fillId}`, event, clock.now());
  }

  /** By its id the order is one of the bot's, of an earlier life that was begun anew, or of another process that has it now. */
  #warnOfUnknown({ botId }: AccountMember, { clientOrderId, fillId }: ReportedFill): void {
    this.#parts.logger.warn('a fill of an order that the bot does not know here', { botId, clientOrderId, fillId });
  }

  #tellPhantom(member: AccountMember, fill: ReportedFill): void {
    const { clientOrderId, fillId, symbol } = fill;
    const details = { account: this.gateway.account, botId: member.botId, clientOrderId, fillId, symbol };
    this.#parts.logger.error('the venue filled an order that had ended', details);
    this.tell('fill.phantom', details);
    member.onPhantom(fill);
  }

  #tellDifference({ what, ours, theirs }: AccountDifference): void {
    const { gateway, clock } = this.#parts;
    const details = { account: gateway.account, what, ours, theirs };
    this.#parts.logger.warn('the account holds something else than the bots', details);
    this.tell('account.difference', details);
    const now = clock.now();
    const event = { type: 'account.difference', source: gateway.account, time: now, details };
    this.#journal(`difference/${gateway.account}/${what}/${now}`, event, now);
  }

  #journal(
    eventId: string,
    event: { type: string; source: string; time: EpochMs; details: Json },
    time: EpochMs,
  ): void {
    this.#parts.bus.append(logs.journal, [{ kind: 'system', eventId, time, event }]).catch((thrown: unknown) => {
      this.#parts.logger.warn('an event was not written to the journal', { eventId, error: messageOf(thrown) });
    });
  }

  #setHalt(reason: string | undefined): void {
    if (reason === this.#haltReason) return;
    this.#haltReason = reason;
    for (const member of this.#members.values()) member.wake();
  }
}

/** `amount` in the measure of signed weights, in whole units: they add up to it. All of it to the first where there is no weight. */
export function sharesOf(amount: bigint, weights: readonly bigint[]): bigint[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  if (total === 0n) return weights.map((_, index) => (index === 0 ? amount : 0n));
  const shares = weights.map((weight) => (amount * weight) / total);
  const rest = amount - shares.reduce((sum, share) => sum + share, 0n);
  const heaviest = weights.reduce(
    (best, weight, index) => (absolute(weight as Money) > absolute(weights[best] as Money) ? index : best),
    0,
  );
  shares[heaviest] = shares[heaviest]! + rest;
  return shares;
}
