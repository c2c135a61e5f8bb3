import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CannotRun } from '../harness/contender.ts';
import { LineProcess } from '../harness/line-process.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

/** Another system, as a Python program beside this file in a virtual environment of its own. */
export interface Peer {
  readonly name: string;
  /** `.venv-NAME`, requirements/NAME.txt. */
  readonly environment: string;
  readonly program: string;
  readonly programArguments?: readonly string[];
  readonly jobs: Readonly<Partial<Record<PeerJob, PeerTask>>>;
  readonly notes: readonly string[];
}

export type PeerJob = 'event' | 'columns' | 'sweep' | 'indicators';

export interface PeerTask {
  /** As the program calls it. */
  readonly job: string;
  /** Fewer than the product's where it is slow; the rates are compared, and the product runs on as many. */
  readonly bars: number;
  /** Of a sweep. */
  readonly points?: number;
  /** Of the first run, cold, whose results are the ones that are compared; default `points`. */
  readonly checkedPoints?: number;
}

const averagesOfTies =
  'Where both averages are the same number of cents, rounding of float64 sums decides, and a single run of a million bars has such bars.';

export const peers: readonly Peer[] = [
  {
    name: 'hftbacktest',
    environment: 'hftbacktest',
    program: 'peer_hftbacktest.py',
    jobs: { event: { job: 'single', bars: 1_000_000 } },
    notes: [
      'A strategy that Numba compiles; each bar is one quote at its close. It keeps no equity curve in this run, checks no limits and has no indicators of its own.',
      averagesOfTies,
    ],
  },
  {
    name: 'RaptorBT, class-based strategy',
    environment: 'raptorbt',
    program: 'peer_raptorbt.py',
    jobs: { event: { job: 'eventSingle', bars: 100_000 } },
    notes: [],
  },
  {
    name: 'backtesting.py',
    environment: 'backtesting',
    program: 'peer_backtesting.py',
    jobs: { event: { job: 'single', bars: 100_000 }, sweep: { job: 'sweep', bars: 100_000, points: 20 } },
    notes: [
      'Whole units only; its FractionalBacktest counts hundred-millionths. The sweep is its optimize(), on all cores, over 20 points and with one figure of each, so that sums over points are others.',
    ],
  },
  {
    name: 'zipline-reloaded',
    environment: 'zipline',
    program: 'peer_zipline.py',
    jobs: { event: { job: 'single', bars: 100_800 } },
    notes: [
      'An order fills at the close of the next minute, so its equity is another; entries are the same. Whole units only, so it has a million times the cash.',
    ],
  },
  {
    name: 'backtrader',
    environment: 'backtrader',
    program: 'peer_backtrader.py',
    jobs: { event: { job: 'single', bars: 100_000 } },
    notes: [],
  },
  {
    name: 'NautilusTrader',
    environment: 'nautilus',
    program: 'peer_nautilus.py',
    jobs: { event: { job: 'single', bars: 100_000 } },
    notes: [
      'A strategy in Python over its Cython engine. Fills at the close of the decision, which in these bars is the next open; quantities of eight decimals.',
    ],
  },
  {
    name: 'freqtrade',
    environment: 'freqtrade',
    program: 'peer_freqtrade.py',
    jobs: { event: { job: 'single', bars: 100_000 } },
    notes: [
      'Signals of whole columns, then trade by trade. It rounds stakes and amounts to the market and closes what is open at the end.',
    ],
  },
  {
    name: 'Jesse',
    environment: 'jesse',
    program: 'peer_jesse.py',
    jobs: { event: { job: 'single', bars: 20_000 } },
    notes: [
      'Its time for a bar grows with the trades so far: 100,000 bars took it 39 s in a trial. Fills at the close of the decision, which in these bars is the next open.',
    ],
  },
  {
    name: 'vectorbt (Numba)',
    environment: 'vectorbt',
    program: 'peer_vectorbt.py',
    programArguments: ['numba'],
    jobs: {
      columns: { job: 'single', bars: 1_000_000 },
      sweep: { job: 'sweep', bars: 100_000, points: 200, checkedPoints: 1_000 },
      indicators: { job: 'indicators', bars: 1_000_000 },
    },
    notes: [
      'The sweep in chunks of 100 points, since a table of a thousand columns is 0.8 GB and it makes several; warm times are of 200 points, cold time and results of all 1,000.',
      averagesOfTies,
    ],
  },
  {
    name: 'vectorbt (Rust)',
    environment: 'vectorbt',
    program: 'peer_vectorbt.py',
    programArguments: ['rust'],
    jobs: {
      columns: { job: 'single', bars: 1_000_000 },
      sweep: { job: 'sweep', bars: 100_000, points: 200, checkedPoints: 1_000 },
      indicators: { job: 'indicators', bars: 1_000_000 },
    },
    notes: ['The same program with the engine of vectorbt-rust; nothing else differs.'],
  },
  {
    name: 'RaptorBT, arrays',
    environment: 'raptorbt',
    program: 'peer_raptorbt.py',
    jobs: {
      columns: { job: 'single', bars: 1_000_000 },
      sweep: { job: 'sweep', bars: 100_000, points: 1_000 },
      indicators: { job: 'indicators', bars: 1_000_000 },
    },
    notes: ['Its Sharpe ratio is annualised in another way.', averagesOfTies],
  },
  {
    name: 'TA-Lib',
    environment: 'talib',
    program: 'peer_talib.py',
    jobs: { indicators: { job: 'indicators', bars: 1_000_000 } },
    notes: [],
  },
];

/** What was tried and cannot be run, with the reason that the installer gave. */
export const peersThatCannotRun: readonly { readonly name: string; readonly reason: string }[] = [
  {
    name: 'backtest-kit 19.5.0 (npm)',
    reason:
      'does not install: "npm error notarget No matching version found for di-kit@^1.1.1", a dependency whose newest version on the registry that was asked is 1.0.18 (benchmarks/peers/backtest-kit/package.json).',
  },
];

/** @throws CannotRun when it is not installed */
export function startPeer({ environment, program, programArguments = [] }: Peer): LineProcess {
  const python = `${FOLDER}.venv-${environment}/bin/python`;
  if (!existsSync(python)) throw new CannotRun(`not installed: benchmarks/peers/install.sh ${environment}`);
  return new LineProcess(python, ['-W', 'ignore', program, ...programArguments], FOLDER);
}
