import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Candle, candleDefect, type Feed, feedName } from '../../../src/domain/candle.ts';
import { systemClock, VirtualClock } from '../../../src/foundation/clock.ts';
import { UserError } from '../../../src/foundation/errors.ts';
import { type EpochMs, epochMs } from '../../../src/foundation/time.ts';
import type { MarketDataSink } from '../../../src/market/market-data.ts';
import { ReplayFeed, type ReplayOptions } from '../../../src/providers/files/replay-feed.ts';
import { temporaryFile } from './temporary-file.ts';

const start = Date.parse('2025-06-24T10:30:00Z');
const MINUTE = 60_000;
const line = (minute: number, price: number): string =>
  `${start + minute * MINUTE},${price},${price},${price},${price},1`;
const fileOf = (name: string, price: number, minutes: readonly number[]): string =>
  temporaryFile(
    name,
    `timestamp,open,high,low,close,volume\n${minutes.map((minute) => line(minute, price + minute)).join('\n')}\n`,
  );

const whole = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const files = new Map([
  ['AAA', fileOf('AAA.csv', 100, whole)],
  ['BBB', fileOf('BBB.csv', 200, [2, 3, 4, 8, 9])],
]);
const feeds: readonly Feed[] = [
  { symbol: 'BBB', timeframe: '1m' },
  { symbol: 'AAA', timeframe: '1m' },
  { symbol: 'AAA', timeframe: '5m' },
];
/** The close time that minute `n` stands for: the end of the bar that opens then. */
const closeOf = (minute: number): EpochMs => epochMs(start + (minute + 1) * MINUTE);

/** Writes down what it is told: `AAA:1m 3`, `~3` for a watermark, `end`. Minutes are those of the bar's opening. */
class Witness implements MarketDataSink {
  readonly seen: string[] = [];
  readonly candles: Candle[] = [];
  readonly raw: (string | null)[] = [];
  #busy = false;
  onCandle: (candle: Candle) => Promise<void> = async () => {};

