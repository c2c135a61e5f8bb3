import { Secret } from '../../foundation/secret.ts';
import { environmentVariable } from '../config.ts';
import { WrongPasswordError } from './key-file.ts';

/** PORT: a person, or a pipe in a person's place, who is asked for what nobody may read. */
export interface SecretAsker {
  /** Whether a person sits there, who can be asked again. */
  readonly isTerminal: boolean;
  /**
   * @param otherwise what to do where nobody answers, as the rest of a sentence
   * @throws UserError when no answer is to be had
   */
  ask(question: string, otherwise?: string): Promise<Secret>;
}

/** In place of asking for the password of a key file. */
export const PASSWORD_VARIABLE = 'TRADEWIND_KEYS_PASSWORD';
const MOST_QUESTIONS = 3;

/** The password in the environment; `undefined` where there is none. */
export function passwordInEnvironment(): Secret | undefined {
  const text = environmentVariable(PASSWORD_VARIABLE);
  return text === undefined ? undefined : new Secret(text);
}

/**
 * Does what needs the password of a key file: with the environment's, else with one that is asked for, up to three times
 * of a person.
 *
 * @throws WrongPasswordError of the last attempt
 */
export async function withPassword<Outcome>(
  asker: SecretAsker,
  question: string,
  use: (password: Secret) => Promise<Outcome>,
): Promise<Outcome> {
  const password = passwordInEnvironment();
  if (password !== undefined) return use(password);
  let asked = question;
  for (let left = asker.isTerminal ? MOST_QUESTIONS : 1; ; left--) {
    try {
      return await use(await asker.ask(asked, `or set ${PASSWORD_VARIABLE}`));
    } catch (thrown) {
      if (!(thrown instanceof WrongPasswordError) || left <= 1) throw thrown;
      asked = `Not that one, or the file was changed. ${question}`;
    }
  }
}
