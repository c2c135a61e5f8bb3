import { plain } from './terminal-text.ts';

export interface TableOptions {
  /** Characters in a line. */
  readonly width: number;
  readonly heads?: readonly string[];
  /** Columns whose cells stand at the right. */
  readonly right?: ReadonlySet<number>;
  /** Colours a cell, which has its final width by then. */
  readonly paint?: (cell: string, column: number, isHead: boolean) => string;
}

const GAP = '  ';
const LEAST_LAST = 20;

/** Rows as aligned columns; the last column takes what is left of the line and is wrapped. */
export function textTable(rows: readonly (readonly string[])[], options: TableOptions): string {
  const { heads, width, paint = (cell: string) => cell, right = new Set<number>() } = options;
  const cells = (heads ? [heads, ...rows] : [...rows]).map((row) => row.map(plain));
  const last = Math.max(...cells.map((row) => row.length)) - 1;
  const widths = Array.from({ length: last }, (_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const used = widths.reduce((sum, each) => sum + each + GAP.length, 0);
  const lastWidth = Math.max(LEAST_LAST, width - used);
  return cells
    .flatMap((row, index) => {
      const isHead = heads !== undefined && index === 0;
      const wrapped = wrap(row[last] ?? '', lastWidth).split('\n');
      return wrapped.map((text, line) => {
        const before = widths.map((each, column) => {
          const cell = line === 0 ? (row[column] ?? '') : '';
          return paint(right.has(column) ? cell.padStart(each) : cell.padEnd(each), column, isHead);
        });
        return [...before, paint(text, last, isHead)].join(GAP).trimEnd();
      });
    })
    .join('\n');
}

/** Lines of at most `width` characters, broken between words. */
export function wrap(text: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
