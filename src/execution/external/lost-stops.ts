import type { LostStop } from '../../domain/order.ts';
import type { HeldOrder } from './held-order.ts';

/**
 * The stops that the venue let go of unasked, until the bot hears of it; and the targets that it let go of when a part had
 * filled, as the stop beside them was cancelled for that.
 */
export class LostStops {
  #lost: LostStop[] = [];

  /**
   * Takes note of an order that has ended, if it protected a position and we did not ask for its end. The symbol's others on
   * its side are asked for: a venue takes a stop back by itself when the target beside it has filled.
   */
  note(ended: HeldOrder, why: string, orders: Iterable<HeldOrder>): void {
    const { reduceOnly, execution, symbol, side, oneCancelsOther } = ended.terms;
    const isStop = execution.type === 'stop' || execution.type === 'trailing-stop';
    const stoodForStop = oneCancelsOther !== undefined && ended.filled > 0n;
    if (!reduceOnly || !(isStop || stoodForStop) || ended.isCancelling || ended.isExpiring) return;
    this.#lost.push({ symbol, side, reason: `${ended.id} was lost: ${why}` });
    for (const other of orders) {
      if (other.phase === 'open' && other.terms.symbol === symbol && other.terms.side === side) {
        other.doubt ??= 'a stop was lost, perhaps because this one filled';
      }
    }
  }

  /** Each once. */
  take(): readonly LostStop[] {
    return this.#lost.length === 0 ? this.#lost : this.#lost.splice(0);
  }
}
