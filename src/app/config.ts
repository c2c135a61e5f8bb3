import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { WrittenConfiguration } from './config-schema.ts';
import type { Configuration } from './configuration.ts';

/** The file that is used when it lies in the working folder and none is named. */
const USUAL_FILE = 'tradewind.yaml';

/** A variable of the environment; `undefined` where it is not set or empty. The only place that reads them. */
export function environmentVariable(name: string): string | undefined {
  const value = process.env[name];
  return value === undefined || value === '' ? undefined : value;
}

/**
 * Where this user's programs keep what can be made again: the XDG base directory specification, and the customs of macOS
 * and Windows.
 */
export function userCacheFolder(): string {
  const given = environmentVariable('XDG_CACHE_HOME');
  if (given !== undefined && isAbsolute(given)) return given;
  if (process.platform === 'win32') return environmentVariable('LOCALAPPDATA') ?? join(homedir(), 'AppData', 'Local');
  return join(homedir(), ...(process.platform === 'darwin' ? ['Library', 'Caches'] : ['.cache']));
}

/** `path`, or the usual file where there is one in `cwd`, or none. */
export function configurationPath(path: string | undefined, cwd: string): string | undefined {
  return path ?? (existsSync(join(cwd, USUAL_FILE)) ? USUAL_FILE : undefined);
}

export interface ConfigurationOptions {
  /** The folder from which paths count. Default: the working folder. */
  readonly cwd?: string;
  /** Settings of the command line, which prevail over the file's. Their paths are absolute. */
  readonly overrides?: WrittenConfiguration;
  /** Default: {@link environmentVariable}. */
  readonly environment?: (name: string) => string | undefined;
}

/**
 * The configuration of a file, checked and complete; without a path, the defaults.
 *
 * @throws UserError that lists the mistakes, each with file, line and column
 */
export async function loadConfiguration(
  path: string | undefined,
  { cwd = process.cwd(), overrides = {}, environment = environmentVariable }: ConfigurationOptions = {},
): Promise<Configuration> {
  // The reader of YAML and the schema are big; what needs neither does without them.
  if (path === undefined && Object.keys(overrides).length === 0) {
    const { defaultConfiguration } = await import('./config-complete.ts');
    return defaultConfiguration(cwd);
  }
  const { loadConfigurationFile } = await import('./config-file.ts');
  return loadConfigurationFile(path, { cwd, overrides, environment });
}
