import { resolve } from 'node:path';
import { closestName } from '../foundation/closest-name.ts';
import { UserError } from '../foundation/errors.ts';
import {
  checkedProvider,
  definitionDefect,
  type MarketDataProvider,
  type ProviderDefinition,
  type ProviderRequest,
  providerNames,
  registeredProvider,
} from '../market/provider.ts';
import { registerBuiltinProviders } from './builtin-providers.ts';
import { importUserFile, isUserFile } from './user-file.ts';

export interface ResolvedProvider extends ProviderDefinition {
  /** A registered name or the absolute path of a file: means the same in another folder or process. */
  readonly reference: string;
}

/**
 * The provider that a person means: a registered one by its name, or their own file by a path relative to `cwd`.
 * Whatever has a slash or the ending of a source file is a path.
 *
 * @throws UserError when there is none, or the file is no sound provider
 */
export async function resolveProvider(
  nameOrPath: string,
  { cwd }: { readonly cwd: string },
): Promise<ResolvedProvider> {
  registerBuiltinProviders();
  if (isUserFile(nameOrPath)) {
    const path = resolve(cwd, nameOrPath);
    return { ...checkExport(path, await importUserFile(path, 'provider')), reference: path };
  }
  const open = registeredProvider(nameOrPath);
  if (open !== undefined) return { name: nameOrPath, open, reference: nameOrPath };
  const near = closestName(nameOrPath, providerNames());
  const guess = near === undefined ? '' : ` Did you mean ${near}?`;
  throw new UserError(
    `There is no provider ${JSON.stringify(nameOrPath)}.${guess} There are ${providerNames().join(', ')}; your own is named by its file, such as ./my-exchange.ts.`,
  );
}

/** Makes the provider of a reference. @throws UserError as {@link resolveProvider}, and for settings it can't work with */
export async function openProvider(reference: string, request: ProviderRequest): Promise<MarketDataProvider> {
  const { name, open } = await resolveProvider(reference, { cwd: '.' });
  return checkedProvider(name, await open(request));
}

function checkExport(path: string, exported: Readonly<Record<string, unknown>>): ProviderDefinition {
  if (!('default' in exported)) {
    throw new UserError(
      `The provider file ${path} has no default export: add export default defineProvider({ name, open }).`,
    );
  }
  const defect = definitionDefect(exported.default);
  if (defect !== undefined) throw new UserError(`The default export of the provider file ${path} ${defect}.`);
  return exported.default as ProviderDefinition;
}
