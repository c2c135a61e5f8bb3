import type { DataCheck, Verdict } from '../app/data-check.ts';
import { type EpochMs, toIso } from '../foundation/time.ts';
import type { Terminal } from './console.ts';
import { painter, plain, type Style } from './terminal-text.ts';
import { textTable } from './text-table.ts';

const COLOURS: Readonly<Record<Verdict, Style>> = { sound: 'green', remarks: 'yellow', refused: 'red' };
const WORDS: Readonly<Record<Verdict, string>> = {
  sound: 'Sound.',
  remarks: 'Sound, with remarks',
  refused: 'Not sound: a backtest refuses it',
};

/** A quality report for people, its verdict last. */
export function checkReport(check: DataCheck, { colour, width }: Terminal): string {
  const paint = painter(colour);
  const { symbol, timeframe, quality, format, verdict, reasons, examples } = check;
  const head = `${paint('bold', plain(symbol ?? 'unknown symbol'))} ${timeframe}, ${plain(format)}: ${count(quality.rows)} bars from ${at(quality.first)} to ${at(quality.last)}`;
  const table = textTable(rowsOf(check), {
    width: width(),
    paint: (text, column) => (column === 0 ? paint('dim', text) : text),
  });
  const told = examples.length > 0 ? `\n${examples.map((example) => `  ${plain(example)}`).join('\n')}\n` : '';
  const why = reasons.length > 0 ? `: ${reasons.join('; ')}.` : '';
  return `${head}\n\n${table}\n${told}\n${paint(COLOURS[verdict], WORDS[verdict])}${why}\n`;
}

function rowsOf({ defects, inspection }: DataCheck): [string, string][] {
  const unsound = Object.entries(defects).map(([kind, rows]) => `${rows} ${kind}`);
  return [
    ['Unsound rows', unsound.length === 0 ? 'none' : unsound.join(', ')],
    ...gapRows(inspection),
    ...runRows(inspection),
    ['Spikes', spikes(inspection)],
    ...dayRow(inspection),
  ];
}

type Inspection = DataCheck['inspection'];

function gapRows(inspection: Inspection): [string, string][] {
  const { gapsWithinDays, missingWithinDays, gapsOverDays, missingOverDays, longestGaps } = inspection;
  const longest = longestGaps.map(({ from, bars }) => `${count(bars)} after ${at(from)}`).join(', ');
  return [
    [
      'Gaps within days',
      gapsWithinDays === 0 ? 'none' : `${count(gapsWithinDays)}, of ${count(missingWithinDays)} bars`,
    ],
    ['Gaps over midnight', gapsOverDays === 0 ? 'none' : `${count(gapsOverDays)}, of ${count(missingOverDays)} bars`],
    ...(longestGaps.length > 0 ? ([['Longest gaps', longest]] as [string, string][]) : []),
  ];
}

function runRows({ zeroVolumeBars, longestZeroVolume, flatRuns, longestFlat }: Inspection): [string, string][] {
  const zero =
    longestZeroVolume &&
    `${count(zeroVolumeBars)}, the longest run ${count(longestZeroVolume.bars)} from ${at(longestZeroVolume.from)}`;
  const flat =
    longestFlat &&
    `${count(flatRuns)} ${flatRuns === 1 ? 'run, of' : 'runs, the longest of'} ${count(longestFlat.bars)} bars from ${at(longestFlat.from)}`;
  return [
    ['Bars without volume', zero ?? 'none'],
    ['Flat runs', flat ?? 'none'],
  ];
}

function spikes({ spikes: found, spikesReverted, largestSpikes, typicalReturn }: Inspection): string {
  const rule = `beyond 30 × ${(100 * typicalReturn).toPrecision(2)} %`;
  if (found === 0) return `none ${rule}`;
  const largest = largestSpikes.map(
    ({ time, change, reverted }) => `${(100 * change).toFixed(2)} % at ${at(time)}${reverted ? ' (taken back)' : ''}`,
  );
  return `${count(found)} ${rule}, ${count(spikesReverted)} taken back by the next bar: ${largest.join(', ')}`;
}

function dayRow({ days, usualBarsPerDay, shortDays, worstDays }: Inspection): [string, string][] {
  if (days === 0) return [];
  const worst = worstDays.map(
    ({ day, missingShare }) => `${at(day).slice(0, 10)} lacks ${(100 * missingShare).toFixed(0)} %`,
  );
  const short = shortDays === 0 ? 'none short' : `${count(shortDays)} short: ${worst.join(', ')}`;
  return [['Days', `${count(days)} of usually ${count(usualBarsPerDay)} bars, ${short}`]];
}

function at(time: EpochMs): string {
  return toIso(time).slice(0, 16).replace('T', ' ');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
