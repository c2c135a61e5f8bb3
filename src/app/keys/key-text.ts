import { createHash } from 'node:crypto';
import type { ApiKey } from '../../execution/account-access.ts';
import { UserError } from '../../foundation/errors.ts';
import { Secret } from '../../foundation/secret.ts';

const LONGEST = 8_192;

export interface WrittenKey {
  readonly key: string;
  readonly secret: string;
  readonly passphrase?: string | undefined;
}

/**
 * A key as a person or the environment gives it.
 *
 * @param where what to name in a complaint; the text itself is never named
 * @throws UserError for a part that is empty, too long or has characters that no key has
 */
export function apiKeyOf({ key, secret, passphrase }: WrittenKey, where: string): ApiKey {
  return {
    key: partOf(key, `The key of ${where}`),
    secret: partOf(secret, `The secret of ${where}`),
    ...(passphrase !== undefined &&
      passphrase !== '' && { passphrase: partOf(passphrase, `The passphrase of ${where}`) }),
  };
}

function partOf(given: string, what: string): Secret {
  const text = unfolded(given.trim());
  if (text === '') throw new UserError(`${what} is empty.`);
  if (text.length > LONGEST) throw new UserError(`${what} has more than ${LONGEST.toLocaleString('en')} characters.`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f]/.test(text)) {
    throw new UserError(`${what} has control characters: copy it again.`);
  }
  return new Secret(text);
}

/** A private key in PEM is several lines, which exchanges give out as one with `\n` in it. */
function unfolded(text: string): string {
  return text.includes('PRIVATE KEY') ? text.replaceAll('\\n', '\n') : text;
}

/**
 * By which people tell keys apart without seeing them: the beginning of a hash of the key's public half. It says nothing
 * about the key, and nothing about the secret.
 */
export function fingerprintOf({ key }: ApiKey): string {
  return createHash('sha256').update(`tradewind api key\n${key.reveal()}`).digest('hex').slice(0, 8);
}
