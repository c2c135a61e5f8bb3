import { fileURLToPath } from 'node:url';
import { closestName } from '../foundation/closest-name.ts';
import { messageOf, UserError } from '../foundation/errors.ts';

/** What a user's file is, in messages. */
export type UserFileKind = 'strategy' | 'provider';

/** What type stripping refuses, and what to write instead. Node: "Modules: TypeScript", full TypeScript support. */
const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/enum/i, "Write const Name = { A: 'a' } as const instead"],
  [/namespace|module declaration/i, 'Write plain functions and constants, or a module of its own, instead'],
  [/parameter property/i, 'Declare the field and assign it in the constructor instead'],
  [/import.*=|export.*=|import equals|export assignment/i, 'Write import … from and export default instead'],
];

/**
 * Why a user's file could not be imported, as one sentence for the person who wrote it.
 *
 * @param path the file; the fault may lie in a file that it imports, which is then named
 * @param publicNames gives what can be imported from `tradewind`
 */
export async function importFailure(
  path: string,
  kind: UserFileKind,
  error: unknown,
  publicNames: () => Promise<readonly string[]>,
): Promise<UserError> {
  const code = errorCode(error);
  const message = firstLine(messageOf(error));
  const place = whereItFailed(path, error);
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    const mend = REPLACEMENTS.find(([pattern]) => pattern.test(message))?.[1] ?? 'Write it in plain JavaScript instead';
    const feature = message.replace(/ is not supported in strip-only mode.*/, '');
    return new UserError(`${place} uses syntax that does not run without a build step: ${feature}. ${mend}.`);
  }
  if (code === 'ERR_MODULE_NOT_FOUND') {
    const [, what, importer] = /Cannot find (?:module|package) '([^']*)' imported from (.*)$/.exec(message) ?? [];
    const from = importer === undefined ? path : plainPath(importer);
    return new UserError(
      `The ${kind} file ${from} imports ${what === undefined ? 'something' : plainPath(what)}, which is not there. Name a file with its extension, such as './levels.ts', and install packages beside the ${kind}.`,
    );
  }
  if (error instanceof SyntaxError) {
    const [, module, name] = /module '([^']*)' does not provide an export named '([^']*)'/.exec(message) ?? [];
    if (module !== undefined && name !== undefined) return missingExport(place, module, name, publicNames);
    const blamed = place === path ? `${path}, or a file that it imports,` : place;
    return new UserError(`${blamed} is not valid code: ${message}.`);
  }
  return new UserError(`${place} fails while it is loaded: ${message}.`);
}

async function missingExport(
  place: string,
  module: string,
  name: string,
  publicNames: () => Promise<readonly string[]>,
): Promise<UserError> {
  const near = module === 'tradewind' ? closestName(name, await publicNames()) : undefined;
  const guess = near === undefined ? '' : ` Did you mean ${near}?`;
  return new UserError(
    `${place} imports ${name} from '${module}', which has no such value. If it is a type, write import type { ${name} }.${guess}`,
  );
}

/** `/folder/file.ts:12`, from the head of the stack (syntax) or its first frame in a file of the user (exceptions). */
function whereItFailed(path: string, error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const head = /^((?:file:|\/|[A-Za-z]:\\).*):(\d+)$/.exec(firstLine(stack));
  if (head !== null) return `${plainPath(head[1]!)}:${head[2]}`;
  for (const [, place, line] of stack.matchAll(/^\s+at (?:.*\()?((?:file:|\/|[A-Za-z]:\\).*?):(\d+):\d+\)?$/gm)) {
    if (plainPath(place!) === path) return `${path}:${line}`;
  }
  return path;
}

/** A path without the version that the loader puts behind it, whether it is written as an address or not. */
function plainPath(place: string): string {
  const address = place.replace(/\?(version|locate)=[-.\d&a-z=]*$/, '');
  return address.startsWith('file:') ? fileURLToPath(address) : address;
}

function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Without a full stop at its end, since it becomes part of a sentence. */
function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/\.$/, '');
}
