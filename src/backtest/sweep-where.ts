import { closestName } from '../foundation/closest-name.ts';
import { UserError } from '../foundation/errors.ts';
import type { ParameterSpecs, ParameterValue } from '../strategy/parameters.ts';

/** The values of a point, by parameter. */
export type PointValues = Readonly<Record<string, ParameterValue>>;

/** Whether a point may be. */
export type Constraint = (values: PointValues) => boolean;

type Kind = 'number' | 'text' | 'truth';

interface Expression {
  readonly kind: Kind;
  /** Where it begins, counting from 0. */
  readonly at: number;
  evaluate(values: PointValues): ParameterValue;
}

interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'sign' | 'end';
  readonly text: string;
  readonly at: number;
}

const COMPARISONS = ['<', '<=', '>', '>=', '=', '==', '!='];
const KINDS: Readonly<Record<Kind, string>> = { number: 'a number', text: 'a text', truth: 'true or false' };
/** Deeper than anyone writes, and no stack overflows. */
const MOST_NESTED = 200;

/**
 * A condition on the parameters of a strategy: `fast < slow`, `slow >= 2*fast and not (type = "ema")`. Numbers with
 * `+ - * / %`, comparisons `< <= > >= = !=`, `and or not` (also `&& || !`), parentheses, texts in quotes, `true`, `false`.
 *
 * @throws UserError that says at which column what is wrong
 */
export function readConstraint(text: string, parameters: ParameterSpecs): Constraint {
  const parser = new Parser(text, parameters);
  const whole = parser.whole();
  return (values) => whole.evaluate(values) === true;
}

