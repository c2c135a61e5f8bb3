import type { CandleWindow } from '../../market/candle-window.ts';

type Action = 'buy' | 'sell';

/** Actions by hand on their way to a bot: an agent that answers each bar of a symbol with the next one that was put in. */
export class ActionBox {
  readonly name = 'by-hand';
  readonly lookback = 1;
  readonly #waiting = new Map<string, { readonly action: Action; readonly reason: string }[]>();
  #count = 0;

  /** Gives the reason with which the decision will be recorded: no other has the same. */
  put(symbol: string, action: Action): string {
    this.#count += 1;
    const reason = `By hand, action ${this.#count}: ${action}`;
    this.#waiting.set(symbol, [...(this.#waiting.get(symbol) ?? []), { action, reason }]);
    return reason;
  }

  act({ feed }: CandleWindow): 'hold' | { readonly action: Action; readonly reason: string } {
    return this.#waiting.get(feed.symbol)?.shift() ?? 'hold';
  }
}
