import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { readSymbol, readTimeframe } from '../app/config-values.ts';
import type { LibraryDataset, LibraryEntry } from '../app/data-library.ts';
import type { Timeframe } from '../domain/timeframe.ts';
import { systemClock } from '../foundation/clock.ts';
import { messageOf, UserError } from '../foundation/errors.ts';
import type { CommandContext } from './command-context.ts';
import { oneOf, value } from './option-values.ts';
import { ProgressLine } from './progress-line.ts';
import { checkReportPath } from './report-file.ts';

interface ImportOptions {
  readonly symbol?: string;
  readonly timeframe?: Timeframe;
  readonly onDefect?: 'refuse' | 'drop';
  readonly timestampMeans?: 'open' | 'close';
  readonly replace?: true;
  readonly json?: true;
}

interface CheckOptions extends Pick<ImportOptions, 'symbol' | 'timeframe' | 'timestampMeans' | 'json'> {}

const IMPORT_EXAMPLES = `
Examples:
  $ tradewind data import BTCUSDT-1m.csv.gz                         symbol and timeframe are the file's own
  $ tradewind data import bars.parquet --symbol SOLUSDT             where the file does not say what it holds
  $ tradewind data import downloads/*.zip                           several files, each a dataset of its own
  $ tradewind backtest moving-average-cross --symbol SOLUSDT        what was imported is found by symbol,
  $ tradewind backtest moving-average-cross --data SOLUSDT-1m       or by name`;

const LIST_EXAMPLES = `
Examples:
  $ tradewind data list
  $ tradewind data list --json | jq '.[].name'`;

const CHECK_EXAMPLES = `
Examples:
  $ tradewind data check BTCUSDT-1m.csv.gz
  $ tradewind data check BTCUSDT-1m --json                          a dataset that was imported

What is a spike: a return from one close to the next of more than 30 times the typical one, which is 1.4826 times the
median size of all returns but 0 (their robust standard deviation). One that the next bar takes back by four fifths is
rather a wrong price than a move. A flat run: 30 bars or more whose four prices are those of the close before. A short
day: one of UTC that lacks over a tenth of the bars of the median day of its weekday. Nights and weekends are told apart from gaps
within a day. Nothing is put right.

Exit code 0: sound, perhaps with remarks. 1: it has rows that a backtest refuses. 2: it can't be read as bars at all.`;

const EXPORT_EXAMPLES = `
Examples:
  $ tradewind data export BTCUSDT-1m --out btc.csv
  $ tradewind data export BTCUSDT-1m --out btc.csv.gz
  $ tradewind data export BTCUSDT-1m --out btc.parquet

Times are epoch milliseconds of the open; numbers come back as the same doubles when they are read again.`;

const EXAMPLES = `
Examples:
  $ tradewind data import BTCUSDT-1m.csv.gz           keep the bars of a file by name, ready for the next run
  $ tradewind data list                               what was imported
  $ tradewind data check BTCUSDT-1m.csv.gz            gaps, bad bars, spikes: can it be trusted?
  $ tradewind data export BTCUSDT-1m --out btc.parquet`;

export function dataCommand(context: CommandContext): Command {
  const data = new Command('data')
    .summary('import, list, check and export bars')
    .description('Keeps bars of files by name in .tradewind/data, tells what they are worth, and gives them back.')
    .addHelpText('after', EXAMPLES);
  data
    .command('import')
    .description(
      'Reads files of bars (CSV, also gzip or zip, or Parquet) into .tradewind/data, each under SYMBOL-TIMEFRAME.',
    )
    .argument('<file...>', 'files of bars')
    .option('-s, --symbol <symbol>', 'what is traded (default: what the file or its name says)', value(readSymbol))
    .option('-t, --timeframe <timeframe>', "length of a bar, made of the file's own", value(readTimeframe))
    .option('--on-defect <what>', 'unsound rows: refuse (default) or drop', value(oneOf(['refuse', 'drop'])))
    .option(
      '--timestamp-means <time>',
      "a file's times are of open (default) or close",
      value(oneOf(['open', 'close'])),
    )
    .option('--replace', 'replace other bars of the same name')
    .option('--json', 'print one JSON document instead of text')
    .addHelpText('after', IMPORT_EXAMPLES)
    .action((files: string[], options: ImportOptions) => importFiles(files, options, context));
  data
    .command('list')
    .description('Lists what was imported.')
    .option('--json', 'print one JSON document instead of text')
    .addHelpText('after', LIST_EXAMPLES)
    .action((options: { json?: true }) => list(options, context));
  data
    .command('check')
    .description('Tells the quality of a file of bars, or of an imported dataset.')
    .argument('<file or name>', 'file of bars, or name of a dataset')
    .option('-s, --symbol <symbol>', 'which one, where the file holds several', value(readSymbol))
    .option('-t, --timeframe <timeframe>', "length of a bar, made of the file's own", value(readTimeframe))
    .option(
      '--timestamp-means <time>',
      "a file's times are of open (default) or close",
      value(oneOf(['open', 'close'])),
    )
    .option('--json', 'print one JSON document instead of text')
    .addHelpText('after', CHECK_EXAMPLES)
    .action((entry: string, options: CheckOptions) => check(entry, options, context));
  data
    .command('export')
    .description('Writes an imported dataset as CSV, gzip or Parquet.')
    .argument('<name>', 'name of a dataset (see "tradewind data list")')
    .requiredOption('-o, --out <file>', 'file to write: its name ends with .csv, .csv.gz or .parquet')
    .addHelpText('after', EXPORT_EXAMPLES)
    .action((name: string, options: { out: string }) => exportDataset(name, options, context));
  return data;
}

