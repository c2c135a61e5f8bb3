import { Sma } from '../../src/indicators/sma.ts';
import type { CandleWindow } from '../../src/market/candle-window.ts';
import { integer, type ParameterValues } from '../../src/strategy/parameters.ts';
import { type Decision, defineStrategy, type Market, Strategy } from '../../src/strategy/strategy.ts';

const parameters = {
  fast: integer({ default: 20, minimum: 1, maximum: 1_000, description: 'Bars of the fast average' }),
  slow: integer({ default: 50, minimum: 2, maximum: 5_000, description: 'Bars of the slow average' }),
};

/**
 * Long while the fast average stands above the slow one, else flat: what the peers' vectorised runs say most directly. The
 * built-in moving-average-cross differs by deciding on crosses only, so that averages which touch are no signal.
 */
class StateCross extends Strategy {
  private readonly window: CandleWindow;
  private readonly fast: Sma;
  private readonly slow: Sma;
  private isLong = false;

  constructor({ fast, slow }: ParameterValues<typeof parameters>, market: Market) {
    super();
    this.window = market.window();
    this.fast = new Sma(fast);
    this.slow = new Sma(slow);
  }

  override process(market: Market): Decision {
    const { window } = this;
    if (!market.isNew(window)) return undefined;
    const close = window.close();
    const fast = this.fast.update(close);
    const slow = this.slow.update(close);
    // NaN during warm-up makes the comparison false.
    const above = fast > slow;
    if (above === this.isLong) return undefined;
    this.isLong = above;
    const { symbol } = window.feed;
    return above
      ? { kind: 'enter', symbol, side: 'long', reason: 'fast above slow' }
      : { kind: 'exit', symbol, reason: 'fast not above slow' };
  }
}

export default defineStrategy({
  name: 'state-cross',
  title: 'State of two averages',
  description: 'Long while the fast average is above the slow one.',
  parameters,
  create: (values, market) => new StateCross(values, market),
});
