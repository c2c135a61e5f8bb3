/**
 * A strategy declares its parameters with type, range and default. From the declaration come the types that the
 * strategy's code sees, the checks of what a user gives, the help, and the grids of a sweep.
 */
export type ParameterSpec = IntegerSpec | DecimalSpec | ChoiceSpec<string> | FlagSpec;

interface SpecBase {
  readonly description: string;
}

export interface IntegerSpec extends SpecBase {
  readonly type: 'integer';
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
}

export interface DecimalSpec extends SpecBase {
  readonly type: 'decimal';
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
}

export interface ChoiceSpec<Choice extends string> extends SpecBase {
  readonly type: 'choice';
  readonly default: Choice;
  readonly choices: readonly Choice[];
}

export interface FlagSpec extends SpecBase {
  readonly type: 'flag';
  readonly default: boolean;
}

export type ParameterSpecs = Readonly<Record<string, ParameterSpec>>;

/** The values that a declaration stands for. */
export type ParameterValues<Specs extends ParameterSpecs> = {
  readonly [Name in keyof Specs]: ParameterValue<Specs[Name]>;
};

/** The value of one parameter; of any parameter when it is not known which. */
export type ParameterValue<Spec extends ParameterSpec = ParameterSpec> =
  Spec extends ChoiceSpec<infer Choice> ? Choice : Spec extends FlagSpec ? boolean : number;

export function integer(spec: Omit<IntegerSpec, 'type'>): IntegerSpec {
  return { type: 'integer', ...spec };
}

export function decimal(spec: Omit<DecimalSpec, 'type'>): DecimalSpec {
  return { type: 'decimal', ...spec };
}

export function choice<const Choice extends string>(spec: Omit<ChoiceSpec<Choice>, 'type'>): ChoiceSpec<Choice> {
  return { type: 'choice', ...spec };
}

export function flag(spec: Omit<FlagSpec, 'type'>): FlagSpec {
  return { type: 'flag', ...spec };
}
