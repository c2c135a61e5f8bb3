import { feedName } from '../domain/candle.ts';
import type { Command } from '../domain/command.ts';
import type { Fill } from '../domain/fill.ts';
import type { Instrument } from '../domain/instrument.ts';
import { isTerminal, type OrderEvent, type OrderTerms } from '../domain/order.ts';
import type { RoundTrip } from '../domain/position.ts';
import type { Side } from '../domain/side.ts';
import type { Signal, SignalOutcome, SignalRecord } from '../domain/signal.ts';
import { timeframeMs } from '../domain/timeframe.ts';
import { InvariantError, messageOf } from '../foundation/errors.ts';
import type { Money } from '../foundation/fixed-point.ts';
import type { Json, JsonObject } from '../foundation/json.ts';
import { decodeState, encodeState } from '../foundation/state-codec.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { RiskLimits } from '../risk/limits.ts';
import { type PositionSizing, VolatilityEstimate } from '../risk/position-sizing.ts';
import type { RiskView } from '../risk/risk-check.ts';
import { RiskGate } from '../risk/risk-gate.ts';
import type { Strategy } from '../strategy/strategy.ts';
import { Account } from './account.ts';
import type { EngineMarket } from './engine-market.ts';
import { OpenOrders } from './open-orders.ts';
import { type OrderDraft, type Plan, planOrders } from './order-planner.ts';
import { signalDefect } from './signal-check.ts';

/** Hears what the engine decides and books, in order. What it keeps or sends on is its own affair. */
export interface EngineListener {
  signal(record: SignalRecord): void;
  intent(terms: OrderTerms): void;
  orderEvent(event: OrderEvent): void;
  roundTrip(trip: RoundTrip): void;
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

/** A strategy that threw: the bot stops, its orders are cancelled, everything else goes on. */
export class StrategyFailure extends Error {
  override readonly name = 'StrategyFailure';
}

/**
 * Event in, commands out: synchronous, deterministic, its state a JSON document. It owns the account, the open orders
 * and the gate; it knows neither where candles come from nor where orders go.
 *
 * The driver, for each instant at which bars close: moves the windows, lets the venue fill, hands the venue's events to
 * {@link onOrderEvent}, sets the marks, calls {@link decide}, and carries out {@link commands}.
 */
export class Engine implements RiskView {
  readonly account: Account;
  readonly gate: RiskGate;
  /** What is to be done at the venue, in order. The driver empties it. */
  readonly commands: Command[] = [];
  readonly orders = new OpenOrders();
  readonly market: EngineMarket;
  readonly #strategy: Strategy;
  readonly #options: EngineOptions;
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #markTimes: Float64Array;
  readonly #markSources: readonly string[];
  readonly #volatility: readonly VolatilityEstimate[];
  #signalIndex = 0;
  #orderIndex = 0;

  constructor(market: EngineMarket, makeStrategy: (market: EngineMarket) => Strategy, options: EngineOptions) {
    this.market = market;
    this.#options = options;
    this.account = new Account(options.currency, options.startingBalance, options.instruments, options.rates);
    this.gate = new RiskGate(options.limits);
    this.#instruments = new Map(options.instruments.map((one) => [one.symbol, one]));
    this.#markTimes = new Float64Array(options.instruments.length);
    const execution = options.instruments.map((one) => market.windows[market.executionWindow(one.symbol)]!.feed);
    this.#markSources = execution.map((feed) => `candle:${feedName(feed)}`);
    this.#volatility = execution.map((feed) => new VolatilityEstimate(timeframeMs(feed.timeframe)));
    market.attach(this.account);
    this.#strategy = makeStrategy(market);
  }

  get strategy(): Strategy {
    return this.#strategy;
  }

