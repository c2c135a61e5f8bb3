import type { Series } from './document.ts';
import { short } from './number-text.ts';

/**
 * Curves as an SVG picture. Its background is the page's; lines and text take tones that are read on white and on dark,
 * and follow the reader's colour scheme where the viewer tells it.
 */

const WIDTH = 720;
const HEIGHT = 400;
const PLOT = { left: 78, right: 150, top: 44, bottom: 54 };
const COLOURS = ['#2f7ed8', '#d9822b', '#3a9e5c', '#b5499c', '#8a6d3b', '#5b6abf'];
const MARKS = ['', '6 4', '2 3', '8 3 2 3', '1 4', '12 4'];

const STYLE = `text{font:13px system-ui,sans-serif;fill:#768390}.title{font-size:15px;font-weight:600}.grid{stroke:#8b949e;stroke-opacity:.3}.line{fill:none;stroke-width:2.2}@media(prefers-color-scheme:dark){text{fill:#b1bac4}}`;

interface Axis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  /** 0 … 1 along the axis. */
  readonly at: (value: number) => number;
}

export function drawChart({ title, x, y, lines }: Series): string {
  const across = axis(x.values, x.logarithmic);
  const up = axis(
    lines.flatMap(({ values }) => values),
    y.logarithmic,
  );
  const place = {
    x: (value: number) => PLOT.left + across.at(value) * (WIDTH - PLOT.left - PLOT.right),
    y: (value: number) => HEIGHT - PLOT.bottom - up.at(value) * (HEIGHT - PLOT.top - PLOT.bottom),
  };
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style>`,
    `<text class="title" x="${PLOT.left}" y="24">${escaped(title)}</text>`,
    ...up.ticks.map((tick) => gridLine(place.y(tick), label(tick))),
    ...xTicks(x.values).map((tick) => xTick(place.x(tick), label(tick))),
    text(WIDTH - PLOT.right, HEIGHT - 12, x.label, 'end'),
    text(PLOT.left, 40, y.label, 'start'),
    ...lines.flatMap((line, index) => curve(line, index, x.values, place)),
    ...endLabels(lines, place),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function curve(
  line: Series['lines'][number],
  index: number,
  xs: readonly number[],
  place: { x: (value: number) => number; y: (value: number) => number },
): string[] {
  const colour = COLOURS[index % COLOURS.length]!;
  const dash = MARKS[index % MARKS.length]!;
  const points = line.values.map((value, at) => [place.x(xs[at]!).toFixed(1), place.y(value).toFixed(1)] as const);
  const path = points.map(([left, top], at) => `${at === 0 ? 'M' : 'L'}${left} ${top}`).join('');
  return [
    `<path class="line" stroke="${colour}"${dash === '' ? '' : ` stroke-dasharray="${dash}"`} d="${path}"/>`,
    ...points.map(([left, top]) => `<circle cx="${left}" cy="${top}" r="3" fill="${colour}"/>`),
  ];
}

/** The names of the lines at their right ends, moved apart where they would lie upon each other. */
function endLabels(lines: Series['lines'], place: { y: (value: number) => number }): string[] {
  const ends = lines
    .map(({ label: name, values }, index) => ({ name, index, top: place.y(values.at(-1)!) }))
    .sort((left, right) => left.top - right.top);
  for (let at = 1; at < ends.length; at++) ends[at]!.top = Math.max(ends[at]!.top, ends[at - 1]!.top + 16);
  return ends.map(
    ({ name, index, top }) =>
      `<text x="${WIDTH - PLOT.right + 10}" y="${(top + 4).toFixed(1)}" style="fill:${COLOURS[index % COLOURS.length]}">${escaped(name)}</text>`,
  );
}

function axis(values: readonly number[], logarithmic: boolean): Axis {
  const least = Math.min(...values);
  const most = Math.max(...values);
  if (logarithmic) {
    const low = Math.floor(Math.log10(least));
    const high = Math.max(low + 1, Math.ceil(Math.log10(most)));
    const ticks = Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at));
    return { low, high, ticks, at: (value) => (Math.log10(value) - low) / (high - low) };
  }
  const step = roundStep(most / 5);
  const high = Math.max(step, Math.ceil(most / step) * step);
  const ticks = Array.from({ length: Math.round(high / step) + 1 }, (_, at) => at * step);
  return { low: 0, high, ticks, at: (value) => value / high };
}

/** 1, 2 or 5 times a power of ten, not below `wished`. */
function roundStep(wished: number): number {
  const power = 10 ** Math.floor(Math.log10(wished > 0 ? wished : 1));
  return ([1, 2, 5, 10].find((factor) => factor * power >= wished) ?? 10) * power;
}

function xTicks(values: readonly number[]): readonly number[] {
  return values.length <= 8 ? values : values.filter((_, at) => at % Math.ceil(values.length / 8) === 0);
}

function gridLine(top: number, words: string): string {
  const right = WIDTH - PLOT.right;
  return `<line class="grid" x1="${PLOT.left}" x2="${right}" y1="${top.toFixed(1)}" y2="${top.toFixed(1)}"/>${text(PLOT.left - 8, top + 4, words, 'end')}`;
}

function xTick(left: number, words: string): string {
  const bottom = HEIGHT - PLOT.bottom;
  return `<line class="grid" x1="${left.toFixed(1)}" x2="${left.toFixed(1)}" y1="${PLOT.top}" y2="${bottom}"/>${text(left, bottom + 18, words, 'middle')}`;
}

function text(left: number, top: number, words: string, anchor: string): string {
  return `<text x="${left.toFixed(1)}" y="${top.toFixed(1)}" text-anchor="${anchor}">${escaped(words)}</text>`;
}

function label(value: number): string {
  if (Math.abs(value) >= 1e6) return `${short(value / 1e6)}M`;
  if (Math.abs(value) >= 1e3) return `${short(value / 1e3)}k`;
  return short(value);
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
