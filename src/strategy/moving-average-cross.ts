import type { Signal } from '../domain/signal.ts';
import { Atr } from '../indicators/atr.ts';
import { Ema } from '../indicators/ema.ts';
import { Sma } from '../indicators/sma.ts';
import type { CandleWindow } from '../market/candle-window.ts';
import { crossedAbove, crossedBelow } from './column-signals.ts';
import { choice, decimal, integer, type ParameterValues } from './parameters.ts';
import { showNumber } from './show-number.ts';
import { type Decision, defineStrategy, type Market, Strategy } from './strategy.ts';

const parameters = {
  fast: integer({ default: 10, minimum: 1, maximum: 1_000, description: 'Bars of the fast average' }),
  slow: integer({ default: 30, minimum: 2, maximum: 5_000, description: 'Bars of the slow average' }),
  type: choice({ default: 'sma', choices: ['sma', 'ema'], description: 'Simple or exponential averages' }),
  direction: choice({
    default: 'long-short',
    choices: ['long-short', 'long-only'],
    description: 'Whether a cross downwards turns short or only leaves the market',
  }),
  stopAtr: decimal({
    default: 0,
    minimum: 0,
    maximum: 50,
    description: 'Distance of the stop loss in average true ranges; 0 for none',
  }),
  atrPeriod: integer({ default: 14, minimum: 1, maximum: 1_000, description: 'Bars of the average true range' }),
};

type Parameters = ParameterValues<typeof parameters>;

/**
 * In the market on the side on which the fast average stands. It decides only on the bar of a cross: strictly below on
 * the bar before and strictly above now, or the reverse. This is `crossover` of backtesting.py (backtesting/lib.py):
 * averages that touch without crossing, or that come out of warm-up apart, give no signal.
 */
class MovingAverageCross extends Strategy {
  private readonly parameters: Parameters;
  private readonly window: CandleWindow;
  private readonly fast: Sma | Ema;
  private readonly slow: Sma | Ema;
  private readonly atr: Atr;

  constructor(parameters: Parameters, market: Market) {
    super();
    const Average = parameters.type === 'sma' ? Sma : Ema;
    this.parameters = parameters;
    this.window = market.window();
    this.fast = new Average(parameters.fast);
    this.slow = new Average(parameters.slow);
    this.atr = new Atr(parameters.atrPeriod);
  }

  override process(market: Market): Decision {
    const { window } = this;
    if (!market.isNew(window)) return undefined;
    const close = window.close();
    const fastBefore = this.fast.value;
    const slowBefore = this.slow.value;
    const fast = this.fast.update(close);
    const slow = this.slow.update(close);
    if (this.parameters.stopAtr > 0) this.atr.updateBar(window.high(), window.low(), close);
    // NaN during warm-up makes both comparisons false.
    if (fastBefore < slowBefore && fast > slow) return this.enter('long');
    if (fastBefore > slowBefore && fast < slow) return this.leaveOrTurn();
    return undefined;
  }

  private leaveOrTurn(): Signal | undefined {
    if (this.parameters.direction === 'long-short') return this.enter('short');
    return { kind: 'exit', symbol: this.window.feed.symbol, reason: this.reason('below') };
  }

  private enter(side: 'long' | 'short'): Signal | undefined {
    const { symbol } = this.window.feed;
    const reason = this.reason(side === 'long' ? 'above' : 'below');
    if (this.parameters.stopAtr === 0) return { kind: 'enter', symbol, side, reason };
    // No entry without the stop that was asked for.
    if (!this.atr.ready) return undefined;
    const distance = this.parameters.stopAtr * this.atr.value;
    const stopLoss = this.window.close() + (side === 'long' ? -distance : distance);
    const stopped = `${reason}; stop ${showNumber(stopLoss)}, ${this.parameters.stopAtr} ATR away`;
    return { kind: 'enter', symbol, side, reason: stopped, stopLoss };
  }

  private reason(where: 'above' | 'below'): string {
    const { type, fast, slow } = this.parameters;
    const name = type.toUpperCase();
    return `${name}(${fast}) ${showNumber(this.fast.value)} crossed ${where} ${name}(${slow}) ${showNumber(this.slow.value)}`;
  }

  override indicators(): Readonly<Record<string, number>> {
    return { fast: this.fast.value, slow: this.slow.value };
  }
}

export default defineStrategy({
  name: 'moving-average-cross',
  title: 'Moving average cross',
  description: 'Follows the trend: long when the fast average crosses above the slow one, short or out when below.',
  parameters,
  check: ({ fast, slow }) =>
    fast < slow ? undefined : `fast (${fast}) must be less than slow (${slow}), or the averages mean the opposite`,
  plots: { fast: { pane: 'price' }, slow: { pane: 'price' } },
  create: (values, market) => new MovingAverageCross(values, market),
  signals({ fast, slow, type, direction, stopAtr }, series) {
    if (stopAtr > 0) return undefined;
    const [quick, calm] = type === 'sma' ? [series.sma(fast), series.sma(slow)] : [series.ema(fast), series.ema(slow)];
    const downwards = crossedBelow(quick, calm);
    return {
      enterLong: crossedAbove(quick, calm),
      ...(direction === 'long-short' ? { enterShort: downwards } : { exitLong: downwards }),
    };
  },
});
