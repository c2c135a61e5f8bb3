import type { AccountAccess } from '../../execution/account-access.ts';
import type {
  Answer,
  CancelOutcome,
  ClockOffset,
  GatewayFailure,
  GatewayListener,
  Holdings,
  KeyRights,
  LookUp,
  OrderGateway,
  OrderReference,
  OrderReport,
  ReportedFill,
  SendOutcome,
  VenueRules,
  WireOrder,
} from '../../execution/order-gateway.ts';
import type { Clock } from '../../foundation/clock.ts';
import { InvariantError, invariant, messageOf, UserError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import { failed, success } from '../../foundation/result.ts';
import { type EpochMs, epochMs, toIso } from '../../foundation/time.ts';
import { Pauses } from '../exchange/pauses.ts';
import { backoffMs } from '../exchange/reconnect-pace.ts';
import { RequestBudget } from './ccxt-gateway-budget.ts';
import { VenueCalls } from './ccxt-gateway-calls.ts';
import { VenueClock } from './ccxt-gateway-clock.ts';
import { AccountDoubts, CLOCK_AGAIN_MS, KEY_AGAIN_MS } from './ccxt-gateway-doubts.ts';
import { AnswerLost, NotSent, VenueRefused } from './ccxt-gateway-failures.ts';
import { checkRights, loadTrader, reasonToWait } from './ccxt-gateway-opening.ts';
import { PrivateStream } from './ccxt-gateway-stream.ts';
import type { CcxtTrader } from './ccxt-gateway-trader.ts';
import type { OrderVenue, VenueTerms } from './ccxt-gateway-venue.ts';
import { reasonText } from './ccxt-gateway-words.ts';
import { type CcxtMarket, findMarket, readMarkets } from './ccxt-market.ts';
import type { MarketKind } from './venues.ts';

export interface CcxtGatewayOptions {
  readonly venue: VenueTerms;
  /** Which account, where, with which key; for real money the proof that a person allowed it. */
  readonly access: AccountAccess;
  readonly kind: MarketKind;
  /** What is traded, in the platform's names. */
  readonly symbols: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** A request that arrives later than this after it was signed is refused by the exchange. 3000 by default. */
  readonly receiveWindowMs?: number;
  /** Longer than the receive window, so that what is unanswered then can't be accepted later. 5000 by default. */
  readonly requestTimeoutMs?: number;
  /** Where the venue treats client ids otherwise than the exchange is known to. */
  readonly clientIds?: VenueRules['clientIds'];
}

const RECEIVE_WINDOW_MS = 3_000;
const REQUEST_TIMEOUT_MS = 5_000;
const OPEN_BACKOFF = { firstMs: 500, longestMs: 30_000 } as const;
/** Executions of an order may be listed a little later than the order. */
const FILLS_TRIES = 3;
const FILLS_AGAIN_MS = 250;

/** An account at an exchange, through ccxt. What differs from exchange to exchange is in its {@link VenueTerms}. */
export class CcxtGateway implements OrderGateway {
  readonly account: string;
  readonly rules: VenueRules;
  readonly #options: CcxtGatewayOptions;
  readonly #pauses: Pauses;
  readonly #clock: VenueClock;
  readonly #doubts: AccountDoubts;
  #markets: readonly CcxtMarket[] = [];
  #bySymbol: ReadonlyMap<string, CcxtMarket> = new Map();
  #symbols: ReadonlyMap<string, string> = new Map();
  #exchange: CcxtTrader | undefined;
  #calls: VenueCalls | undefined;
  #venue: OrderVenue | undefined;
  #stream: PrivateStream | undefined;
  #listener: GatewayListener | undefined;
  #isClosed = false;

  constructor(options: CcxtGatewayOptions) {
    const { venue, access, clientIds } = options;
    invariant(access.exchange === venue.id, 'An account at another exchange', { account: access.account });
    if (!venue.kinds.includes(options.kind)) {
      throw new UserError(
        `Orders of ${options.kind} markets can't be sent to ${venue.title}; it takes ${venue.kinds.join(', ')}.`,
      );
    }
    this.#options = options;
    this.account = access.account;
    this.rules = {
      ...venue.rules,
      ...(clientIds !== undefined && { clientIds }),
      receiveWindowMs: options.receiveWindowMs ?? RECEIVE_WINDOW_MS,
    };
    this.#pauses = new Pauses(options.clock);
    this.#clock = new VenueClock(options.clock, () => this.#need().time());
    this.#doubts = new AccountDoubts({
      clock: options.clock,
      pauses: this.#pauses,
      venueClock: this.#clock,
      isKeyRight: () => this.#isKeyRight(),
      listener: () => this.#listener,
    });
  }

  get clockOffset(): ClockOffset | undefined {
    return this.#clock.offset;
  }

  /** Where the exchange can't be reached, it tries until it can, or is closed. */
  async open(listener: GatewayListener): Promise<void> {
    invariant(this.#listener === undefined, 'A gateway is opened once', { account: this.account });
    this.#listener = listener;
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#prepare();
        break;
      } catch (thrown) {
        if (this.#isClosed) throw new UserError(`${this.account} was closed before it was open.`);
        const reason = reasonToWait(thrown, this.#options.access, this.#options.venue);
        this.#options.logger.warn('the account can not be opened yet', { account: this.account, reason });
        await this.#pauses.pause(backoffMs(attempt, OPEN_BACKOFF, this.#options.random));
      }
    }
    await this.#openStream(listener);
  }

  async submit(order: WireOrder): Promise<SendOutcome> {
    const venue = this.#need();
    // What only reduces a position may go though nothing is heard of what becomes of it.
    const doubt =
      this.#doubts.reason('key') ??
      this.#doubts.reason('clock') ??
      (order.reduceOnly ? undefined : this.#doubts.reason('stream'));
    if (doubt !== undefined) return { kind: 'not-sent', reason: doubt, retryAfterMs: CLOCK_AGAIN_MS };
    try {
      return { kind: 'accepted', venueOrderId: await venue.create(order) };
    } catch (thrown) {
      if (thrown instanceof InvariantError) throw thrown;
      if (thrown instanceof VenueRefused) return this.#options.venue.meaningOf(thrown);
      return notAccepted(thrown);
    }
  }

  async cancel(order: OrderReference): Promise<CancelOutcome> {
    try {
      await this.#need().cancel(order);
      return { kind: 'accepted' };
    } catch (thrown) {
      if (thrown instanceof InvariantError) throw thrown;
      if (!(thrown instanceof VenueRefused)) return notAccepted(thrown);
      const { venue } = this.#options;
      return venue.isGone(thrown)
        ? { kind: 'gone', reason: thrown.message }
        : { kind: 'unknown', reason: thrown.message };
    }
  }

  async find(order: OrderReference): Promise<LookUp> {
    const venue = this.#need();
    const asked = await this.#answer(async () => {
      const report = await venue.find(order);
      return report === undefined ? undefined : { report, fills: await this.#fillsOf(venue, report) };
    });
    if (!asked.ok) return { kind: 'unavailable', failure: asked.error };
    return asked.value === undefined ? { kind: 'absent' } : { kind: 'found', ...asked.value };
  }

  openOrders(): Promise<Answer<readonly OrderReport[]>> {
    return this.#answer(() => this.#need().openOrders());
  }

  fills(since: EpochMs): Promise<Answer<readonly ReportedFill[]>> {
    const { fillsSpanMs, fillsHistoryMs } = this.#options.venue;
    return this.#answer(async () => {
      const now = this.#clock.now();
      const fills = new Map<string, ReportedFill>();
      // What happens while it is asked belongs to the last span.
      for (let from = Math.max(since, now - fillsHistoryMs); from <= now; from += fillsSpanMs + 1) {
        const until = Math.min(from + fillsSpanMs, now + REQUEST_TIMEOUT_MS);
        for (const fill of await this.#need().fills(epochMs(from), epochMs(until))) fills.set(fill.fillId, fill);
      }
      return [...fills.values()].sort((one, other) => one.time - other.time);
    });
  }

  holdings(): Promise<Answer<Holdings>> {
    return this.#answer(() => this.#need().holdings());
  }

  rights(): Promise<Answer<KeyRights>> {
    return this.#answer(() => this.#need().rights());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#pauses.end();
    this.#doubts.close();
    this.#stream?.close();
    await this.#exchange?.close();
  }

  /** Everything that is checked before the stream is opened. */
  async #prepare(): Promise<void> {
    const { venue, access, kind, symbols, logger } = this.#options;
    this.#venue ??= await this.#load();
    const verdict = await this.#clock.measure();
    if (verdict.kind === 'doubtful') throw new UserError(`${this.account}: ${verdict.reason}.`);
    const calls = this.#calls!;
    // Told to load anew: ccxt would give the failure of a first try for ever.
    const all = readMarkets(await calls.ask(() => this.#exchange!.loadMarkets(true)), kind);
    if (all.length === 0) throw new AnswerLost(`${venue.title} told no ${kind} markets`);
    this.#bySymbol = new Map(symbols.map((symbol) => [symbol, findMarket(symbol, all, venue, kind)]));
    this.#markets = [...this.#bySymbol.values()];
    this.#symbols = new Map([...this.#bySymbol].map(([symbol, { id }]) => [id, symbol]));
    const rights = await this.#venue.rights();
    checkRights(rights, access, venue, kind);
    await this.#venue.checkAccount();
    if (rights.expiresAt !== null) {
      logger.info('the key expires', { account: this.account, at: toIso(rights.expiresAt) });
    }
  }

  async #load(): Promise<OrderVenue> {
    const { venue, kind, access, clock, requestTimeoutMs: timeoutMs = REQUEST_TIMEOUT_MS } = this.#options;
    const { receiveWindowMs } = this.rules;
    const exchange = await loadTrader({ ...this.#options, receiveWindowMs, timeoutMs, venueClock: this.#clock });
    this.#exchange = exchange;
    const calls = new VenueCalls({
      exchange,
      codes: venue,
      budget: new RequestBudget(clock, this.#pauses, venue.budget(kind)),
      clock,
      timeoutMs,
      venueNow: () => this.#clock.now(),
      onDoubt: (doubt, reason) => this.#doubts.raise(doubt, reason),
    });
    this.#calls = calls;
    return venue.orders({
      exchange,
      calls,
      kind,
      isDemo: access.mode === 'demo',
      market: (symbol) => this.#market(symbol),
      symbolOf: (id) => this.#symbols.get(id) ?? id,
      markets: () => this.#markets,
    });
  }

  #openStream(listener: GatewayListener): Promise<void> {
    const { clock, random, logger } = this.#options;
    let isOpen = false;
    this.#doubts.watch();
    return new Promise((resolve, reject) => {
      this.#stream = new PrivateStream({
        exchange: this.#exchange!,
        stream: this.#need().stream,
        listener,
        clock,
        pauses: this.#pauses,
        random,
        logger,
        onReady: () => {
          this.#doubts.settle('stream', undefined);
          isOpen = true;
          resolve();
        },
        onLost: (reason) => this.#doubts.settle('stream', reason),
      });
      this.#stream.run().then(
        () => reject(new UserError(`${this.account} was closed before it was open.`)),
        (thrown: unknown) => {
          reject(thrown);
          // A broken invariant of whoever listens, when nobody awaits the opening any more.
          if (isOpen) throw thrown;
        },
      );
    });
  }

  async #isKeyRight(): Promise<boolean> {
    try {
      const venue = this.#need();
      const { canTrade, canWithdraw } = await venue.rights();
      // Of a demo key the exchange tells nothing: only a request that it lets in shows that it is right.
      await venue.holdings();
      return canTrade && !canWithdraw;
    } catch (thrown) {
      if (thrown instanceof InvariantError) throw thrown;
      return false;
    }
  }

  /** Asked for again where the order has filled more than its listed executions come to. */
  async #fillsOf(venue: OrderVenue, report: OrderReport): Promise<readonly ReportedFill[]> {
    for (let attempt = 1; ; attempt++) {
      const fills = await venue.fillsOf(report);
      const listed = fills.reduce((sum, { kind, quantity }) => (kind === 'trade' ? sum + quantity : sum), 0n);
      if (listed >= report.filledQuantity || attempt === FILLS_TRIES) {
        return [...fills].sort((one, other) => one.time - other.time);
      }
      await this.#pauses.pause(FILLS_AGAIN_MS);
    }
  }

  /** While the key is in doubt only {@link #isKeyRight} asks: exchanges shut out who goes on with a wrong key. */
  async #answer<Value>(question: () => Promise<Value>): Promise<Answer<Value>> {
    const denied = this.#doubts.reason('key');
    if (denied !== undefined) return failed({ code: 'DENIED', message: denied, retryAfterMs: KEY_AGAIN_MS });
    try {
      return success(await question());
    } catch (thrown) {
      if (thrown instanceof InvariantError || thrown instanceof UserError) throw thrown;
      return failed(this.#failure(thrown));
    }
  }

  #failure(thrown: unknown): GatewayFailure {
    const message = reasonText(messageOf(thrown));
    if (thrown instanceof NotSent) {
      return { code: thrown.isLimited ? 'LIMITED' : 'UNREACHABLE', message, retryAfterMs: thrown.retryAfterMs };
    }
    if (!(thrown instanceof VenueRefused)) return { code: 'UNREACHABLE', message, retryAfterMs: CLOCK_AGAIN_MS };
    const isDenied = this.#options.venue.isKeyDenied(thrown.code);
    return { code: isDenied ? 'DENIED' : 'REFUSED', message, retryAfterMs: isDenied ? KEY_AGAIN_MS : CLOCK_AGAIN_MS };
  }

  #market(symbol: string): CcxtMarket {
    const market = this.#bySymbol.get(symbol);
    invariant(market !== undefined, 'A symbol that the account was not opened for', { symbol, account: this.account });
    return market;
  }

  #need(): OrderVenue {
    invariant(this.#venue !== undefined, 'The account was not opened', { account: this.account });
    return this.#venue;
  }
}

/** Of a request whose fate, where it left, is not known. */
function notAccepted(thrown: unknown): Extract<CancelOutcome, { readonly kind: 'not-sent' | 'unknown' }> {
  const reason = reasonText(messageOf(thrown));
  if (thrown instanceof NotSent) return { kind: 'not-sent', reason, retryAfterMs: thrown.retryAfterMs };
  return { kind: 'unknown', reason };
}
