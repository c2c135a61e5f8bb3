import { stripVTControlCharacters, styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan' | 'inverse';
export type Painter = (style: Style, text: string) => string;

/** Colours text, or leaves it as it is. */
export function painter(colour: boolean): Painter {
  return (style, text) => (colour && text !== '' ? styleText(style, text, { validateStream: false }) : text);
}

/** Names come from files and from venues: none of them may move the cursor or change colours. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}/gu, ' ');
}

/** Plain text in at most `width` characters, cut with an ellipsis. */
export function fit(text: string, width: number): string {
  const clean = plain(text);
  if (clean.length <= width) return clean;
  return width <= 1 ? clean.slice(0, width) : `${clean.slice(0, width - 1)}…`;
}

/** A painted line cut to `width` characters that are seen, its colours kept. */
export function fitPainted(line: string, width: number): string {
  if (stripVTControlCharacters(line).length <= width) return line;
  let seen = 0;
  let cut = '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with an escape
  for (const [part] of line.matchAll(/\u001b\[[\d;]*m|[\s\S]/g)) {
    if (part.length > 1) cut += part;
    else if (seen < width) {
      cut += part;
      seen += 1;
    }
  }
  return cut;
}
