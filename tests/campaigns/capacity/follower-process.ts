/**
 * The followers of the capacity campaign, one a symbol as bots have them, and who listens to prices. `node
 * follower-process.ts <redis url> <symbols>`. Answers each line with what was taken since the last one.
 */
import { createInterface } from 'node:readline';
import { connectRedisBus } from '../../../src/bus/redis-bus.ts';
import { topics } from '../../../src/bus/topics.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { Histogram } from '../../../src/foundation/histogram.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { CandleFollower } from '../../../src/live/candle-follower.ts';
import { FineTime } from '../../../src/live/fine-time.ts';
import { openEmbeddedStore } from '../../../src/store/embedded-store.ts';
import { temporaryFolder } from '../../support/child-server.ts';

const [url, symbolCount] = process.argv.slice(2) as [string, string];
const symbols = Array.from({ length: Number(symbolCount) }, (_, number) => `S${String(number).padStart(3, '0')}USDT`);
const surroundings = { clock: systemClock, logger: silentLogger };
const bus = await connectRedisBus({ url, ...surroundings });
const store = await openEmbeddedStore({
  path: `${temporaryFolder('capacity')}/capacity.db`,
  synchronous: 'NORMAL',
  clock: systemClock,
});
await store.migrate();
const time = new FineTime(systemClock);
let candleLatencies = new Histogram();
let priceLatencies = new Histogram();
/** Of all time, by symbol: each sequence must be one more than the one before. */
const sequences = new Map<string, number>();
let faults = 0;

async function follow(symbol: string): Promise<CandleFollower> {
  const follower = new CandleFollower(
    { bus, store, ...surroundings },
    {
      feeds: [{ symbol, timeframe: '1m' }],
      sequences: new Map(),
      processedThrough: Number.NEGATIVE_INFINITY,
    },
  );
  await follower.start();
  await bus.subscribe(topics.market(symbol), ({ payload }) => {
    // Stamped in whole milliseconds: half of one on average is not latency.
    if (payload.kind === 'price') priceLatencies.record(Math.max(0, time.now() - payload.receivedAt) * 1_000);
  });
  return follower;
}

async function take(symbol: string, follower: CandleFollower): Promise<void> {
  for (;;) {
    const slices = await follower.take(256);
    if (slices.length === 0) return;
    for (const { candles } of slices) {
      const candle = candles[0]!;
      if (candle.sequence !== (sequences.get(symbol) ?? 0) + 1) faults += 1;
      sequences.set(symbol, candle.sequence);
      candleLatencies.record(Math.max(0, time.now() - candle.publishedAt!) * 1_000);
    }
  }
}

function figures(histogram: Histogram) {
  const at = (share: number): number => histogram.quantile(share) / 1_000;
  const { count } = histogram;
  return { count, p50: at(0.5), p99: at(0.99), p999: at(0.999), maximum: histogram.maximum / 1_000 };
}

const followers = new Map<string, CandleFollower>();
for (const symbol of symbols) followers.set(symbol, await follow(symbol));
const taking = [...followers].map(([symbol, follower]) => take(symbol, follower));
process.stdout.write('{"ready":true}\n');
for await (const line of createInterface({ input: process.stdin })) {
  const { reset } = JSON.parse(line) as { reset: boolean };
  const taken = [...sequences.values()].reduce((sum, sequence) => sum + sequence, 0);
  const memoryBytes = process.resourceUsage().maxRSS * 1_024;
  const answer = { taken, faults, candles: figures(candleLatencies), prices: figures(priceLatencies), memoryBytes };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
  if (!reset) continue;
  candleLatencies = new Histogram();
  priceLatencies = new Histogram();
}
for (const follower of followers.values()) await follower.stop();
await Promise.all(taking);
await bus.close();
await store.close();
