import type { QuoteSignal, Signal } from '../../../src/domain/signal.ts';
import type { CandleWindow } from '../../../src/market/candle-window.ts';

const START = 100_000;

/**
 * An account just real enough to drive a strategy: market orders fill at the next bar's open without cost, quotes and
 * stops at their own price when a later bar reaches it. The matching engine has tests of its own.
 */
export class PlainAccount {
  readonly quantities = new Map<string, number>();
  private readonly closes = new Map<string, number>();
  private readonly waiting = new Map<string, Signal>();
  private readonly quotes = new Map<string, QuoteSignal>();
  private readonly stops = new Map<string, { price: number; trailing: number | undefined }>();
  private cash = START;

  mark(symbol: string): number {
    return this.closes.get(symbol) ?? Number.NaN;
  }

  get equity(): number {
    let equity = this.cash;
    for (const [symbol, quantity] of this.quantities) equity += quantity * this.closes.get(symbol)!;
    return equity;
  }

  position(symbol: string): number {
    return this.quantities.get(symbol) ?? 0;
  }

  take(signal: Signal): void {
    if (signal.kind === 'quote') this.quotes.set(signal.symbol, signal);
    else this.waiting.set(signal.symbol, signal);
  }

  /** A bar has closed: what waited for its open, and what its range reached. */
  onBar(bar: CandleWindow): void {
    const { symbol } = bar.feed;
    const signal = this.waiting.get(symbol);
    this.waiting.delete(symbol);
    if (signal !== undefined) this.fillAtOpen(signal, bar.open());
    this.fillStop(symbol, bar);
    this.fillQuotes(symbol, bar);
    this.closes.set(symbol, bar.close());
  }

  private fillAtOpen(signal: Signal, price: number): void {
    const { symbol } = signal;
    const equity = this.equity;
    const held = this.position(symbol);
    if (signal.kind === 'exit') this.trade(symbol, -held, price);
    if (signal.kind === 'target') this.trade(symbol, (signal.weight * equity) / price - held, price);
    if (signal.kind !== 'enter') return;
    const sign = signal.side === 'long' ? 1 : -1;
    if (held * sign > 0) return;
    this.trade(symbol, (sign * equity) / price - held, price);
    const { stopLoss, trailingDistance } = signal;
    const level = stopLoss ?? (trailingDistance === undefined ? undefined : price - sign * trailingDistance);
    if (level === undefined) this.stops.delete(symbol);
    else this.stops.set(symbol, { price: level, trailing: trailingDistance });
  }

  private fillStop(symbol: string, bar: CandleWindow): void {
    const stop = this.stops.get(symbol);
    const held = this.position(symbol);
    if (stop === undefined || held === 0) return;
    const reached = held > 0 ? bar.low() <= stop.price : bar.high() >= stop.price;
    if (reached) {
      this.trade(symbol, -held, stop.price);
      this.stops.delete(symbol);
    } else if (stop.trailing !== undefined) {
      stop.price =
        held > 0 ? Math.max(stop.price, bar.high() - stop.trailing) : Math.min(stop.price, bar.low() + stop.trailing);
    }
  }

  private fillQuotes(symbol: string, bar: CandleWindow): void {
    const quote = this.quotes.get(symbol);
    if (quote === undefined) return;
    const { bidPrice, askPrice, ...rest } = quote;
    const bought = bidPrice !== undefined && bar.low() < bidPrice;
    const sold = askPrice !== undefined && bar.high() > askPrice;
    if (bought) this.trade(symbol, quote.quantity, bidPrice);
    if (sold) this.trade(symbol, -quote.quantity, askPrice);
    this.quotes.set(symbol, {
      ...rest,
      ...(bought || bidPrice === undefined ? {} : { bidPrice }),
      ...(sold || askPrice === undefined ? {} : { askPrice }),
    });
  }

  private trade(symbol: string, quantity: number, price: number): void {
    const after = this.position(symbol) + quantity;
    this.closes.set(symbol, price);
    this.cash -= quantity * price;
    if (Math.abs(after) < 1e-9) {
      this.quantities.delete(symbol);
      this.stops.delete(symbol);
    } else this.quantities.set(symbol, after);
  }
}
