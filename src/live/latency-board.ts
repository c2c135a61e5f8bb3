import type { CancelTimer, Clock } from '../foundation/clock.ts';
import { messageOf } from '../foundation/errors.ts';
import { Histogram } from '../foundation/histogram.ts';
import type { Logger } from '../foundation/logger.ts';
import { type EpochMs, epochMs, MINUTE_MS } from '../foundation/time.ts';
import type { LatencyStore } from '../store/latency-store.ts';
import { FineTime } from './fine-time.ts';

/** The way from a price to an order, in its order. */
export const latencyStages = [
  /** From the venue's own time of a candle or a price until we had it. Two clocks: ours and the venue's. */
  'exchange-received',
  /** Until the bus had a confirmed candle, also in its log. */
  'received-published',
  /** From then on until the strategy was asked, in whichever process it is. */
  'published-strategy',
  /** Until its order was committed and handed to the venue's connection. */
  'strategy-sent',
  /** Until the venue had answered. */
  'sent-acknowledged',
] as const;

export type LatencyStage = (typeof latencyStages)[number];

export interface LatencyBoardParts {
  readonly store: LatencyStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Unique for each life of the process: its windows are its own. */
  readonly processName: string;
}

/** A window in the store holds what began in so much time. */
export const LATENCY_WINDOW_MS = 10 * MINUTE_MS;
const FLUSH_EVERY_MS = 5_000;
/** Windows are kept for 30 days. */
const KEEP_MS = 30 * 24 * 60 * MINUTE_MS;
/** What is older than this was caught up with or replayed: its age says nothing about speed. */
const FRESH_WITHIN_MS = MINUTE_MS;
const MICROSECONDS = 1_000;

interface Window {
  readonly start: EpochMs;
  readonly histograms: Map<LatencyStage, Histogram>;
  /** Stages that have grown since they were last written. */
  readonly grown: Set<LatencyStage>;
}

/**
 * What one process measured of each stage. To record costs a fraction of a microsecond and never fails; every few seconds
 * what has grown goes to the store, from where `tradewind status` adds up all processes. A store that is away costs
 * nothing but the wait: the present windows are written when it is back.
 */
export class LatencyBoard {
  readonly #parts: LatencyBoardParts;
  readonly #time: FineTime;
  #windows: Window[] = [];
  #flushing: Promise<void> = Promise.resolve();
  #cancelTimer: CancelTimer | undefined;
  #forgotten = false;

  constructor(parts: LatencyBoardParts) {
    this.#parts = parts;
    this.#time = new FineTime(parts.clock);
  }

  /** Epoch milliseconds with fractions: what stages are measured by. */
  now(): number {
    return this.#time.now();
  }

  /** Clocks of two machines may say that an answer came before its question: that counts as 0. */
  record(stage: LatencyStage, milliseconds: number): void {
    if (Number.isNaN(milliseconds)) return;
    const window = this.#window();
    let histogram = window.histograms.get(stage);
    if (!histogram) {
      histogram = new Histogram();
      window.histograms.set(stage, histogram);
    }
    histogram.record(Math.max(0, milliseconds * MICROSECONDS));
    window.grown.add(stage);
  }

  /** {@link record} of the time from `since` until now, unless it is so long ago that it is history. */
  recordSince(stage: LatencyStage, since: number): void {
    const milliseconds = this.now() - since;
    if (milliseconds <= FRESH_WITHIN_MS) this.record(stage, milliseconds);
  }

  start(): void {
    this.#cancelTimer = this.#parts.clock.every(FLUSH_EVERY_MS, () => void this.flush());
  }

  /** Writes what is left. */
  async stop(): Promise<void> {
    this.#cancelTimer?.();
    await this.flush();
  }

  /** Writes what has grown. Never rejects. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#write());
    return this.#flushing;
  }

  #window(): Window {
    const now = this.#parts.clock.now();
    const start = epochMs(now - (now % LATENCY_WINDOW_MS));
    const newest = this.#windows.at(-1);
    if (newest?.start === start) return newest;
    const window: Window = { start, histograms: new Map(), grown: new Set() };
    this.#windows.push(window);
    return window;
  }

  async #write(): Promise<void> {
    const { store, clock, logger, processName } = this.#parts;
    const written = this.#windows.flatMap((window) => [...window.grown].map((stage) => ({ window, stage })));
    if (written.length === 0) return;
    const rows = written.map(({ window, stage }) => ({
      process: processName,
      stage,
      windowStart: window.start,
      histogram: window.histograms.get(stage)!.toJson(),
    }));
    for (const { window, stage } of written) window.grown.delete(stage);
    try {
      await store.saveLatencies(rows);
      if (!this.#forgotten) await store.forgetLatencies(epochMs(Math.max(0, clock.now() - KEEP_MS)));
      this.#forgotten = true;
    } catch (thrown) {
      for (const { window, stage } of written) window.grown.add(stage);
      logger.debug('latencies could not be written; trying again', { error: messageOf(thrown) });
    }
    const newest = this.#windows.at(-1);
    this.#windows = this.#windows.filter((window) => window === newest || window.grown.size > 0);
  }
}
