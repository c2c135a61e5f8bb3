import { barsFile } from '../data/generate.ts';
import type { Suite } from '../harness/campaign.ts';
import { product } from '../harness/product-process.ts';
import { alternate } from '../harness/rounds.ts';
import { speedRatio } from '../harness/statistics.ts';
import { yardstick } from '../harness/yardstick.ts';

const SINGLE_BARS = 1_000_000;
const SWEEP_BARS = 100_000;
export const SWEEP_POINTS = 1_000;
const THREADS = 2;

/** Signals as columns against vectorised C: one run, and the sweep. */
export const columnsSuite: Suite = {
  name: 'columns',
  quick: true,
  async run(campaign) {
    await campaign.attempt('single', async () => {
      const file = barsFile(SINGLE_BARS);
      await campaign.compare({
        name: 'single',
        title: 'Vectorised backtest',
        job: 'SMA(20) over SMA(50) on 1,000,000 bars, long or flat, filled at the next open, 1 basis point of fee: indicators, signals, trades, equity of each bar, drawdown, Sharpe ratio; one thread.',
        own: product({ job: 'singleColumns', file, bars: SINGLE_BARS, repetitions: 9 }),
        other: yardstick('single', { file, bars: SINGLE_BARS, repetitions: 25 }),
        work: { count: SINGLE_BARS, unit: 'bars' },
        target: { minimum: 0.55, stretch: 0.8, unit: "of C's speed" },
        compared: ['finalEquity', 'entries', 'maximumDrawdown'],
        notes: [
          'Money is exact here and float64 in C; the Sharpe ratio is that of daily returns here and of bars in C.',
        ],
      });
    });
    await campaign.attempt('sweep', async () => {
      const file = barsFile(SWEEP_BARS);
      await campaign.compare({
        name: 'sweep',
        title: `Sweep, vectorised, ${THREADS} threads`,
        job: '1,000 pairs of averages over 100,000 bars, 5 basis points of fee; C compares signs by AVX-512 and accounts for trades only.',
        own: product({ job: 'sweepColumns', file, bars: SWEEP_BARS, threads: THREADS, repetitions: 3 }),
        other: yardstick('sweep', { file, bars: SWEEP_BARS, repetitions: 5, more: [String(THREADS), 'signs'] }),
        work: { count: SWEEP_POINTS * SWEEP_BARS, unit: 'bars' },
        target: { minimum: 0.6, stretch: 0.85, unit: "of C's speed" },
        compared: ['finalEquity', 'entries', 'maximumDrawdown'],
        notes: ['Results are sums over all points; 18 figures of each point here, four in C.'],
      });
    });
    await campaign.attempt('scaling', async () => {
      const file = barsFile(SWEEP_BARS);
      const job = { job: 'sweepColumns', file, bars: SWEEP_BARS, repetitions: 3 };
      const { rounds, quiet } = campaign.options;
      const { sides } = await alternate([product({ ...job, threads: THREADS }), product({ ...job, threads: 1 })], {
        rounds,
        ...(quiet && { quiet }),
      });
      campaign.measures.push({
        name: 'sweep-scaling',
        title: 'Sweep, vectorised: 2 threads against 1',
        value: speedRatio(sides[0]!.milliseconds, sides[1]!.milliseconds),
        unit: 'times as fast',
        target: { kind: 'at least', value: 1.9 },
        notes: [],
      });
    });
  },
};
