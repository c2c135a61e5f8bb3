/**
 * The keys and kinds of values of a message; of a list, what its items have together. `null` stands for a text that is
 * not there: some recordings say it so.
 */
export function shapeOf(value: unknown): unknown {
  if (value === null) return 'string';
  if (Array.isArray(value)) return [value.map(shapeOf).reduce((all: unknown, one) => join(all, one), undefined)];
  if (typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shapeOf(item)]));
}

function join(left: unknown, right: unknown): unknown {
  const mergeable =
    typeof left === 'object' && typeof right === 'object' && !Array.isArray(left) && !Array.isArray(right);
  return mergeable ? { ...(left as object), ...(right as object) } : (left ?? right);
}

/** Where `ours` lacks what `theirs` has, or has it as another kind. */
export function lacks(theirs: unknown, ours: unknown, path = ''): string[] {
  if (Array.isArray(theirs)) {
    if (!Array.isArray(ours)) return [`${path}: no list`];
    // A list of words, such as permissions, may be empty.
    const isEmpty = ours[0] === undefined && typeof theirs[0] === 'string';
    return isEmpty ? [] : lacks(theirs[0], ours[0], `${path}[]`);
  }
  if (typeof theirs === 'object' && theirs !== null) {
    if (typeof ours !== 'object' || ours === null) return [`${path}: no object`];
    const known = ours as Readonly<Record<string, unknown>>;
    return Object.entries(theirs).flatMap(([key, item]) => {
      return key in known ? lacks(item, known[key], `${path}.${key}`) : [`${path}.${key}: missing`];
    });
  }
  return theirs === undefined || theirs === ours ? [] : [`${path}: ${String(ours)}, not ${String(theirs)}`];
}
