import type { KeyObject } from 'node:crypto';
import type { ApiKey } from '../../execution/account-access.ts';
import type { Clock } from '../../foundation/clock.ts';
import { UserError } from '../../foundation/errors.ts';
import type { Secret } from '../../foundation/secret.ts';
import { type EpochMs, toIso } from '../../foundation/time.ts';
import { deriveKey, newDerivation, seal, unseal } from './key-cipher.ts';
import { associatedData, changeKeyDocument, type KeyDocument, type KeyEntry, readKeyDocument } from './key-document.ts';
import { apiKeyOf, fingerprintOf, type WrittenKey } from './key-text.ts';
import { PasswordAttempts } from './password-attempts.ts';

const SHORTEST_PASSWORD = 12;

/** What is readable of an entry. */
export interface StoredKey {
  readonly account: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly fingerprint: string;
}

/** The password is not the file's, or something in the file was changed: which of them, nobody can tell. */
export class WrongPasswordError extends UserError {}

/** API keys by account name, encrypted under one password. */
export class KeyFile {
  readonly path: string;
  readonly #clock: Clock;
  readonly #attempts: PasswordAttempts;

  constructor(path: string, clock: Clock) {
    this.path = path;
    this.#clock = clock;
    this.#attempts = new PasswordAttempts(clock);
  }

  /** Ordered by name. Needs no password. */
  async list(): Promise<readonly StoredKey[]> {
    const document = await readKeyDocument(this.path);
    return [...(document?.entries ?? [])]
      .map(([account, { created, fingerprint }]) => ({ account, created, fingerprint }))
      .sort((left, right) => (left.account < right.account ? -1 : 1));
  }

  async has(account: string): Promise<boolean> {
    return (await readKeyDocument(this.path))?.entries.has(account) ?? false;
  }

  /** Whether a password is to be chosen, rather than to be known. */
  async isEmpty(): Promise<boolean> {
    return ((await readKeyDocument(this.path))?.entries.size ?? 0) === 0;
  }

  /**
   * Keeps a key. With the first one the password is chosen: it is that of all.
   *
   * @throws UserError when the name is taken; WrongPasswordError
   */
  async add(account: string, apiKey: ApiKey, password: Secret): Promise<StoredKey> {
    const created = toIso(this.#clock.now() as EpochMs);
    const readable = { created, fingerprint: fingerprintOf(apiKey) };
    await changeKeyDocument(this.path, async (present) => {
      if (present?.entries.has(account)) throw new UserError(this.taken(account));
      const isFirst = present === undefined || present.entries.size === 0;
      if (isFirst) checkNewPassword(password);
      // An empty file begins anew, with a salt of its own.
      const document: KeyDocument = isFirst ? { derivation: newDerivation(), entries: new Map() } : present;
      const fileKey = isFirst
        ? await deriveKey(password, document.derivation)
        : (await this.#unlock(document, [...document.entries.keys()][0]!, password)).fileKey;
      const entry: KeyEntry = {
        ...readable,
        ...seal(fileKey, JSON.stringify(revealed(apiKey)), associatedData(account, readable)),
      };
      return { ...document, entries: new Map([...document.entries, [account, entry]]) };
    });
    return { account, ...readable };
  }

  /** @throws UserError when there is no such key */
  async remove(account: string): Promise<void> {
    if (!(await this.has(account))) throw new UserError(await this.absent(account));
    await changeKeyDocument(this.path, async (present) => {
      const entries = new Map(present!.entries);
      entries.delete(account);
      return { ...present!, entries };
    });
  }

  /** @throws UserError when there is no such key, or too many passwords were wrong; WrongPasswordError */
  async open(account: string, password: Secret): Promise<ApiKey> {
    const document = await readKeyDocument(this.path);
    if (document === undefined || !document.entries.has(account)) throw new UserError(await this.absent(account));
    const { text } = await this.#unlock(document, account, password);
    return apiKeyOf(JSON.parse(text) as WrittenKey, `${account} in ${this.path}`);
  }

  /** That there is no such key, and which there are. */
  async absent(account: string): Promise<string> {
    const names = (await this.list()).map((stored) => stored.account);
    const there = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
    return `There is no key of the account ${account} in ${this.path}: ${there}.`;
  }

  /** That there is such a key already. */
  taken(account: string): string {
    return `There is a key of the account ${account} in ${this.path} already: remove it first with "tradewind keys remove ${account}", or choose another name.`;
  }

  async #unlock(
    { derivation, entries }: KeyDocument,
    account: string,
    password: Secret,
  ): Promise<{ readonly fileKey: KeyObject; readonly text: string }> {
    const attempt = this.#attempts.begin();
    const fileKey = await deriveKey(password, derivation);
    const entry = entries.get(account)!;
    const text = unseal(fileKey, entry, associatedData(account, entry));
    if (text === undefined) {
      throw new WrongPasswordError(
        `${this.path} can't be opened: the password is wrong, or the file was changed. Try again; a key that was changed can be removed and added anew.`,
      );
    }
    attempt.wasRight();
    return { fileKey, text };
  }
}

function revealed({ key, secret, passphrase }: ApiKey): WrittenKey {
  return { key: key.reveal(), secret: secret.reveal(), ...(passphrase && { passphrase: passphrase.reveal() }) };
}

/** @throws UserError for one that is too short */
export function checkNewPassword(password: Secret): void {
  if (password.reveal().length >= SHORTEST_PASSWORD) return;
  throw new UserError(`The password of a key file must have ${SHORTEST_PASSWORD} characters or more.`);
}
