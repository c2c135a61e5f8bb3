import { stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, UserError } from '../foundation/errors.ts';
import type { RunReport } from '../statistics/run-report.ts';

/** Throws a UserError where no report can be written: known before the run, not after it. */
export async function checkReportPath(path: string, option = '--report'): Promise<void> {
  const present = await stat(path).catch(() => undefined);
  if (present?.isDirectory()) throw new UserError(`${option} ${path} is a folder: name a file in it.`);
  const folder = await stat(dirname(path)).catch(() => undefined);
  if (!folder?.isDirectory())
    throw new UserError(`${option} ${path} can't be written: there is no folder ${dirname(path)}.`);
}

/** Writes a run's page. Throws a UserError where it can't be written. */
export async function writeReport(report: RunReport, path: string): Promise<void> {
  const [{ htmlReport }, { loadChartLibrary }] = await Promise.all([
    import('./report/html-report.ts'),
    import('./report/chart-library.ts'),
  ]);
  const page = htmlReport(report, { chartLibrary: loadChartLibrary() });
  try {
    await writeFile(path, page);
  } catch (error) {
    throw new UserError(`The report can't be written to ${path}: ${messageOf(error)}.`);
  }
}
