import type { AnyStrategyDefinition, Decision, Market } from '../../../src/strategy/strategy.ts';
import { Dice, randomStrategy } from '../../properties/random-strategy.ts';

/** Decides by chance on prices between bars as well. */
class PriceDice extends Dice {
  override onPrice(market: Market): Decision {
    return this.process(market);
  }
}

/** Every kind of signal, often: on each minute and between. */
export function priceDice(seed: number, busyness: number): AnyStrategyDefinition {
  const definition = randomStrategy(seed, busyness, undefined);
  return { ...definition, create: () => new PriceDice(seed, busyness) };
}
