import { existsSync } from 'node:fs';
import { feedName } from '../domain/candle.ts';
import type { BotStatus } from '../domain/event.ts';
import { systemClock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import { Histogram } from '../foundation/histogram.ts';
import { silentLogger } from '../foundation/logger.ts';
import { type EpochMs, epochMs, MINUTE_MS } from '../foundation/time.ts';
import { LATENCY_WINDOW_MS, type LatencyStage, latencyStages } from '../live/latency-board.ts';
import type { LatencyStore, LatencyWindow } from '../store/latency-store.ts';
import { openStore } from './compose.ts';
import type { Configuration } from './configuration.ts';

/** What `tradewind status` knows of a system, from its store alone: it runs beside it or after it. */
export interface SystemStatus {
  readonly time: EpochMs;
  readonly bots: readonly BotStatus[];
  /** The newest confirmed candle of each feed. */
  readonly feeds: readonly FeedStatus[];
  readonly latencies: LatencyReport;
}

export interface FeedStatus {
  readonly feed: string;
  readonly source: string;
  readonly close: number;
  readonly closeTime: EpochMs;
  /** Since its close, by our clock; large in a replay of the past. */
  readonly ageMs: number;
}

export interface LatencyReport {
  /** What began in the last hour, to ten minutes. */
  readonly lastHour: readonly StageLatency[];
  /** All that is kept: 30 days. */
  readonly all: readonly StageLatency[];
}

/** Of all processes together, in milliseconds; a stage that nobody measured is left out. */
export interface StageLatency {
  readonly stage: LatencyStage;
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly maximum: number;
}

const HOUR_MS = 60 * MINUTE_MS;

/** @throws UserError where there is no store */
export async function readStatus(configuration: Configuration): Promise<SystemStatus> {
  const { store: place } = configuration;
  if (place.kind === 'embedded' && !existsSync(place.path)) {
    throw new UserError(`There is no store ${place.path}: "tradewind start" makes one; name another with --store.`);
  }
  const store = await openStore(configuration, { clock: systemClock, logger: silentLogger });
  try {
    const time = systemClock.now();
    const bots = await store.botStatuses();
    const feeds = (await store.newestCandles()).map((candle) => {
      const { source, close, closeTime } = candle;
      return { feed: feedName(candle), source, close, closeTime, ageMs: time - closeTime };
    });
    return { time, bots, feeds, latencies: await latencyReport(store, time) };
  } finally {
    await store.close();
  }
}

/** Adds up what all processes measured. */
export async function latencyReport(store: LatencyStore, now: EpochMs): Promise<LatencyReport> {
  const windows = await store.latencies(epochMs(0));
  const recent = windows.filter(({ windowStart }) => windowStart > now - HOUR_MS - LATENCY_WINDOW_MS);
  return { lastHour: stagesOf(recent), all: stagesOf(windows) };
}

function stagesOf(windows: readonly LatencyWindow[]): readonly StageLatency[] {
  return latencyStages.flatMap((stage) => {
    const sum = new Histogram();
    for (const window of windows) if (window.stage === stage) sum.add(Histogram.fromJson(window.histogram));
    if (sum.count === 0) return [];
    const at = (share: number): number => sum.quantile(share) / 1_000;
    const maximum = sum.maximum / 1_000;
    return [{ stage, count: sum.count, p50: at(0.5), p99: at(0.99), p999: at(0.999), maximum }];
  });
}
