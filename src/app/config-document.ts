import { type Document, isAlias, isCollection, isMap, isScalar, LineCounter, parseDocument, Scalar, visit } from 'yaml';
import { InvariantError } from '../foundation/errors.ts';
import { readNumber } from './config-values.ts';

/** A mistake in the file, with the offset in its text at which it stands. */
export interface Problem {
  readonly offset: number;
  readonly message: string;
}

/** Where something stands in the document: keys of sections and indices of lists. */
export type ConfigPath = readonly (string | number)[];

/** What a YAML mistake means to the person who made it; the parser's own words where nothing is better. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab indents this line; indent with spaces',
  BLOCK_AS_IMPLICIT_KEY:
    'a second "name: value" begins here; begin a new line for it, indented like its neighbours, or put the value in quotes',
  MULTILINE_IMPLICIT_KEY: 'this line is neither "name: value" nor an entry of a list; is a colon missing?',
  MULTIPLE_DOCS: 'a second document begins here; only one is allowed',
};

/** A YAML document that knows where each of its values stands. Environment variables are filled in: `${NAME}`. */
export class ConfigDocument {
  readonly problems: readonly Problem[];
  /** As plain objects; `{}` for an empty document. Meaningless when there are problems. */
  readonly value: unknown;
  /** Values with something from the environment: dotted path → the variables' names. */
  readonly fromEnvironment: ReadonlyMap<string, string>;
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(text: string, environment: (name: string) => string | undefined) {
    // A byte order mark, as some editors put it, is no part of the first key.
    const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
    this.#document = parseDocument(source, { lineCounter: this.#lines, prettyErrors: false });
    const syntax = syntaxProblems(this.#document, source);
    const filled = syntax.length > 0 ? { problems: [], paths: new Map() } : fillIn(this.#document, environment);
    this.problems = [...syntax, ...filled.problems];
    this.fromEnvironment = filled.paths;
    this.value = this.problems.length > 0 ? {} : (this.#document.toJS({ maxAliasCount: 100 }) ?? {});
  }

  /** `3:14`: line and column, both from 1. */
  position(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${Math.max(1, line)}:${Math.max(1, col)}`;
  }

  /** Where the value at `path` stands; of something that is missing, where it should be. */
  offsetOf(path: ConfigPath): number {
    for (let depth = path.length; depth >= 0; depth--) {
      const offset = this.#offset(path.slice(0, depth));
      if (offset !== undefined) return offset;
    }
    return 0;
  }

  /** Where the name of the setting at `path` stands. */
  offsetOfKey(path: ConfigPath): number {
    const section = this.#node(path.slice(0, -1));
    const key = String(path.at(-1));
    if (isMap(section)) {
      for (const pair of section.items) {
        if (isScalar(pair.key) && String(pair.key.value) === key) return pair.key.range?.[0] ?? 0;
      }
    }
    return this.offsetOf(path);
  }

  /** Whether there is nothing at `path`, not even an empty value. */
  isAbsent(path: ConfigPath): boolean {
    return this.#node(path) === undefined;
  }

  /** What stands at `path`, for a message: short, texts in quotes, nothing that came from the environment. */
  show(path: ConfigPath): string {
    const variables = this.fromEnvironment.get(pathName(path));
    if (variables !== undefined) return `the value of ${variables}`;
    const node = this.#node(path);
    if (isScalar(node)) return showValue(node.value);
    return isMap(node) ? 'a section' : isCollection(node) ? 'a list' : 'nothing';
  }

  #node(path: ConfigPath): unknown {
    return path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
  }

  #offset(path: ConfigPath): number | undefined {
    const node = this.#node(path);
    return isScalar(node) || isCollection(node) || isAlias(node) ? node.range?.[0] : undefined;
  }
}

/** `bots[1].parameters.fast` */
export function pathName(path: ConfigPath): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}

/** A value that is in the way, short and unmistakable: texts in quotes. */
function showValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return value === null || value === undefined ? 'nothing' : String(value);
}

function syntaxProblems(document: Document, source: string): Problem[] {
  const problems: Problem[] = [];
  for (const error of document.errors) {
    const offset = error.pos[0];
    if (error.code === 'DUPLICATE_KEY') {
      const key = /^[^\s:]+/.exec(source.slice(offset))?.[0] ?? 'a name';
      problems.push({ offset, message: `${key} stands twice in the same section; keep one of them` });
    } else if (!problems.some(({ message }) => message.startsWith('broken'))) {
      // One broken place makes the parser stumble on; only the first is worth telling.
      const meaning = EXPLANATIONS[error.code] ?? error.message.charAt(0).toLowerCase() + error.message.slice(1);
      problems.push({ offset, message: `broken YAML: ${meaning}` });
    }
  }
  for (const warning of document.warnings) {
    problems.push({ offset: warning.pos[0], message: `broken YAML: ${warning.message}` });
  }
  visit(document, {
    Alias(_key, node) {
      if (node.resolve(document) === undefined) {
        problems.push({
          offset: node.range?.[0] ?? 0,
          message: `*${node.source} names no anchor; put a text that begins with * in quotes`,
        });
      }
    },
  });
  return problems;
}

/** Replaces `${NAME}` in every value, `$${` standing for a plain `${`. */
function fillIn(
  document: Document,
  environment: (name: string) => string | undefined,
): { problems: Problem[]; paths: Map<string, string> } {
  const problems: Problem[] = [];
  const paths = new Map<string, string>();
  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('${')) return;
      const names: string[] = [];
      const value = node.value.replaceAll(
        /\$(\$\{)|\$\{([^}]*)\}/g,
        (whole, escaped: string | undefined, name: string) => {
          if (escaped !== undefined) return escaped;
          const found = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? environment(name) : undefined;
          if (found === undefined) {
            const message = `the environment variable ${name} is not set; set it, or write $\${${name}} for the plain text`;
            problems.push({ offset: node.range?.[0] ?? 0, message });
            return whole;
          }
          names.push(name);
          return found;
        },
      );
      // An unquoted number from outside is a number, as it would be if it stood in the file.
      const plain = node.type === Scalar.PLAIN && names.length > 0;
      node.value = plain ? (readNumber(value) ?? value) : value;
      if (names.length > 0) paths.set(pathOf(ancestors, node), names.join(' and '));
    },
  });
  return { problems, paths };
}

/** The dotted path of a scalar from the collections and pairs above it. */
function pathOf(ancestors: readonly unknown[], scalar: Scalar): string {
  const path: (string | number)[] = [];
  const chain = [...ancestors, scalar];
  for (let index = 1; index < chain.length; index++) {
    const parent = chain[index - 1];
    const child = chain[index];
    if (isCollection(parent) && !isMap(parent)) path.push(parent.items.indexOf(child as never));
    else if (isPairLike(parent)) path.push(String(isScalar(parent.key) ? parent.key.value : parent.key));
  }
  if (path.includes(-1)) throw new InvariantError('A value outside its list', { path });
  return pathName(path);
}

function isPairLike(node: unknown): node is { readonly key: unknown } {
  return typeof node === 'object' && node !== null && 'key' in node && 'value' in node;
}
