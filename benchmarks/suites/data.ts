import { barsFile, csvFile } from '../data/generate.ts';
import type { Suite } from '../harness/campaign.ts';
import { runCommand, runNothing } from '../harness/command.ts';
import { product } from '../harness/product-process.ts';
import { spread } from '../harness/statistics.ts';
import { yardstick } from '../harness/yardstick.ts';

const BARS = 1_000_000;
const WORK = { count: BARS, unit: 'bars' };

/** Bars from files: CSV against a parser in C, the cache against reading a file, and the whole command. */
export const dataSuite: Suite = {
  name: 'data',
  quick: true,
  async run(campaign) {
    const csv = csvFile(BARS);
    await campaign.attempt('csv', async () => {
      await campaign.compare({
        name: 'csv',
        title: 'CSV to columns',
        job: '1,000,000 lines of six numbers (61 MB), read and parsed into columns; here also checked line by line.',
        own: product({ job: 'csv', csv, repetitions: 2 }),
        other: yardstick('csv', { file: csv, bars: BARS, repetitions: 3 }),
        work: WORK,
        target: { minimum: 0.5, stretch: 0.8, unit: "of C's speed" },
        compared: ['bars', 'sumOfCloses'],
      });
    });
    await campaign.attempt('cache', async () => {
      await campaign.compare({
        name: 'cache',
        title: 'Columns from the cache',
        job: '48 MB of columns into new memory; here found by the content of their source and verified by two checksums.',
        own: product({ job: 'cache', csv, repetitions: 3 }),
        other: yardstick('read', { file: barsFile(BARS), bars: BARS, repetitions: 5 }),
        work: WORK,
        target: { minimum: 1, unit: 'of the speed of reading the file' },
        compared: ['bars', 'lastVolume'],
      });
    });
    await campaign.attempt('command', async () => {
      const backtest = ['backtest', 'moving-average-cross', '--symbol', 'BTCUSDT', '--data', csv, '--json'];
      // The last of the 1,000,000 bars: everything but the trading.
      const oneBar = [...backtest, '--from', '2023-11-26T10:39:00Z'];
      await runCommand(...oneBar);
      const rounds = campaign.quick ? 3 : campaign.options.rounds;
      const times = { nothing: [] as number[], oneBar: [] as number[], cached: [] as number[], read: [] as number[] };
      for (let round = 0; round < rounds; round++) {
        times.nothing.push((await runNothing()).milliseconds);
        times.oneBar.push((await runCommand(...oneBar)).milliseconds);
        times.cached.push((await runCommand(...backtest)).milliseconds);
        times.read.push((await runCommand(...backtest, '--no-cache')).milliseconds);
      }
      const own = times.oneBar.map((milliseconds, round) => milliseconds - times.nothing[round]!);
      campaign.measures.push(
        {
          name: 'second-run',
          title: 'Second run on 1,000,000 bars: own time before it trades',
          value: spread(own),
          unit: 'ms',
          target: { kind: 'at most', value: 100 },
          notes: ['A whole command that trades the last bar of 1,000,000 in the cache, less a Node that does nothing.'],
        },
        measure('node', 'Node that does nothing', times.nothing),
        measure(
          'command-cached',
          'Whole backtest of 1,000,000 bars, from the cache, with its report as JSON',
          times.cached,
        ),
        measure('command-csv', 'Whole backtest of 1,000,000 bars, from CSV', times.read),
      );
    });
  },
};

function measure(name: string, title: string, milliseconds: readonly number[]) {
  return { name, title, value: spread(milliseconds), unit: 'ms', notes: [] };
}
