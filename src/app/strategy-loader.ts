import { UserError } from '../foundation/errors.ts';
import { definitionDefect } from '../strategy/check-definition.ts';
import type { AnyStrategyDefinition } from '../strategy/strategy.ts';
import { importUserFile } from './user-file.ts';

/**
 * The definition that a user's strategy file exports.
 *
 * @param path absolute
 * @throws UserError when there is no such file, it does not load, or what it exports is no strategy
 */
export async function loadStrategyFile(path: string): Promise<AnyStrategyDefinition> {
  return checkExports(path, await importUserFile(path, 'strategy'));
}

function checkExports(path: string, exported: Readonly<Record<string, unknown>>): AnyStrategyDefinition {
  if (!('default' in exported)) {
    const named = Object.keys(exported).find((name) => definitionDefect(exported[name]) === undefined);
    const mend = named ?? 'defineStrategy({ … })';
    throw new UserError(`The strategy file ${path} has no default export: add export default ${mend}.`);
  }
  const defect = definitionDefect(exported.default);
  if (defect !== undefined) throw new UserError(`The default export of the strategy file ${path} ${defect}.`);
  return exported.default as AnyStrategyDefinition;
}
