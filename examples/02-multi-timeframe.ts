// Two timeframes in one strategy: enter on short bars, but only in the direction of the trend on long bars.
//
// Run it on 5m bars: the trend comes from 1h bars. A long bar is seen only when it has closed, never while it grows, so
// there is no looking ahead.

import {
  type CandleWindow,
  choice,
  type Decision,
  Donchian,
  defineStrategy,
  Ema,
  integer,
  type Market,
  Strategy,
  type Timeframe,
} from 'tradewind';

interface Parameters {
  readonly trendTimeframe: Timeframe;
  readonly trendPeriod: number;
  readonly breakoutPeriod: number;
}

class TrendFilteredBreakout extends Strategy {
  private readonly parameters: Parameters;
  private readonly short: CandleWindow;
  private readonly long: CandleWindow;
  private readonly trend: Ema;
  private readonly channel: Donchian;
  private longClose = Number.NaN;

  constructor(parameters: Parameters, market: Market) {
    super();
    this.parameters = parameters;
    // Ask for the windows once, at creation.
    this.short = market.window();
    this.long = market.window(this.short.feed.symbol, parameters.trendTimeframe);
    this.trend = new Ema(parameters.trendPeriod);
    this.channel = new Donchian(parameters.breakoutPeriod);
  }

  // Called whenever a bar of either feed closes; on the full hour both do, and both are then new.
  override process(market: Market): Decision {
    if (market.isNew(this.long)) {
      this.longClose = this.long.close();
      this.trend.update(this.longClose);
    }
    if (!market.isNew(this.short)) return undefined;

    const close = this.short.close();
    // The channel of the bars before this one: a close cannot be above a channel that holds it.
    const { upper, lower } = this.channel;
    this.channel.updateBar(this.short.high(), this.short.low());
    if (!this.trend.ready) return undefined;

    const { symbol } = this.short.feed;
    const { trendTimeframe, breakoutPeriod } = this.parameters;
    const rising = this.longClose > this.trend.value;
    const trend = `${trendTimeframe} close ${this.longClose} ${rising ? 'above' : 'below'} its average ${this.trend.value.toFixed(2)}`;
    const held = market.position() > 0;
    if (!held && rising && close > upper) {
      const reason = `Close ${close} above the high ${upper} of ${breakoutPeriod} bars, ${trend}`;
      return { kind: 'enter', side: 'long', symbol, stopLoss: lower, reason };
    }
    if (held && !rising) return { kind: 'exit', symbol, reason: `The trend has turned: ${trend}` };
    if (held && close < lower) {
      return { kind: 'exit', symbol, reason: `Close ${close} below the low ${lower} of ${breakoutPeriod} bars` };
    }
    return undefined;
  }

  override indicators() {
    return { trend: this.trend.value, upper: this.channel.upper, lower: this.channel.lower };
  }
}

export default defineStrategy({
  name: 'trend-filtered-breakout',
  title: 'Breakout with a trend filter',
  description: 'Buys breakouts on short bars while the close of long bars is above its moving average.',
  parameters: {
    trendTimeframe: choice({ default: '1h', choices: ['30m', '1h', '4h'], description: 'The bars of the trend' }),
    trendPeriod: integer({ default: 20, minimum: 2, maximum: 500, description: 'Bars of the average of the trend' }),
    breakoutPeriod: integer({ default: 24, minimum: 2, maximum: 500, description: 'Bars of the breakout channel' }),
  },
  // The feeds that it watches. The main one, at the timeframe that you ask for, comes first.
  feeds: ({ trendTimeframe }, symbols, timeframe) =>
    symbols.flatMap((symbol) => [
      { symbol, timeframe },
      { symbol, timeframe: trendTimeframe },
    ]),
  plots: { trend: { pane: 'price' }, upper: { pane: 'price' }, lower: { pane: 'price' } },
  create: (parameters, market) => new TrendFilteredBreakout(parameters, market),
});
