/**
 * The name that was probably meant by `wanted`: the nearest of `names` by edits (Levenshtein 1966, capitals and
 * hyphens not counted), or else the one whose beginning is nearest; `undefined` when none is near. Ties go to the
 * earlier name.
 */
export function closestName(wanted: string, names: readonly string[]): string | undefined {
  const typed = plain(wanted);
  if (typed === '') return undefined;
  return (
    nearest(names, Math.max(1, Math.floor(typed.length / 3)), (name) => edits(typed, name).at(-1)!) ??
    nearest(names, Math.floor(typed.length / 4), (name) => Math.min(...edits(typed, name)))
  );
}

function nearest(names: readonly string[], most: number, distance: (name: string) => number): string | undefined {
  let best: string | undefined;
  let fewest = most + 1;
  for (const name of names) {
    const needed = distance(plain(name));
    if (needed < fewest) {
      best = name;
      fewest = needed;
    }
  }
  return best;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/g, '');
}

/** How many letters must be put in, taken out or replaced to make of `typed` each beginning of `name`, shortest first. */
function edits(typed: string, name: string): number[] {
  let previous = Array.from({ length: name.length + 1 }, (_, index) => index);
  for (let row = 1; row <= typed.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= name.length; column += 1) {
      const replaced = previous[column - 1]! + (typed[row - 1] === name[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous;
}
