/** An import of any form: static, side effect, re-export, dynamic with a literal, type query, `require` of a literal. */
export interface FoundImport {
  readonly specifier: string;
  readonly line: number;
}

export interface ScannedSource {
  /** The source with comments and the contents of texts and regular expressions as spaces: nothing has moved. */
  readonly code: string;
  readonly imports: readonly FoundImport[];
}

/** What of a TypeScript or JavaScript source is code, and what it imports. */
export function scanSource(text: string): ScannedSource {
  const code = new CodeBlanker(text).blank();
  const imports: FoundImport[] = [];
  for (const pattern of IMPORT_FORMS) {
    for (const match of code.matchAll(pattern)) {
      const quote = match.index + match[0].length - 1;
      const end = code.indexOf(code[quote]!, quote + 1);
      imports.push({ specifier: text.slice(quote + 1, end), line: lineAt(code, quote) });
    }
  }
  return { code, imports };
}

export function lineAt(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < index; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

/** Each ends on the quote that opens the specifier. They see blanked code, so nothing in a text can match. */
const IMPORT_FORMS = [
  // import … from '…' and export … from '…': between the words stand only names, braces, stars, commas and texts.
  /(?<![.\w$])(?:import|export)\b[\w$\s{},*"']*?\bfrom\s*["']/g,
  /(?<![.\w$])import\s*["']/g,
  /(?<![.\w$])(?:import|require)\s*\(\s*["'`]/g,
];

/** After these words a slash begins a regular expression; after any other word it divides. */
const BEFORE_EXPRESSION = new Set(
  'return typeof case in of do else delete void throw new instanceof yield await'.split(' '),
);

const BRACES: Readonly<Record<string, number>> = { '{': 1, '}': -1 };

class CodeBlanker {
  private readonly text: string;
  private readonly code: string[] = [];
  private at = 0;
  /** Where the last thing that counts stands in `code`; −1 at the start. */
  private last = -1;
  /** For each template whose substitution is being read: how many braces are open in it. */
  private readonly substitutions: number[] = [];

  constructor(text: string) {
    this.text = text;
  }

  blank(): string {
    if (this.text.startsWith('#!')) this.space(this.lineEnd());
    while (this.at < this.text.length) this.step();
    return this.code.join('');
  }

  private step(): void {
    const { text, at, substitutions } = this;
    const char = text[at]!;
    if (text.startsWith('//', at)) this.space(this.lineEnd());
    else if (text.startsWith('/*', at)) this.space(this.after('*/', at + 2));
    else if (char === '"' || char === "'") this.quoted(char);
    else if (char === '`') this.template();
    else if (char === '/' && this.expressionMayStart()) this.regularExpression();
    else if (char === '}' && substitutions.at(-1) === 0) {
      substitutions.pop();
      this.template();
    } else {
      if (substitutions.length > 0) substitutions[substitutions.length - 1]! += BRACES[char] ?? 0;
      this.keep();
    }
  }

  /** Takes one character over as code. */
  private keep(): void {
    const char = this.text[this.at]!;
    if (char.trim() !== '') this.last = this.code.length;
    this.code.push(char);
    this.at += 1;
  }

  /** Takes everything before `end` over as spaces; line ends stay. */
  private space(end: number): void {
    for (; this.at < end; this.at += 1) this.code.push(this.text[this.at] === '\n' ? '\n' : ' ');
  }

  private quoted(quote: string): void {
    this.keep();
    this.space(this.closing(quote));
    if (this.text[this.at] === quote) this.keep();
  }

  /** From a backtick, or from the brace that closes a substitution, to the next substitution or the closing backtick. */
  private template(): void {
    const { text } = this;
    this.keep();
    let end = this.at;
    while (end < text.length && text[end] !== '`' && !text.startsWith('${', end)) end += text[end] === '\\' ? 2 : 1;
    this.space(Math.min(end, text.length));
    if (this.at >= text.length) return;
    if (text[this.at] === '$') {
      this.keep();
      this.substitutions.push(0);
    }
    this.keep();
  }

  private regularExpression(): void {
    const { text } = this;
    this.keep();
    let end = this.at;
    let inClass = false;
    while (end < text.length && text[end] !== '\n' && (inClass || text[end] !== '/')) {
      if (text[end] === '\\') end += 1;
      else if (text[end] === '[') inClass = true;
      else if (text[end] === ']') inClass = false;
      end += 1;
    }
    this.space(Math.min(end, text.length));
    if (text[this.at] === '/') this.keep();
  }

  private expressionMayStart(): boolean {
    if (this.last < 0) return true;
    const before = this.code[this.last]!;
    // A mark of exclamation right behind a value says that it is there; elsewhere it negates.
    if (before === '!') return !/[\w$)\]]/.test(this.code[this.last - 1] ?? '');
    if (!/[\w$]/.test(before)) return !/[)\]}"'`]/.test(before);
    let start = this.last;
    while (start > 0 && /[\w$]/.test(this.code[start - 1]!)) start -= 1;
    return BEFORE_EXPRESSION.has(this.code.slice(start, this.last + 1).join(''));
  }

  /** Where the quote that closes a text stands; texts end with their line at the latest. */
  private closing(quote: string): number {
    let end = this.at;
    while (end < this.text.length && this.text[end] !== quote && this.text[end] !== '\n') {
      end += this.text[end] === '\\' ? 2 : 1;
    }
    return Math.min(end, this.text.length);
  }

  private lineEnd(): number {
    const end = this.text.indexOf('\n', this.at);
    return end < 0 ? this.text.length : end;
  }

  private after(mark: string, from: number): number {
    const found = this.text.indexOf(mark, from);
    return found < 0 ? this.text.length : found + mark.length;
  }
}
