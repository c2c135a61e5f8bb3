import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import type { z } from 'zod';
import { closestName } from '../foundation/closest-name.ts';
import { messageOf, UserError } from '../foundation/errors.ts';
import type { Json, JsonObject } from '../foundation/json.ts';
import { complete } from './config-complete.ts';
import { ConfigDocument, type ConfigPath, type Problem, pathName } from './config-document.ts';
import { mergeLiveTrading } from './config-live-trading.ts';
import { configurationSchema, type WrittenConfiguration } from './config-schema.ts';
import type { Configuration } from './configuration.ts';

/** More mistakes than these are not listed. */
const MOST_PROBLEMS = 10;

export interface LoadOptions {
  /** The folder from which `path` and the paths of defaults count. */
  readonly cwd: string;
  readonly environment: (name: string) => string | undefined;
  /** Settings of the command line, which prevail. Their paths are absolute. */
  readonly overrides?: WrittenConfiguration;
}

/**
 * Reads, checks and completes a configuration; without a path all are defaults.
 *
 * @throws UserError that lists the mistakes, each with file, line and column
 */
export async function loadConfigurationFile(path: string | undefined, options: LoadOptions): Promise<Configuration> {
  const file = path === undefined ? null : resolve(options.cwd, path);
  const shownFile = file === null ? undefined : shownPath(file, options.cwd);
  const document = new ConfigDocument(
    file === null || shownFile === undefined ? '' : await readText(file, shownFile),
    options.environment,
  );
  const problems: Problem[] = [...document.problems];
  const complain = (at: ConfigPath, message: string): void => {
    problems.push({ offset: document.offsetOf(at), message });
  };
  const written = problems.length === 0 ? checkShape(document, problems) : undefined;
  if (written === undefined) throw problemsError(shownFile, document, problems);
  const { merged, contradictions } = mergeLiveTrading(written);
  for (const { key, section, setting } of contradictions) {
    const line = document.position(document.offsetOfKey([section, setting])).split(':')[0];
    const message = `live_trading.${key} is ${document.show(['live_trading', key])}, but ${section}.${setting} in line ${line}, which is the same setting, is ${document.show([section, setting])}; keep one of them`;
    complain(['live_trading', key], message);
  }
  const folders = { written: file === null ? options.cwd : dirname(file), working: options.cwd };
  const sections = await complete(override(merged, options.overrides ?? {}), folders, complain);
  if (problems.length > 0) throw problemsError(shownFile, document, problems);
  const plain = document.value as Readonly<Record<string, Json>>;
  return {
    ...sections,
    file,
    fromEnvironment: document.fromEnvironment,
    section: (name): JsonObject => (Object.hasOwn(plain, name) ? ((plain[name] ?? {}) as JsonObject) : {}),
  };
}

async function readText(file: string, shownFile: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') {
      throw new UserError(
        `There is no configuration file ${shownFile}: check the path, or leave --config out to run with the defaults.`,
      );
    }
    if (code === 'EISDIR') throw new UserError(`${shownFile} is a folder: name the configuration file in it.`);
    throw new UserError(`The configuration file ${shownFile} can't be read: ${messageOf(error)}.`);
  }
}

function checkShape(document: ConfigDocument, problems: Problem[]): WrittenConfiguration | undefined {
  const checked = configurationSchema.safeParse(withoutEmptySections(document.value));
  if (checked.success) return checked.data;
  for (const issue of checked.error.issues) problems.push(...problemsOf(issue, document));
  return undefined;
}

/** A section all of whose settings are commented out is as good as absent. */
function withoutEmptySections(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, section]) => section !== null));
}

function problemsOf(issue: z.core.$ZodIssue, document: ConfigDocument): Problem[] {
  const path = issue.path as ConfigPath;
  if (issue.code === 'unrecognized_keys') {
    const known = knownSettings(path);
    return issue.keys.map((key) => ({
      offset: document.offsetOfKey([...path, key]),
      message: unknownSetting(path, key, known),
    }));
  }
  const where = path.length === 0 ? 'the configuration' : pathName(path);
  const isMissing = !(path.length === 0) && document.isAbsent(path);
  const message = isMissing
    ? `${pathName(path.slice(0, -1))} lacks ${path.at(-1)}: it must be ${issue.message}`
    : `${where} is ${document.show(path)}, but must be ${issue.message}`;
  return [{ offset: document.offsetOf(path), message }];
}

function unknownSetting(path: ConfigPath, key: string, known: readonly string[]): string {
  const near = closestName(key, known);
  const place = path.length === 0 ? 'the configuration' : pathName(path);
  const hint = near === undefined ? `it has ${known.join(', ')}` : `did you mean ${near}?`;
  return `${place} has no setting ${JSON.stringify(key)}; ${hint}`;
}

/** The names that the schema has at a path. */
function knownSettings(path: ConfigPath): readonly string[] {
  let schema: unknown = configurationSchema;
  for (const part of path) {
    const inner = unwrapped(schema);
    schema = typeof part === 'number' ? inner.element : inner.shape?.[part];
  }
  return Object.keys(unwrapped(schema).shape ?? {});
}

interface SchemaParts {
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly element?: unknown;
}

/** What is inside optional and read-only schemas. */
function unwrapped(schema: unknown): SchemaParts {
  let inner = schema as SchemaParts & { unwrap?: () => unknown };
  while (inner.shape === undefined && inner.element === undefined && inner.unwrap !== undefined) {
    inner = inner.unwrap() as typeof inner;
  }
  return inner;
}

/** The command line's settings over the file's, section by section. */
function override(written: WrittenConfiguration, overrides: WrittenConfiguration): WrittenConfiguration {
  const sections = Object.entries(overrides).map(([name, section]) => {
    const present = written[name as keyof WrittenConfiguration];
    // Another store or bus has none of the settings of the one before; another Redis keeps its prefix.
    const replaces = Array.isArray(section) || name === 'store' || (section as { url?: string }).url === 'in-process';
    return [name, replaces ? section : { ...(present as object), ...(section as object) }];
  });
  return { ...written, ...Object.fromEntries(sections) } as WrittenConfiguration;
}

/** @param shownFile `undefined` where there is none, and the command line alone is to blame */
function problemsError(
  shownFile: string | undefined,
  document: ConfigDocument,
  problems: readonly Problem[],
): UserError {
  if (shownFile === undefined) return new UserError(problems.map(({ message }) => capital(ended(message))).join('\n'));
  const lines = problems
    .toSorted((left, right) => left.offset - right.offset)
    .slice(0, MOST_PROBLEMS)
    .map(({ offset, message }) => `${shownFile}:${document.position(offset)}: ${ended(message)}`);
  if (problems.length === 1) return new UserError(lines[0]!);
  const more = problems.length > MOST_PROBLEMS ? [`… and ${problems.length - MOST_PROBLEMS} more.`] : [];
  return new UserError([`${shownFile} has ${problems.length} mistakes:`, ...lines, ...more].join('\n'));
}

function ended(message: string): string {
  return /[.?!]$/.test(message) ? message : `${message}.`;
}

/** The beginning of a sentence; names of settings stay as they are. */
function capital(text: string): string {
  if (/^\S+\.\S/.test(text)) return text;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** As people would write it: relative where it lies below the folder that they are in. */
function shownPath(file: string, cwd: string): string {
  const near = relative(cwd, file);
  return near.startsWith('..') ? file : near;
}
