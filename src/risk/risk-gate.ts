import type { ApprovedOrder } from '../domain/approved-order.ts';
import { type FilterBreach, filterBreach, snapPrice } from '../domain/instrument.ts';
import type { Execution, OrderTerms } from '../domain/order.ts';
import { type Price, toNumber } from '../foundation/fixed-point.ts';
import type { Json, JsonObject } from '../foundation/json.ts';
import { decodeState, encodeState } from '../foundation/state-codec.ts';
import { DAY_MS, type EpochMs, MINUTE_MS, toIso } from '../foundation/time.ts';
import { expectedPrice } from './expected-price.ts';
import type { RiskLimits } from './limits.ts';
import type { Refusal, RefusalCode, RiskView } from './risk-check.ts';

export type RiskDecision =
  | { readonly approved: true; readonly order: ApprovedOrder }
  | { readonly approved: false; readonly refusal: Refusal };

/** A share of rounding that a limit forgives: sizes are cut to limits in float64, and may meet them to the last bit. */
const TOLERANCE = 1 + 1e-9;
const none: readonly never[] = [];
/** The one price of an order that names none: the market's. */
const atMarket: readonly undefined[] = [undefined];
/** What of a quantity may be left over by adding and subtracting float64. */
const ROUNDING = 1e-9;

/**
 * Every order passes here, and nothing else makes an {@link ApprovedOrder}. Pure and deterministic: its state is the
 * day's counters. Reduce-only orders pass the limits on exposure, order size, losses and trades, because getting out must
 * always be possible; they are held to numbers and filters like any other, and their limit prices to the collar.
 */
export class RiskGate {
  readonly limits: RiskLimits;
  #day = -1;
  /** Of {@link #day}, once an instant of it was observed. */
  #dayStart = Number.NaN;
  #dayStartEquity = Number.NaN;
  #entriesToday = 0;
  #lossBreached = false;
  #minute = -1;
  #ordersThisMinute = 0;
  #halted: string | undefined;
  #suspended: string | undefined;

  constructor(limits: RiskLimits) {
    this.limits = limits;
  }

  /** Why nothing but exits passes; `undefined` when trading is open. */
  get halted(): string | undefined {
    return this.#halted;
  }

  /** Closes the gate for all but exits, until {@link resume}. */
  halt(reason: string): void {
    this.#halted = reason;
  }

  resume(): void {
    this.#halted = undefined;
  }

  /** Closes the gate for all but exits as long as `reason` is given; it is no part of the state: the driver says it anew. */
  suspend(reason: string | undefined): void {
    this.#suspended = reason;
  }

