import { invariant } from '../../foundation/errors.ts';
import { divide, multiply } from '../../foundation/fixed-point.ts';
import type { TakerSide } from '../market/tape.ts';

/** Why an amount of a coin came or went. */
export type EntryKind = 'deposit' | 'withdrawal' | 'trade' | 'realised-pnl' | 'fee' | 'funding';

/** A line of the ledger. A balance is the sum of its coin's amounts, to the last unit of 10⁻¹². */
export interface LedgerEntry {
  readonly time: number;
  readonly kind: EntryKind;
  readonly coin: string;
  readonly amount: bigint;
  /** The execution, or the request for funds, that it comes from. */
  readonly reference: string;
}

/** A position in a linear perpetual, one-way mode. */
export interface LinearPosition {
  readonly symbol: string;
  readonly settleCoin: string;
  /** Positive long, negative short, 0 none. */
  size: bigint;
  /** What the present size was bought (or sold) for, without its sign. */
  entryValue: bigint;
  leverage: bigint;
  takeProfit: bigint;
  stopLoss: bigint;
  /** Distance of its trailing stop and the price from which on it follows; 0 for none. */
  trailingStop: bigint;
  activePrice: bigint;
  /** Since the position was opened from nothing: with fees. */
  currentRealisedPnl: bigint;
  /** Ever: with fees. */
  cumulativeRealisedPnl: bigint;
  createdTime: number;
  updatedTime: number;
  sequence: number;
}

export interface LinearFill {
  readonly symbol: string;
  readonly settleCoin: string;
  readonly side: TakerSide;
  readonly price: bigint;
  readonly quantity: bigint;
  readonly fee: bigint;
  readonly time: number;
  readonly reference: string;
  readonly sequence: number;
}

export interface SpotFill {
  readonly baseCoin: string;
  readonly quoteCoin: string;
  readonly side: TakerSide;
  readonly price: bigint;
  readonly quantity: bigint;
  /** In the coin that is received. */
  readonly fee: bigint;
  readonly time: number;
  readonly reference: string;
}

export const DEFAULT_LEVERAGE = 10n * 1_000_000_000_000n;

/**
 * The exact books of one account: coins and linear positions. A position's profit is booked when it is closed, at the mean
 * entry; fees at every fill, funding when it is due. No interest.
 */
export class Ledger {
  readonly #balances = new Map<string, bigint>();
  readonly #positions = new Map<string, LinearPosition>();
  readonly #entries: LedgerEntry[] = [];

  balance(coin: string): bigint {
    return this.#balances.get(coin) ?? 0n;
  }

  /** Coins that ever had an entry. */
  get coins(): readonly string[] {
    return [...this.#balances.keys()];
  }

  get entries(): readonly LedgerEntry[] {
    return this.#entries;
  }

  get positions(): readonly LinearPosition[] {
    return [...this.#positions.values()];
  }

  /** The position in `symbol`, made when it is first asked for. */
  position(symbol: string, settleCoin: string): LinearPosition {
    let position = this.#positions.get(symbol);
    if (position === undefined) {
      position = {
        symbol,
        settleCoin,
        size: 0n,
        entryValue: 0n,
        leverage: DEFAULT_LEVERAGE,
        takeProfit: 0n,
        stopLoss: 0n,
        trailingStop: 0n,
        activePrice: 0n,
        currentRealisedPnl: 0n,
        cumulativeRealisedPnl: 0n,
        createdTime: 0,
        updatedTime: 0,
        sequence: 0,
      };
      this.#positions.set(symbol, position);
    }
    return position;
  }

  post(entry: LedgerEntry): void {
    this.#entries.push(entry);
    this.#balances.set(entry.coin, this.balance(entry.coin) + entry.amount);
  }

  /** Books a fill of a perpetual. Gives how much of it closed a position, and the profit of that part before fees. */
  bookLinear(fill: LinearFill): { readonly closedSize: bigint; readonly pnl: bigint } {
    const position = this.position(fill.symbol, fill.settleCoin);
    const signed = fill.side === 'Buy' ? fill.quantity : -fill.quantity;
    const held = position.size < 0n ? -position.size : position.size;
    const closes = position.size !== 0n && position.size < 0n !== signed < 0n;
    const closedSize = !closes ? 0n : fill.quantity < held ? fill.quantity : held;
    const pnl = closedSize === 0n ? 0n : closePart(position, held, closedSize, fill.price);
    const opened = fill.quantity - closedSize;
    if (position.size === 0n || closedSize === held) {
      position.createdTime = fill.time;
      position.currentRealisedPnl = closedSize === 0n ? 0n : position.currentRealisedPnl;
    }
    position.size += signed;
    position.entryValue += multiply(fill.price, opened);
    position.currentRealisedPnl += pnl - fill.fee;
    position.cumulativeRealisedPnl += pnl - fill.fee;
    position.updatedTime = fill.time;
    position.sequence = fill.sequence;
    const { time, reference, settleCoin: coin } = fill;
    if (pnl !== 0n) this.post({ time, kind: 'realised-pnl', coin, amount: pnl, reference });
    if (fill.fee !== 0n) this.post({ time, kind: 'fee', coin, amount: -fill.fee, reference });
    return { closedSize, pnl };
  }

  /** Takes a payment of funding from the position's coin; a negative one is received. */
  bookFunding(position: LinearPosition, payment: bigint, time: number, reference: string): void {
    position.currentRealisedPnl -= payment;
    position.cumulativeRealisedPnl -= payment;
    position.updatedTime = time;
    if (payment === 0n) return;
    this.post({ time, kind: 'funding', coin: position.settleCoin, amount: -payment, reference });
  }

  /** Books a fill of a spot pair: one coin for the other, and the fee in the coin that is received. */
  bookSpot(fill: SpotFill): void {
    const { baseCoin, quoteCoin, side, quantity, fee, time, reference } = fill;
    const value = multiply(fill.price, quantity);
    const sign = side === 'Buy' ? 1n : -1n;
    this.post({ time, kind: 'trade', coin: baseCoin, amount: sign * quantity, reference });
    this.post({ time, kind: 'trade', coin: quoteCoin, amount: -sign * value, reference });
    const feeCoin = side === 'Buy' ? baseCoin : quoteCoin;
    if (fee !== 0n) this.post({ time, kind: 'fee', coin: feeCoin, amount: -fee, reference });
  }
}

/** Takes `closed` out of the position at its mean entry; what is left keeps the rest of the entry value exactly. */
function closePart(position: LinearPosition, held: bigint, closed: bigint, price: bigint): bigint {
  const removed = closed === held ? position.entryValue : (position.entryValue * closed) / held;
  invariant(removed <= position.entryValue, 'More closed than held', { closed, held });
  position.entryValue -= removed;
  const exit = multiply(price, closed);
  return position.size > 0n ? exit - removed : removed - exit;
}

/** Mean entry price; 0 without a position. */
export function entryPrice({ size, entryValue }: LinearPosition): bigint {
  return size === 0n ? 0n : divide(entryValue, size < 0n ? -size : size);
}

/** What closing at `price` would bring, before fees. */
export function unrealisedPnl({ size, entryValue }: LinearPosition, price: bigint): bigint {
  const value = multiply(price, size < 0n ? -size : size);
  return size >= 0n ? value - entryValue : entryValue - value;
}
