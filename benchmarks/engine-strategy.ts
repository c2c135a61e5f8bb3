import { Atr } from '../src/indicators/atr.ts';
import { Rsi } from '../src/indicators/rsi.ts';
import { Sma } from '../src/indicators/sma.ts';
import type { CandleWindow } from '../src/market/candle-window.ts';
import { type Decision, defineStrategy, type Market, Strategy } from '../src/strategy/strategy.ts';

/** The strategy of the C program `engine.c`: four indicators at each bar, all in or out at the market. */
class FourIndicators extends Strategy {
  private readonly window: CandleWindow;
  private readonly symbol: string;
  private readonly fast = new Sma(20);
  private readonly slow = new Sma(50);
  private readonly rsi = new Rsi(14);
  private readonly atr = new Atr(14);

  constructor(market: Market) {
    super();
    this.window = market.window();
    this.symbol = this.window.feed.symbol;
  }

  override process(market: Market): Decision {
    const { window } = this;
    const close = window.close();
    const fast = this.fast.update(close);
    const slow = this.slow.update(close);
    const rsi = this.rsi.update(close);
    this.atr.updateBar(window.high(), window.low(), close);
    if (!this.slow.ready) return undefined;
    if (fast > slow) {
      if (rsi < 90 && market.position(this.symbol) === 0) {
        return { kind: 'enter', side: 'long', symbol: this.symbol, reason: 'the fast average is above the slow one' };
      }
    } else if (market.position(this.symbol) > 0) {
      return { kind: 'exit', symbol: this.symbol, reason: 'the fast average is no longer above the slow one' };
    }
    return undefined;
  }

  override indicators(): Readonly<Record<string, number>> {
    return { fast: this.fast.value, slow: this.slow.value, rsi: this.rsi.value, atr: this.atr.value };
  }
}

export default defineStrategy({
  name: 'four-indicators',
  title: 'Four indicators',
  description: 'Long while the fast average is above the slow one; the work of the yardstick in C.',
  parameters: {},
  create: (_, market) => new FourIndicators(market),
});