class Parser {
  readonly #text: string;
  readonly #parameters: ParameterSpecs;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string, parameters: ParameterSpecs) {
    this.#text = text;
    this.#parameters = parameters;
    this.#tokens = this.#tokensOf();
  }

  whole(): Expression {
    if (this.#peek().kind === 'end') throw this.#fault('it is empty: write a comparison such as fast < slow', 0);
    const expression = this.#either();
    if (this.#peek().kind !== 'end') throw this.#fault(`${shown(this.#peek())} was not expected here`, this.#peek().at);
    if (expression.kind === 'truth') return expression;
    const what = KINDS[expression.kind];
    throw this.#fault(`it is ${what}, not a comparison such as fast < slow`, expression.at);
  }

  #either(): Expression {
    let left = this.#both();
    while (this.#take('or', '||')) {
      const [first, second] = [this.#must('truth', left), this.#must('truth', this.#both())];
      left = { ...first, evaluate: (values) => first.evaluate(values) === true || second.evaluate(values) === true };
    }
    return left;
  }

  #both(): Expression {
    let left = this.#not();
    while (this.#take('and', '&&')) {
      const [first, second] = [this.#must('truth', left), this.#must('truth', this.#not())];
      left = { ...first, evaluate: (values) => first.evaluate(values) === true && second.evaluate(values) === true };
    }
    return left;
  }

  #not(): Expression {
    const { at } = this.#peek();
    if (!this.#take('not', '!')) return this.#comparison();
    const of = this.#nested(() => this.#must('truth', this.#not()));
    return { kind: 'truth', at, evaluate: (values) => of.evaluate(values) !== true };
  }

  #comparison(): Expression {
    const left = this.#sum();
    const sign = this.#take(...COMPARISONS);
    if (sign === undefined) return left;
    const right = this.#sum();
    if (left.kind !== right.kind) {
      throw this.#fault(`${KINDS[left.kind]} can't be compared with ${KINDS[right.kind]}`, sign.at);
    }
    const isOrder = sign.text.startsWith('<') || sign.text.startsWith('>');
    if (isOrder && left.kind !== 'number') throw this.#fault(`only numbers can be compared by ${sign.text}`, sign.at);
    if (COMPARISONS.includes(this.#peek().text) && this.#peek().kind === 'sign') {
      throw this.#fault('a comparison has two sides: join several with "and"', this.#peek().at);
    }
    return { kind: 'truth', at: left.at, evaluate: comparison(sign.text, left, right) };
  }

  #sum(): Expression {
    let left = this.#product();
    for (let sign = this.#take('+', '-'); sign; sign = this.#take('+', '-')) {
      left = this.#arithmetic(sign, left, this.#product());
    }
    return left;
  }

  #product(): Expression {
    let left = this.#signed();
    for (let sign = this.#take('*', '/', '%'); sign; sign = this.#take('*', '/', '%')) {
      left = this.#arithmetic(sign, left, this.#signed());
    }
    return left;
  }

  #signed(): Expression {
    const { at } = this.#peek();
    if (!this.#take('-')) return this.#atom();
    const of = this.#nested(() => this.#must('number', this.#signed()));
    return { kind: 'number', at, evaluate: (values) => -(of.evaluate(values) as number) };
  }

  #atom(): Expression {
    const token = this.#peek();
    const { at, text } = token;
    if (token.kind === 'number') return this.#constant('number', Number(text));
    if (token.kind === 'text') return this.#constant('text', text);
    if (this.#take('(')) {
      const inner = this.#nested(() => this.#either());
      if (this.#take(')')) return inner;
      throw this.#fault(`a ")" is missing for the "(" at column ${at + 1}`, this.#peek().at);
    }
    if (token.kind !== 'name') {
      const what = token.kind === 'end' ? 'it ends' : `${shown(token)} stands`;
      throw this.#fault(`${what} where a parameter or a number should be`, at);
    }
    if (text === 'true' || text === 'false') return this.#constant('truth', text === 'true');
    return this.#parameter(token);
  }

  #constant(kind: Kind, value: ParameterValue): Expression {
    const { at } = this.#peek();
    this.#next += 1;
    return { kind, at, evaluate: () => value };
  }

  #parameter({ text: name, at }: Token): Expression {
    const spec = Object.hasOwn(this.#parameters, name) ? this.#parameters[name] : undefined;
    if (spec === undefined) {
      const names = Object.keys(this.#parameters);
      const near = closestName(name, names);
      const guess = near === undefined ? `: there are ${names.join(', ')}` : `: did you mean ${near}`;
      const advice = this.#choiceOf(name) ? `: a text stands in quotes, "${name}"` : guess;
      throw this.#fault(`there is no parameter ${JSON.stringify(name)}${advice}`, at);
    }
    this.#next += 1;
    const kind = spec.type === 'flag' ? 'truth' : spec.type === 'choice' ? 'text' : 'number';
    return { kind, at, evaluate: (values) => values[name]! };
  }

  #choiceOf(text: string): boolean {
    return Object.values(this.#parameters).some((spec) => spec.type === 'choice' && spec.choices.includes(text));
  }

  #arithmetic(sign: Token, left: Expression, right: Expression): Expression {
    const [a, b] = [this.#must('number', left), this.#must('number', right)];
    const first = (values: PointValues): number => a.evaluate(values) as number;
    const second = (values: PointValues): number => b.evaluate(values) as number;
    const evaluate = {
      '+': (values: PointValues) => first(values) + second(values),
      '-': (values: PointValues) => first(values) - second(values),
      '*': (values: PointValues) => first(values) * second(values),
      '/': (values: PointValues) => first(values) / second(values),
      '%': (values: PointValues) => first(values) % second(values),
    }[sign.text as '+' | '-' | '*' | '/' | '%'];
    return { kind: 'number', at: left.at, evaluate };
  }

  #must(kind: Kind, expression: Expression): Expression {
    if (expression.kind === kind) return expression;
    throw this.#fault(`${KINDS[kind]} is wanted here, and this is ${KINDS[expression.kind]}`, expression.at);
  }

  #nested(read: () => Expression): Expression {
    if (++this.#depth > MOST_NESTED) throw this.#fault('it is nested too deeply', this.#peek().at);
    const expression = read();
    this.#depth -= 1;
    return expression;
  }

  #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  /** The next token when it is one of these words or signs, which is gone then. */
  #take(...wanted: readonly string[]): Token | undefined {
    const token = this.#peek();
    if ((token.kind !== 'sign' && token.kind !== 'name') || !wanted.includes(token.text)) return undefined;
    this.#next += 1;
    return token;
  }

  #tokensOf(): readonly Token[] {
    const pattern =
      /\s*(?:(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<name>[A-Za-z_$][\w$]*)|"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<sign>&&|\|\||[<>!=]=|[-+*/%()<>=!]))/y;
    const tokens: Token[] = [];
    const end = this.#text.trimEnd().length;
    while (pattern.lastIndex < end) {
      const from = pattern.lastIndex;
      const found = pattern.exec(this.#text);
      if (found === null) {
        const at = from + /^\s*/.exec(this.#text.slice(from))![0].length;
        const [character] = this.#text.slice(at);
        const quote = character === '"' || character === "'";
        throw this.#fault(quote ? 'a quote is not closed' : `${JSON.stringify(character)} has no meaning here`, at);
      }
      const { number, name, double, single, sign } = found.groups!;
      const text = number ?? name ?? double ?? single ?? sign!;
      const kind = number ? 'number' : name ? 'name' : sign ? 'sign' : 'text';
      const length = kind === 'text' ? text.length + 2 : text.length;
      tokens.push({ kind, text, at: pattern.lastIndex - length });
    }
    tokens.push({ kind: 'end', text: '', at: end });
    return tokens;
  }

  #fault(what: string, at: number): UserError {
    return new UserError(`--where ${JSON.stringify(this.#text)}, column ${at + 1}: ${what}.`);
  }
}

function comparison(sign: string, left: Expression, right: Expression): Expression['evaluate'] {
  switch (sign) {
    case '<':
      return (values) => left.evaluate(values) < right.evaluate(values);
    case '<=':
      return (values) => left.evaluate(values) <= right.evaluate(values);
    case '>':
      return (values) => left.evaluate(values) > right.evaluate(values);
    case '>=':
      return (values) => left.evaluate(values) >= right.evaluate(values);
    case '!=':
      return (values) => left.evaluate(values) !== right.evaluate(values);
    default:
      return (values) => left.evaluate(values) === right.evaluate(values);
  }
}

function shown({ kind, text }: Token): string {
  return kind === 'end' ? 'the end' : JSON.stringify(text);
}
