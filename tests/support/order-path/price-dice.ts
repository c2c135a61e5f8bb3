import type { AnyStrategyDefinition, Decision, Market } from '../../../src/strategy/strategy.ts';
import { Dice, randomStrategy } from '../../properties/random-strategy.ts';

/** Decides by chance on prices between bars as well, until all is quiet. */
class PriceDice extends Dice {
  readonly #isQuiet: () => boolean;

  constructor(seed: number, busyness: number, isQuiet: () => boolean) {
    super(seed, busyness);
    this.#isQuiet = isQuiet;
  }

  override process(market: Market): ReturnType<Dice['process']> {
    return this.#isQuiet() ? undefined : super.process(market);
  }

  override onPrice(market: Market): Decision {
    return this.process(market);
  }
}

/** Every kind of signal, often: on each minute and between. */
export function priceDice(seed: number, busyness: number, isQuiet: () => boolean): AnyStrategyDefinition {
  const definition = randomStrategy(seed, busyness, undefined);
  return { ...definition, create: () => new PriceDice(seed, busyness, isQuiet) };
}
