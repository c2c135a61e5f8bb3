import type { Clock } from '../../foundation/clock.ts';
import { fits } from '../faults/fault.ts';
import type { FaultBoard } from '../faults/fault-board.ts';
import type { CandleBoard } from '../market/candle-board.ts';
import type { RecordedMarket } from '../market/market.ts';
import { candleEnd, candleStart, type KlineInterval } from '../market/tape-candles.ts';
import { klineData } from './market-messages.ts';
import { TopicChannel } from './topic-channel.ts';

export interface KlineParts {
  readonly market: RecordedMarket;
  readonly interval: KlineInterval;
  readonly candles: CandleBoard;
  readonly faults: FaultBoard;
  readonly clock: Clock;
}

/** `kline.{interval}.{symbol}`: the running candle with every trade, and once more when it has closed. */
export class KlineChannel extends TopicChannel {
  readonly #parts: KlineParts;

  constructor(topic: string, parts: KlineParts) {
    super(topic);
    this.#parts = parts;
  }

  onPrint(): void {
    if (!this.isHeard) return;
    const { market, faults } = this.#parts;
    const lies = faults.strike('forming-as-closed', ({ symbol }) => fits(symbol, market.symbol)) !== undefined;
    const message = this.#message(candleStart(this.#parts.interval, market.now()), lies);
    if (message !== undefined) this.send(message);
  }

  /** A minute has ended at `end`, and perhaps our candle with it. */
  onMinute(end: number): void {
    if (!this.isHeard) return;
    const start = candleStart(this.#parts.interval, end - 1);
    if (candleEnd(this.#parts.interval, start) !== end) return;
    const message = this.#message(start, true);
    if (message !== undefined) this.send(message);
    this.#reviseLater(start);
  }

  protected firstMessage(): object | undefined {
    const { interval, market } = this.#parts;
    return this.#message(candleStart(interval, market.now()), false);
  }

  #reviseLater(start: number): void {
    const { market, faults, clock, candles, interval } = this.#parts;
    const fault = faults.strike('revised-candle', ({ symbol }) => fits(symbol, market.symbol));
    if (fault === undefined) return;
    clock.after(fault.ms, () => {
      candles.revise(market, interval, start, BigInt(fault.ticks));
      const message = this.#message(start, true);
      if (message !== undefined) this.send(message);
    });
  }

  #message(start: number, confirm: boolean): object | undefined {
    const { interval, market, candles } = this.#parts;
    const candle = candles.candle(market, interval, start, market.now());
    if (candle === undefined) return undefined;
    return { topic: this.topic, type: 'snapshot', ts: market.now(), data: [klineData(candle, interval, confirm)] };
  }
}
