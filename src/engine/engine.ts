import type { ApprovedOrder } from '../domain/approved-order.ts';
import { feedName } from '../domain/candle.ts';
import type { Command } from '../domain/command.ts';
import type { Fill } from '../domain/fill.ts';
import type { FundingPayment } from '../domain/funding.ts';
import type { Instrument } from '../domain/instrument.ts';
import { isTerminal, type LostStop, type OrderEvent, type OrderTerms } from '../domain/order.ts';
import type { RoundTrip } from '../domain/position.ts';
import type { Signal, SignalOutcome, SignalRecord } from '../domain/signal.ts';
import { timeframeMs } from '../domain/timeframe.ts';
import { messageOf } from '../foundation/errors.ts';
import type { Money } from '../foundation/fixed-point.ts';
import type { Json, JsonObject } from '../foundation/json.ts';
import { success } from '../foundation/result.ts';
import { decodeState, encodeState } from '../foundation/state-codec.ts';
import { type EpochMs, toIso } from '../foundation/time.ts';
import type { RiskLimits } from '../risk/limits.ts';
import { type PositionSizing, VolatilityEstimate } from '../risk/position-sizing.ts';
import type { Refusal } from '../risk/risk-check.ts';
import { RiskGate } from '../risk/risk-gate.ts';
import type { Decision, Strategy } from '../strategy/strategy.ts';
import { Account, doubles } from './account.ts';
import { DecisionTerms } from './decision-terms.ts';
import { DueExits } from './due-exits.ts';
import type { EngineMarket } from './engine-market.ts';
import { Exposure } from './exposure.ts';
import { OpenOrders } from './open-orders.ts';
import type { OrderDraft } from './order-draft.ts';
import { type Plan, planOrders } from './order-planner.ts';
import { type ReadSignal, readSignal, readSignals } from './signal-check.ts';

/** Hears what the engine decides and books, in order. What it keeps or sends on is its own affair. */
export interface EngineListener {
  /** It hears of refused signals, fills, round trips and loss limits alone: what else could be told is not made. */
  readonly isLean: boolean;
  signal(record: SignalRecord): void;
  /** Of a lean listener: instead of {@link signal}, for a signal that was refused. */
  refusedSignal(): void;
  intent(terms: OrderTerms): void;
  orderEvent(event: OrderEvent): void;
  /** Follows the order event that it is part of. */
  fill(fill: Fill): void;
  roundTrip(trip: RoundTrip): void;
  /** A venue outside took or gave funding; simulated ones have none. */
  funding?(payment: FundingPayment): void;
  /** The daily loss limit stopped entries. */
  lossLimit(time: EpochMs, equity: number): void;
}

export interface EngineOptions {
  readonly botId: string;
  readonly instruments: readonly Instrument[];
  readonly currency: string;
  readonly startingBalance: Money;
  readonly limits: RiskLimits;
  readonly sizing: PositionSizing;
  /** The price of one unit of each currency in which fees may be paid besides the account's own. */
  readonly rates: ReadonlyMap<string, number>;
  readonly listener: EngineListener;
}

/** A price between two bars: the latest of `symbol`, told at `time`. */
export interface PriceNews {
  readonly symbol: string;
  readonly price: number;
  readonly time: EpochMs;
  /** Where it came from, for the record. */
  readonly source: string;
}

const inVain: SignalOutcome = { kind: 'ignored', why: 'the position lost its stop and is being closed' };

/** A strategy that threw: the bot stops, its orders are cancelled, everything else goes on. */
export class StrategyFailure extends Error {
  override readonly name = 'StrategyFailure';
}

function failureOf(what: string, thrown: unknown): StrategyFailure {
  return new StrategyFailure(`the strategy ${what}: ${messageOf(thrown)}`, { cause: thrown });
}

/** Whether a signal wants to end the position, or to turn it round. */
function endsPosition(signal: Signal, position: number): boolean {
  if (position === 0) return false;
  switch (signal.kind) {
    case 'exit':
      return true;
    case 'enter':
      return (signal.side === 'long') !== position > 0;
    case 'target':
      return signal.weight * position <= 0;
    default:
      return false;
  }
}

