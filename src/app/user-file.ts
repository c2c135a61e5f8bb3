import { readdir, stat } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { basename, dirname, extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { closestName } from '../foundation/closest-name.ts';
import { UserError } from '../foundation/errors.ts';
import { importFailure, type UserFileKind } from './user-import-failure.ts';

const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs'];
const PUBLIC_FACE = new URL('../index.ts', import.meta.url).href;

/** Marks the address of a module that is imported only to find a syntax error. */
const LOCATE = 'locate';

/** Modules that are files of users or were imported by one with a relative path. */
const userModules = new Set<string>();
let hooked = false;

/**
 * What a user's file exports. The file may lie anywhere: `tradewind` in its imports is this program, and its types are
 * stripped by Node without a build step. A file that has changed since is loaded anew.
 *
 * @param path absolute
 * @throws UserError when there is no such file or it does not load
 */
export async function importUserFile(path: string, kind: UserFileKind): Promise<Readonly<Record<string, unknown>>> {
  const version = await fileVersion(path, kind);
  const url = pathToFileURL(path);
  // Node keeps modules, failed ones too, by address: another version needs another address.
  url.searchParams.set('version', version);
  hookImports();
  userModules.add(url.href);
  try {
    return await import(url.href);
  } catch (error) {
    const located = error instanceof SyntaxError ? await locateSyntaxError(url, error) : error;
    throw await importFailure(path, kind, located, async () => Object.keys(await import(PUBLIC_FACE)));
  }
}

/** Whether a name is the path of a user's file: it has a slash or the ending of one. */
export function isUserFile(nameOrPath: string): boolean {
  return /[/\\]|\.m?[tj]s$/.test(nameOrPath);
}

/**
 * Node says in which line a syntax error stands when it strips types, but not for plain JavaScript modules: so the same
 * files are imported once more as if they were TypeScript, which fails at the same place.
 */
async function locateSyntaxError(url: URL, error: SyntaxError): Promise<unknown> {
  const again = new URL(url);
  again.searchParams.set(LOCATE, '');
  userModules.add(again.href);
  try {
    await import(again.href);
    return error;
  } catch (located) {
    return located instanceof SyntaxError && 'code' in located ? located : error;
  }
}

/** Fails unless `path` is a file that can hold code. The version changes when the file does. */
async function fileVersion(path: string, kind: UserFileKind): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw await noSuchFile(path, kind);
  if (found.isDirectory()) throw new UserError(`${path} is a folder: name the ${kind} file in it.`);
  if (!EXTENSIONS.includes(extname(path))) {
    throw new UserError(`The ${kind} file ${path} must be TypeScript or JavaScript: ${EXTENSIONS.join(', ')}.`);
  }
  return `${found.mtimeMs}-${found.size}`;
}

async function noSuchFile(path: string, kind: UserFileKind): Promise<UserError> {
  const siblings = await readdir(dirname(path)).catch(() => undefined);
  if (siblings === undefined) return new UserError(`There is no ${kind} file ${path}: its folder does not exist.`);
  const near = closestName(
    basename(path),
    siblings.filter((name) => EXTENSIONS.includes(extname(name))),
  );
  return new UserError(`There is no ${kind} file ${path}.${near === undefined ? '' : ` Did you mean ${near}?`}`);
}

/** Makes `import … from 'tradewind'` mean this program, in this thread, from now on. */
function hookImports(): void {
  if (hooked) return;
  hooked = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier === 'tradewind') return { url: PUBLIC_FACE, shortCircuit: true };
      const resolved = nextResolve(specifier, context);
      const { parentURL = '' } = context;
      const isPart = specifier.startsWith('.') && userModules.has(parentURL);
      if (!isPart && !userModules.has(resolved.url)) return resolved;
      const url = isPart && isLocating(parentURL) ? `${resolved.url}?${LOCATE}=` : resolved.url;
      userModules.add(url);
      return { ...resolved, url, format: moduleFormat(url, isPart) ?? resolved.format };
    },
  });
}

/**
 * Files of users are ES modules, whatever a package.json near them says or fails to say; their JavaScript parts are
 * what Node finds them to be.
 */
function moduleFormat(url: string, isPart: boolean): string | undefined {
  const extension = extname(fileURLToPath(url));
  if (extension === '.ts' || extension === '.mts' || isLocating(url)) return 'module-typescript';
  return isPart ? undefined : 'module';
}

function isLocating(url: string): boolean {
  return new URL(url).searchParams.has(LOCATE);
}
