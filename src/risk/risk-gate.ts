import type { ApprovedOrder } from '../domain/approved-order.ts';
import { filterBreach, snapPrice } from '../domain/instrument.ts';
import type { Execution, OrderTerms } from '../domain/order.ts';
import { type Price, toNumber } from '../foundation/fixed-point.ts';
import type { Json, JsonObject } from '../foundation/json.ts';
import { decodeState, encodeState } from '../foundation/state-codec.ts';
import { DAY_MS, type EpochMs, MINUTE_MS, toIso } from '../foundation/time.ts';
import type { RiskLimits } from './limits.ts';
import type { Refusal, RefusalCode, RiskView } from './risk-check.ts';

export type RiskDecision =
  | { readonly approved: true; readonly order: ApprovedOrder }
  | { readonly approved: false; readonly refusal: Refusal };

/** A share of rounding that a limit forgives: sizes are cut to limits in float64, and may meet them to the last bit. */
const TOLERANCE = 1 + 1e-9;

/**
 * Every order passes here, and nothing else makes an {@link ApprovedOrder}. Pure and deterministic: its state is the
 * day's counters. Reduce-only orders pass the limits on exposure, losses and trades, because getting out must always be
 * possible; they are held to numbers, filters and the price collar like any other.
 */
export class RiskGate {
  readonly limits: RiskLimits;
  #day = -1;
  #dayStartEquity = Number.NaN;
  #entriesToday = 0;
  #lossBreached = false;
  #minute = -1;
  #ordersThisMinute = 0;
  #halted: string | undefined;

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

