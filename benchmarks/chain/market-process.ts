/**
 * The market of the chain, a process of its own: `node market-process.ts <redis url> <symbols> [--files folder]`. Publishes confirmed candles
 * as the collector does and hears the order requests that come of them. Answers `{"warmUp":…,"count":…,"perSecond":…}` (0:
 * one candle at a time, the next when its order is there) with the latencies in microseconds, from before a candle is
 * encoded until its order is decoded. With `--files` candles are written to CSV files instead (see csv-poller.ts).
 */
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { connectRedisBus } from '../../src/bus/redis-bus.ts';
import { sleep, systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { warmUp } from '../../src/live/warm-up.ts';
import { CsvCandleFiles, HISTORY_ROWS } from './csv-poller.ts';
import type { Latencies } from './latencies.ts';
import { latenciesOf } from './latencies.ts';
import { botSpec, candleOf, candleTopic, OutsideVenue, orderTopic, sequenceOf, symbolsOf } from './scenario.ts';

interface MarketRequest {
  readonly warmUp: number;
  readonly count: number;
  readonly perSecond: number;
}

const ANSWERS_WITHIN_MS = 5_000;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { files: { type: 'string' } } });
const [url, symbolCount] = positionals as [string, string];
const files = values.files === undefined ? undefined : new CsvCandleFiles(values.files);
const symbols = symbolsOf(Number(symbolCount));
const candleTopics = symbols.map(candleTopic);
const bus = await connectRedisBus({ url, clock: systemClock, logger: silentLogger });
if (files) for (const symbol of symbols) files.begin(symbol);
const sequences = new Map<string, number>();
/** The files begin with a past. */
const firstSequence = files ? HISTORY_ROWS : 0;
/** When the candles were handed over whose orders are awaited, by symbol and sequence. */
const began = new Map<string, number>();
let latencies: number[] = [];
let onOrder: (() => void) | undefined;

// What is measured is the bots: this side is as warm as it will be.
await warmUp([botSpec(symbols[0]!)], {
  clock: systemClock,
  logger: silentLogger,
  venueOf: () => (_instruments, _account, emit) => new OutsideVenue(() => {}, emit),
  bus,
  processName: `market-${process.pid}`,
});

await bus.subscribe(orderTopic, ({ payload }) => {
  const now = systemClock.monotonic();
  const candle = `${payload.symbol}/${sequenceOf(payload)}`;
  const start = began.get(candle);
  if (start === undefined) return;
  latencies.push((now - start) * 1_000);
  began.delete(candle);
  onOrder?.();
});

function publish(number: number): void {
  const index = number % symbols.length;
  const symbol = symbols[index]!;
  const sequence = (sequences.get(symbol) ?? firstSequence) + 1;
  sequences.set(symbol, sequence);
  const candle = candleOf(symbol, sequence);
  const name = `${symbol}/${sequence}`;
  began.set(name, systemClock.monotonic());
  if (files) files.append(candle);
  else void bus.publish(candleTopics[index]!, candle);
}

async function oneAtATime(total: number): Promise<void> {
  for (let number = 0; number < total; number++) {
    const answered = new Promise<void>((resolve) => {
      onOrder = resolve;
    });
    publish(number);
    await answered;
  }
}

/** A candle when its time has come, whatever became of those before it. */
async function openLoop(total: number, perSecond: number): Promise<void> {
  const start = systemClock.monotonic();
  for (let number = 0; number < total; ) {
    const due = Math.min(total, Math.floor(((systemClock.monotonic() - start) / 1_000) * perSecond) + 1);
    while (number < due) publish(number++);
    await sleep(systemClock, 1);
  }
  const given = systemClock.monotonic();
  while (latencies.length < total && systemClock.monotonic() - given < ANSWERS_WITHIN_MS) await sleep(systemClock, 5);
}

async function answer({ warmUp, count, perSecond }: MarketRequest): Promise<Latencies> {
  latencies = [];
  const total = warmUp + count;
  if (perSecond === 0) await oneAtATime(total);
  else await openLoop(total, perSecond);
  onOrder = undefined;
  if (latencies.length !== total) throw new Error(`${latencies.length} orders came of ${total} candles`);
  return latenciesOf(latencies.slice(warmUp));
}

process.stdout.write('{"ready":true}\n');
for await (const line of createInterface({ input: process.stdin })) {
  const result = await answer(JSON.parse(line) as MarketRequest).catch((error: Error) => ({ error: error.message }));
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
await bus.close();