  /** The latest close of a symbol, known before decisions. `index` is the instrument's. */
  mark(index: number, close: number, time: EpochMs): void {
    this.account.setMark(index, close);
    this.#markTimes[index] = time;
    if (this.#options.sizing.kind === 'volatility-target') this.#volatility[index]!.update(close);
  }

  /** Lets the strategy decide on the bars that have just closed, and turns its signals into {@link commands}. */
  decide(time: EpochMs): void {
    this.market.time = time;
    this.#signalIndex = 0;
    this.#orderIndex = 0;
    if (this.gate.observe(time, this.account.equity)) this.#options.listener.lossLimit(time, this.account.equity);
    let decision: ReturnType<Strategy['process']>;
    try {
      decision = this.#strategy.process(this.market);
    } catch (thrown) {
      throw new StrategyFailure(`the strategy threw at ${new Date(time).toISOString()}: ${messageOf(thrown)}`, {
        cause: thrown,
      });
    }
    if (decision === undefined || decision === null) return;
    if (Array.isArray(decision)) for (const signal of decision) this.#take(signal, time);
    else this.#take(decision as Signal, time);
  }

  /** Cancels every open order and closes every position at the market: an operator's order, past the strategy. */
  flatten(time: EpochMs, reason: string): void {
    for (const symbol of this.market.symbols) {
      if (this.account.position(symbol) !== 0) this.#take({ kind: 'exit', symbol, reason }, time);
      else this.#cancelOpen(symbol);
    }
  }

  /** Cancels every open order; positions stay. */
  withdrawOrders(): void {
    for (const symbol of this.market.symbols) this.#cancelOpen(symbol);
  }

  /** Takes in what a venue says; books fills. */
  onOrderEvent(event: OrderEvent): void {
    const order = this.orders.apply(event);
    this.#options.listener.orderEvent(event);
    if (event.kind === 'filled') this.#book(event.fill, order.terms);
    if (isTerminal(order) && order.state === 'rejected' && !order.terms.reduceOnly) this.#dropDependants(order.terms);
  }

  // — what the gate asks —

  get time(): EpochMs {
    return this.market.time;
  }

  get equity(): number {
    return this.account.equity;
  }

  price(symbol: string): number {
    return this.account.mark(symbol);
  }

  position(symbol: string): number {
    return this.account.position(symbol);
  }

  pendingExposure(symbol: string, side: Side): number {
    let pending = 0;
    for (const order of this.orders.live(symbol)) {
      if (order.terms.side === side && order.terms.after === undefined) pending += this.#remaining(symbol, order);
    }
    return pending;
  }

  grossExposure(): number {
    let gross = 0;
    for (const { symbol } of this.#options.instruments) {
      const held = Math.abs(this.account.position(symbol));
      let reducing = 0;
      let buying = 0;
      let selling = 0;
      for (const order of this.orders.live(symbol)) {
        if (order.terms.after !== undefined) continue;
        const remaining = this.#remaining(symbol, order);
        // A market exit is as good as done; an exit that waits for its price may never come.
        if (order.terms.reduceOnly) reducing += order.terms.execution.type === 'market' ? remaining : 0;
        else if (order.terms.side === 'buy') buying += remaining;
        else selling += remaining;
      }
      const exposed = Math.max(0, held - reducing) + Math.max(buying, selling);
      if (exposed > 0) gross += exposed * this.account.mark(symbol);
    }
    return gross;
  }

  openOrders(): number {
    return this.orders.count;
  }

  instrument(symbol: string): Instrument {
    const found = this.#instruments.get(symbol);
    if (!found) throw new InvariantError('No such symbol', { symbol });
    return found;
  }

  // — state —

  snapshot(): Json {
    return {
      time: this.market.time,
      signalIndex: this.#signalIndex,
      orderIndex: this.#orderIndex,
      strategy: this.#strategy.snapshot(),
      account: this.account.snapshot(),
      gate: this.gate.snapshot(),
      orders: this.orders.snapshot(),
      markTimes: [...this.#markTimes],
      volatility: this.#volatility.map((estimate) => encodeState([...estimate.state()])),
    };
  }

  restore(state: Json): void {
    const saved = state as JsonObject;
    this.market.time = saved.time as EpochMs;
    this.#signalIndex = saved.signalIndex as number;
    this.#orderIndex = saved.orderIndex as number;
    this.#strategy.restore(saved.strategy!);
    this.account.restore(saved.account!);
    this.gate.restore(saved.gate!);
    this.orders.restore(saved.orders!);
    this.#markTimes.set(saved.markTimes as readonly number[]);
    (saved.volatility as readonly Json[]).forEach((one, index) => {
      this.#volatility[index]!.takeUp(decodeState(one) as number[]);
    });
  }

  // — from signal to orders —

  #take(signal: Signal, time: EpochMs): void {
    const { botId, listener, sizing, limits } = this.#options;
    const signalId = `${botId}-${time.toString(36)}-${this.#signalIndex++}`;
    const defect = signalDefect(signal, this.market.symbols);
    if (defect) {
      const symbol = this.market.symbols.includes(signal?.symbol) ? signal.symbol : this.market.symbols[0]!;
      const reported: Signal = { kind: 'exit', symbol, reason: `an unusable signal: ${defect.message}` };
      listener.signal(this.#record(signalId, time, reported, { kind: 'refused', ...defect }));
      return;
    }
    const plan = planOrders(signal, this.#planningView(signal.symbol), sizing, limits);
    const outcome = this.#carryOut(signalId, signal.symbol, plan, time);
    listener.signal(this.#record(signalId, time, signal, outcome));
  }

  #record(signalId: string, time: EpochMs, signal: Signal, outcome: SignalOutcome): SignalRecord {
    const index = this.account.indexOf(signal.symbol);
    return {
      signalId,
      botId: this.#options.botId,
      decisionTime: time,
      signal,
      price: this.account.mark(signal.symbol),
      priceSource: this.#markSources[index]!,
      priceAgeMs: time - this.#markTimes[index]!,
      outcome,
    };
  }

  #planningView(symbol: string): Parameters<typeof planOrders>[1] {
    const pendingEntries = new Set<Side>();
    for (const order of this.orders.live(symbol)) {
      if (!order.terms.reduceOnly && order.terms.after === undefined) pendingEntries.add(order.terms.side);
    }
    return {
      instrument: this.instrument(symbol),
      price: this.account.mark(symbol),
      position: this.account.portfolio.position(symbol).quantity,
      equity: this.account.equity,
      annualVolatility: this.#volatility[this.account.indexOf(symbol)]!.annual,
      pendingEntries,
    };
  }

  #carryOut(signalId: string, symbol: string, plan: Plan, time: EpochMs): SignalOutcome {
    if (plan.ignored !== undefined) return { kind: 'ignored', why: plan.ignored };
    const cancelled = plan.cancelOpen ? this.#cancelOpen(symbol) : 0;
    const sent: (string | undefined)[] = [];
    let refused: SignalOutcome | undefined;
    for (const draft of plan.drafts) {
      // Protection of an entry that was refused has nothing to protect.
      if (draft.after !== undefined && sent[draft.after] === undefined) {
        sent.push(undefined);
        continue;
      }
      const terms = this.#terms(signalId, symbol, draft, sent, time);
      const decision = this.gate.check(terms, this, draft.protectivePrice);
      if (decision.approved) {
        this.orders.add(terms);
        this.#options.listener.intent(terms);
        this.commands.push({ kind: 'submit', order: decision.order });
        sent.push(terms.clientOrderId);
      } else {
        refused ??= { kind: 'refused', code: decision.refusal.code, message: decision.refusal.message };
        sent.push(undefined);
      }
    }
    const clientOrderIds = sent.filter((id) => id !== undefined);
    if (refused) return refused;
    if (clientOrderIds.length > 0 || cancelled > 0) return { kind: 'executed', clientOrderIds };
    return { kind: 'ignored', why: 'nothing to send' };
  }

  #terms(
    signalId: string,
    symbol: string,
    draft: OrderDraft,
    sent: readonly (string | undefined)[],
    time: EpochMs,
  ): OrderTerms {
    const { botId } = this.#options;
    const stamp = time.toString(36);
    const { after, protectivePrice: _, oneCancelsOther, ...rest } = draft;
    return {
      clientOrderId: `${botId}-${stamp}-${(this.#orderIndex++).toString(36)}`,
      botId,
      signalId,
      symbol,
      ...rest,
      ...(oneCancelsOther !== undefined && { oneCancelsOther: `${botId}-${stamp}-${oneCancelsOther}` }),
      ...(after !== undefined && { after: sent[after]! }),
      createdAt: time,
    };
  }

  /** Cancels the symbol's open orders. Gives how many. */
  #cancelOpen(symbol: string): number {
    let count = 0;
    for (const { terms } of this.orders.live(symbol)) {
      this.#cancel(terms.clientOrderId);
      count += 1;
    }
    return count;
  }

  #book(fill: Fill, terms: OrderTerms): void {
    const trip = this.account.book(fill);
    if (terms.execution.type === 'limit' && terms.execution.postOnly && !terms.reduceOnly) this.gate.countEntry();
    if (trip) this.#options.listener.roundTrip(trip);
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

  #remaining(symbol: string, order: Parameters<OpenOrders['remaining']>[0]): number {
    return this.orders.remaining(order, (fraction) => (fraction * this.account.equity) / this.account.mark(symbol));
  }
}