  /**
   * To be told of every instant, before decisions: opens a new UTC day and watches the daily loss. True when the daily
   * loss limit is breached at this very instant.
   */
  observe(time: EpochMs, equity: number): boolean {
    const day = Math.floor(time / DAY_MS);
    if (day !== this.#day) {
      this.#day = day;
      this.#dayStartEquity = equity;
      this.#entriesToday = 0;
      this.#lossBreached = false;
    }
    const limit = this.limits.dailyLossLimit;
    if (limit === null || this.#lossBreached || this.#dayStartEquity - equity < limit) return false;
    this.#lossBreached = true;
    return true;
  }

  /** @param protectivePrice the stop that limits the loss of an entry, where there is one */
  check(terms: OrderTerms, view: RiskView, protectivePrice?: number): RiskDecision {
    const refusal =
      this.#soundness(terms, view) ??
      this.#flow(view) ??
      (terms.reduceOnly ? undefined : this.#exposure(terms, view, protectivePrice));
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
    this.#dayStartEquity = decodeState(saved.dayStartEquity!) as number;
    this.#entriesToday = saved.entriesToday as number;
    this.#lossBreached = saved.lossBreached as boolean;
    this.#minute = saved.minute as number;
    this.#ordersThisMinute = saved.ordersThisMinute as number;
    this.#halted = (saved.halted as string | null) ?? undefined;
  }

  /** Numbers, the venue's filters, the price collar. */
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
    if (terms.quantity.kind === 'equity-fraction') {
      const { fraction } = terms.quantity;
      return fraction > 0 && fraction <= 1
        ? undefined
        : refuse('NOT_A_NUMBER', fraction, 1, `a share of equity of ${fraction} is not above 0 and at most 1`);
    }
    const instrument = view.instrument(terms.symbol);
    const reference = snapPrice(instrument, price, 'nearest');
    const prices = orderPrices(terms.execution);
    for (const own of prices) {
      const breach = filterBreach(instrument, terms.quantity.quantity, own, reference);
      // The least value does not bind an exit: what is left must be able to go.
      if (breach && !(breach.code === 'NOTIONAL_MINIMUM' && terms.reduceOnly)) {
        return refuse(
          `FILTER_${breach.code}`,
          breach.value,
          breach.limit,
          `the venue's filter: ${breach.value} against ${breach.limit}`,
        );
      }
      if (own === undefined) continue;
      const distance = Math.abs(toNumber(own) - price) / price;
      if (distance > this.limits.priceCollar * TOLERANCE) {
        return refuse(
          'PRICE_COLLAR',
          distance,
          this.limits.priceCollar,
          `price ${toNumber(own)} is ${percent(distance)} from the market at ${price}`,
        );
      }
    }
    const { maximumOrderQuantity, maximumOrderValue } = this.limits;
    const quantity = toNumber(terms.quantity.quantity);
    if (maximumOrderQuantity !== null && quantity > maximumOrderQuantity * TOLERANCE) {
      return refuse('ORDER_QUANTITY', quantity, maximumOrderQuantity, `${quantity} units in one order`);
    }
    const value = quantity * price;
    if (maximumOrderValue !== null && value > maximumOrderValue * TOLERANCE) {
      return refuse('ORDER_VALUE', value, maximumOrderValue, `an order worth ${value.toFixed(2)}`);
    }
    return undefined;
  }

  /** How many orders, and how fast. */
  #flow(view: RiskView): Refusal | undefined {
    const minute = Math.floor(view.time / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#ordersThisMinute = 0;
    }
    const { maximumOpenOrders, maximumOrdersPerMinute } = this.limits;
    if (maximumOrdersPerMinute !== null && this.#ordersThisMinute >= maximumOrdersPerMinute) {
      return refuse('ORDER_RATE', this.#ordersThisMinute + 1, maximumOrdersPerMinute, 'orders in one minute');
    }
    if (maximumOpenOrders !== null && view.openOrders() >= maximumOpenOrders) {
      return refuse('OPEN_ORDERS', view.openOrders() + 1, maximumOpenOrders, 'open orders at once');
    }
    return undefined;
  }

  /** What only entries are held to. */
  #exposure(terms: OrderTerms, view: RiskView, protectivePrice: number | undefined): Refusal | undefined {
    const { limits } = this;
    const { equity } = view;
    if (!(equity > 0)) return refuse('NOT_A_NUMBER', equity, 0, `equity is ${equity}: there is nothing to trade with`);
    if (this.#halted !== undefined) return refuse('HALTED', 1, 0, this.#halted);
    if (this.#lossBreached) {
      const limit = limits.dailyLossLimit ?? 0;
      const until = toIso(((this.#day + 1) * DAY_MS) as EpochMs);
      return refuse(
        'DAILY_LOSS_LIMIT',
        this.#dayStartEquity - equity,
        limit,
        `the day's loss stopped entries until ${until}`,
      );
    }
    if (limits.maximumTradesPerDay !== null && this.#entriesToday >= limits.maximumTradesPerDay) {
      return refuse('TRADES_PER_DAY', this.#entriesToday + 1, limits.maximumTradesPerDay, 'entries in one UTC day');
    }
    const price = view.price(terms.symbol);
    const quantity =
      terms.quantity.kind === 'units' ? toNumber(terms.quantity.quantity) : (terms.quantity.fraction * equity) / price;
    const sign = terms.side === 'buy' ? 1 : -1;
    const position = view.position(terms.symbol);
    if (sign < 0 && position - quantity < 0 && !view.instrument(terms.symbol).shortable) {
      return refuse('SHORT_NOT_ALLOWED', position - quantity, 0, `${terms.symbol} can't be sold short`);
    }
    const after = Math.abs(position * sign + quantity + view.pendingExposure(terms.symbol, terms.side));
    const size = (after * price) / equity;
    if (!(size <= limits.maximumPositionSize * TOLERANCE)) {
      return refuse(
        'POSITION_SIZE',
        size,
        limits.maximumPositionSize,
        `the position would be ${percent(size)} of equity`,
      );
    }
    const distance =
      protectivePrice === undefined ? price * limits.assumedAdverseMove : Math.abs(price - protectivePrice);
    const risk = (quantity * distance) / equity;
    if (!(risk <= limits.maximumRiskPerTrade * TOLERANCE)) {
      return refuse(
        'RISK_PER_TRADE',
        risk,
        limits.maximumRiskPerTrade,
        `the trade would risk ${percent(risk)} of equity`,
      );
    }
    const gross = (view.grossExposure() + quantity * price) / equity;
    const most = limits.leverage * (1 - limits.minimumCashReserve);
    if (!(gross <= most * TOLERANCE)) {
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

/** The prices that an order names; `[undefined]` for a market order. */
function orderPrices(execution: Execution): readonly (Price | undefined)[] {
  switch (execution.type) {
    case 'market':
    case 'trailing-stop':
      return [undefined];
    case 'limit':
      return [execution.limitPrice];
    case 'stop':
    case 'take-profit':
      return execution.limitPrice === undefined
        ? [execution.triggerPrice]
        : [execution.triggerPrice, execution.limitPrice];
  }
}

function refuse(code: RefusalCode, value: number, limit: number, what: string): Refusal {
  return { code, value, limit, message: `${what}; the limit is ${limit}` };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
