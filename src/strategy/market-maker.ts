import type { QuoteSignal } from '../domain/signal.ts';
import { Atr } from '../indicators/atr.ts';
import { Ema } from '../indicators/ema.ts';
import type { CandleWindow } from '../market/candle-window.ts';
import { choice, decimal, integer, type ParameterValues } from './parameters.ts';
import { showNumber, showPercent } from './show-number.ts';
import { type Decision, defineStrategy, type Market, Strategy } from './strategy.ts';

const parameters = {
  fairPeriod: integer({
    default: 3,
    minimum: 1,
    maximum: 500,
    description: 'Bars of the exponential average of closes that is the fair price; 1 for the close itself',
  }),
  atrPeriod: integer({ default: 30, minimum: 1, maximum: 1_000, description: 'Bars of the average true range' }),
  spreadAtr: decimal({
    default: 1,
    minimum: 0,
    maximum: 20,
    description: 'Distance from the fair price to each quote, in average true ranges',
  }),
  minimumHalfSpread: decimal({
    default: 0.0005,
    minimum: 0.00001,
    maximum: 0.1,
    description: 'The least such distance, as a share of the price; more than the fee, or every round trip loses',
  }),
  quoteShare: decimal({
    default: 0.05,
    minimum: 0.0001,
    maximum: 1,
    description: 'Size of each quote, as a share of equity',
  }),
  maximumInventory: decimal({
    default: 0.25,
    minimum: 0.0001,
    maximum: 1,
    description: 'The largest position, as a share of equity; a side that would pass it is withdrawn',
  }),
  skew: decimal({
    default: 1,
    minimum: 0,
    maximum: 5,
    description: 'How many half-spreads the quotes lean against a full inventory',
  }),
  requoteShare: decimal({
    default: 0.25,
    minimum: 0,
    maximum: 5,
    description: 'Quotes stay while they are off by no more than this share of the half-spread',
  }),
  refreshBars: integer({
    default: 60,
    minimum: 1,
    maximum: 100_000,
    description: 'Quotes are renewed after so many bars at the latest, in case one was lost',
  }),
  pauseAtr: decimal({
    default: 4,
    minimum: 0,
    maximum: 100,
    description:
      'Both quotes are withdrawn after a bar whose range is more than so many average true ranges; 0 for never',
  }),
  direction: choice({
    default: 'long-short',
    choices: ['long-short', 'long-only'],
    description: 'Whether the inventory may be short; on a spot market it may not',
  }),
};

type Parameters = ParameterValues<typeof parameters>;

/**
 * Earns the spread: a bid below and an ask above a fair price, both leaning away from the inventory so that it is worked
 * off. The idea is that of Avellaneda and Stoikov (High-frequency trading in a limit order book, 2008), with their
 * risk term replaced by a lean linear in inventory and their spread by a multiple of the average true range.
 */
class MarketMaker extends Strategy {
  private readonly parameters: Parameters;
  private readonly window: CandleWindow;
  private readonly fair: Ema;
  private readonly atr: Atr;
  /** The quotes that are out; NaN for a side that is not. */
  private bid = Number.NaN;
  private ask = Number.NaN;
  private quantity = 0;
  private positionAtQuote = 0;
  private barsSinceQuote = Number.POSITIVE_INFINITY;
  /** Inventory as a share of the most that is allowed: −1 … 1, and beyond it when the equity has shrunk. */
  private inventory = 0;

  constructor(parameters: Parameters, market: Market) {
    super();
    this.parameters = parameters;
    this.window = market.window();
    this.fair = new Ema(parameters.fairPeriod);
    this.atr = new Atr(parameters.atrPeriod);
  }

  override process(market: Market): Decision {
    const { window, parameters: values } = this;
    if (!market.isNew(window)) return undefined;
    const close = window.close();
    const usualRange = this.atr.value;
    this.fair.update(close);
    this.atr.updateBar(window.high(), window.low(), close);
    this.barsSinceQuote += 1;
    if (!this.fair.ready || !this.atr.ready) return undefined;

    const position = market.position(window.feed.symbol);
    const { equity } = market;
    if (!(equity > 0)) return this.withdraw(position, 'No equity left to quote with');
    const range = this.atr.range.value;
    if (values.pauseAtr > 0 && range > values.pauseAtr * usualRange) {
      const times = (range / usualRange).toFixed(1);
      return this.withdraw(position, `The last bar's range ${showNumber(range)} is ${times} times the usual: wait`);
    }
    return this.quote(close, position, equity);
  }

