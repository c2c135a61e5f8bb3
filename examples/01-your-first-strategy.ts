// Your first strategy: buy when a market has fallen too far too fast, sell when it has recovered.
//
// A strategy is a class that looks at each closed bar and answers with a signal or with nothing. It never asks for the
// time, for chance or for a file, so a backtest, paper trading and live trading decide exactly alike.
//
// This file needs no build step and may lie anywhere: `tradewind` is found by itself.

import { type Decision, decimal, defineStrategy, integer, type Market, Rsi, Strategy } from 'tradewind';

interface Parameters {
  readonly period: number;
  readonly buyBelow: number;
  readonly sellAbove: number;
  readonly stopPercent: number;
}

class RsiDip extends Strategy {
  // Everything that a strategy remembers is a field. Fields are saved and restored when a bot restarts.
  private readonly parameters: Parameters;
  private readonly rsi: Rsi;

  constructor(parameters: Parameters) {
    super();
    this.parameters = parameters;
    this.rsi = new Rsi(parameters.period);
  }

  // Called once for every closed bar.
  override process(market: Market): Decision {
    const bars = market.window();
    const close = bars.close();
    const before = this.rsi.value;
    const now = this.rsi.update(close);
    if (!this.rsi.ready) return undefined;

    const { buyBelow, sellAbove, stopPercent } = this.parameters;
    const { symbol } = bars.feed;
    const held = market.position() > 0;

    // Buy at the moment of the fall, not all the time that the index stays low.
    if (!held && before >= buyBelow && now < buyBelow) {
      return {
        kind: 'enter',
        side: 'long',
        symbol,
        stopLoss: close * (1 - stopPercent / 100),
        // The reason is shown beside the trade: write it for the person who will ask "why?".
        reason: `RSI fell from ${before.toFixed(1)} to ${now.toFixed(1)}, below ${buyBelow}`,
      };
    }
    if (held && now > sellAbove) {
      return { kind: 'exit', symbol, reason: `RSI recovered to ${now.toFixed(1)}, above ${sellAbove}` };
    }
    return undefined;
  }

  // What is drawn under the chart, by the names declared as plots.
  override indicators() {
    return { rsi: this.rsi.value };
  }
}

// How much is bought is no business of a strategy: position sizing and the risk limits decide that.
export default defineStrategy({
  name: 'rsi-dip',
  title: 'Buy the dip by RSI',
  description: 'Buys when the relative strength index falls below a limit, sells when it has recovered.',
  // Declared with range and default, so that the program can check what you type, print help, and search for good values.
  parameters: {
    period: integer({ default: 14, minimum: 2, maximum: 200, description: 'Bars of the relative strength index' }),
    buyBelow: decimal({ default: 25, minimum: 1, maximum: 50, description: 'Buy when the index falls below this' }),
    sellAbove: decimal({ default: 55, minimum: 1, maximum: 99, description: 'Sell when it rises above this' }),
    stopPercent: decimal({
      default: 2,
      minimum: 0.1,
      maximum: 50,
      description: 'Stop loss below the entry, in percent',
    }),
  },
  check: ({ buyBelow, sellAbove }) =>
    buyBelow < sellAbove ? undefined : `buyBelow (${buyBelow}) must be less than sellAbove (${sellAbove})`,
  plots: { rsi: { pane: 'rsi' } },
  create: (parameters) => new RsiDip(parameters),
});
