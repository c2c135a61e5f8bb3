import { divide, multiply } from '../../foundation/fixed-point.ts';
import type { Category, InstrumentSpec } from '../market/instruments.ts';
import { Ledger, type LinearPosition, unrealisedPnl } from './ledger.ts';
import { type Execution, isOpen, leavesOf, snapshotOf, type VenueOrder } from './venue-order.ts';
import { Versions } from './versions.ts';

/** What the exchange takes for a fill, as a share of its value in units of 10⁻¹². */
export interface FeeRates {
  readonly linearMaker: bigint;
  readonly linearTaker: bigint;
  readonly spotMaker: bigint;
  readonly spotTaker: bigint;
}

export interface ApiKey {
  readonly key: string;
  readonly secret: string;
  readonly readOnly: boolean;
  readonly mayWithdraw: boolean;
}

/** Revoked: the exchange knows it no more. `secret-changed`: it is signed wrongly from now on. */
export const KEY_STATES = [
  'valid',
  'revoked',
  'expired',
  'secret-changed',
  'other-address',
  'read-only',
  'no-permission',
] as const;
export type KeyState = (typeof KEY_STATES)[number];

export const PROTECTED_PRODUCTS = ['DERIVATIVES', 'SPOT'] as const;
export type ProtectedProduct = (typeof PROTECTED_PRODUCTS)[number];

/** For the judge: what was asked for and turned down leaves no order. */
export interface RefusedOrder {
  readonly time: number;
  readonly orderLinkId: string;
  readonly category: string;
  readonly symbol: string;
  readonly code: number;
  readonly message: string;
}

/** The last traded price of a perpetual: mark price and index price of this exchange. */
export type PriceOf = (symbol: string) => bigint;

/** What the account's funds come to, in one settlement coin. Exact. */
export interface Margin {
  readonly unrealisedPnl: bigint;
  readonly positionMargin: bigint;
  readonly orderMargin: bigint;
  /** Locked by spot orders. */
  readonly locked: bigint;
  /** What a new order may use. */
  readonly available: bigint;
}

/** What lookups tell of a wallet, as it was. */
export interface WalletState {
  readonly balances: ReadonlyMap<string, bigint>;
  readonly margins: ReadonlyMap<string, Margin>;
}

/** One account of the exchange: its books, its orders, its executions, and what they were a while ago. */
export class Account {
  readonly apiKey: ApiKey;
  readonly ledger = new Ledger();
  readonly orders: VenueOrder[] = [];
  readonly executions: Execution[] = [];
  readonly fees: FeeRates;
  /** What has become of its key while it is used. */
  keyState: KeyState = 'valid';
  /** Whether a limit price beyond the limits is moved to the limit, or refused: Bybit's defaults. */
  readonly movesPrices: Record<Category, boolean> = { linear: true, spot: false };
  /** Seconds of disconnection after which the orders of a product are cancelled. */
  readonly disconnectWindows = new Map<ProtectedProduct, number>();
  /** Requests to place an order that were refused, as they came. */
  readonly refusedOrders: RefusedOrder[] = [];
  readonly #byId = new Map<string, VenueOrder>();
  readonly #byLinkId = new Map<string, VenueOrder[]>();
  readonly #open = new Set<VenueOrder>();
  readonly #orderVersions = new Map<string, Versions<VenueOrder>>();
  readonly #positionVersions = new Map<string, Versions<LinearPosition>>();
  readonly #walletVersions = new Versions<WalletState>();

  constructor(apiKey: ApiKey, fees: FeeRates) {
    this.apiKey = apiKey;
    this.fees = fees;
  }

  get isReadOnly(): boolean {
    return this.apiKey.readOnly || this.keyState === 'read-only';
  }

  add(order: VenueOrder): void {
    this.orders.push(order);
    this.#byId.set(order.orderId, order);
    if (order.orderLinkId !== '') {
      this.#byLinkId.set(order.orderLinkId, [...this.ordersNamed(order.orderLinkId), order]);
    }
    if (isOpen(order)) this.#open.add(order);
  }

  /** By the exchange's id where one is given, else the newest of that client id. */
  find(orderId: string | undefined, orderLinkId: string | undefined): VenueOrder | undefined {
    if (orderId) return this.#byId.get(orderId);
    return orderLinkId ? this.ordersNamed(orderLinkId).at(-1) : undefined;
  }

  ordersNamed(orderLinkId: string): readonly VenueOrder[] {
    return this.#byLinkId.get(orderLinkId) ?? [];
  }

