import bollingerReversion from './bollinger-reversion.ts';
import donchianBreakout from './donchian-breakout.ts';
import marketMaker from './market-maker.ts';
import momentumRotation from './momentum-rotation.ts';
import movingAverageCross from './moving-average-cross.ts';
import type { AnyStrategyDefinition } from './strategy.ts';

/** The strategies that come with the platform, in the order in which they are shown. */
export const builtinStrategies: readonly AnyStrategyDefinition[] = [
  movingAverageCross,
  donchianBreakout,
  bollingerReversion,
  momentumRotation,
  marketMaker,
];
