/**
 * All secrets of this process, as they may be written, so that they can be taken out of whatever is about to be shown. The
 * longest first: one may be a part of another.
 */
const known: string[] = [];

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
    if (text.length >= SHORTEST_HIDDEN) remember(text);
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
  for (const form of known) if (hidden.includes(form)) hidden = hidden.replaceAll(form, SHOWN);
  return hidden;
}

function remember(secret: string): void {
  for (const form of formsOf(secret)) if (!known.includes(form)) known.push(form);
  known.sort((left, right) => right.length - left.length);
}

/** As it is, in an address, in JSON, and in a text of JSON that is itself in JSON. */
function formsOf(secret: string): readonly string[] {
  const once = inJson(secret);
  return [secret, encodeURIComponent(secret.toWellFormed()), once, inJson(once)];
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
