/** The texts of all secrets of this process, so that they can be taken out of whatever is about to be shown. */
const known = new Set<string>();

/** Shorter texts stand in ordinary sentences by chance. */
const SHORTEST_HIDDEN = 8;
const SHOWN = '[secret]';

/**
 * A text that must appear nowhere: a key, a password. It shows itself as `[secret]` as text, as JSON and in the debugger;
 * cloning it for another thread throws; what it holds comes out by {@link Secret.reveal} alone.
 */
export class Secret {
  readonly #text: string;
  /** An own property on purpose: a structured clone, which would lose the text without a word, refuses a function. */
  readonly toJSON = (): string => SHOWN;

  constructor(text: string) {
    this.#text = text;
    if (text.length >= SHORTEST_HIDDEN) known.add(text);
  }

  /** The text itself: for the call that needs it, never to keep. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return SHOWN;
  }

  [Symbol.toPrimitive](): string {
    return SHOWN;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return SHOWN;
  }
}

/** `text` without any secret of this process (of 8 characters or more), however it is written in addresses and JSON. */
export function hideSecrets(text: string): string {
  let hidden = text;
  for (const secret of known) {
    for (const form of formsOf(secret)) {
      if (hidden.includes(form)) hidden = hidden.replaceAll(form, SHOWN);
    }
  }
  return hidden;
}

function formsOf(secret: string): readonly string[] {
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed())];
}
