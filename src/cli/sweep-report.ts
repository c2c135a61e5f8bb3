import { writeFile } from 'node:fs/promises';
import type { DataReader } from '../app/data-reader.ts';
import { runBest } from '../app/sweep-best.ts';
import { sweepTable } from '../app/sweep-run.ts';
import type { SweepStore } from '../app/sweep-store.ts';
import { messageOf, UserError } from '../foundation/errors.ts';
import { loadChartLibrary } from './report/chart-library.ts';
import { sweepHtml } from './report/sweep-html.ts';
import type { SweepView } from './report/sweep-view.ts';

/** More make a page that a browser is slow with. */
const MOST_POINTS = 100_000;
const CURVES = 5;

/** Runs the best points again for their curves and writes the page of the sweep. Throws a UserError where it can't be written. */
export async function writeSweepReport(
  view: SweepView,
  store: SweepStore,
  reader: DataReader,
  path: string,
): Promise<void> {
  const { best: rows } = await sweepTable(view.prepared, store, view.ranking, MOST_POINTS);
  const runs = await runBest(view.prepared, rows.slice(0, CURVES), reader);
  const page = sweepHtml({ view, rows, runs, chartLibrary: loadChartLibrary() });
  try {
    await writeFile(path, page);
  } catch (error) {
    throw new UserError(`The report can't be written to ${path}: ${messageOf(error)}.`);
  }
}
