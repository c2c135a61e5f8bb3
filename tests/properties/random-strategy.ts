import fc from 'fast-check';
import type { Feed } from '../../src/domain/candle.ts';
import type { Signal } from '../../src/domain/signal.ts';
import type { Timeframe } from '../../src/domain/timeframe.ts';
import { epochMs, MINUTE_MS } from '../../src/foundation/time.ts';
import { CandleColumns } from '../../src/market/candle-columns.ts';
import { aggregateCandles } from '../../src/market/candle-history.ts';
import { type AnyStrategyDefinition, defineStrategy, type Market, Strategy } from '../../src/strategy/strategy.ts';

/** Numbers from a seed, the same wherever the strategy runs: its state is one of its fields. */
export class Dice extends Strategy {
  private state: number;
  private readonly busyness: number;

  constructor(seed: number, busyness: number) {
    super();
    this.state = seed | 1;
    this.busyness = busyness;
  }

  override process(market: Market): Signal | Signal[] | undefined {
    if (this.roll() > this.busyness) return undefined;
    const count = this.roll() < 0.8 ? 1 : 1 + Math.floor(this.roll() * 3);
    const signals = Array.from({ length: count }, () => this.signal(market));
    return count === 1 && this.roll() < 0.5 ? signals[0] : signals;
  }

  private signal(market: Market): Signal {
    const symbol = market.symbols[Math.floor(this.roll() * market.symbols.length)]!;
    const window = market.window(symbol, '1m');
    const price = window.length > 0 ? window.close() : 100;
    const draw = this.roll();
    if (draw < 0.35) return this.enter(symbol, price);
    if (draw < 0.55) return { kind: 'exit', symbol, reason: 'out' };
    if (draw < 0.7)
      return { kind: 'target', symbol, weight: Math.round((this.roll() * 2 - 1) * 8) / 8, reason: 'weight' };
    if (draw < 0.85) return this.quote(symbol, price);
    return this.order(symbol, price);
  }

  private enter(symbol: string, price: number): Signal {
    const side = this.roll() < 0.6 ? 'long' : 'short';
    const sign = side === 'long' ? 1 : -1;
    return {
      kind: 'enter',
      symbol,
      side,
      reason: `${side} at ${price}`,
      ...(this.roll() < 0.2 && { limitPrice: price * (1 - sign * 0.001) }),
      ...(this.roll() < 0.15 && { stopPrice: price * (1 + sign * 0.001) }),
      ...(this.roll() < 0.35 && { stopLoss: price * (1 - sign * 0.004 * this.roll()) }),
      ...(this.roll() < 0.3 && { takeProfit: price * (1 + sign * 0.006 * this.roll()) }),
      ...(this.roll() < 0.2 && { trailingDistance: price * 0.003 * this.roll() + 0.01 }),
      ...(this.roll() < 0.3 && { strength: 0.1 + 0.9 * this.roll() }),
    };
  }

  private quote(symbol: string, price: number): Signal {
    return {
      kind: 'quote',
      symbol,
      reason: 'both sides',
      quantity: 5 * this.roll() + 0.001,
      ...(this.roll() < 0.8 && { bidPrice: price * (1 - 0.002 * this.roll()) - 0.01 }),
      ...(this.roll() < 0.8 && { askPrice: price * (1 + 0.002 * this.roll()) + 0.01 }),
    };
  }

