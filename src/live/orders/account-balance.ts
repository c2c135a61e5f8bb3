import type { Holdings, ReportedFill } from '../../execution/order-gateway.ts';
import { absolute, formatFixed, type Money, notional, type Quantity } from '../../foundation/fixed-point.ts';

/** What a bot's books say. */
export interface BotHoldings {
  /** Signed, by symbol. */
  readonly positions: ReadonlyMap<string, Quantity>;
  readonly currency: string;
  /** What trading has added to its cash so far; what was bought is paid for in it, in contracts too. */
  readonly cashFlow: Money;
}

/** Mean entry prices are rounded by venues: balances that are found with them may be so far off. One cent. */
const ROUNDING = 10_000_000_000n;

/** A difference that stands so long is one: bots take in and commit their fills sooner. */
const STANDS_AFTER_MS = 20_000;

interface Suspicion {
  readonly amount: bigint;
  readonly since: number;
}

/** Something that the venue says otherwise than our books, or than before. */
export interface AccountDifference {
  readonly what: string;
  readonly ours: string;
  readonly theirs: string;
}

/**
 * Holds what the venue says of an account against the sum of its bots. What the account holds besides (it may have been
 * used before, and by hand) is told once and is external then; so is each later change that neither a bot's fill nor an
 * external one explains. A difference must stand for a while, as fills may be on their way. Balances are taken as they
 * are at first, and after an external trade, whose profit is not known; they too must stand for a while.
 */
export class AccountBalance {
  /** What is not the bots', by symbol; what the first looks found, and external fills since. */
  readonly #external = new Map<string, bigint>();
  readonly #suspected = new Map<string, Suspicion>();
  #hasLooked = false;
  /** Balances of which it is known what is not the bots'. */
  readonly #known = new Set<string>();

  /** A fill that belongs to no bot moves the external part. */
  addExternal({ symbol, side, quantity }: ReportedFill): void {
    if (!this.#hasLooked) return;
    this.#known.clear();
    const signed = side === 'buy' ? quantity : -quantity;
    this.#add(`position ${symbol}`, signed);
  }

  /** Funding that was paid for the external part of a position. */
  addExternalFunding(currency: string, amount: bigint): void {
    if (this.#hasLooked) this.#add(`balance ${currency}`, -amount);
  }

  /** How much of a symbol is not the bots'. */
  externalPosition(symbol: string): bigint {
    return this.#external.get(`position ${symbol}`) ?? 0n;
  }

  /** A quiet look: no order is under way, so that both sides should agree. @param now on the monotonic clock */
  compare(holdings: Holdings, bots: readonly BotHoldings[], now: number): readonly AccountDifference[] {
    const theirs = whatTheVenueSays(holdings, bots);
    const ours = whatTheBotsSay(bots);
    const differences: AccountDifference[] = [];
    for (const what of new Set([...theirs.keys(), ...ours.keys()])) {
      const one = { what, ours: ours.get(what) ?? 0n, theirs: theirs.get(what) ?? 0n };
      if (this.#differs(one.what, one.theirs - one.ours, now)) {
        differences.push({ what, ours: formatFixed(one.ours), theirs: formatFixed(one.theirs) });
      }
    }
    this.#hasLooked = true;
    return differences;
  }

  /** Whether a difference stands that nothing explains; it is external from then on, and told once. */
  #differs(what: string, difference: bigint, now: number): boolean {
    const isBalance = what.startsWith('balance ');
    const isTaken = isBalance && !this.#known.has(what);
    const tolerance = isBalance ? ROUNDING : 1n;
    const unexplained = difference - (this.#external.get(what) ?? 0n);
    if (!isTaken && absolute(unexplained as Quantity) < tolerance) {
      this.#suspected.delete(what);
      return false;
    }
    const before = this.#suspected.get(what);
    if (before === undefined || absolute((before.amount - unexplained) as Quantity) >= tolerance) {
      this.#suspected.set(what, { amount: unexplained, since: now });
      return false;
    }
    if (now - before.since < STANDS_AFTER_MS) return false;
    this.#suspected.delete(what);
    this.#add(what, unexplained);
    if (isBalance) this.#known.add(what);
    return !isTaken;
  }

  #add(what: string, amount: bigint): void {
    this.#external.set(what, (this.#external.get(what) ?? 0n) + amount);
  }
}

/** Positions, and what the balances would be had everything been paid for in cash, as our books have it. */
function whatTheVenueSays({ positions, balances }: Holdings, bots: readonly BotHoldings[]): Map<string, bigint> {
  const says = new Map<string, bigint>(positions.map((one) => [`position ${one.symbol}`, one.quantity]));
  for (const currency of new Set(bots.map((bot) => bot.currency))) {
    let amount: bigint = balances.find((one) => one.currency === currency)?.total ?? 0n;
    for (const { symbol, quantity, averagePrice } of positions) {
      if (averagePrice !== null && symbol.endsWith(currency)) amount -= notional(averagePrice, quantity);
    }
    says.set(`balance ${currency}`, amount);
  }
  return says;
}

function whatTheBotsSay(bots: readonly BotHoldings[]): Map<string, bigint> {
  const says = new Map<string, bigint>();
  const add = (what: string, amount: bigint): Map<string, bigint> => says.set(what, (says.get(what) ?? 0n) + amount);
  for (const { positions, currency, cashFlow } of bots) {
    add(`balance ${currency}`, cashFlow);
    for (const [symbol, quantity] of positions) add(`position ${symbol}`, quantity);
  }
  return says;
}
