import type { Clock } from '../../foundation/clock.ts';

import { failed, type Result, success } from '../../foundation/result.ts';
import { type Category, changeInstrument, type InstrumentChange, type InstrumentSpec } from '../market/instruments.ts';
import type { RecordedMarket } from '../market/market.ts';
import { type BookLevels, SyntheticBook } from '../market/order-book.ts';
import type { Print } from '../market/tape.ts';
import type { Account } from './account.ts';
import { ChangeCollector, type OnChanges } from './changes.ts';
import { settleFunding } from './funding-payment.ts';
import { identifier } from './identifiers.ts';
import { isTriggered, makerMatches } from './matching.ts';
import { newOrder } from './new-order.ts';
import { type Amendment, type ClientIdRule, checkAmendment, checkOrder, checkPrice } from './order-check.ts';
import { OrderDesk, type PositionStops } from './order-desk.ts';
import { limitedPrice } from './price-limits.ts';
import { type Refusal, refuse } from './refusals.ts';
import { isOpen, isResting, leavesOf, type OrderRequest, type VenueOrder } from './venue-order.ts';

export interface VenueOptions {
  readonly clock: Clock;
  readonly markets: readonly RecordedMarket[];
  readonly clientIds: ClientIdRule;
  /** From the acknowledgement of a request to its effect in the book. */
  readonly matchingDelayMs: number;
  readonly onChanges: OnChanges;
  /** An account's order came into the book or left it. */
  readonly onBook: (market: RecordedMarket) => void;
}

/** The two names of an order. */
export interface OrderNames {
  readonly orderId: string;
  readonly orderLinkId: string;
}

type Outcome = Result<OrderNames, Refusal>;

/**
 * The trading side of the exchange: requests come in and are acknowledged or refused at once; what they bring about
 * follows a moment later, as on the real one, so that a fill may overtake a cancel that was acknowledged.
 */
export class Venue {
  readonly specs: readonly InstrumentSpec[];
  readonly #options: VenueOptions;
  readonly #accounts: Account[] = [];
  readonly #markets: ReadonlyMap<string, RecordedMarket>;
  readonly #books = new Map<string, SyntheticBook>();
  readonly #desk: OrderDesk;
  #orders = 0;

