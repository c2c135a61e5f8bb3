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
import type { CancelTimer, Clock } from '../../foundation/clock.ts';
import { InvariantError, invariant, messageOf, UserError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Random } from '../../foundation/random.ts';
import { failed, success } from '../../foundation/result.ts';
import { type EpochMs, epochMs, toIso } from '../../foundation/time.ts';
import { Pauses } from '../exchange/pauses.ts';
import { backoffMs } from '../exchange/reconnect-pace.ts';
import { loadCcxtExchange } from './ccxt-exchange.ts';
import { RequestBudget } from './ccxt-gateway-budget.ts';
import { VenueCalls } from './ccxt-gateway-calls.ts';
import { VenueClock } from './ccxt-gateway-clock.ts';
import { AnswerLost, NotSent, VenueRefused } from './ccxt-gateway-failures.ts';
import { PrivateStream } from './ccxt-gateway-stream.ts';
import type { CcxtTrader } from './ccxt-gateway-trader.ts';
import type { OrderVenue, VenueTerms } from './ccxt-gateway-venue.ts';
import { reasonText, SenselessMessage } from './ccxt-gateway-words.ts';
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
const CLOCK_EVERY_MS = 20_000;
/** While the clock or the key is in doubt it is looked at again after so long. */
const CLOCK_AGAIN_MS = 2_000;
const KEY_AGAIN_MS = 30_000;
const OPEN_BACKOFF = { firstMs: 500, longestMs: 30_000 } as const;
/** Executions of an order may be listed a little later than the order. */
const FILLS_TRIES = 3;
const FILLS_AGAIN_MS = 250;

type Doubt = 'stream' | 'clock' | 'key';

