import type { Instrument } from '../domain/instrument.ts';
import type { OrderTerms } from '../domain/order.ts';
import { termsFromJson, termsToJson } from '../domain/order-codec.ts';
import {
  fixed,
  formatFixed,
  fromNumber,
  type Money,
  type Price,
  type Quantity,
  toNumber,
  ZERO_MONEY,
  ZERO_QUANTITY,
} from '../foundation/fixed-point.ts';
import type { Json } from '../foundation/json.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { FeeAccount } from './fees.ts';
import type { Direction, PathPoint } from './path.ts';
import { triggerOf } from './trailing.ts';

/**
 * Where an order stands in the venue:
 * `waiting` for the order it comes after → `pending` until its time of activation → `armed` until its trigger is reached
 * → `arriving`: takes what it may at the path's price → `resting`: a limit in the book.
 */
export type Phase = 'waiting' | 'pending' | 'armed' | 'arriving' | 'resting';

/** An open order as the venue shows it. */
export interface OpenOrder {
  readonly terms: OrderTerms;
  readonly phase: Phase;
  readonly activeAt: EpochMs;
  readonly filledQuantity: Quantity;
  /** In units; `undefined` for an `equity-fraction` that has not been resolved yet. */
  readonly totalQuantity: Quantity | undefined;
  /** Of an armed order, as it stands now; `undefined` for all others. */
  readonly triggerPrice: Price | undefined;
}

/** An order in the venue, with everything that changes about it. */
export class VenueOrder {
  readonly terms: OrderTerms;
  readonly instrument: Instrument;
  /** Its place in the order of submission. */
  readonly sequence: number;
  /** What the price must reach before the order trades; `undefined` for market, limit and trailing orders. */
  readonly triggerPrice: Price | undefined;
  readonly triggerDirection: Direction;
  /** `undefined` for what trades at the market. */
  readonly limitPrice: Price | undefined;
  readonly postOnly: boolean;
  /** Of a trailing stop. */
  readonly distance: Price | undefined;
  readonly distanceNumber: number;
  readonly expiresAt: number;
  /** It trades at the market as soon as it is active, and never expires. */
  readonly isPlainMarket: boolean;
  /** Its fills never open or enlarge a position, or go short where that is not allowed. */
  readonly onlyReduces: boolean;

  isOpen = true;
  phase: Phase = 'pending';
  activeAt: EpochMs;
  filled: Quantity = ZERO_QUANTITY;
  fillCount = 0;
  total: Quantity | undefined;
  fees: FeeAccount = { accrued: ZERO_MONEY, value: ZERO_MONEY, charged: ZERO_MONEY };
  /** Of an armed trailing stop: the best price since activation, as of the last bar's close. */
  best = Number.NaN;

  // Within one bar only.
  next: PathPoint | undefined = undefined;
  nextIsExpiry = false;
  /** Whether {@link next} must be found anew. */
  isStale = true;
  isDoneForThisBar = false;
  bestAtClose = Number.NaN;

  constructor(terms: OrderTerms, instrument: Instrument, sequence: number, activeAt: EpochMs) {
    const { execution, quantity, timeInForce, side } = terms;
    this.terms = terms;
    this.instrument = instrument;
    this.sequence = sequence;
    this.activeAt = activeAt;
    const triggers = execution.type === 'stop' || execution.type === 'take-profit';
    this.triggerPrice = triggers ? execution.triggerPrice : undefined;
    this.triggerDirection = (side === 'buy') === (execution.type === 'stop') ? 'up' : 'down';
    this.limitPrice = triggers || execution.type === 'limit' ? execution.limitPrice : undefined;
    this.postOnly = execution.type === 'limit' && execution.postOnly;
    this.distance = execution.type === 'trailing-stop' ? execution.distance : undefined;
    this.distanceNumber = this.distance === undefined ? Number.NaN : toNumber(this.distance);
    this.expiresAt = timeInForce.kind === 'GTD' ? timeInForce.expiresAt : Number.POSITIVE_INFINITY;
    this.isPlainMarket = execution.type === 'market' && timeInForce.kind !== 'GTD';
    this.onlyReduces = terms.reduceOnly || (side === 'sell' && !instrument.shortable);
    this.total = quantity.kind === 'units' ? quantity.quantity : undefined;
  }

  /** Whether it waits for the market to reach something before it may trade. */
  get isConditional(): boolean {
    return this.triggerPrice !== undefined || this.distance !== undefined;
  }

  /** Towards which side the price must move to fill it as a resting limit. */
  get fillDirection(): Direction {
    return this.terms.side === 'buy' ? 'down' : 'up';
  }

  get view(): OpenOrder {
    return {
      terms: this.terms,
      phase: this.phase,
      activeAt: this.activeAt,
      filledQuantity: this.filled,
      totalQuantity: this.total,
      triggerPrice: this.phase === 'armed' ? this.#presentTrigger() : undefined,
    };
  }

  snapshot(): Json {
    return {
      terms: termsToJson(this.terms),
      sequence: this.sequence,
      phase: this.phase,
      activeAt: this.activeAt,
      filled: formatFixed(this.filled),
      fillCount: this.fillCount,
      total: this.total === undefined ? null : formatFixed(this.total),
      fees: [this.fees.accrued, this.fees.value, this.fees.charged].map(formatFixed),
      best: Number.isNaN(this.best) ? null : this.best,
    };
  }

  static restored(json: Json, instrumentOf: (symbol: string) => Instrument): VenueOrder {
    const saved = json as unknown as SavedOrder;
    const terms = termsFromJson(saved.terms);
    const order = new VenueOrder(terms, instrumentOf(terms.symbol), saved.sequence, saved.activeAt);
    order.phase = saved.phase;
    order.filled = fixed<Quantity>(saved.filled);
    order.fillCount = saved.fillCount;
    order.total = saved.total === null ? undefined : fixed<Quantity>(saved.total);
    const [accrued, value, charged] = saved.fees.map((text) => fixed<Money>(text));
    order.fees = { accrued: accrued!, value: value!, charged: charged! };
    order.best = saved.best ?? Number.NaN;
    return order;
  }

  #presentTrigger(): Price | undefined {
    if (this.distance === undefined || Number.isNaN(this.best)) return this.triggerPrice;
    return triggerOf(this.terms.side, fromNumber<Price>(this.best), this.distance);
  }
}

interface SavedOrder {
  readonly terms: Json;
  readonly sequence: number;
  readonly phase: Phase;
  readonly activeAt: EpochMs;
  readonly filled: string;
  readonly fillCount: number;
  readonly total: string | null;
  readonly fees: readonly string[];
  readonly best: number | null;
}
