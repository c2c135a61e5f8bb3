import type { ApiKey } from '../../execution/account-access.ts';
import { UserError } from '../../foundation/errors.ts';
import { environmentVariable } from '../config.ts';
import { keyVariables } from './account-name.ts';
import type { KeyFile } from './key-file.ts';
import { apiKeyOf, fingerprintOf } from './key-text.ts';
import { type SecretAsker, withPassword } from './secret-asker.ts';

export interface FoundKey {
  readonly apiKey: ApiKey;
  readonly fingerprint: string;
  /** `the environment`, or the path of the key file. */
  readonly source: string;
}

/**
 * The key of an account: from the environment where it is set there, else from the key file, whose password is asked for.
 *
 * @throws UserError when it is in neither, or half of it is missing
 */
export async function findApiKey(account: string, file: KeyFile, asker: SecretAsker): Promise<FoundKey> {
  const apiKey = keyInEnvironment(account);
  if (apiKey !== undefined) return { apiKey, fingerprint: fingerprintOf(apiKey), source: 'the environment' };
  if (!(await file.has(account))) {
    const { key, secret } = keyVariables(account);
    throw new UserError(
      `${await file.absent(account)} Add it with "tradewind keys add ${account}", or set ${key} and ${secret} in the environment.`,
    );
  }
  const question = `Password of ${file.path}`;
  const opened = await withPassword(asker, question, (password) => file.open(account, password));
  return { apiKey: opened, fingerprint: fingerprintOf(opened), source: file.path };
}

function keyInEnvironment(account: string): ApiKey | undefined {
  const names = keyVariables(account);
  const key = environmentVariable(names.key);
  const secret = environmentVariable(names.secret);
  if (key === undefined && secret === undefined) return undefined;
  if (key === undefined || secret === undefined) {
    const [there, missing] = key === undefined ? [names.secret, names.key] : [names.key, names.secret];
    throw new UserError(`${there} is set, but ${missing} is not: the key of an account is both.`);
  }
  const passphrase = environmentVariable(names.passphrase);
  return apiKeyOf({ key, secret, passphrase }, `the account ${account} in the environment`);
}