  private order(symbol: string, price: number): Signal {
    const types = ['market', 'limit', 'stop', 'take-profit', 'trailing-stop'] as const;
    const near = (): number => price * (1 + 0.006 * (this.roll() - 0.5));
    return {
      kind: 'order',
      symbol,
      reason: 'by hand',
      side: this.roll() < 0.5 ? 'buy' : 'sell',
      quantity: 4 * this.roll() + 0.001,
      type: types[Math.floor(this.roll() * types.length)]!,
      ...(this.roll() < 0.6 && { limitPrice: near() }),
      ...(this.roll() < 0.8 && { triggerPrice: near() }),
      ...(this.roll() < 0.8 && { trailingDistance: price * 0.004 * this.roll() + 0.01 }),
      ...(this.roll() < 0.3 && { timeInForce: this.roll() < 0.5 ? ('IOC' as const) : ('FOK' as const) }),
      ...(this.roll() < 0.2 && { expiresAt: epochMs(60_000 * Math.floor(this.roll() * 400)) }),
      ...(this.roll() < 0.3 && { reduceOnly: true }),
      ...(this.roll() < 0.2 && { postOnly: true }),
      ...(this.roll() < 0.3 && { oneCancelsOther: 'group' }),
    };
  }

  /** Xorshift, 0 … 1. */
  private roll(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) / 4_294_967_296;
  }
}

/** A strategy that gives every kind of signal at random, over each symbol's minutes and, where asked, a longer timeframe. */
export function randomStrategy(seed: number, busyness: number, longer: Timeframe | undefined): AnyStrategyDefinition {
  const feeds = (symbols: readonly string[]): Feed[] => [
    ...symbols.map((symbol) => ({ symbol, timeframe: '1m' as const })),
    ...(longer === undefined ? [] : [{ symbol: symbols.at(-1)!, timeframe: longer }]),
  ];
  return defineStrategy({
    name: 'dice',
    title: 'Dice',
    description: 'Decides by chance.',
    parameters: {},
    symbols: { minimum: 1, maximum: 9 },
    feeds: (_, symbols) => feeds(symbols),
    create: () => new Dice(seed, busyness),
  });
}

interface MarketTerms {
  readonly symbols: readonly string[];
  readonly bars: number;
  readonly longer: Timeframe | undefined;
  /** How often a minute is missing. */
  readonly gaps: number;
  readonly seed: number;
}

/** Random walks in minutes with gaps, and the longer bars that follow from those of the last symbol. */
export function randomMarket({ symbols, bars, longer, gaps, seed }: MarketTerms): Map<string, CandleColumns> {
  let state = seed | 1;
  const roll = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
  const columns = new Map<string, CandleColumns>();
  const cents = (value: number): number => Math.round(value * 100) / 100;
  for (const symbol of symbols) {
    const candles = [];
    let price = cents(20 + 200 * roll());
    for (let minute = 0; minute < bars; minute++) {
      const open = roll() < 0.1 ? cents(price * (0.99 + 0.02 * roll())) : price;
      const close = cents(open * (1 + 0.004 * (roll() - 0.5)));
      const high = cents(Math.max(open, close) * (1 + 0.002 * roll()));
      const low = cents(Math.min(open, close) * (1 - 0.002 * roll()));
      price = close;
      if (minute > 0 && roll() < gaps) continue;
      const openTime = epochMs(minute * MINUTE_MS);
      const volume = roll() < 0.05 ? 0 : cents(50 * roll());
      candles.push({ openTime, closeTime: epochMs(openTime + MINUTE_MS), open, high, low, close, volume });
    }
    columns.set(`${symbol}:1m`, CandleColumns.from(candles, MINUTE_MS));
  }
  if (longer !== undefined) {
    const last = symbols.at(-1)!;
    columns.set(`${last}:${longer}`, aggregateCandles(columns.get(`${last}:1m`)!, longer).columns);
  }
  return columns;
}

/** What a random market and strategy are made from. */
export const randomRuns = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  busyness: fc.constantFrom(0.03, 0.2, 0.7),
  symbols: fc.constantFrom(['AUSDT'], ['AUSDT'], ['AUSDT', 'BUSDT'], ['AUSDT', 'BUSDT', 'CUSDT']),
  longer: fc.constantFrom(undefined, undefined, '5m' as const),
  gaps: fc.constantFrom(0, 0.05, 0.4),
  bars: fc.integer({ min: 1, max: 250 }),
});
