import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { closestName } from '../foundation/closest-name.ts';
import { UserError } from '../foundation/errors.ts';
import { builtinStrategies } from '../strategy/builtin-strategies.ts';
import type { AnyStrategyDefinition } from '../strategy/strategy.ts';
import { loadStrategyFile } from './strategy-loader.ts';
import { isUserFile } from './user-file.ts';

export interface ResolvedStrategy {
  readonly definition: AnyStrategyDefinition;
  /**
   * The name of a built-in strategy or the absolute path of a file: resolves to the same strategy in another folder,
   * process or thread. What a saved bot and a worker are told.
   */
  readonly reference: string;
}

/**
 * The strategy that a person means: a built-in one by its name, or their own `.ts`, `.mts`, `.js` or `.mjs` file by a
 * path relative to `cwd`. Whatever has a slash or such an ending is a path.
 *
 * @throws UserError when there is none, or the file is no sound strategy
 */
export async function resolveStrategy(
  nameOrPath: string,
  { cwd }: { readonly cwd: string },
): Promise<ResolvedStrategy> {
  if (isUserFile(nameOrPath)) {
    const path = resolve(cwd, nameOrPath);
    return { definition: await loadStrategyFile(path), reference: path };
  }
  const definition = builtinStrategies.find(({ name }) => name === nameOrPath);
  if (definition === undefined) throw await unknownName(nameOrPath, cwd);
  return { definition, reference: nameOrPath };
}

async function unknownName(name: string, cwd: string): Promise<UserError> {
  const names = builtinStrategies.map((definition) => definition.name);
  const file = await stat(resolve(cwd, `${name}.ts`)).catch(() => undefined);
  const near = file?.isFile() ? `./${name}.ts` : closestName(name, names);
  const guess = near === undefined ? '' : ` Did you mean ${near}?`;
  return new UserError(
    `There is no strategy ${JSON.stringify(name)}.${guess} Built in are ${names.join(', ')}; your own is named by its file, such as ./my-strategy.ts.`,
  );
}
