import { builtinStrategies } from '../strategy/builtin-strategies.ts';
import { type ParameterHelp, parameterHelp } from '../strategy/check-parameters.ts';
import type { AnyStrategyDefinition } from '../strategy/strategy.ts';
import { resolveStrategy } from './strategy-registry.ts';

/** The strategies that come with the program, in the order in which they are shown. */
export const builtinNames: readonly string[] = builtinStrategies.map(({ name }) => name);

/** A strategy as people read of it. */
export interface StrategyHelp {
  /** The name of a built-in strategy, or the absolute path of a file. */
  readonly reference: string;
  readonly definition: AnyStrategyDefinition;
  /** How many symbols it trades. */
  readonly symbols: { readonly minimum: number; readonly maximum: number };
  readonly parameters: readonly ParameterHelp[];
}

/** @throws UserError when there is no such strategy, or its file does not load */
export async function strategyHelp(nameOrPath: string, cwd: string): Promise<StrategyHelp> {
  const { definition, reference } = await resolveStrategy(nameOrPath, { cwd });
  return {
    reference,
    definition,
    symbols: definition.symbols ?? { minimum: 1, maximum: 1 },
    parameters: parameterHelp(definition),
  };
}
