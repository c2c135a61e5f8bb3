import type { TakerSide } from '../market/tape.ts';
import type { Trailing } from './venue-order.ts';

/**
 * A trailing stop after a trade of the market: a stop that sells follows the highest price down by its distance, one that
 * buys the lowest price up. Until the market has traded at `activePrice` it does not follow, and can not be triggered.
 */
export function followed(
  trailing: Trailing,
  side: TakerSide,
  traded: bigint,
): { readonly trailing: Trailing; readonly triggerPrice: bigint } {
  const sells = side === 'Sell';
  const { activePrice, best, distance } = trailing;
  const wasActive = best !== 0n;
  const isReached = activePrice === 0n || (sells ? traded >= activePrice : traded <= activePrice);
  if (!wasActive && !isReached) return { trailing, triggerPrice: 0n };
  const isBetter = !wasActive || (sells ? traded > best : traded < best);
  const newBest = isBetter ? traded : best;
  return { trailing: { ...trailing, best: newBest }, triggerPrice: sells ? newBest - distance : newBest + distance };
}
