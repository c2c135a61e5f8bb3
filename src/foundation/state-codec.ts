import { InvariantError } from './errors.ts';
import type { Json, JsonObject } from './json.ts';

/** Something that can say its state as JSON and take it up again, so that a restart continues with the same bits. */
export interface Stateful {
  snapshot(): Json;
  restore(state: Json): void;
}

export function isStateful(value: unknown): value is Stateful {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<Stateful>).snapshot === 'function' &&
    typeof (value as Partial<Stateful>).restore === 'function'
  );
}

const typedArrays = {
  Float64Array,
  Float32Array,
  Int32Array,
  Uint32Array,
  Int16Array,
  Uint16Array,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  BigInt64Array,
  BigUint64Array,
} as const;

type TypedArrayName = keyof typeof typedArrays;

/** Deeper than any state that a program builds on purpose: what goes on for ever refers to itself. */
const DEEPEST = 1_000;

/**
 * Any plain state as JSON, without loss: bigint, NaN, infinities, −0, `undefined`, Map, Set and typed arrays are
 * written as `{"$": kind, "v": …}`. Throws on what has behaviour (functions, symbols, class instances that are not
 * {@link Stateful}) and on what refers to itself. What is referred to twice comes back as two.
 */
export function encodeState(value: unknown): Json {
  return encode(value, 0);
}

function encode(value: unknown, depth: number): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : tagged('number', numberText(value));
    case 'bigint':
      return tagged('bigint', value.toString());
    case 'undefined':
      return tagged('undefined', null);
    case 'object':
      return encodeObject(value, depth + 1);
    default:
      throw new InvariantError('State holds something that cannot be saved', { type: typeof value });
  }
}

function encodeObject(value: object | null, depth: number): Json {
  if (value === null) return null;
  if (depth > DEEPEST) throw new InvariantError('State refers to itself, or is nested too deeply', { depth });
  if (isStateful(value)) return tagged('stateful', value.snapshot());
  const each = (entry: unknown): Json => encode(entry, depth);
  if (Array.isArray(value)) return Array.from(value, each);
  if (ArrayBuffer.isView(value)) return encodeTypedArray(value, each);
  if (value instanceof Map)
    return tagged(
      'Map',
      Array.from(value, (entry) => entry.map(each)),
    );
  if (value instanceof Set) return tagged('Set', Array.from(value, each));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new InvariantError('State holds an object of a class without snapshot() and restore()', {
      class: prototype?.constructor?.name,
    });
  }
  const fields = Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, each(entry)]));
  // Its own "$" must not be taken for ours.
  return '$' in fields ? tagged('object', Object.entries(fields)) : fields;
}

function encodeTypedArray(value: ArrayBufferView, each: (entry: unknown) => Json): Json {
  const { name } = value.constructor;
  if (!Object.hasOwn(typedArrays, name))
    throw new InvariantError('State holds bytes of no known kind', { class: name });
  return tagged(name, Array.from(value as unknown as ArrayLike<unknown>, each));
}

/**
 * The value that {@link encodeState} wrote. `existing` is what stands in that place now: a {@link Stateful} there takes
 * its state up in place and is returned itself.
 */
export function decodeState(json: Json, existing?: unknown): unknown {
  if (json === null || typeof json !== 'object') return json;
  if (Array.isArray(json)) {
    return json.map((entry, index) => decodeState(entry, Array.isArray(existing) ? existing[index] : undefined));
  }
  const object = json as JsonObject;
  if (typeof object.$ === 'string') return decodeTagged(object.$, object.v ?? null, existing);
  return decodeFields(Object.entries(object), existing);
}

function decodeFields(fields: readonly (readonly [string, Json])[], existing: unknown): unknown {
  const before = existing as Readonly<Record<string, unknown>> | null | undefined;
  return Object.fromEntries(fields.map(([key, entry]) => [key, decodeState(entry, before?.[key])]));
}

function decodeTagged(kind: string, content: Json, existing: unknown): unknown {
  switch (kind) {
    case 'number':
      return content === '-0' ? -0 : Number(content);
    case 'bigint':
      return BigInt(content as string);
    case 'undefined':
      return undefined;
    case 'object':
      return decodeFields(content as unknown as readonly (readonly [string, Json])[], existing);
    case 'Map':
      return new Map(
        (content as readonly (readonly Json[])[]).map(([key, entry]) => {
          const name = decodeState(key!);
          return [name, decodeState(entry!, existing instanceof Map ? existing.get(name) : undefined)];
        }),
      );
    case 'Set':
      return new Set((content as readonly Json[]).map((entry) => decodeState(entry)));
    case 'stateful':
      if (!isStateful(existing)) throw new InvariantError('Saved state has no object to go to', {});
      existing.restore(content);
      return existing;
    default:
      if (Object.hasOwn(typedArrays, kind)) return decodeTypedArray(kind as TypedArrayName, content as readonly Json[]);
      throw new InvariantError('Unknown kind of saved state', { kind });
  }
}

function decodeTypedArray(kind: TypedArrayName, content: readonly Json[]): ArrayBufferView {
  const kindOfArray = typedArrays[kind] as unknown as { from(values: readonly unknown[]): ArrayBufferView };
  return kindOfArray.from(content.map((entry) => decodeState(entry)));
}

function tagged(kind: string, content: Json): JsonObject {
  return { $: kind, v: content };
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The own fields of `object` as JSON: what a class's `snapshot()` returns when its fields are its state. */
export function snapshotFields(object: object): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, encodeState(value)]));
}

/** Takes up in `object` what {@link snapshotFields} gave. */
export function restoreFields(object: object, state: Json): void {
  const fields = object as Record<string, unknown>;
  for (const [key, value] of Object.entries(state as JsonObject)) fields[key] = decodeState(value, fields[key]);
}
