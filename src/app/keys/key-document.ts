import { mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, UserError } from '../../foundation/errors.ts';
import { type Derivation, isSoundDerivation, type Sealed } from './key-cipher.ts';

const FORMAT = 'tradewind.keys';
const VERSION = 1;
const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

/** One account's key, encrypted. What people tell it by is readable. */
export interface KeyEntry extends Sealed {
  /** When it was added: ISO 8601, UTC. */
  readonly created: string;
  readonly fingerprint: string;
}

/** The file as it is written. */
export interface KeyDocument {
  readonly derivation: Derivation;
  readonly entries: ReadonlyMap<string, KeyEntry>;
}

/** What of an entry is readable, and must not be changed or moved to another name. */
export function associatedData(account: string, { created, fingerprint }: Pick<KeyEntry, 'created' | 'fingerprint'>) {
  return JSON.stringify([FORMAT, VERSION, account, created, fingerprint]);
}

/**
 * The file's content; `undefined` where there is none.
 *
 * @throws UserError when others may read it, or when it is no key file
 */
export async function readKeyDocument(path: string): Promise<KeyDocument | undefined> {
  const text = await readPrivate(path);
  if (text === undefined) return undefined;
  const document = parse(text);
  if (document === undefined) {
    throw new UserError(
      `${path} is no key file, or was changed: put it aside, and add your keys anew with "tradewind keys add NAME".`,
    );
  }
  if (document.version !== VERSION) {
    throw new UserError(
      `${path} was written by another version of tradewind: use that one, or add your keys anew to another file.`,
    );
  }
  return document;
}

async function readPrivate(path: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(path);
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
      throw new UserError(`Other users may read the key file ${path}: run chmod 600 on it, then try again.`);
    }
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if (thrown instanceof UserError) throw thrown;
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw new UserError(`The key file ${path} can't be read: ${messageOf(thrown)}.`);
  }
}

function parse(text: string): (KeyDocument & { readonly version: number }) | undefined {
  try {
    const value = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const { format, version, derivation, entries } = value;
    if (format !== FORMAT || typeof version !== 'number') return undefined;
    if (version !== VERSION) return { version, derivation: derivation as Derivation, entries: new Map() };
    if (!isObject(derivation) || typeof derivation.salt !== 'string' || !isObject(entries)) return undefined;
    const sound = derivation as unknown as Derivation;
    const pairs = Object.entries(entries).filter((pair): pair is [string, KeyEntry] => isEntry(pair[1]));
    if (!isSoundDerivation(sound) || pairs.length !== Object.keys(entries).length) return undefined;
    return { version, derivation: sound, entries: new Map(pairs) };
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEntry(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { created, fingerprint, nonce, sealed, tag } = value;
  return (
    [created, fingerprint, nonce, sealed, tag].every((part) => typeof part === 'string') &&
    // They are shown: nothing but what this program writes.
    /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(created as string) &&
    /^[0-9a-f]{8}$/.test(fingerprint as string)
  );
}

/**
 * Replaces the file as a whole, for its owner's eyes only. The new content is written beside it first, and that file is a
 * lock at the same time: of two writers one is told to try again.
 *
 * @param change from the present content to the new one
 */
export async function changeKeyDocument(
  path: string,
  change: (present: KeyDocument | undefined) => Promise<KeyDocument>,
): Promise<void> {
  const beside = `${path}.new`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(beside, 'wx', OWNER_ONLY).catch((thrown: unknown) => {
    if (codeOf(thrown) !== 'EEXIST') throw new UserError(`The key file can't be written: ${messageOf(thrown)}.`);
    throw new UserError(
      `Another "tradewind keys" is writing ${path}. Try again; if none is, it was killed: remove ${beside}.`,
    );
  });
  try {
    const { derivation, entries } = await change(await readKeyDocument(path));
    const content = { format: FORMAT, version: VERSION, derivation, entries: Object.fromEntries(entries) };
    await file.writeFile(`${JSON.stringify(content, undefined, 2)}\n`);
    await file.sync();
    await file.close();
    await rename(beside, path);
  } catch (thrown) {
    await file.close();
    await unlink(beside);
    throw thrown;
  }
}

function codeOf(thrown: unknown): string | undefined {
  return (thrown as NodeJS.ErrnoException | null)?.code;
}
