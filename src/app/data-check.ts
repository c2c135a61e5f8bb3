import { type BarInspection, inspectBars } from '../market/bar-inspection.ts';
import type { DatasetQuality } from '../market/dataset.ts';
import type { DefectKind } from '../providers/files/candle-rows.ts';
import { type LoadedCandles, type LoadOptions, loadOwnCandles } from '../providers/files/load-candles.ts';
import { inTimeframe } from '../providers/files/longer-candles.ts';

/** `refused`: a backtest refuses it as it is. `remarks`: it is sound, and there is something that one should know. */
export type Verdict = 'sound' | 'remarks' | 'refused';

/** What is to be known of a file of bars before it is trusted. */
export interface DataCheck {
  readonly path: string;
  readonly symbol: string | null;
  readonly timeframe: string;
  readonly format: string;
  readonly quality: Omit<DatasetQuality, 'defects'>;
  /** Rows that are not sound, by what is wrong with them, and the first few in words. */
  readonly defects: Readonly<Partial<Record<DefectKind, number>>>;
  readonly examples: readonly string[];
  readonly inspection: BarInspection;
  readonly verdict: Verdict;
  /** Why, one sentence each. */
  readonly reasons: readonly string[];
}

/** More than this of the bars, and it is said. */
const REMARKABLE_SHARE = 0.01;

/**
 * Reads a file, unsound rows left out and counted, and looks at what it holds.
 *
 * @throws UserError when it is no table of bars at all, or has not one sound row
 */
export async function checkData(
  options: Pick<LoadOptions, 'path' | 'symbol' | 'timeframe' | 'timestampMeans' | 'onProgress'>,
): Promise<DataCheck> {
  const own = await loadOwnCandles({ ...options, onDefect: 'drop' });
  const loaded = inTimeframe(own.loaded, options.timeframe) as LoadedCandles;
  const { defects: examples, ...quality } = loaded.quality;
  const inspection = inspectBars(loaded.columns);
  const defects = Object.fromEntries(own.defects);
  const isDataset = own.defects.size === 0 && quality.droppedRows > 0;
  const verdict = own.defects.size > 0 ? 'refused' : undefined;
  const reasons = [
    ...Object.entries(defects).map(([kind, count]) => `${rowsOf(count)} ${kind}`),
    ...(isDataset ? [`${rowsOf(quality.droppedRows)} left out when it was imported`] : []),
    ...remarks(inspection, quality),
  ];
  return {
    path: options.path,
    symbol: loaded.symbol ?? null,
    timeframe: loaded.timeframe,
    format: loaded.format,
    quality,
    defects,
    examples,
    inspection,
    verdict: verdict ?? (reasons.length > 0 ? 'remarks' : 'sound'),
    reasons,
  };
}

function remarks(inspection: BarInspection, { rows, lackingBars }: Omit<DatasetQuality, 'defects'>): string[] {
  const { gapsWithinDays, missingWithinDays, zeroVolumeBars, flatRuns, spikesReverted, shortDays } = inspection;
  const found: string[] = [];
  if (gapsWithinDays > 0)
    found.push(`${counted(missingWithinDays, 'bar')} missing in ${counted(gapsWithinDays, 'gap')} within days`);
  if (shortDays > 0) found.push(`${counted(shortDays, 'day')} with over a tenth of the usual bars missing`);
  if (zeroVolumeBars > REMARKABLE_SHARE * rows) {
    found.push(`${((100 * zeroVolumeBars) / rows).toFixed(1)} % of the bars without volume`);
  }
  if (flatRuns > 0) found.push(`${counted(flatRuns, 'run')} of flat bars`);
  if (spikesReverted > 0) found.push(`${counted(spikesReverted, 'spike')} taken back by the next bar`);
  if (lackingBars > 0) found.push(`${counted(lackingBars, 'bar')} made of fewer smaller ones than there should be`);
  return found;
}

function rowsOf(count: number): string {
  return count === 1 ? '1 row is' : `${count} rows are`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
