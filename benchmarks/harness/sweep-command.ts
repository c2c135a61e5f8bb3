import { csvFile } from '../data/generate.ts';
import { type CommandRun, runCommand } from './command.ts';

export interface SweepWish {
  readonly bars: number;
  readonly workers: number;
  readonly path: 'event' | 'columns';
  /** Ranges as `--set` takes them. */
  readonly fast: string;
  readonly slow: string;
}

export interface SweepRun extends CommandRun {
  readonly points: number;
  /** Sum over all points. */
  readonly fills: number;
}

/** The whole `tradewind sweep` of the cross of two averages, long only, all in, 5 basis points of fee. */
export async function runSweep({ bars, workers, path, fast, slow }: SweepWish): Promise<SweepRun> {
  const terms = [
    '--sizing',
    'all-in',
    '--no-limits',
    '--fees',
    '0.05%:0.05%',
    '--spread',
    'none',
    '--slippage',
    'none',
  ];
  const grid = ['--set', `fast=${fast}`, '--set', `slow=${slow}`, '--set', 'direction=long-only'];
  const data = ['--data', csvFile(bars), '--symbol', 'BTCUSDT'];
  const way = ['--path', path, '--workers', String(workers), '--fresh', '--json', '--all'];
  const run = await runCommand('sweep', 'moving-average-cross', ...data, ...grid, ...terms, ...way);
  const { rows } = JSON.parse(run.output) as { rows: readonly { figures: { fills: number } | null }[] };
  return { ...run, points: rows.length, fills: rows.reduce((sum, { figures }) => sum + (figures?.fills ?? 0), 0) };
}
