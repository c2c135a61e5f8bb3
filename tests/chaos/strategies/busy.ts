import { type Decision, defineStrategy, integer, type Market, Strategy } from 'tradewind';

/** A share of equity, so small that no limit is near. */
const WEIGHT = 0.02;
/** As a share of the price: near enough that some of them fill. */
const DISTANCE = 0.0004;

/** Trades on every candle, by every kind of order in turn: for trials in which orders are wanted, and no profit. */
class Busy extends Strategy {
  readonly #phase: number;
  #bars = 0;

  constructor(phase: number) {
    super();
    this.#phase = phase;
  }

  override process(market: Market): Decision {
    const window = market.window();
    const { symbol } = window.feed;
    const close = window.close();
    const quantity = WEIGHT * (market.equity / close);
    this.#bars += 1;
    const reason = `bar ${this.#bars}`;
    switch ((this.#bars + this.#phase) % 5) {
      case 0:
        return { kind: 'target', symbol, weight: WEIGHT, reason };
      case 1:
        return {
          kind: 'quote',
          symbol,
          bidPrice: close * (1 - DISTANCE),
          askPrice: close * (1 + DISTANCE),
          quantity,
          reason,
        };
      case 2:
        return { kind: 'target', symbol, weight: -WEIGHT, reason };
      case 3:
        return {
          kind: 'quote',
          symbol,
          bidPrice: close * (1 - DISTANCE / 4),
          askPrice: close * (1 + DISTANCE / 4),
          quantity,
          reason,
        };
      default:
        return { kind: 'exit', symbol, reason };
    }
  }
}

export default defineStrategy({
  name: 'busy',
  title: 'Busy',
  description: 'Trades on every candle, by every kind of order in turn.',
  parameters: { phase: integer({ default: 0, minimum: 0, maximum: 100, description: 'With which order it begins' }) },
  create: ({ phase }) => new Busy(phase),
});
