/**
 * Capacity through a real Redis: `npm run campaign:capacity [-- --quick] [--minutes 10] [--symbols 500]`.
 *
 * The product's collector and a follower a symbol, in processes of their own: 5,000 messages a second for ten minutes, then
 * a burst of 20,000 a second for one. No confirmed candle may be lost, doubled or out of order, and p99 from publishing to
 * the strategy is to be at most 25 ms. Ends with code 1 where a candle is missing.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LineProcess } from '../../benchmarks/harness/line-process.ts';
import { sleep, systemClock } from '../../src/foundation/clock.ts';
import { startRedis } from '../support/redis-server.ts';

interface Figures {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly maximum: number;
}

interface Taken {
  readonly taken: number;
  readonly faults: number;
  readonly candles: Figures;
  readonly prices: Figures;
  readonly memoryBytes: number;
}

const CATCH_UP_WITHIN_MS = 30_000;
const P99_TARGET_MS = 25;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '10' },
    symbols: { type: 'string', default: '500' },
  },
});
const loads = values.quick
  ? [
      { name: 'steady', perSecond: 5_000, seconds: 20 },
      { name: 'burst', perSecond: 20_000, seconds: 10 },
    ]
  : [
      { name: 'steady', perSecond: 5_000, seconds: 60 * Number(values.minutes) },
      { name: 'burst', perSecond: 20_000, seconds: 60 },
    ];

function start(script: string, url: string): LineProcess {
  const path = fileURLToPath(new URL(`capacity/${script}`, import.meta.url));
  const words = ['--disable-warning=ExperimentalWarning', path, url, values.symbols];
  return new LineProcess(process.execPath, words, process.cwd());
}

function line(what: string, { count, p50, p99, p999, maximum }: Figures): string {
  const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
  return `  ${what}: ${count.toLocaleString('en')} delivered, p50 ${ms(p50)}, p99 ${ms(p99)}, p99.9 ${ms(p999)}, max ${ms(maximum)}`;
}

const redis = await startRedis({ aof: true });
const collector = start('collector-process.ts', redis.url);
await collector.greeting;
const followers = start('follower-process.ts', redis.url);
await followers.greeting;
let lost = 0;
try {
  let expected = 0;
  for (const { name, perSecond, seconds } of loads) {
    const request = { perSecond, seconds };
    const given = (await collector.ask(request, (seconds + 60) * 1_000)) as unknown as {
      readonly candles: number;
      readonly prices: number;
      readonly latestMs: number;
      readonly memoryBytes: number;
    };
    expected += given.candles;
    let taken: Taken;
    const began = systemClock.monotonic();
    do {
      await sleep(systemClock, 200);
      taken = (await followers.ask({ reset: false })) as unknown as Taken;
    } while (taken.taken < expected && systemClock.monotonic() - began < CATCH_UP_WITHIN_MS);
    await followers.ask({ reset: true });
    const missing = expected - taken.taken;
    lost += missing + taken.faults;
    const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
    console.log(
      `${name}: ${values.symbols} symbols, ${perSecond.toLocaleString('en')} messages a second for ${seconds} s`,
    );
    console.log(
      `  given: ${given.candles.toLocaleString('en')} candles, ${given.prices.toLocaleString('en')} prices; the source was at most ${Math.round(given.latestMs)} ms late`,
    );
    console.log(`${line('candles', taken.candles)}; ${missing} lost, ${taken.faults} doubled or out of order`);
    console.log(`${line('prices', taken.prices)} (only the latest of a symbol is kept while one is under way)`);
    console.log(`  memory: collector ${megabytes(given.memoryBytes)}, followers ${megabytes(taken.memoryBytes)}`);
    if (name === 'steady') {
      const isMet = taken.candles.p99 <= P99_TARGET_MS;
      console.log(`  p99 of candles at most ${P99_TARGET_MS} ms: ${isMet ? 'met' : 'not met'}`);
    }
  }
} finally {
  await Promise.all([collector.close(), followers.close()]);
  await redis.stop();
}
console.log(lost === 0 ? 'No confirmed candle was lost.' : `${lost} confirmed candles were lost or doubled.`);
process.exitCode = lost === 0 ? 0 : 1;