  constructor(options: VenueOptions) {
    this.#options = options;
    this.#markets = new Map(options.markets.map((market) => [market.symbol, market]));
    this.specs = options.markets.flatMap(({ specs }) => specs);
    for (const market of options.markets) {
      for (const spec of market.specs) this.#books.set(keyOf(spec), newBook(spec, market));
    }
    this.#desk = new OrderDesk({
      specOf: (order) => this.spec(order.category, order.symbol)!,
      bookOf: (order) => this.#books.get(keyOf(order))!,
      priceOf: this.priceOf,
      specs: this.specs,
      nextNumber: () => ++this.#orders,
    });
  }

  readonly priceOf = (symbol: string): bigint => this.#markets.get(symbol)?.lastPrint.price ?? 0n;

  spec(category: Category, symbol: string): InstrumentSpec | undefined {
    return this.specs.find((spec) => spec.category === category && spec.symbol === symbol);
  }

  addAccount(account: Account): void {
    this.#accounts.push(account);
    account.noteWallet(this.priceOf, this.specs, this.#options.clock.now());
  }

  /** The book that everybody sees. */
  book(category: Category, symbol: string, depth: number): BookLevels {
    const book = this.#books.get(keyOf({ category, symbol }))!;
    const resting = this.#accounts
      .flatMap(({ openOrders }) => openOrders)
      .filter((order) => order.category === category && order.symbol === symbol && isResting(order))
      .filter(({ orderType }) => orderType === 'Limit')
      .map((order) => ({ side: order.side, price: order.price, leaves: leavesOf(order) }));
    return book.levels(depth, resting);
  }

  create(account: Account, request: OrderRequest): Outcome {
    const spec = this.spec(request.category, request.symbol);
    if (spec === undefined) return failed(refuse.symbol(request.category));
    const { clientIds } = this.#options;
    const outOfRange = checkPrice(request.price, request, spec);
    if (outOfRange !== undefined && spec.status === 'Trading') return failed(outOfRange);
    const price = limitedPrice(request, spec, account, this.priceOf(request.symbol));
    const limited = price.ok ? { ...request, price: price.value } : request;
    const refusal = checkOrder(limited, spec, account, clientIds, this.priceOf, this.specs);
    if (refusal !== undefined) return failed(refusal);
    if (!price.ok) return price;
    const order = this.#accept(account, limited);
    this.#soon(account, (changes) => this.#desk.arrive(order, changes));
    return success(order);
  }

  amend(account: Account, order: VenueOrder, change: Amendment): Outcome {
    const spec = this.spec(order.category, order.symbol)!;
    if (!isOpen(order)) return failed(refuse.unknownOrder(order.category));
    const refusal = checkAmendment(order, change, spec, account, this.priceOf, this.specs);
    if (refusal !== undefined) return failed(refusal);
    const price = limitedPrice(
      { ...order, price: change.price ?? order.price },
      spec,
      account,
      this.priceOf(spec.symbol),
    );
    if (!price.ok) return price;
    const limited = change.price === undefined ? change : { ...change, price: price.value };
    this.#soon(account, (changes) => this.#desk.amend(order, limited, changes));
    return success(order);
  }

  cancel(account: Account, order: VenueOrder): Outcome {
    if (!isOpen(order)) return failed(refuse.unknownOrder(order.category));
    this.#soon(account, (changes) => this.#desk.cancelByUser(order, changes));
    return success(order);
  }

  /** Cancels every open order that `concerns` names, and tells which they are. */
  cancelAll(account: Account, concerns: (order: VenueOrder) => boolean): readonly OrderNames[] {
    const orders = account.openOrders.filter(concerns);
    this.#soon(account, (changes) => {
      for (const order of orders) this.#desk.cancelByUser(order, changes);
    });
    return orders;
  }

  /** Stops of a whole position; 0 takes one away, `undefined` leaves it. */
  setStops(account: Account, spec: InstrumentSpec, stops: PositionStops): void {
    this.#step(account, (changes) => this.#desk.setStops(spec, stops, changes));
  }

  /** The exchange closes a position by force. */
  liquidate(account: Account, spec: InstrumentSpec): void {
    this.#step(account, (changes) => this.#desk.liquidate(spec, changes));
  }

  /** The exchange cancels orders of its own accord. Gives which. */
  cancelFor(account: Account, cancelType: string, concerns: (order: VenueOrder) => boolean): readonly OrderNames[] {
    const orders = account.openOrders.filter(concerns);
    this.#step(account, (changes) => this.#desk.cancelFor(orders, cancelType, changes));
    return orders;
  }

  /** A minute has ended: where funding is due at its end, positions pay and receive it. */
  onMinute(market: RecordedMarket, end: number): void {
    const rate = market.funding.rateAt(end);
    const spec = this.spec('linear', market.symbol);
    if (rate === undefined || spec === undefined) return;
    for (const account of this.#accounts) {
      this.#step(account, (changes) => {
        settleFunding(spec, rate, market.lastPrint.price, ++this.#orders, changes);
      });
    }
  }

  /** New rules of an instrument. Orders that are open stay as they are. */
  change(spec: InstrumentSpec, change: InstrumentChange): void {
    changeInstrument(spec, change);
    const market = this.#markets.get(spec.symbol)!;
    this.#books.set(keyOf(spec), newBook(spec, market));
    this.#options.onBook(market);
  }

  /** Funds that come from outside, or go there. */
  deposit(account: Account, coin: string, amount: bigint, reference: string): void {
    this.#step(account, (changes) => {
      const kind = amount < 0n ? 'withdrawal' : 'deposit';
      account.ledger.post({ time: this.#options.clock.now(), kind, coin, amount, reference });
      changes.wallet();
    });
  }

  /** A change of leverage touches the wallet: what it binds is another amount. */
  setLeverage(account: Account, spec: InstrumentSpec, leverage: bigint): void {
    this.#step(account, (changes) => {
      const position = account.ledger.position(spec.symbol, spec.quoteCoin);
      position.leverage = leverage;
      changes.position(position);
    });
  }

  /** The recorded market traded. */
  onPrint(market: RecordedMarket, print: Print): void {
    for (const spec of market.specs) this.#books.get(keyOf(spec))?.moveTo(print);
    const halted = market.specs.filter(({ status }) => status !== 'Trading').map(({ category }) => category);
    for (const account of this.#accounts) {
      const orders = account.openOrders
        .filter(({ symbol }) => symbol === market.symbol)
        .filter(({ category }) => !halted.includes(category));
      if (orders.length === 0) continue;
      this.#step(account, (changes) => {
        for (const category of ['linear', 'spot'] as const) {
          const concerned = orders.filter((order) => order.category === category && this.#desk.hasArrived(order));
          for (const { order, match } of makerMatches(concerned, print)) this.#desk.fill(order, match, changes);
          this.#desk.finishFills(concerned, changes);
        }
        for (const order of orders) {
          if (order.status === 'Untriggered') this.#desk.follow(order, print.price);
          if (order.status === 'Untriggered' && isTriggered(order, print.price)) this.#desk.trigger(order, changes);
        }
      });
    }
  }

  #accept(account: Account, request: OrderRequest): VenueOrder {
    const now = this.#options.clock.now();
    const number = ++this.#orders;
    const linear = request.category === 'linear';
    const orderId = linear ? identifier('order', number, now) : String(BigInt(now) * 1_000_000n + BigInt(number));
    const order = newOrder(request, { orderId, number, time: now, lastPrice: this.priceOf(request.symbol) });
    account.add(order);
    account.noteOrder(order, now);
    return order;
  }

  #soon(account: Account, action: (changes: ChangeCollector) => void): void {
    this.#options.clock.after(this.#options.matchingDelayMs, () => this.#step(account, action));
  }

  #step(account: Account, action: (changes: ChangeCollector) => void): void {
    const { clock, onChanges, onBook } = this.#options;
    const time = clock.now();
    const collector = new ChangeCollector(account, time);
    action(collector);
    const changes = collector.finish();
    if (changes === undefined) return;
    account.noteWallet(this.priceOf, this.specs, time);
    onChanges(changes);
    for (const symbol of new Set(changes.orders.map((order) => order.symbol))) onBook(this.#markets.get(symbol)!);
  }
}

function keyOf({ category, symbol }: { readonly category: Category; readonly symbol: string }): string {
  return `${category}/${symbol}`;
}

function newBook(spec: InstrumentSpec, market: RecordedMarket): SyntheticBook {
  const { meanPrintSize } = market.tape;
  const levelSize = meanPrintSize - (meanPrintSize % spec.quantityStep);
  const measure = {
    tickSize: spec.tickSize,
    quantityStep: spec.quantityStep,
    levelSize: levelSize > spec.quantityStep ? levelSize : spec.quantityStep,
  };
  return new SyntheticBook(measure, market.lastPrint);
}
