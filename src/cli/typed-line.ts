const ENTER = ['\r', '\n'];
/** Ctrl+C and Ctrl+D, as a terminal in raw mode gives them. */
const CANCEL = ['\u0003', '\u0004'];
const BACKSPACE = ['\u007f', '\b'];
const CLEAR_LINE = '\u0015';
const ESCAPE = '\u001b';
/** What arrow keys and their like send. */
const ESCAPE_SEQUENCE = new RegExp(`${ESCAPE}(?:\\[[0-9;?]*[ -/]*[@-~]|O.|.)?`, 'gs');

/** A line that a person is typing, from the keys of a terminal in raw mode. */
export class TypedLine {
  #characters: string[] = [];
  readonly #echo: (text: string) => void;

  /** @param echo shows what was typed; or nothing */
  constructor(echo: (text: string) => void) {
    this.#echo = echo;
  }

  get text(): string {
    return this.#characters.join('');
  }

  /** Takes keys in. `rest`: what was pasted after the end of the line. */
  feed(keys: string): { readonly state: 'typing' | 'entered' | 'cancelled'; readonly rest: string } {
    const text = keys.replaceAll(ESCAPE_SEQUENCE, '');
    let place = 0;
    for (const character of text) {
      place += character.length;
      if (ENTER.includes(character)) return { state: 'entered', rest: text.slice(place) };
      if (CANCEL.includes(character)) return { state: 'cancelled', rest: '' };
      this.#take(character);
    }
    return { state: 'typing', rest: '' };
  }

  #take(character: string): void {
    if (BACKSPACE.includes(character)) {
      if (this.#characters.pop() !== undefined) this.#echo('\b \b');
    } else if (character === CLEAR_LINE) {
      this.#echo('\b \b'.repeat(this.#characters.length));
      this.#characters = [];
    } else if (character >= ' ') {
      this.#characters.push(character);
      this.#echo(character);
    }
  }
}