  /** Open orders, oldest first. */
  get openOrders(): readonly VenueOrder[] {
    return [...this.#open];
  }

  /** To be called after every change of an order. */
  noteOrder(order: VenueOrder, time: number): VenueOrder {
    if (isOpen(order)) this.#open.add(order);
    else this.#open.delete(order);
    const snapshot = snapshotOf(order);
    let versions = this.#orderVersions.get(order.orderId);
    if (versions === undefined) {
      versions = new Versions();
      this.#orderVersions.set(order.orderId, versions);
    }
    versions.record(time, snapshot);
    return snapshot;
  }

  notePosition(position: LinearPosition, time: number): LinearPosition {
    const snapshot = { ...position };
    let versions = this.#positionVersions.get(position.symbol);
    if (versions === undefined) {
      versions = new Versions();
      this.#positionVersions.set(position.symbol, versions);
    }
    versions.record(time, snapshot);
    return snapshot;
  }

  noteWallet(priceOf: PriceOf, specs: readonly InstrumentSpec[], time: number): void {
    this.#walletVersions.record(time, this.wallet(priceOf, specs));
  }

  orderAt(order: VenueOrder, time: number): VenueOrder | undefined {
    return this.#orderVersions.get(order.orderId)?.at(time);
  }

  positionAt(symbol: string, time: number): LinearPosition | undefined {
    return this.#positionVersions.get(symbol)?.at(time);
  }

  walletAt(time: number): WalletState | undefined {
    return this.#walletVersions.at(time);
  }

  wallet(priceOf: PriceOf, specs: readonly InstrumentSpec[]): WalletState {
    const coins = this.ledger.coins;
    return {
      balances: new Map(coins.map((coin) => [coin, this.ledger.balance(coin)])),
      margins: new Map(coins.map((coin) => [coin, this.margin(coin, priceOf, specs)])),
    };
  }

  /**
   * Kept simple: a position binds entry value ÷ leverage; an order binds its value ÷ leverage as far as it would not close
   * a position; unrealised profit counts, and so does unrealised loss; no maintenance margin and no liquidation.
   */
  margin(coin: string, priceOf: PriceOf, specs: readonly InstrumentSpec[]): Margin {
    let [pnl, positionMargin, orderMargin, locked] = [0n, 0n, 0n, 0n];
    for (const position of this.ledger.positions) {
      if (position.settleCoin !== coin || position.size === 0n) continue;
      pnl += unrealisedPnl(position, priceOf(position.symbol));
      positionMargin += shareOf(position.entryValue, position.leverage);
    }
    for (const order of this.#open) {
      const spec = specs.find(({ category, symbol }) => category === order.category && symbol === order.symbol);
      if (spec === undefined || order.status === 'Untriggered') continue;
      if (order.category === 'linear' && spec.quoteCoin === coin) orderMargin += this.#orderMargin(order, priceOf);
      if (order.category === 'spot') locked += spotHold(order, spec, priceOf)[coin] ?? 0n;
    }
    const available = this.ledger.balance(coin) + pnl - positionMargin - orderMargin - locked;
    return { unrealisedPnl: pnl, positionMargin, orderMargin, locked, available: available > 0n ? available : 0n };
  }

  /** What an order that opens `quantity` at `price` needs: its share of the value, and the taker's fee. */
  linearNeed(symbol: string, settleCoin: string, value: bigint): bigint {
    const { leverage } = this.ledger.position(symbol, settleCoin);
    return shareOf(value, leverage) + multiply(value, this.fees.linearTaker);
  }

  #orderMargin(order: VenueOrder, priceOf: PriceOf): bigint {
    if (order.reduceOnly) return 0n;
    const position = this.ledger.positions.find(({ symbol }) => symbol === order.symbol);
    const size = position?.size ?? 0n;
    const closes = size !== 0n && size > 0n === (order.side === 'Sell');
    const held = size < 0n ? -size : size;
    const leaves = leavesOf(order);
    const opening = closes ? (leaves > held ? leaves - held : 0n) : leaves;
    const price = order.price > 0n ? order.price : priceOf(order.symbol);
    return shareOf(multiply(price, opening), position?.leverage ?? 1_000_000_000_000n);
  }
}

function shareOf(value: bigint, leverage: bigint): bigint {
  return (value * 1_000_000_000_000n) / leverage;
}

/** The coins that an open spot order holds. */
function spotHold(order: VenueOrder, spec: InstrumentSpec, priceOf: PriceOf): Readonly<Record<string, bigint>> {
  const leaves = leavesOf(order);
  if (order.side === 'Sell') {
    return { [spec.baseCoin]: order.inQuote ? divide(leaves, priceOf(order.symbol)) : leaves };
  }
  if (order.inQuote) return { [spec.quoteCoin]: leaves };
  return { [spec.quoteCoin]: multiply(order.price > 0n ? order.price : priceOf(order.symbol), leaves) };
}
