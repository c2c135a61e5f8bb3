/**
 * One circle out of each group of files that import one another, as the files in order of import, beginning with the
 * first by name; an import of oneself counts. Groups by Tarjan, Depth-first search and linear graph algorithms (1972).
 */
export function findCircles(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  return knots(graph)
    .filter((knot) => knot.length > 1 || graph.get(knot[0]!)!.includes(knot[0]!))
    .map((knot) => shortestCircle(graph, new Set(knot)))
    .sort((a, b) => (a[0]! < b[0]! ? -1 : 1));
}

/** The strongly connected components. */
function knots(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const found: string[][] = [];
  const visit = (file: string): number => {
    const place = order.size;
    order.set(file, place);
    open.push(file);
    isOpen.add(file);
    let low = place;
    for (const next of graph.get(file) ?? []) {
      if (!graph.has(next)) continue;
      if (!order.has(next)) low = Math.min(low, visit(next));
      else if (isOpen.has(next)) low = Math.min(low, lowest.get(next) ?? order.get(next)!);
    }
    lowest.set(file, low);
    if (low < place) return low;
    const knot = open.splice(open.indexOf(file));
    for (const member of knot) isOpen.delete(member);
    found.push(knot);
    return low;
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return found;
}

/** The shortest way from the first file of a knot back to itself, without the return. */
function shortestCircle(graph: ReadonlyMap<string, readonly string[]>, knot: ReadonlySet<string>): readonly string[] {
  const start = [...knot].sort()[0]!;
  const ways: string[][] = [[start]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const next of graph.get(way.at(-1)!) ?? []) {
      if (next === start) return way;
      if (!knot.has(next) || seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return [start];
}
