import type { Signal } from '../domain/signal.ts';
import { Atr } from '../indicators/atr.ts';
import { Donchian } from '../indicators/donchian.ts';
import type { CandleWindow } from '../market/candle-window.ts';
import { above, below } from './column-signals.ts';
import { choice, decimal, integer, type ParameterValues } from './parameters.ts';
import { showNumber } from './show-number.ts';
import { type Decision, defineStrategy, type Market, Strategy } from './strategy.ts';

const parameters = {
  entryPeriod: integer({
    default: 20,
    minimum: 2,
    maximum: 2_000,
    description: 'Bars of the channel whose break opens a position',
  }),
  exitPeriod: integer({
    default: 10,
    minimum: 1,
    maximum: 2_000,
    description: 'Bars of the channel whose break closes it',
  }),
  trailingAtr: decimal({
    default: 3,
    minimum: 0,
    maximum: 50,
    description: 'Distance of the trailing stop in average true ranges; 0 for none',
  }),
  atrPeriod: integer({ default: 20, minimum: 1, maximum: 1_000, description: 'Bars of the average true range' }),
  direction: choice({
    default: 'long-short',
    choices: ['long-short', 'long-only'],
    description: 'Whether breaks downwards are traded too',
  }),
};

type Parameters = ParameterValues<typeof parameters>;

/**
 * The channel breakout of Richard Donchian, with the two channels of the Turtles (C. Faith, The Original Turtle Trading
 * Rules, 2003, system 1: 20 bars in, 10 bars out). A break is a close beyond the channel of the bars before it.
 */
class DonchianBreakout extends Strategy {
  private readonly parameters: Parameters;
  private readonly window: CandleWindow;
  private readonly entry: Donchian;
  private readonly exit: Donchian;
  private readonly atr: Atr;

  constructor(parameters: Parameters, market: Market) {
    super();
    this.parameters = parameters;
    this.window = market.window();
    this.entry = new Donchian(parameters.entryPeriod);
    this.exit = new Donchian(parameters.exitPeriod);
    this.atr = new Atr(parameters.atrPeriod);
  }

  override process(market: Market): Decision {
    const { window, entry, exit } = this;
    if (!market.isNew(window)) return undefined;
    const high = window.high();
    const low = window.low();
    const close = window.close();
    const entryUpper = entry.upper;
    const entryLower = entry.lower;
    const exitUpper = exit.upper;
    const exitLower = exit.lower;
    entry.updateBar(high, low);
    exit.updateBar(high, low);
    this.atr.updateBar(high, low, close);

    const position = market.position(window.feed.symbol);
    const shorts = this.parameters.direction === 'long-short';
    // A channel in warm-up is NaN, beyond which no price lies.
    if (position <= 0 && close > entryUpper) return this.enter('long', close, entryUpper);
    if (shorts && position >= 0 && close < entryLower) return this.enter('short', close, entryLower);
    if (position > 0 && close < exitLower) return this.leave('fell below the low', close, exitLower);
    if (position < 0 && close > exitUpper) return this.leave('rose above the high', close, exitUpper);
    return undefined;
  }

  private enter(side: 'long' | 'short', close: number, edge: number): Signal | undefined {
    const { entryPeriod, trailingAtr } = this.parameters;
    const { symbol } = this.window.feed;
    const where = side === 'long' ? 'above the high' : 'below the low';
    const reason = `Close ${showNumber(close)} broke ${where} ${showNumber(edge)} of ${entryPeriod} bars`;
    if (trailingAtr === 0) return { kind: 'enter', symbol, side, reason };
    // No entry without the stop that was asked for.
    if (!(this.atr.value > 0)) return undefined;
    const trailingDistance = trailingAtr * this.atr.value;
    const trailed = `${reason}; stop trails by ${showNumber(trailingDistance)}, ${trailingAtr} ATR`;
    return { kind: 'enter', symbol, side, reason: trailed, trailingDistance };
  }

  private leave(what: string, close: number, edge: number): Signal {
    const reason = `Close ${showNumber(close)} ${what} ${showNumber(edge)} of ${this.parameters.exitPeriod} bars`;
    return { kind: 'exit', symbol: this.window.feed.symbol, reason };
  }

  override indicators(): Readonly<Record<string, number>> {
    return {
      entryUpper: this.entry.upper,
      entryLower: this.entry.lower,
      exitUpper: this.exit.upper,
      exitLower: this.exit.lower,
      atr: this.atr.value,
    };
  }
}

export default defineStrategy({
  name: 'donchian-breakout',
  title: 'Donchian channel breakout',
  description:
    'Buys a close above the highest high of many bars, sells one below the lowest low; leaves on a shorter channel or a trailing stop.',
  parameters,
  check: ({ entryPeriod, exitPeriod }) =>
    exitPeriod <= entryPeriod
      ? undefined
      : `exitPeriod (${exitPeriod}) must not be longer than entryPeriod (${entryPeriod}), or no exit comes before the opposite entry`,
  plots: {
    entryUpper: { pane: 'price' },
    entryLower: { pane: 'price' },
    exitUpper: { pane: 'price' },
    exitLower: { pane: 'price' },
    atr: { pane: 'atr' },
  },
  create: (values, market) => new DonchianBreakout(values, market),
  signals({ entryPeriod, exitPeriod, trailingAtr, direction }, series) {
    if (trailingAtr > 0) return undefined;
    const entry = series.donchian(entryPeriod);
    const exit = series.donchian(exitPeriod);
    return {
      enterLong: above(series.close, series.previous(entry.upper)),
      ...(direction === 'long-short' && { enterShort: below(series.close, series.previous(entry.lower)) }),
      exitLong: below(series.close, series.previous(exit.lower)),
      exitShort: above(series.close, series.previous(exit.upper)),
    };
  },
});