/** Whether a wish to get out went on its way, be it in part; or the cancellation of an entry, which may still fill. */
function isCarriedOut({ kind }: Signal, outcome: SignalOutcome, endsPosition: boolean): boolean {
  if (outcome.kind === 'executed' && kind === 'exit') return true;
  return endsPosition && outcome.kind !== 'ignored' && (outcome.clientOrderIds ?? []).length > 0;
}

/** Runs a piece of the strategy's own code; what it throws is the strategy's failure. */
function guarded<Value>(what: string, run: () => Value): Value {
  try {
    return run();
  } catch (thrown) {
    throw failureOf(what, thrown);
  }
}

/**
 * Event in, commands out: synchronous, deterministic, its state a JSON document. It owns the account, the open orders
 * and the gate; it knows neither where candles come from nor where orders go.
 *
 * The driver, for each instant at which bars close: moves the windows, lets the venue fill, hands the venue's events to
 * {@link onOrderEvent}, sets the marks, calls {@link decide}, and carries out {@link commands}.
 */
export class Engine {
  readonly account: Account;
  readonly gate: RiskGate;
  /** What is to be done at the venue, in order. The driver empties it. */
  readonly commands: Command[] = [];
  readonly orders = new OpenOrders();
  readonly market: EngineMarket;
  readonly #strategy: Strategy;
  readonly #options: EngineOptions;
  readonly #exposure: Exposure;
  readonly #markTimes: number[];
  /**
   * How far behind the present, in real time, what is decided on is, in milliseconds; `undefined` where the market's own time is
   * all there is: in backtests and replays. The driver of a live market sets it before {@link decide}.
   */
  lag: number | undefined = undefined;
  /** The price that is being decided on, between two bars. */
  #livePrice: { readonly symbol: string; readonly source: string } | undefined = undefined;
  readonly #dueExits = new DueExits();
  /** At a venue outside: which signal the last entry that filled came from, by symbol. */
  #lastEntries = new Map<string, string>();
  readonly #watchesVolatility: boolean;
  readonly #markSources: readonly string[];
  readonly #volatility: readonly VolatilityEstimate[];
  readonly #terms: DecisionTerms;

