import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { SecretAsker } from '../app/keys/secret-asker.ts';
import { UserError } from '../foundation/errors.ts';
import { Secret } from '../foundation/secret.ts';
import { TypedLine } from './typed-line.ts';

/** A person has pressed Ctrl+C, or Ctrl+D, at a question. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
}

/** Standard input, or a test's. */
export type PromptInput = Readable & {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
};

/**
 * Asks in a terminal, where nothing of the answer is shown; from a pipe each line answers one question, in the order in
 * which they are asked.
 */
export class SecretPrompt implements SecretAsker {
  readonly isTerminal: boolean;
  readonly #input: PromptInput;
  readonly #write: (text: string) => void;
  #lines: AsyncIterator<string> | undefined;
  #closeLines = (): void => {};
  #isSilent = false;

  constructor(input: PromptInput, write: (text: string) => void) {
    this.#input = input;
    this.#write = write;
    this.isTerminal = input.isTTY === true;
  }

  /** @throws UserError at the end of a pipe; CancelledError */
  async ask(question: string, otherwise = 'or give one line for each question'): Promise<Secret> {
    const answer = await this.askOptional(question);
    if (answer !== undefined) return answer;
    throw new UserError(
      this.isTerminal
        ? `${question}: nothing was typed.`
        : `${question}: standard input has ended. Start this in a terminal, ${otherwise}.`,
    );
  }

  /** The same where nothing is an answer too. */
  async askOptional(question: string): Promise<Secret | undefined> {
    this.#silence();
    this.#write(`${question}: `);
    const line = this.isTerminal ? await readTyped(this.#input, () => {}, this.#write) : await this.#nextLine();
    if (!this.isTerminal) this.#write('\n');
    return line === undefined || line === '' ? undefined : new Secret(line);
  }

  /** An answer that may be seen; of a person only. */
  askOpenly(question: string): Promise<string> {
    this.#silence();
    this.#write(question);
    return readTyped(this.#input, this.#write, this.#write);
  }

  /** Lets go of standard input, so that the program can end, and lets the terminal show again what is typed. */
  close(): void {
    this.#closeLines();
    // Only what was changed is put back: a program in the background may not touch its terminal.
    if (this.#isSilent) this.#input.setRawMode?.(false);
    this.#isSilent = false;
    this.#input.pause();
  }

  /** Before the question is there, and until the last is answered: who types fast must not see it either. */
  #silence(): void {
    if (!this.isTerminal || this.#isSilent) return;
    this.#isSilent = true;
    this.#input.setRawMode?.(true);
  }

  async #nextLine(): Promise<string | undefined> {
    if (this.#lines === undefined) {
      const reader = createInterface({ input: this.#input, terminal: false });
      this.#lines = reader[Symbol.asyncIterator]();
      this.#closeLines = () => reader.close();
    }
    const { value, done } = await this.#lines.next();
    return done ? undefined : value;
  }
}

/** One line from a terminal, key by key, so that nothing is shown but what `echo` shows. */
function readTyped(input: PromptInput, echo: (text: string) => void, write: (text: string) => void): Promise<string> {
  const decoder = new StringDecoder('utf8');
  const line = new TypedLine(echo);
  return new Promise((resolve, reject) => {
    const finish = (rest = ''): void => {
      input.off('data', onData);
      input.off('end', cancel);
      input.pause();
      // Of several lines that were pasted, the others answer the next questions.
      if (rest !== '') input.unshift(Buffer.from(rest));
      write('\n');
    };
    const cancel = (): void => {
      finish();
      reject(new CancelledError('Cancelled.'));
    };
    const onData = (bytes: Buffer | string): void => {
      const { state, rest } = line.feed(typeof bytes === 'string' ? bytes : decoder.write(bytes));
      if (state === 'cancelled') cancel();
      if (state !== 'entered') return;
      finish(rest);
      resolve(line.text);
    };
    input.on('data', onData);
    input.on('end', cancel);
    input.resume();
  });
}