  /**
   * To be told of every instant, before decisions: opens a new UTC day and watches the daily loss. True when the daily
   * loss limit is breached at this very instant.
   */
  observe(time: EpochMs, equity: number): boolean {
    if (!(time >= this.#dayStart && time < this.#dayStart + DAY_MS)) this.#openDay(Math.floor(time / DAY_MS), equity);
    const limit = this.limits.dailyLossLimit;
    if (limit === null || this.#lossBreached || this.#dayStartEquity - equity < limit) return false;
    this.#lossBreached = true;
    return true;
  }

  #openDay(day: number, equity: number): void {
    this.#dayStart = day * DAY_MS;
    if (day === this.#day) return;
    this.#day = day;
    this.#dayStartEquity = equity;
    this.#entriesToday = 0;
    this.#lossBreached = false;
  }

  /**
   * @param protectivePrice the stop that limits the loss of an entry, where there is one
   * @param companions orders that the entry must not go without, its protection: refused with the first of them that is
   */
  check(
    terms: OrderTerms,
    view: RiskView,
    protectivePrice?: number,
    companions: readonly OrderTerms[] = none,
  ): RiskDecision {
    let refusal = this.#refusal(terms, view, protectivePrice);
    for (let index = 0; index < companions.length; index++) {
      refusal ??= this.#refusal(companions[index]!, view, undefined);
    }
    if (refusal) return { approved: false, refusal };
    this.#ordersThisMinute += 1;
    if (countsAsEntry(terms)) this.#entriesToday += 1;
    return { approved: true, order: terms as ApprovedOrder };
  }

  /** Counts a quote that filled as an entry. */
  countEntry(): void {
    this.#entriesToday += 1;
  }

  snapshot(): Json {
    return {
      day: this.#day,
      dayStartEquity: encodeState(this.#dayStartEquity),
      entriesToday: this.#entriesToday,
      lossBreached: this.#lossBreached,
      minute: this.#minute,
      ordersThisMinute: this.#ordersThisMinute,
      halted: this.#halted ?? null,
    };
  }

  restore(state: Json): void {
    const saved = state as JsonObject;
    this.#day = saved.day as number;
    this.#dayStart = Number.NaN;
    this.#dayStartEquity = decodeState(saved.dayStartEquity!) as number;
    this.#entriesToday = saved.entriesToday as number;
    this.#lossBreached = saved.lossBreached as boolean;
    this.#minute = saved.minute as number;
    this.#ordersThisMinute = saved.ordersThisMinute as number;
    this.#halted = (saved.halted as string | null) ?? undefined;
  }

  #refusal(terms: OrderTerms, view: RiskView, protectivePrice: number | undefined): Refusal | undefined {
    return (
      this.#soundness(terms, view) ??
      this.#flow(terms, view) ??
      (terms.reduceOnly ? undefined : this.#exposure(terms, view, protectivePrice))
    );
  }

  /** Numbers, the venue's filters, the price collar, the size of one order. */
  #soundness(terms: OrderTerms, view: RiskView): Refusal | undefined {
    const price = view.price(terms.symbol);
    if (!(Number.isFinite(price) && price > 0 && Number.isFinite(view.equity))) {
      return refuse(
        'NOT_A_NUMBER',
        price,
        0,
        `price ${price} and equity ${view.equity} must be finite, the price above 0`,
      );
    }
    const { maximumPriceAge } = this.limits;
    if (maximumPriceAge !== null && !(view.priceAge(terms.symbol) <= maximumPriceAge)) {
      const age = view.priceAge(terms.symbol);
      return refuse('STALE_PRICE', age, maximumPriceAge, `the price of ${terms.symbol} is ${age} ms old`);
    }
    const { quantity } = terms;
    if (quantity.kind === 'equity-fraction' && !(quantity.fraction > 0 && quantity.fraction <= 1)) {
      const { fraction } = quantity;
      return refuse('NOT_A_NUMBER', fraction, 1, `a share of equity of ${fraction} is not above 0 and at most 1`);
    }
    return this.#filters(terms, view, price) ?? this.#collar(terms, price) ?? this.#orderSize(terms, price);
  }

  /** The venue's filters. */
  #filters(terms: OrderTerms, view: RiskView, price: number): Refusal | undefined {
    const instrument = view.instrument(terms.symbol);
    const { tickSize } = instrument;
    const prices = orderPrices(terms.execution);
    const grid = terms.execution.type === 'trailing-stop' ? [terms.execution.distance] : prices;
    for (let index = 0; index < grid.length; index++) {
      const own = grid[index]!;
      if (own > 0n && own % tickSize === 0n) continue;
      return breached({ code: 'PRICE_TICK', value: toNumber(own), limit: toNumber(tickSize) });
    }
    if (terms.quantity.kind !== 'units') return undefined;
    // The market's price matters to the least value alone.
    const reference = instrument.minimumNotional > 0n ? snapPrice(instrument, price, 'nearest') : tickSize;
    const named = prices.length === 0 ? atMarket : prices;
    for (let index = 0; index < named.length; index++) {
      const breach = filterBreach(instrument, terms.quantity.quantity, named[index], reference);
      // The least value does not bind an exit: what is left must be able to go.
      if (breach && !(breach.code === 'NOTIONAL_MINIMUM' && terms.reduceOnly)) return breached(breach);
    }
    return undefined;
  }

  #collar({ execution, reduceOnly }: OrderTerms, price: number): Refusal | undefined {
    // A far trigger of an exit is a wide stop or a high target, not a slip of the finger.
    if (reduceOnly && execution.type !== 'limit') return undefined;
    const prices = orderPrices(execution);
    for (let index = 0; index < prices.length; index++) {
      const own = prices[index]!;
      const distance = Math.abs(toNumber(own) - price) / price;
      if (distance <= this.limits.priceCollar * TOLERANCE) continue;
      return refuse(
        'PRICE_COLLAR',
        distance,
        this.limits.priceCollar,
        `price ${toNumber(own)} is ${percent(distance)} from the market at ${price}`,
      );
    }
    return undefined;
  }

  #orderSize(terms: OrderTerms, price: number): Refusal | undefined {
    if (terms.reduceOnly || terms.quantity.kind !== 'units') return undefined;
    const { maximumOrderQuantity, maximumOrderValue } = this.limits;
    const quantity = toNumber(terms.quantity.quantity);
    if (maximumOrderQuantity !== null && !(quantity <= maximumOrderQuantity * TOLERANCE)) {
      return refuse('ORDER_QUANTITY', quantity, maximumOrderQuantity, `${quantity} units in one order`);
    }
    const value = quantity * expectedPrice(terms.side, terms.execution, price);
    if (maximumOrderValue !== null && !(value <= maximumOrderValue * TOLERANCE)) {
      return refuse('ORDER_VALUE', value, maximumOrderValue, `an order worth ${value.toFixed(2)}`);
    }
    return undefined;
  }