  constructor(market: EngineMarket, makeStrategy: (market: EngineMarket) => Strategy, options: EngineOptions) {
    this.market = market;
    this.#options = options;
    this.#terms = new DecisionTerms(options.botId);
    this.account = new Account(options.currency, options.startingBalance, options.instruments, options.rates);
    this.gate = new RiskGate(options.limits);
    this.#exposure = new Exposure(market, this.account, this.orders, options.instruments, (symbol) =>
      this.lag === undefined ? 0 : this.#ageOf(symbol),
    );
    this.#markTimes = doubles(options.instruments.length, 0);
    this.#watchesVolatility = options.sizing.kind === 'volatility-target';
    const execution = options.instruments.map((one) => market.windows[market.executionWindow(one.symbol)]!.feed);
    this.#markSources = execution.map((feed) => `candle:${feedName(feed)}`);
    this.#volatility = execution.map((feed) => new VolatilityEstimate(timeframeMs(feed.timeframe)));
    market.attach(this.account);
    this.#strategy = guarded('could not be created', () => makeStrategy(market));
  }

  get strategy(): Strategy {
    return this.#strategy;
  }

  /** The strategy's indicators as they stand, for plotting. */
  indicators(): Readonly<Record<string, number>> {
    return guarded('could not give its indicators', () => this.#strategy.indicators());
  }

  /** The latest close of a symbol, known before decisions. `index` is the instrument's. Then {@link Account.revalue}. */
  mark(index: number, close: number, time: EpochMs): void {
    this.account.setMark(index, close);
    this.#markTimes[index] = time;
    if (this.#watchesVolatility) this.#volatility[index]!.update(close);
  }

  /** Lets the strategy decide on the bars that have just closed, and turns its signals into {@link commands}. */
  decide(time: EpochMs): void {
    this.#begin(time);
    if (!this.#dueExits.isEmpty) this.#takeDueExits({ lost: true });
    this.#takeAll(this.#decision());
  }

  /**
   * A price between two bars: closes what is to be closed, and lets the strategy decide on it where `isDecidedOn`. Nothing
   * where the strategy does not decide on prices and none is awaited.
   */
  onPrice({ symbol, price, time, source }: PriceNews, isDecidedOn: boolean): void {
    const asks = isDecidedOn && this.#strategy.onPrice !== undefined;
    if (!asks && !this.awaitsPrice(symbol, time)) return;
    const index = this.account.indexOf(symbol);
    this.account.setMark(index, price);
    this.#markTimes[index] = time;
    this.account.revalue();
    this.#begin(time);
    this.#livePrice = { symbol, source };
    if (!this.#dueExits.isEmpty) this.#takeDueExits({ lost: true });
    this.#takeAll(asks ? this.#decisionOnPrice(symbol) : undefined);
    this.#livePrice = undefined;
  }

  #begin(time: EpochMs): void {
    this.market.time = time;
    this.#terms.begin(time);
    if (this.gate.observe(time, this.account.equity)) {
      this.#options.listener.lossLimit(time, this.account.equity);
      this.withdrawEntries();
    }
  }

  #takeAll(signals: ReadSignal | readonly ReadSignal[] | undefined): void {
    if (signals !== undefined) {
      if (Array.isArray(signals)) for (const signal of signals) this.#take(signal);
      else this.#take(signals as ReadSignal);
    }
    if (!this.#dueExits.isEmpty) this.#takeDueExits({ lost: false });
  }

  /** Closes what is to be closed where the price is fresh, and no order to do so is on its way. */
  #takeDueExits({ lost }: { readonly lost: boolean }): void {
    for (const symbol of this.#dueExits.symbols) {
      this.#settleExit(symbol);
      if (this.#dueExits.isLost(symbol) !== lost || this.#isLeaving(symbol) || this.#isStale(symbol)) continue;
      const reason = this.#dueExits.reasonAt(symbol, this.#terms.time);
      if (reason === undefined || this.account.position(symbol) === 0) continue;
      this.#dueExits.tried(symbol, this.#terms.time);
      this.#take(success({ kind: 'exit', symbol, reason }), true);
    }
  }

  #settleExit(symbol: string): void {
    const mayOpen = this.orders.exposed(symbol).some(({ terms }) => !terms.reduceOnly);
    this.#dueExits.settle(symbol, this.account.position(symbol), mayOpen);
  }

  /** Whether an order to close the position is on its way. */
  #isLeaving(symbol: string): boolean {
    return this.orders.exposed(symbol).some(({ terms }) => terms.reduceOnly && terms.execution.type === 'market');
  }

  /** How old the mark of a symbol is, in milliseconds: in the market's own time, and in real time where there is a lag. */
  #ageOf(symbol: string): number {
    return this.#terms.time - this.#markTimes[this.account.indexOf(symbol)]! + (this.lag ?? 0);
  }

  /** Whether the gate refuses what is decided on the mark of a symbol, for its age. */
  #isStale(symbol: string): boolean {
    const { maximumPriceAge } = this.#options.limits;
    return this.lag !== undefined && maximumPriceAge !== null && this.#ageOf(symbol) > maximumPriceAge;
  }

  /** What the strategy decides on bars; `undefined`: nothing. Apart from {@link #decisionOnPrice}, so that V8 inlines `process`. */
  #decision(): ReadSignal | readonly ReadSignal[] | undefined {
    try {
      const decision = this.#strategy.process(this.market);
      return decision === undefined || decision === null ? undefined : this.#read(decision);
    } catch (thrown) {
      throw failureOf(`threw at ${toIso(this.#terms.time)}`, thrown);
    }
  }

  #decisionOnPrice(symbol: string): ReadSignal | readonly ReadSignal[] | undefined {
    try {
      const decision = this.#strategy.onPrice?.(this.market, symbol);
      return decision === undefined || decision === null ? undefined : this.#read(decision);
    } catch (thrown) {
      throw failureOf(`threw on a price at ${toIso(this.#terms.time)}`, thrown);
    }
  }

  #read(decision: NonNullable<Decision>): ReadSignal | readonly ReadSignal[] {
    const { symbols } = this.market;
    return Array.isArray(decision) ? readSignals(decision, symbols) : readSignal(decision, symbols);
  }

  /** Cancels every open order and closes every position at the market: an operator's order, past the strategy. */
  flatten(time: EpochMs, reason: string): void {
    this.#terms.goOn(time);
    for (const symbol of this.market.symbols) {
      this.#cancelOpen(symbol);
      if (this.account.position(symbol) !== 0) this.#take(success({ kind: 'exit', symbol, reason }));
    }
  }

  /** Cancels every open order; positions stay. */
  withdrawOrders(): void {
    for (const symbol of this.market.symbols) this.#cancelOpen(symbol);
  }

  /**
   * A venue outside let go of a stop: the position that it protected is closed at the next price that is fresh enough, and
   * nothing but exits of the symbol is taken until then. False: it protected none.
   */
  onLostStop({ symbol, side, reason }: LostStop, now: EpochMs): boolean {
    const position = this.account.position(symbol);
    if (side === 'sell' ? position <= 0 : position >= 0) return false;
    this.#dueExits.set(symbol, 'lost', position, reason, now);
    return true;
  }

  /** Whether a price of `time`, between two bars, would close the position in `symbol`. */
  awaitsPrice(symbol: string, time: EpochMs): boolean {
    if (this.#dueExits.isEmpty || this.account.position(symbol) === 0) return false;
    return this.#dueExits.reasonAt(symbol, time) !== undefined && !this.#isLeaving(symbol);
  }

  /** Takes in what a venue says; books fills. */
  onOrderEvent(event: OrderEvent): void {
    const order = this.orders.apply(event);
    const { listener } = this.#options;
    if (!listener.isLean) listener.orderEvent(event);
    if (event.kind === 'filled') {
      listener.fill(event.fill);
      this.#book(event.fill, order.terms);
    }
    if (isTerminal(order) && order.state === 'rejected' && !order.terms.reduceOnly) this.#dropDependants(order.terms);
  }

  /** Books what a venue took or gave as funding. The caller sees to it that each payment comes once. */
  onFunding(payment: FundingPayment): void {
    this.account.pay(payment);
    this.#options.listener.funding?.(payment);
  }

  // — state —

  snapshot(): Json {
    return {
      time: this.market.time,
      terms: this.#terms.snapshot(),
      strategy: guarded('could not be saved', () => this.#strategy.snapshot()),
      account: this.account.snapshot(),
      gate: this.gate.snapshot(),
      orders: this.orders.snapshot(),
      markTimes: [...this.#markTimes],
      dueExits: this.#dueExits.snapshot(),
      lastEntries: [...this.#lastEntries],
      volatility: this.#volatility.map((estimate) => encodeState([...estimate.state()])),
    };
  }

  restore(state: Json): void {
    const saved = state as JsonObject;
    this.market.time = saved.time as EpochMs;
    // Stores of before `terms` have its fields beside the others.
    this.#terms.restore(saved.terms ?? state);
    guarded('could not take up its saved state', () => this.#strategy.restore(saved.strategy!));
    this.account.restore(saved.account!);
    this.gate.restore(saved.gate!);
    this.orders.restore(saved.orders!);
    (saved.markTimes as readonly number[]).forEach((one, index) => {
      this.#markTimes[index] = one;
    });
    this.#dueExits.restore(saved.dueExits ?? []);
    this.#lastEntries = new Map((saved.lastEntries ?? []) as [string, string][]);
    (saved.volatility as readonly Json[]).forEach((one, index) => {
      this.#volatility[index]!.takeUp(decodeState(one) as number[]);
    });
  }

  // — from signal to orders —

  /** @param isDue whether it is the engine's own, of an exit that is due */
  #take(read: ReadSignal, isDue = false): void {
    const { listener } = this.#options;
    const signalId = this.#terms.nextSignalId();
    if (!read.ok) {
      if (listener.isLean) {
        listener.refusedSignal();
        return;
      }
      const reason = `an unusable signal: ${read.error.message}`;
      const reported: Signal = { kind: 'exit', symbol: this.market.symbols[0]!, reason };
      listener.signal(this.#recordOf(signalId, reported, { kind: 'refused', ...read.error }));
      return;
    }
    const signal = read.value;
    const outcome = isDue || !this.#isInVain(signal) ? this.#outcomeOf(signalId, signal) : inVain;
    if (this.lag !== undefined) this.#keepExit(signal, outcome);
    if (listener.isLean) {
      if (outcome.kind === 'refused') listener.refusedSignal();
    } else listener.signal(this.#recordOf(signalId, signal, outcome));
  }

  /** A position that has lost its stop is closed: nothing is to be built on it. */
  #isInVain({ kind, symbol }: Signal): boolean {
    return kind !== 'exit' && !this.#dueExits.isEmpty && this.#dueExits.isLost(symbol);
  }

  /** What wishes to get out of a position is not lost with a stale price, nor at a venue outside: see {@link #takeDueExits}. */
  #keepExit(signal: Signal, outcome: SignalOutcome): void {
    const { symbol, reason } = signal;
    const isStale = outcome.kind === 'refused' && outcome.code === 'STALE_PRICE';
    const position = this.account.position(symbol);
    const ends = endsPosition(signal, position);
    if (isStale && ends) {
      const postponed = `postponed while the price was stale: ${reason}`;
      this.#dueExits.set(symbol, 'wished', position, postponed, this.#terms.time);
    } else if (this.orders.areOutside && isCarriedOut(signal, outcome, ends)) {
      this.#dueExits.set(symbol, 'sent', position, `again: ${reason}`, this.#terms.time);
    } else this.#dueExits.withdraw(symbol, outcome.kind === 'executed' ? ['wished', 'sent'] : ['wished']);
  }

  #outcomeOf(signalId: string, signal: Signal): SignalOutcome {
    const { symbol } = signal;
    if (!(this.account.mark(symbol) > 0)) {
      return { kind: 'refused', code: 'NOT_A_NUMBER', message: `${symbol} has no price yet` };
    }
    const { sizing, limits } = this.#options;
    const plan = planOrders(
      signal,
      this.#exposure.planningView(symbol, this.#volatility[this.account.indexOf(symbol)]!.annual),
      sizing,
      limits,
    );
    if (plan.defect !== undefined) return { kind: 'refused', code: 'BAD_SIGNAL', message: plan.defect };
    if (plan.ignored !== undefined) return { kind: 'ignored', why: plan.ignored };
    return this.#carryOut(signalId, symbol, plan);
  }

  #recordOf(signalId: string, signal: Signal, outcome: SignalOutcome): SignalRecord {
    const index = this.account.indexOf(signal.symbol);
    const mark = this.account.mark(signal.symbol);
    const hasPrice = mark > 0;
    return {
      signalId,
      botId: this.#options.botId,
      decisionTime: this.#terms.time,
      signal,
      price: hasPrice ? mark : 0,
      priceSource: hasPrice ? this.#sourceOf(signal.symbol, index) : 'none',
      priceAgeMs: hasPrice ? this.#ageOf(signal.symbol) : 0,
      outcome,
    };
  }

  #sourceOf(symbol: string, index: number): string {
    return this.#livePrice?.symbol === symbol ? this.#livePrice.source : this.#markSources[index]!;
  }

  #carryOut(signalId: string, symbol: string, plan: Plan): SignalOutcome {
    // Nothing can take the place of a stop while the price is too old.
    const cancelled = plan.cancelOpen ? this.#cancelOpen(symbol, { keepsExits: this.#isStale(symbol) }) : 0;
    const { drafts } = plan;
    if (drafts.length === 1) return this.#sendOne(signalId, symbol, drafts[0]!);
    const terms = this.#terms.ofPlan(signalId, symbol, drafts);
    const clientOrderIds: string[] = [];
    let refused: Refusal | undefined;
    for (const [index, draft] of drafts.entries()) {
      const { after } = terms[index]!;
      // Protection of an entry that was refused has nothing to protect.
      if (after !== undefined && !clientOrderIds.includes(after)) continue;
      const companions = terms.filter((other) => other.after === terms[index]!.clientOrderId);
      const decision = this.gate.check(terms[index]!, this.#exposure, draft.protectivePrice, companions);
      if (decision.approved) {
        this.#send(decision.order);
        clientOrderIds.push(decision.order.clientOrderId);
      } else refused ??= decision.refusal;
    }
    if (refused) {
      const { code, message } = refused;
      return { kind: 'refused', code, message, ...(clientOrderIds.length > 0 && { clientOrderIds }) };
    }
    if (clientOrderIds.length > 0 || cancelled > 0) return { kind: 'executed', clientOrderIds };
    return { kind: 'ignored', why: 'nothing to send' };
  }

  /** A plan of one order, the usual one. */
  #sendOne(signalId: string, symbol: string, draft: OrderDraft): SignalOutcome {
    const terms = this.#terms.ofDraft(signalId, symbol, draft);
    const decision = this.gate.check(terms, this.#exposure, draft.protectivePrice);
    if (decision.approved) {
      this.#send(decision.order);
      return { kind: 'executed', clientOrderIds: [terms.clientOrderId] };
    }
    const { code, message } = decision.refusal;
    return { kind: 'refused', code, message };
  }

  #send(order: ApprovedOrder): void {
    this.orders.add(order);
    if (!this.#options.listener.isLean) this.#options.listener.intent(order);
    this.commands.push({ kind: 'submit', order });
  }

  /** Takes back what could open or enlarge a position, and with it what waits for it. */
  withdrawEntries(): void {
    for (const symbol of this.market.symbols) {
      for (const { terms } of this.orders.live(symbol)) if (!terms.reduceOnly) this.#cancel(terms.clientOrderId);
    }
  }

  /** Cancels the symbol's open orders. Gives how many. */
  #cancelOpen(symbol: string, { keepsExits = false } = {}): number {
    let count = 0;
    if (this.orders.count === 0) return count;
    for (const { terms } of this.orders.live(symbol)) {
      if (keepsExits && terms.reduceOnly) continue;
      this.#cancel(terms.clientOrderId);
      count += 1;
    }
    return count;
  }

  #book(fill: Fill, terms: OrderTerms): void {
    const trip = this.account.book(fill);
    if (trip && !this.#dueExits.isEmpty) this.#settleExit(fill.symbol);
    if (this.orders.areOutside) this.#checkReduction(fill, terms);
    if (terms.execution.type === 'limit' && terms.execution.postOnly && !terms.reduceOnly) this.gate.countEntry();
    if (trip) this.#options.listener.roundTrip(trip);
  }

  /** Two ways out that filled both, where the venue does not hold them to one bot's position, have opened another. */
  #checkReduction({ symbol, side, time }: Fill, { reduceOnly, signalId }: OrderTerms): void {
    if (!reduceOnly) {
      this.#lastEntries.set(symbol, signalId);
      return;
    }
    const position = this.account.position(symbol);
    const opens = side === 'buy' ? position > 0 : position < 0;
    // Where a position is turned, the entry may be heard of before the exit.
    if (!opens || this.#lastEntries.get(symbol) === signalId) return;
    this.#dueExits.set(symbol, 'lost', position, 'ways out filled more than was held', time);
  }

  /** A venue that refuses an entry may not know that others wait for it. */
  #dropDependants(terms: OrderTerms): void {
    for (const { terms: other } of this.orders.live(terms.symbol)) {
      if (other.after === terms.clientOrderId) this.#cancel(other.clientOrderId);
    }
  }

  #cancel(clientOrderId: string): void {
    this.orders.markCancelling(clientOrderId);
    this.commands.push({ kind: 'cancel', clientOrderId });
  }
}
