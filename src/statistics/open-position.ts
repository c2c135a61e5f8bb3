import type { Portfolio } from '../domain/portfolio.ts';
import { notional, type Price, toNumber } from '../foundation/fixed-point.ts';

/** A position that a run has left open, in plain numbers. */
export interface OpenPosition {
  readonly symbol: string;
  /** In units of base: positive long, negative short. */
  readonly quantity: number;
  /** When this position was opened, in milliseconds UTC. */
  readonly entryTime: number;
  readonly averagePrice: number;
  readonly markPrice: number;
  /** `quantity × markPrice`: negative for a short. */
  readonly value: number;
  /** At the mark, before fees, in quote currency. */
  readonly unrealisedProfit: number;
}

/** What a portfolio holds, valued at `mark`, the price of a symbol. */
export function openPositionsOf(portfolio: Portfolio, mark: (symbol: string) => Price): OpenPosition[] {
  const open: OpenPosition[] = [];
  for (const position of portfolio.positions()) {
    const { averagePrice, openedAt } = position;
    if (averagePrice === undefined || openedAt === undefined) continue;
    const price = mark(position.symbol);
    open.push({
      symbol: position.symbol,
      quantity: toNumber(position.quantity),
      entryTime: openedAt,
      averagePrice: toNumber(averagePrice),
      markPrice: toNumber(price),
      value: toNumber(notional(price, position.quantity)),
      unrealisedProfit: toNumber(position.unrealisedProfit(price)),
    });
  }
  return open;
}
