/**
 * The design before, as the problem statement of S0 has it: the collector writes candles to CSV files, and the trading
 * engine gets to know of them when its loop comes round and loads the file again.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CandleMessage } from '../../src/domain/event.ts';
import { type Clock, sleep } from '../../src/foundation/clock.ts';
import { epochMs } from '../../src/foundation/time.ts';
import type { Slice } from '../../src/live/slice-assembler.ts';
import { candleOf } from './scenario.ts';

/** A day of minutes: what a file holds when the run begins. */
export const HISTORY_ROWS = 1_440;
/** How long the loop rests when it has looked at every symbol. */
export const POLL_EVERY_MS = 1_000;

/** What the collector writes. */
export class CsvCandleFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A day of the past. */
  begin(symbol: string): void {
    const rows = Array.from({ length: HISTORY_ROWS }, (_, row) => rowOf(candleOf(symbol, row + 1)));
    writeFileSync(pathOf(this.#folder, symbol), rows.join(''));
  }

  append(candle: CandleMessage): void {
    appendFileSync(pathOf(this.#folder, candle.symbol), rowOf(candle));
  }
}

function pathOf(folder: string, symbol: string): string {
  return join(folder, `${symbol}.csv`);
}

function rowOf({ sequence, openTime, closeTime, open, high, low, close, volume }: CandleMessage): string {
  return `${[sequence, openTime, closeTime, open, high, low, close, volume].join(',')}\n`;
}

/** The engine's loop over all symbols. */
export class CsvPoller {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #feeds: PolledFeed[] = [];
  #looping: Promise<void> | undefined;
  #stopped = false;

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  follow(symbol: string): PolledFeed {
    const feed = new PolledFeed(pathOf(this.#folder, symbol), symbol, {
      start: () => {
        this.#looping ??= this.#loop();
      },
      stop: () => {
        this.#stopped = true;
      },
    });
    this.#feeds.push(feed);
    return feed;
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) {
      for (const feed of this.#feeds) feed.look();
      await sleep(this.#clock, POLL_EVERY_MS);
    }
    for (const feed of this.#feeds) feed.end();
  }
}

/** One symbol, loaded anew each time. */
class PolledFeed {
  readonly #path: string;
  readonly #symbol: string;
  readonly #loop: { start(): void; stop(): void };
  #slices: Slice[] = [];
  #seen = HISTORY_ROWS;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(path: string, symbol: string, loop: { start(): void; stop(): void }) {
    this.#path = path;
    this.#symbol = symbol;
    this.#loop = loop;
  }

  async start(): Promise<void> {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#loop.stop();
  }

  async take(): Promise<readonly Slice[]> {
    while (this.#slices.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#slices.splice(0);
  }

  look(): void {
    const lines = readFileSync(this.#path, 'utf8').split('\n');
    const candles = lines.filter((line) => line !== '').map((line) => candleOfRow(this.#symbol, line));
    for (const candle of candles) {
      if (candle.sequence <= this.#seen) continue;
      this.#seen = candle.sequence;
      this.#slices.push({ time: candle.closeTime, candles: [candle] });
    }
    if (this.#slices.length > 0) this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }
}

type Row = [number, number, number, number, number, number, number, number];

function candleOfRow(symbol: string, line: string): CandleMessage {
  const [sequence, openTime, closeTime, open, high, low, close, volume] = line.split(',').map(Number) as Row;
  return {
    symbol,
    timeframe: '1m',
    openTime: epochMs(openTime),
    closeTime: epochMs(closeTime),
    open,
    high,
    low,
    close,
    volume,
    sequence,
    watermark: epochMs(openTime),
    source: 'csv',
    receivedAt: epochMs(closeTime),
  };
}
