/** `items` in runs of at most `size`: what goes into one statement (SQLite takes up to 32,766 parameters). */
export function* chunksOf<Item>(items: readonly Item[], size = 500): Generator<readonly Item[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}