  /** How many orders, and how fast. What gets out of the market, and what comes with an entry, never waits for that. */
  #flow(terms: OrderTerms, view: RiskView): Refusal | undefined {
    const minute = Math.floor(view.time / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#ordersThisMinute = 0;
    }
    if (terms.reduceOnly && (terms.execution.type === 'market' || terms.after !== undefined)) return undefined;
    const { maximumOpenOrders, maximumOrdersPerMinute } = this.limits;
    if (maximumOrdersPerMinute !== null && !(this.#ordersThisMinute < maximumOrdersPerMinute)) {
      return refuse('ORDER_RATE', this.#ordersThisMinute + 1, maximumOrdersPerMinute, 'orders in one minute');
    }
    if (maximumOpenOrders !== null && !(view.openOrders() < maximumOpenOrders)) {
      return refuse('OPEN_ORDERS', view.openOrders() + 1, maximumOpenOrders, 'open orders at once');
    }
    return undefined;
  }

  /** What only entries are held to. */
  #exposure(terms: OrderTerms, view: RiskView, protectivePrice: number | undefined): Refusal | undefined {
    const { equity } = view;
    if (!(equity > 0)) return refuse('NOT_A_NUMBER', equity, 0, `equity is ${equity}: there is nothing to trade with`);
    return this.#closed(equity) ?? this.#sizes(terms, view, protectivePrice);
  }

  /** Whether the gate lets entries through at all. */
  #closed(equity: number): Refusal | undefined {
    const { dailyLossLimit, maximumTradesPerDay } = this.limits;
    const closed = this.#halted ?? this.#suspended;
    if (closed !== undefined) return refuse('HALTED', 1, 0, closed);
    if (this.#lossBreached) {
      const until = toIso(((this.#day + 1) * DAY_MS) as EpochMs);
      return refuse(
        'DAILY_LOSS_LIMIT',
        this.#dayStartEquity - equity,
        dailyLossLimit ?? 0,
        `the day's loss stopped entries until ${until}`,
      );
    }
    if (maximumTradesPerDay !== null && !(this.#entriesToday < maximumTradesPerDay)) {
      return refuse('TRADES_PER_DAY', this.#entriesToday + 1, maximumTradesPerDay, 'entries in one UTC day');
    }
    return undefined;
  }

  #sizes(terms: OrderTerms, view: RiskView, protectivePrice: number | undefined): Refusal | undefined {
    const { limits } = this;
    const { equity } = view;
    const { symbol, side } = terms;
    const price = view.price(symbol);
    const expected = expectedPrice(side, terms.execution, price);
    const quantity =
      terms.quantity.kind === 'units'
        ? toNumber(terms.quantity.quantity)
        : (terms.quantity.fraction * equity) / expected;
    const { low, high } = view.reach(symbol);
    // Towards the order's side: how far the position may get without it, and with it.
    const before = side === 'buy' ? high : -low;
    const opposite = side === 'buy' ? -low : high;
    const after = before + quantity;
    if (side === 'sell' && after > quantity * ROUNDING && !view.instrument(symbol).shortable) {
      return refuse('SHORT_NOT_ALLOWED', -after, 0, `${symbol} can't be sold short`);
    }
    const opened = Math.min(quantity, Math.max(0, after));
    const value = Math.max(0, before) * price + opened * expected;
    const size = value / equity;
    if (!(size <= limits.maximumPositionSize * TOLERANCE)) {
      const what = `the position would be ${percent(size)} of equity`;
      return refuse('POSITION_SIZE', size, limits.maximumPositionSize, what);
    }
    const distance =
      protectivePrice === undefined ? expected * limits.assumedAdverseMove : Math.abs(expected - protectivePrice);
    const risk = (opened * distance) / equity;
    if (!(risk <= limits.maximumRiskPerTrade * TOLERANCE)) {
      const what = `the trade would risk ${percent(risk)} of equity`;
      return refuse('RISK_PER_TRADE', risk, limits.maximumRiskPerTrade, what);
    }
    // Only what makes the larger side of the symbol larger adds to all positions together.
    const held = Math.max(0, before, opposite) * price;
    const gross = (view.exposureBesides(symbol) + Math.max(held, value)) / equity;
    const most = limits.leverage * (1 - limits.minimumCashReserve);
    if (!(value <= held || gross <= most * TOLERANCE)) {
      return refuse('CASH_RESERVE', gross, most, `all positions together would be ${percent(gross)} of equity`);
    }
    return undefined;
  }
}

/** Exits are no trades of their own, nor are orders that wait for an entry; a quote counts when it fills. */
function countsAsEntry(terms: OrderTerms): boolean {
  const isQuote = terms.execution.type === 'limit' && terms.execution.postOnly;
  return !terms.reduceOnly && terms.after === undefined && !isQuote;
}

/** The prices that an order names. */
function orderPrices(execution: Execution): readonly Price[] {
  switch (execution.type) {
    case 'market':
    case 'trailing-stop':
      return none;
    case 'limit':
      return [execution.limitPrice];
    case 'stop':
    case 'take-profit':
      return execution.limitPrice === undefined
        ? [execution.triggerPrice]
        : [execution.triggerPrice, execution.limitPrice];
  }
}

function breached({ code, value, limit }: FilterBreach): Refusal {
  return refuse(`FILTER_${code}`, value, limit, `the venue's filter: ${value} against ${limit}`);
}

function refuse(code: RefusalCode, value: number, limit: number, what: string): Refusal {
  return { code, value, limit, message: `${what}; the limit is ${limit}` };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