  async candle(feed: Feed, candle: Candle, raw: string | null): Promise<void> {
    assert.ok(!this.#busy, 'two calls at once');
    this.#busy = true;
    this.seen.push(`${feedName(feed)} ${(candle.closeTime - start) / MINUTE - 1}`);
    this.candles.push(candle);
    this.raw.push(raw);
    await this.onCandle(candle);
    this.#busy = false;
  }

  async watermark(closeTime: EpochMs): Promise<void> {
    assert.ok(!this.#busy, 'two calls at once');
    this.seen.push(`~${(closeTime - start) / MINUTE - 1}`);
  }

  async end(failure?: Error): Promise<void> {
    this.seen.push(failure ? `end: ${failure.message}` : 'end');
  }
}

const expected = [
  ...['AAA:1m 0', '~0', 'AAA:1m 1', '~1', 'BBB:1m 2', 'AAA:1m 2', '~2', 'BBB:1m 3', 'AAA:1m 3', '~3'],
  ...['BBB:1m 4', 'AAA:1m 4', 'AAA:5m 4', '~4', 'AAA:1m 5', '~5', 'AAA:1m 6', '~6', 'AAA:1m 7', '~7'],
  ...['BBB:1m 8', 'AAA:1m 8', '~8', 'BBB:1m 9', 'AAA:1m 9', 'AAA:5m 9', '~9', 'end'],
];

async function replay(options: Partial<ReplayOptions>, resumeAfter = new Map<string, EpochMs>()): Promise<Witness> {
  const clock = new VirtualClock();
  const witness = new Witness();
  await new ReplayFeed({ files, clock, speed: 'max', ...options }).start(feeds, resumeAfter, witness);
  await clock.advance(60 * MINUTE);
  return witness;
}

test('candles come by close time, then in the order of the feeds, then the watermark; at last the end', async () => {
  const witness = await replay({});
  assert.deepEqual(witness.seen, expected);
  assert.ok(witness.candles.every((candle) => candleDefect(candle) === undefined));
});

test('the speed changes when they come, and nothing else', async () => {
  assert.deepEqual((await replay({ speed: 60 })).seen, expected);
  assert.deepEqual((await replay({ speed: 1 })).seen, expected);
});

test('the line of the file goes along; a bar that was made of smaller ones has none', async () => {
  const witness = await replay({});
  assert.equal(witness.raw[0], line(0, 100));
  assert.deepEqual(
    witness.raw.filter((raw) => raw === null).length,
    expected.filter((each) => each.includes('5m')).length,
  );
});

test('at 600 a minute of the market takes 100 ms of the clock; the first comes at once', async () => {
  const clock = new VirtualClock(epochMs(5_000));
  const witness = new Witness();
  const feed = new ReplayFeed({ files, clock, speed: 600 });
  await feed.start([{ symbol: 'AAA', timeframe: '1m' }], new Map(), witness);
  await clock.advance(0);
  assert.deepEqual(witness.seen, ['AAA:1m 0', '~0']);
  await clock.advance(99);
  assert.equal(witness.seen.length, 2);
  await clock.advance(1);
  assert.deepEqual(witness.seen.slice(2), ['AAA:1m 1', '~1']);
  await clock.advance(800);
  assert.deepEqual(witness.seen.slice(-3), ['AAA:1m 9', '~9', 'end']);
  assert.equal(clock.pendingTimers, 0);
});

test('a slow sink is waited for, and what fell due meanwhile follows without a wait', async () => {
  const clock = new VirtualClock();
  const witness = new Witness();
  let release = (): void => {};
  witness.onCandle = (candle) =>
    candle.closeTime === closeOf(1) ? new Promise((resolve) => (release = resolve)) : Promise.resolve();
  const feed = new ReplayFeed({ files, clock, speed: 600 });
  await feed.start([{ symbol: 'AAA', timeframe: '1m' }], new Map(), witness);
  await clock.advance(450);
  assert.deepEqual(witness.seen, ['AAA:1m 0', '~0', 'AAA:1m 1']);
  release();
  await clock.advance(0);
  assert.equal(witness.seen.at(-1), '~4');
});

test('it resumes after any candle of any feed without a gap and without a repeat', async () => {
  const all = (await replay({})).seen.filter((each) => each.includes(':'));
  for (let cut = 0; cut <= all.length; cut++) {
    const taken = new Map<string, EpochMs>();
    for (const each of all.slice(0, cut)) {
      const [name, minute] = each.split(' ') as [string, string];
      taken.set(name, closeOf(Number(minute)));
    }
    const rest = (await replay({}, taken)).seen;
    assert.deepEqual(
      rest.filter((each) => each.includes(':')),
      all.slice(cut),
    );
    assert.equal(rest.at(-1), 'end');
  }
});

test('stop ends the wait at once: no call after it, not even the end', async () => {
  const clock = new VirtualClock();
  const witness = new Witness();
  const feed = new ReplayFeed({ files, clock, speed: 600 });
  await feed.start(feeds, new Map(), witness);
  await clock.advance(250);
  const before = [...witness.seen];
  await feed.stop();
  assert.equal(clock.pendingTimers, 0);
  await clock.advance(60 * MINUTE);
  assert.deepEqual(witness.seen, before);
  await feed.stop();
});

test('stop from within the sink ends it in the middle of a moment; it can begin again from there', async () => {
  const clock = new VirtualClock();
  const witness = new Witness();
  const feed = new ReplayFeed({ files, clock, speed: 'max' });
  witness.onCandle = async (candle) => {
    if (candle.closeTime === closeOf(2)) await feed.stop();
  };
  await feed.start(feeds, new Map(), witness);
  await clock.advance(10);
  assert.deepEqual(witness.seen, expected.slice(0, 5));
  const taken = new Map([
    ['AAA:1m', closeOf(1)],
    ['BBB:1m', closeOf(2)],
  ]);
  witness.onCandle = async () => {};
  await feed.start(feeds, taken, witness);
  await clock.advance(10);
  assert.deepEqual(witness.seen, expected);
});

test('a sink that fails is told the end once', async () => {
  const clock = new VirtualClock();
  const witness = new Witness();
  witness.onCandle = (candle) =>
    candle.closeTime === closeOf(1) ? Promise.reject(new Error('disk full')) : Promise.resolve();
  await new ReplayFeed({ files, clock, speed: 'max' }).start(feeds, new Map(), witness);
  await clock.advance(10);
  assert.deepEqual(witness.seen, [...expected.slice(0, 3), 'end: disk full']);
});

test('a file that is missing or unsound, an unknown symbol or an odd speed is the user’s to mend', async () => {
  const clock = new VirtualClock();
  const start = (options: Partial<ReplayOptions>): Promise<void> =>
    new ReplayFeed({ files, clock, speed: 'max', ...options }).start(feeds, new Map(), new Witness());
  await assert.rejects(start({ files: new Map([['BBB', '/nowhere/b.csv']]) }), UserError);
  await assert.rejects(
    start({ files: new Map([['AAA', files.get('AAA')!]]) }),
    /No file to replay BBB from; there are files of AAA/,
  );
  for (const speed of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => new ReplayFeed({ files, clock, speed }), UserError);
  }
});

test('the bundled bars at full speed on the machine’s clock, with turns for others', async () => {
  const bundled = fileURLToPath(new URL('../../../data/BTCUSDT-1m.csv.gz', import.meta.url));
  const feed = new ReplayFeed({ files: new Map([['BTCUSDT', bundled]]), clock: systemClock, speed: 'max' });
  let candles = 0;
  let watermarks = 0;
  let turns = 0;
  const ticking = systemClock.every(1, () => turns++);
  await new Promise<void>((resolve, reject) => {
    const sink: MarketDataSink = {
      candle: async () => void candles++,
      watermark: async () => void watermarks++,
      end: async (failure) => (failure ? reject(failure) : resolve()),
    };
    feed.start([{ symbol: 'BTCUSDT', timeframe: '1m' }], new Map(), sink).catch(reject);
  });
  ticking();
  assert.deepEqual([candles, watermarks], [23_040, 23_040]);
  assert.ok(turns > 10, `${turns} turns`);
});