async function importFiles(files: readonly string[], options: ImportOptions, context: CommandContext): Promise<void> {
  const { cwd, console } = context;
  const { symbol, timeframe, onDefect, timestampMeans, replace = false } = options;
  if (symbol !== undefined && files.length > 1) {
    throw new UserError(`--symbol ${symbol} can't be that of ${files.length} files: import them one by one.`);
  }
  const [{ DataLibrary }, { importData }, { datasetRow, datasetDocument }] = await Promise.all([
    import('../app/data-library.ts'),
    import('../app/data-import.ts'),
    import('./data-list.ts'),
  ]);
  const library = new DataLibrary(cwd);
  const reading = { ...(onDefect && { onDefect }), ...(timestampMeans && { timestampMeans }) };
  const kept: (LibraryDataset & { readonly isNew: boolean })[] = [];
  for (const file of files) {
    const path = resolve(cwd, file);
    const imported = await withProgress(context, `reading ${file}`, (onProgress) =>
      importData(library, { path, symbol, timeframe, reading, replace, onProgress }),
    );
    kept.push(imported);
    if (!options.json) console.out(`${datasetRow(imported)}${imported.isNew ? '' : ' (it was there already)'}\n`);
  }
  if (options.json) console.out(`${JSON.stringify(kept.map(datasetDocument), undefined, 2)}\n`);
}

async function list(options: { readonly json?: true }, { cwd, console }: CommandContext): Promise<void> {
  const [{ DataLibrary }, { datasetDocument, datasetTable }] = await Promise.all([
    import('../app/data-library.ts'),
    import('./data-list.ts'),
  ]);
  const library = new DataLibrary(cwd);
  const found: LibraryDataset[] = [];
  for (const entry of library.entries()) {
    try {
      found.push(await library.open(entry));
    } catch (error) {
      console.err(`${messageOf(error)}\n`);
    }
  }
  if (options.json) console.out(`${JSON.stringify(found.map(datasetDocument), undefined, 2)}\n`);
  else if (found.length === 0) console.out('Nothing was imported here yet: tradewind data import FILE.\n');
  else console.out(`${datasetTable(found, console.output)}\n`);
}

async function check(entry: string, options: CheckOptions, context: CommandContext): Promise<void> {
  const { cwd, console, finish } = context;
  const [{ DataLibrary }, { checkData }, { checkReport }] = await Promise.all([
    import('../app/data-library.ts'),
    import('../app/data-check.ts'),
    import('./data-check-report.ts'),
  ]);
  const file = resolve(cwd, entry);
  const library = new DataLibrary(cwd);
  const path = existsSync(file) ? file : (library.find(entry)?.path ?? neither(entry, library.entries()));
  const { symbol, timeframe, timestampMeans } = options;
  const checked = await withProgress(context, `reading ${entry}`, (onProgress) =>
    checkData({
      path,
      onProgress,
      ...(symbol && { symbol }),
      ...(timeframe && { timeframe }),
      ...(timestampMeans && { timestampMeans }),
    }),
  );
  if (checked.verdict === 'refused') finish(1);
  if (options.json) console.out(`${JSON.stringify(checked, undefined, 2)}\n`);
  else console.out(checkReport(checked, console.output));
}

async function exportDataset(name: string, { out }: { readonly out: string }, context: CommandContext): Promise<void> {
  const { cwd, console } = context;
  if (!/\.(?:csv|csv\.gz|parquet)$/i.test(out)) {
    throw new UserError(`--out ${out} must end with .csv, .csv.gz or .parquet.`);
  }
  const path = resolve(cwd, out);
  await checkReportPath(path);
  const [{ DataLibrary }, { exportCandles }] = await Promise.all([
    import('../app/data-library.ts'),
    import('../app/data-export.ts'),
  ]);
  const library = new DataLibrary(cwd);
  const { dataset } = await library.open(library.find(name) ?? unknownName(name, library.entries()));
  await withProgress(context, `writing ${out}`, (onProgress) => exportCandles(dataset.columns, path, onProgress));
  console.err(`Wrote ${dataset.columns.length} bars to ${out}.\n`);
}

function neither(entry: string, entries: readonly LibraryEntry[]): never {
  const names = entries.map(({ name }) => name);
  const imported = names.length === 0 ? 'nothing was imported here' : `imported here: ${names.join(', ')}`;
  throw new UserError(`There is no file ${entry} and no dataset of that name (${imported}).`);
}

function unknownName(name: string, entries: readonly LibraryEntry[]): never {
  const there = entries.map((entry) => entry.name).join(', ');
  throw new UserError(
    there === ''
      ? `There is no dataset ${name}: nothing was imported here.`
      : `There is no dataset ${name}: there are ${there}.`,
  );
}

type OnProgress = (at: { readonly done: number; readonly total: number }) => void;

async function withProgress<Outcome>(
  { console }: CommandContext,
  step: string,
  action: (onProgress: OnProgress) => Promise<Outcome>,
): Promise<Outcome> {
  const progress = new ProgressLine(console, systemClock);
  try {
    return await action(({ done, total }) => progress.show(step, done / total));
  } finally {
    progress.clear();
  }
}