/** An account at an exchange, through ccxt. What differs from exchange to exchange is in its {@link VenueTerms}. */
export class CcxtGateway implements OrderGateway {
  readonly account: string;
  readonly rules: VenueRules;
  readonly #options: CcxtGatewayOptions;
  readonly #pauses: Pauses;
  readonly #clock: VenueClock;
  readonly #doubts = new Map<Doubt, string>([['stream', 'it was not opened']]);
  readonly #timers: CancelTimer[] = [];
  #markets: readonly CcxtMarket[] = [];
  #bySymbol: ReadonlyMap<string, CcxtMarket> = new Map();
  #symbols: ReadonlyMap<string, string> = new Map();
  #exchange: CcxtTrader | undefined;
  #calls: VenueCalls | undefined;
  #venue: OrderVenue | undefined;
  #stream: PrivateStream | undefined;
  #listener: GatewayListener | undefined;
  #isConnected = false;
  #isClosed = false;
  #isMeasuring = false;

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
        const reason = this.#reasonToWait(thrown);
        this.#options.logger.warn('the account can not be opened yet', { account: this.account, reason });
        await this.#pauses.pause(backoffMs(attempt, OPEN_BACKOFF, this.#options.random));
      }
    }
    await this.#openStream(listener);
    const { clock } = this.#options;
    this.#timers.push(clock.every(CLOCK_EVERY_MS, () => void this.#checkClock()));
  }

  async submit(order: WireOrder): Promise<SendOutcome> {
    const venue = this.#need();
    // What only reduces a position may go though nothing is heard of what becomes of it.
    const doubt =
      this.#doubts.get('key') ??
      this.#doubts.get('clock') ??
      (order.reduceOnly ? undefined : this.#doubts.get('stream'));
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
    for (const cancel of this.#timers.splice(0)) cancel();
    this.#stream?.close();
    await this.#exchange?.close();
  }

  /** Everything that is checked before the stream is opened. */
  async #prepare(): Promise<void> {
    const { venue, kind, symbols, logger } = this.#options;
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
    this.#checkRights(rights);
    await this.#venue.checkAccount();
    if (rights.expiresAt !== null) {
      logger.info('the key expires', { account: this.account, at: toIso(rights.expiresAt) });
    }
  }

  async #load(): Promise<OrderVenue> {
    const { venue, kind, access, clock, logger } = this.#options;
    const { apiKey, url } = access;
    const isDemo = access.mode === 'demo';
    const options = venue.options(kind, this.rules.receiveWindowMs);
    const exchange = (await loadCcxtExchange(venue.id, options, url, logger, (loaded) => {
      if (isDemo) venue.demo(loaded as CcxtTrader);
    })) as CcxtTrader;
    const timeoutMs = this.#options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    exchange.apiKey = apiKey.key.reveal();
    exchange.secret = apiKey.secret.reveal();
    exchange.password = apiKey.passphrase?.reveal();
    exchange.timeout = timeoutMs;
    // Who may ask when is decided by our budget: ccxt's queue has no end.
    exchange.enableRateLimit = false;
    exchange.number = String;
    // Requests are signed with the exchange's own time.
    exchange.milliseconds = () => this.#clock.now();
    exchange.nonce = () => this.#clock.now();
    this.#exchange = exchange;
    const calls = new VenueCalls({
      exchange,
      codes: venue,
      budget: new RequestBudget(clock, this.#pauses, venue.budget(kind)),
      clock,
      timeoutMs,
      venueNow: () => this.#clock.now(),
      onDoubt: (doubt, reason) => this.#doubtOf(doubt, reason),
    });
    this.#calls = calls;
    return venue.orders({
      exchange,
      calls,
      kind,
      isDemo,
      market: (symbol) => this.#market(symbol),
      symbolOf: (id) => this.#symbols.get(id) ?? id,
      markets: () => this.#markets,
    });
  }

  #checkRights({ canTrade, canWithdraw }: KeyRights): void {
    const { title } = this.#options.venue;
    if (canWithdraw) {
      throw new UserError(
        `The key of ${this.account} may withdraw from the account; make one at ${title} that may trade only.`,
      );
    }
    if (!canTrade) {
      throw new UserError(
        `The key of ${this.account} may not trade ${this.#options.kind} markets at ${title}; give it that right there, and no right to withdraw.`,
      );
    }
  }

  /** Why opening has to wait; throws what waiting does not mend. */
  #reasonToWait(thrown: unknown): string {
    const { venue } = this.#options;
    if (this.#isClosed) throw new UserError(`${this.account} was closed before it was open.`);
    if (thrown instanceof VenueRefused && venue.isKeyDenied(thrown.code)) {
      throw new UserError(
        `${venue.title} does not accept the key of ${this.account} (${thrown.message}); check the key, its secret, its addresses, and whether it belongs to ${this.#options.access.mode} trading.`,
      );
    }
    if (
      thrown instanceof VenueRefused &&
      venue.meaningOf(thrown).kind === 'refused' &&
      !venue.isClockRefused(thrown.code)
    ) {
      throw new UserError(`${venue.title} does not open ${this.account}: ${thrown.message}.`);
    }
    const mayPass = [NotSent, AnswerLost, VenueRefused, SenselessMessage].some((kind) => thrown instanceof kind);
    if (!mayPass) throw thrown;
    return messageOf(thrown);
  }

  #openStream(listener: GatewayListener): Promise<void> {
    const { clock, random, logger } = this.#options;
    let isOpen = false;
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
          this.#settle('stream', undefined);
          isOpen = true;
          resolve();
        },
        onLost: (reason) => this.#settle('stream', reason),
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

  /** Says what was in doubt and is not any more, or the other way round. */
  #settle(doubt: Doubt, reason: string | undefined): void {
    if (reason === undefined) this.#doubts.delete(doubt);
    else this.#doubts.set(doubt, reason);
    const isConnected = this.#doubts.size === 0;
    if (isConnected === this.#isConnected) return;
    this.#isConnected = isConnected;
    if (isConnected) this.#listener?.connected();
    else this.#listener?.disconnected([...this.#doubts.values()].join('; '));
  }

  #doubtOf(doubt: 'key' | 'clock', reason: string): void {
    if (this.#doubts.has(doubt) || this.#stream === undefined) return;
    this.#settle(doubt, reason);
    if (doubt === 'clock') void this.#checkClock();
    else void this.#later(KEY_AGAIN_MS, () => this.#checkKey());
  }

  async #checkClock(): Promise<void> {
    if (this.#isMeasuring || this.#isClosed) return;
    this.#isMeasuring = true;
    try {
      const verdict = await this.#clock.measure();
      this.#settle('clock', verdict.kind === 'sound' ? undefined : verdict.reason);
    } catch (thrown) {
      // The exchange did not answer: the last measure stands, and so does a doubt.
      if (thrown instanceof InvariantError) throw thrown;
    } finally {
      this.#isMeasuring = false;
    }
    if (this.#doubts.has('clock')) await this.#later(CLOCK_AGAIN_MS, () => this.#checkClock());
  }

  async #checkKey(): Promise<void> {
    if (await this.#isKeyRight()) this.#settle('key', undefined);
    else await this.#later(KEY_AGAIN_MS, () => this.#checkKey());
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

  async #later(delay: number, action: () => Promise<void>): Promise<void> {
    await this.#pauses.pause(delay);
    if (!this.#isClosed) await action();
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

  /** While the key is in doubt only {@link #checkKey} asks: exchanges shut out who goes on with a wrong key. */
  async #answer<Value>(question: () => Promise<Value>): Promise<Answer<Value>> {
    const denied = this.#doubts.get('key');
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
