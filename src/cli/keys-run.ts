import { join, resolve } from 'node:path';
import { DEFAULT_KEY_FILE } from '../app/config-defaults.ts';
import { readAccountName } from '../app/keys/account-name.ts';
import { checkNewPassword, KeyFile } from '../app/keys/key-file.ts';
import { apiKeyOf } from '../app/keys/key-text.ts';
import { passwordInEnvironment, withPassword } from '../app/keys/secret-asker.ts';
import { systemClock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import type { Secret } from '../foundation/secret.ts';
import type { CommandContext } from './command-context.ts';
import type { KeysOptions } from './keys-options.ts';
import { SecretPrompt } from './secret-prompt.ts';
import { painter } from './terminal-text.ts';
import { textTable } from './text-table.ts';

export function keyFile({ file }: KeysOptions, cwd: string): KeyFile {
  return new KeyFile(file === undefined ? join(cwd, DEFAULT_KEY_FILE) : resolve(cwd, file), systemClock);
}

export function checkName(account: string): void {
  const reading = readAccountName(account);
  if (!reading.ok) throw new UserError(`The account's name must be ${reading.error}.`);
}

/** @param stray how many words stand after the name: keys, perhaps, so that they are not repeated */
export async function addKey(
  account: string,
  stray: number,
  options: KeysOptions,
  { console, cwd }: CommandContext,
): Promise<void> {
  if (stray > 0) {
    throw new UserError(
      '"keys add" takes the name of an account alone: it asks for the key. If a key was given on the command line, other programs could read it there; delete it at the exchange and make another.',
    );
  }
  checkName(account);
  const file = keyFile(options, cwd);
  if (await file.has(account)) throw new UserError(file.taken(account));
  const prompt = new SecretPrompt(process.stdin, console.err);
  try {
    const key = await prompt.ask('API key');
    const secret = await prompt.ask('API secret');
    const passphrase = await prompt.askOptional('Passphrase, where the exchange has one (else Enter)');
    const written = { key: key.reveal(), secret: secret.reveal(), passphrase: passphrase?.reveal() };
    const apiKey = apiKeyOf(written, `the account ${account}`);
    const stored = (await file.isEmpty())
      ? await file.add(account, apiKey, await choosePassword(file.path, prompt))
      : await withPassword(prompt, `Password of ${file.path}`, (password) => file.add(account, apiKey, password));
    console.out(`Kept the key of ${account} in ${file.path}. Its fingerprint is ${stored.fingerprint}.\n`);
  } finally {
    prompt.close();
  }
}

/** The first password of a file: asked for twice in a terminal, for a slip could never be mended. */
async function choosePassword(path: string, prompt: SecretPrompt): Promise<Secret> {
  const given = passwordInEnvironment();
  if (given !== undefined) return given;
  const password = await prompt.ask(`Choose a password for ${path}`);
  checkNewPassword(password);
  if (!prompt.isTerminal) return password;
  const again = await prompt.ask('The same password again');
  if (again.reveal() === password.reveal()) return password;
  throw new UserError('The two passwords differ: nothing was kept. Try again.');
}

export async function listKeys(options: KeysOptions, { console, cwd }: CommandContext): Promise<void> {
  const file = keyFile(options, cwd);
  const stored = await file.list();
  if (options.json) console.out(`${JSON.stringify(stored, undefined, 2)}\n`);
  else if (stored.length === 0) console.out(`No keys are kept in ${file.path}: tradewind keys add NAME.\n`);
  else {
    const { colour, width } = console.output;
    const paint = painter(colour);
    const table = textTable(
      stored.map(({ account, fingerprint, created }) => [account, fingerprint, created]),
      {
        width: width(),
        heads: ['Account', 'Fingerprint', 'Added'],
        paint: (text, column, isHead) => (isHead ? paint('dim', text) : column === 0 ? paint('bold', text) : text),
      },
    );
    console.out(`${table}\n`);
  }
}

export async function removeKey(
  account: string,
  options: KeysOptions,
  { console, cwd }: CommandContext,
): Promise<void> {
  checkName(account);
  const file = keyFile(options, cwd);
  await file.remove(account);
  console.out(
    `Removed the key of ${account} from ${file.path}. Delete it at the exchange too, if it is not used elsewhere.\n`,
  );
}
