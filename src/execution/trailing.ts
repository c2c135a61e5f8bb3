import type { Side } from '../domain/side.ts';
import type { Price } from '../foundation/fixed-point.ts';
import { type BarPath, type Direction, isBeyond, type PathPoint } from './path.ts';

/** What a trailing stop makes of a bar: where it triggers, or the best price it has seen when the bar closes. */
export interface Trail {
  readonly trigger: PathPoint | undefined;
  readonly best: Price;
}

/**
 * Follows the best price along the path, leg by leg, from `from` on. The trigger of a sell lies `distance` below the
 * highest price, that of a buy above the lowest. On a leg the price either improves the best or falls back towards the
 * trigger, so each leg asks one question.
 */
export function trail(path: BarPath, from: PathPoint, side: Side, best: Price, distance: Price): Trail {
  const against: Direction = side === 'sell' ? 'down' : 'up';
  if (isBeyond(from.price, triggerOf(side, best, distance), against)) return { trigger: from, best };
  let followed = better(side, best, from.price);
  for (let leg = Math.floor(from.at); leg < 3; leg++) {
    const level = triggerOf(side, followed, distance);
    const end = path.corner(leg + 1);
    if (isBeyond(end, level, against)) return { trigger: path.onLeg(leg, level, from), best: followed };
    followed = better(side, followed, end);
  }
  return { trigger: undefined, best: followed };
}

/** The price that a trailing stop's market must fall back to. */
export function triggerOf(side: Side, best: Price, distance: Price): Price {
  return (side === 'sell' ? best - distance : best + distance) as Price;
}

function better(side: Side, one: Price, other: Price): Price {
  return (side === 'sell') === other > one ? other : one;
}
