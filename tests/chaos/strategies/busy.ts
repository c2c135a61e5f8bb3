import { type Decision, defineStrategy, integer, type Market, type Signal, Strategy } from 'tradewind';

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
    const order = { kind: 'order', symbol, quantity, reason } as const;
    return [
      this.#turn(symbol, close, quantity, reason),
      { ...order, side: 'buy', type: 'market' },
      { ...order, side: 'sell', type: 'limit', limitPrice: close * (1 - DISTANCE), timeInForce: 'IOC' },
      { ...order, side: 'buy', type: 'limit', limitPrice: close * (1 - 4 * DISTANCE), timeInForce: 'FOK' },
    ];
  }

  #turn(symbol: string, close: number, quantity: number, reason: string): Signal {
    const quote = (distance: number): Signal => ({
      ...{ kind: 'quote', symbol, quantity, reason },
      bidPrice: close * (1 - distance),
      askPrice: close * (1 + distance),
    });
    switch ((this.#bars + this.#phase) % 5) {
      case 0:
        return { kind: 'target', symbol, weight: WEIGHT, reason };
      case 1:
        return quote(DISTANCE);
      case 2:
        return { kind: 'target', symbol, weight: -WEIGHT, reason };
      case 3:
        return quote(DISTANCE / 4);
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
