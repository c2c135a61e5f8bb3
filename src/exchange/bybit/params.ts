import { parseFixed } from '../../foundation/fixed-point.ts';
import type { Category } from '../market/instruments.ts';
import { type Refusal, refuse } from '../trading/refusals.ts';

/** A request that is refused while it is read. Caught in one place, where the answer is made. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** The parameters of a request, from its query or its JSON body. Clients send numbers as text, and now and then not. */
export class Params {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: unknown) {
    const isObject = typeof values === 'object' && values !== null && !Array.isArray(values);
    this.#values = isObject ? (values as Readonly<Record<string, unknown>>) : {};
  }

  /** `undefined` where it is missing or empty. */
  text(name: string): string | undefined {
    const value = Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  required(name: string): string {
    return this.text(name) ?? this.#wrong(name);
  }

  flag(name: string): boolean {
    return this.text(name) === 'true';
  }

  /** A plain decimal that is not negative, exactly. */
  decimal(name: string): bigint | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = parseFixed(text);
    return value === undefined || value < 0n ? this.#wrong(name) : value;
  }

  /** A whole number in [minimum, maximum]. */
  integer(name: string, minimum: number, maximum: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= minimum && value <= maximum ? value : this.#wrong(name);
  }

  oneOf<const Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    return choices.find((choice) => choice === text) ?? this.#wrong(name);
  }

  /** `undefined` for inverse and options: this exchange lists none. */
  category(byDefault?: Category): Category | undefined {
    const category = this.oneOf('category', ['linear', 'spot', 'inverse', 'option']) ?? byDefault;
    if (category === undefined) this.#wrong('category');
    return category === 'linear' || category === 'spot' ? category : undefined;
  }

  list(name: string): readonly Params[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map((one) => new Params(one)) : this.#wrong(name);
  }

  /** The same parameters and one more. */
  with(name: string, value: string): Params {
    return new Params({ ...this.#values, [name]: value });
  }

  #wrong(name: string): never {
    throw new RequestRefused(refuse.parameter(`${name} invalid`));
  }
}