  private quote(close: number, position: number, equity: number): QuoteSignal | undefined {
    const { spreadAtr, minimumHalfSpread, quoteShare, maximumInventory, skew, direction } = this.parameters;
    const halfSpread = Math.max(spreadAtr * this.atr.value, minimumHalfSpread * close);
    const quantity = (quoteShare * equity) / close;
    const mostLong = (maximumInventory * equity) / close;
    const mostShort = direction === 'long-only' ? 0 : mostLong;
    this.inventory = position / mostLong;
    const lean = Math.max(-1, Math.min(1, this.inventory)) * skew * halfSpread;
    const middle = this.fair.value - lean;
    // Never through the last price: the quotes are there to wait, not to take.
    const bid = position + quantity <= mostLong ? Math.min(middle - halfSpread, close) : Number.NaN;
    const ask = position - quantity >= -mostShort ? Math.max(middle + halfSpread, close) : Number.NaN;
    if (!this.mustRequote(bid, ask, position, halfSpread)) return undefined;
    this.remember(bid, ask, position);
    this.quantity = quantity;
    return {
      kind: 'quote',
      symbol: this.window.feed.symbol,
      reason: this.reason(halfSpread, lean),
      quantity,
      ...(bid > 0 ? { bidPrice: bid } : {}),
      ...(ask > 0 ? { askPrice: ask } : {}),
    };
  }

  private mustRequote(bid: number, ask: number, position: number, halfSpread: number): boolean {
    const { requoteShare, refreshBars } = this.parameters;
    if (this.barsSinceQuote >= refreshBars || position !== this.positionAtQuote) return true;
    const slack = requoteShare * halfSpread;
    return hasMoved(this.bid, bid, slack) || hasMoved(this.ask, ask, slack);
  }

  /** Takes both quotes back; silent when none is out. */
  private withdraw(position: number, reason: string): QuoteSignal | undefined {
    if (Number.isNaN(this.bid) && Number.isNaN(this.ask)) return undefined;
    this.remember(Number.NaN, Number.NaN, position);
    return { kind: 'quote', symbol: this.window.feed.symbol, reason, quantity: this.quantity };
  }

  private remember(bid: number, ask: number, position: number): void {
    this.bid = bid;
    this.ask = ask;
    this.positionAtQuote = position;
    this.barsSinceQuote = 0;
  }

  private reason(halfSpread: number, lean: number): string {
    const fair = showNumber(this.fair.value);
    const bid = Number.isNaN(this.bid) ? 'none' : showNumber(this.bid);
    const ask = Number.isNaN(this.ask) ? 'none' : showNumber(this.ask);
    return `Bid ${bid}, ask ${ask} around fair ${fair} ± ${showNumber(halfSpread)}, leaning ${showNumber(-lean)} for an inventory of ${showPercent(this.inventory)} of the most`;
  }

  override indicators(): Readonly<Record<string, number>> {
    return { fair: this.fair.value, bid: this.bid, ask: this.ask, inventory: this.inventory };
  }
}

/** Whether a quote has appeared, gone, or is off by more than `slack`. NaN is a side that is not quoted. */
function hasMoved(before: number, now: number, slack: number): boolean {
  if (Number.isNaN(before) || Number.isNaN(now)) return Number.isNaN(before) !== Number.isNaN(now);
  return Math.abs(now - before) > slack;
}

export default defineStrategy({
  name: 'market-maker',
  title: 'Market maker',
  description:
    'Quotes a bid and an ask around a fair price, wider when the market is restless, leaning against its inventory.',
  parameters,
  check: ({ quoteShare, maximumInventory }) =>
    quoteShare <= maximumInventory
      ? undefined
      : `quoteShare (${quoteShare}) must not be more than maximumInventory (${maximumInventory}), or no quote is ever allowed`,
  plots: {
    fair: { pane: 'price' },
    bid: { pane: 'price' },
    ask: { pane: 'price' },
    inventory: { pane: 'inventory', style: 'histogram' },
  },
  create: (values, market) => new MarketMaker(values, market),
});
