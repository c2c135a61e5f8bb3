import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/**
 * The path of a file of the shared data folder, which lies beside a checkout of this project and may not be in it for
 * licence reasons; `undefined` where the folder is absent.
 */
export function sharedData(file: string): string | undefined {
  const path = folder + file;
  return existsSync(path) ? path : undefined;
}

/** What `test(name, { skip: … })` wants: the reason to skip when any of `files` is absent, else `false`. */
export function skipUnless(...files: readonly (string | undefined)[]): string | false {
  return files.includes(undefined) ? 'the shared data folder is absent' : false;
}
