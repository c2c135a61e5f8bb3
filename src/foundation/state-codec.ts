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

/**
 * Any plain state as JSON, without loss: bigint, NaN, infinities, −0, `undefined`, Map, Set and typed arrays are
 * written as `{"$": kind, "v": …}`. Throws on what has behaviour (functions, symbols, class instances that are not
 * {@link Stateful}).
 */
export function encodeState(value: unknown): Json {
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
      return encodeObject(value);
    default:
      throw new InvariantError('State holds something that cannot be saved', { type: typeof value });
  }
}

function encodeObject(value: object | null): Json {
  if (value === null) return null;
  if (isStateful(value)) return tagged('stateful', value.snapshot());
  if (Array.isArray(value)) return value.map(encodeState);
  if (value instanceof Float64Array) return tagged('Float64Array', Array.from(value, encodeState));
  if (value instanceof Map)
    return tagged(
      'Map',
      Array.from(value, ([k, v]) => [encodeState(k), encodeState(v)]),
    );
  if (value instanceof Set) return tagged('Set', Array.from(value, encodeState));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new InvariantError('State holds an object of a class without snapshot() and restore()', {
      class: prototype?.constructor?.name,
    });
  }
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, encodeState(entry)]));
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
  return Object.fromEntries(
    Object.entries(object).map(([key, entry]) => [
      key,
      decodeState(entry, (existing as Record<string, unknown> | undefined)?.[key]),
    ]),
  );
}

function decodeTagged(kind: string, content: Json, existing: unknown): unknown {
  switch (kind) {
    case 'number':
      return content === '-0' ? -0 : Number(content);
    case 'bigint':
      return BigInt(content as string);
    case 'undefined':
      return undefined;
    case 'Float64Array':
      return Float64Array.from((content as readonly Json[]).map((entry) => decodeState(entry) as number));
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
      throw new InvariantError('Unknown kind of saved state', { kind });
  }
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
