import type { Signal } from '../domain/signal.ts';
import { Atr } from '../indicators/atr.ts';
import { Bollinger } from '../indicators/bollinger.ts';
import { Rsi } from '../indicators/rsi.ts';
import { StandardDeviation } from '../indicators/standard-deviation.ts';
import type { CandleWindow } from '../market/candle-window.ts';
import { above, atLeast, atMost, below, both, type ColumnSignal, type Operand } from './column-signals.ts';
import { choice, decimal, integer, type ParameterValues } from './parameters.ts';
import { showNumber } from './show-number.ts';
import { type Decision, defineStrategy, type Market, Strategy } from './strategy.ts';

const parameters = {
  period: integer({ default: 20, minimum: 2, maximum: 2_000, description: 'Bars of the bands' }),
  entryDeviations: decimal({
    default: 2,
    minimum: 0.1,
    maximum: 10,
    description: 'How many standard deviations from the middle the close must lie to enter',
  }),
  exitDeviations: decimal({
    default: 0,
    minimum: 0,
    maximum: 10,
    description: 'Leave when the close has come back to so many standard deviations; 0 is the middle',
  }),
  rsiPeriod: integer({ default: 14, minimum: 2, maximum: 1_000, description: 'Bars of the relative strength index' }),
  rsiLimit: decimal({
    default: 30,
    minimum: 0,
    maximum: 50,
    description: 'Buy only with an RSI at or below this, sell only at or above 100 minus this; 0 for no filter',
  }),
  stopAtr: decimal({
    default: 4,
    minimum: 0,
    maximum: 50,
    description: 'Distance of the stop loss in average true ranges; 0 for none',
  }),
  atrPeriod: integer({ default: 14, minimum: 1, maximum: 1_000, description: 'Bars of the average true range' }),
  maximumBars: integer({
    default: 0,
    minimum: 0,
    maximum: 100_000,
    description: 'Give up after so many bars in the market; 0 for never',
  }),
  direction: choice({
    default: 'long-short',
    choices: ['long-short', 'long-only'],
    description: 'Whether prices above the band are sold short',
  }),
};

type Parameters = ParameterValues<typeof parameters>;

/**
 * Bets that a price that has strayed from its mean returns to it. Distance is the z-score of the Bollinger bands. After
 * an entry the price must come back inside the bands before the next one, so that a stop is not followed by buying the
 * same fall again.
 */
class BollingerReversion extends Strategy {
  private readonly parameters: Parameters;
  private readonly window: CandleWindow;
  private readonly bands: Bollinger;
  private readonly rsi: Rsi;
  private readonly atr: Atr;
  /** The price has been inside the bands since the last entry. */
  private armed = false;
  private barsHeld = 0;

  constructor(parameters: Parameters, market: Market) {
    super();
    this.parameters = parameters;
    this.window = market.window();
    this.bands = new Bollinger(parameters.period, parameters.entryDeviations);
    this.rsi = new Rsi(parameters.rsiPeriod);
    this.atr = new Atr(parameters.atrPeriod);
  }

  override process(market: Market): Decision {
    const { window } = this;
    if (!market.isNew(window)) return undefined;
    const close = window.close();
    this.bands.update(close);
    this.rsi.update(close);
    this.atr.updateBar(window.high(), window.low(), close);
    const position = market.position(window.feed.symbol);
    this.barsHeld = position === 0 ? 0 : this.barsHeld + 1;
    if (!this.bands.ready) return undefined;

    const score = this.score();
    if (Math.abs(score) < this.parameters.entryDeviations) this.armed = true;
    return position === 0 ? this.entry(score) : this.exit(score, position);
  }

  /** How many standard deviations the close lies from the middle; 0 on a flat market. */
  private score(): number {
    const { mean, value } = this.bands.deviation;
    return value > 0 ? (this.window.close() - mean) / value : 0;
  }

  private entry(score: number): Signal | undefined {
    const { entryDeviations, rsiLimit, direction, stopAtr } = this.parameters;
    if (!this.armed) return undefined;
    const side = score <= -entryDeviations ? 'long' : score >= entryDeviations ? 'short' : undefined;
    if (side === undefined || (side === 'short' && direction === 'long-only')) return undefined;
    // An RSI in warm-up is NaN, which passes no comparison.
    const rsi = side === 'long' ? this.rsi.value : 100 - this.rsi.value;
    if (rsiLimit > 0 && !(rsi <= rsiLimit)) return undefined;
    if (stopAtr > 0 && !this.atr.ready) return undefined;
    this.armed = false;
    return this.enter(side, score);
  }

