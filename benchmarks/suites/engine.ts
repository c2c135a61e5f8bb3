import { barsFile } from '../data/generate.ts';
import type { Suite } from '../harness/campaign.ts';
import { product } from '../harness/product-process.ts';
import { yardstick } from '../harness/yardstick.ts';

const BARS = 1_000_000;

/** The event-driven engine against event-driven C. */
export const engineSuite: Suite = {
  name: 'engine',
  quick: true,
  run: (campaign) =>
    campaign.attempt('engine', async () => {
      const file = barsFile(BARS);
      await campaign.compare({
        name: 'engine',
        title: 'Event-driven engine',
        job: '1,000,000 one-minute bars, four incremental indicators, strategy call, risk gate, market orders filled at the next open with fee and slippage, ledger, equity of each bar; one thread.',
        own: product({ job: 'engine', file, bars: BARS, repetitions: 5 }),
        other: yardstick('engine', { file, bars: BARS, repetitions: 9 }),
        work: { count: BARS, unit: 'bars' },
        target: { minimum: 0.2, stretch: 0.4, unit: "of C's speed" },
        compared: ['finalEquity', 'roundTrips'],
        notes: ['Money is exact fixed-point here and float64 in C, hence the difference in the last digits.'],
      });
    }),
};