  private enter(side: 'long' | 'short', score: number): Signal {
    const { rsiLimit, rsiPeriod, stopAtr } = this.parameters;
    const { symbol } = this.window.feed;
    const close = this.window.close();
    const filter = rsiLimit > 0 ? `, RSI(${rsiPeriod}) ${this.rsi.value.toFixed(1)}` : '';
    const middle = showNumber(this.bands.middle);
    const reason = `Close ${showNumber(close)} is ${this.distance(score)} the middle ${middle}${filter}`;
    if (stopAtr === 0) return { kind: 'enter', symbol, side, reason };
    const distance = stopAtr * this.atr.value;
    const stopLoss = side === 'long' ? close - distance : close + distance;
    return { kind: 'enter', symbol, side, reason: `${reason}; stop ${showNumber(stopLoss)}`, stopLoss };
  }

  private exit(score: number, position: number): Signal | undefined {
    const { exitDeviations, maximumBars } = this.parameters;
    const { symbol } = this.window.feed;
    const towardsProfit = position > 0 ? score : -score;
    if (towardsProfit >= -exitDeviations) {
      const reason = `Close ${showNumber(this.window.close())} came back to ${this.distance(score)} the middle ${showNumber(this.bands.middle)}`;
      return { kind: 'exit', symbol, reason };
    }
    if (maximumBars > 0 && this.barsHeld >= maximumBars) {
      const reason = `Gave up after ${this.barsHeld} bars, still ${this.distance(score)} the middle`;
      return { kind: 'exit', symbol, reason };
    }
    return undefined;
  }

  private distance(score: number): string {
    return `${Math.abs(score).toFixed(2)} deviations ${score < 0 ? 'below' : 'above'}`;
  }

  override indicators(): Readonly<Record<string, number>> {
    return {
      upper: this.bands.upper,
      middle: this.bands.middle,
      lower: this.bands.lower,
      rsi: this.rsi.value,
    };
  }
}

/** {@link BollingerReversion}'s score of one close after the other; NaN while the bands warm up. */
function scoreOf(period: number): (close?: number) => number {
  const deviation = new StandardDeviation(period);
  return (close) => {
    deviation.update(close!);
    if (!deviation.ready) return Number.NaN;
    return deviation.value > 0 ? (close! - deviation.mean) / deviation.value : 0;
  };
}

export default defineStrategy({
  name: 'bollinger-reversion',
  title: 'Bollinger band reversion',
  description:
    'Bets on a return to the mean: buys below the lower Bollinger band and sells above the upper one, leaves at the middle.',
  parameters,
  check: ({ entryDeviations, exitDeviations }) =>
    exitDeviations < entryDeviations
      ? undefined
      : `exitDeviations (${exitDeviations}) must be less than entryDeviations (${entryDeviations}), or every entry is left at once`,
  plots: {
    upper: { pane: 'price' },
    middle: { pane: 'price' },
    lower: { pane: 'price' },
    rsi: { pane: 'rsi' },
  },
  create: (values, market) => new BollingerReversion(values, market),
  signals({ period, entryDeviations, exitDeviations, rsiPeriod, rsiLimit, stopAtr, maximumBars, direction }, series) {
    if (stopAtr > 0 || maximumBars > 0) return undefined;
    const score = series.custom(`score ${period}`, [series.close], () => scoreOf(period));
    const rsi = series.rsi(rsiPeriod);
    const strength = series.custom('100 - rsi', [rsi], () => (value) => 100 - value!);
    const filtered = (entry: ColumnSignal, filter: Operand): ColumnSignal =>
      rsiLimit > 0 ? both(entry, atMost(filter, rsiLimit)) : entry;
    return {
      enterLong: filtered(atMost(score, -entryDeviations), rsi),
      ...(direction === 'long-short' && { enterShort: filtered(atLeast(score, entryDeviations), strength) }),
      exitLong: atLeast(score, -exitDeviations),
      exitShort: atMost(score, exitDeviations),
      turns: false,
      rearm: both(below(score, entryDeviations), above(score, -entryDeviations)),
    };
  },
});
