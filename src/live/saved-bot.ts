import { createHash } from 'node:crypto';
import { type Candle, feedName } from '../domain/candle.ts';
import type { BotLifecycle } from '../domain/event.ts';
import type { SessionSpec } from '../engine/open-session.ts';
import type { Json } from '../foundation/json.ts';
import { type CandleWindow, refillWindow } from '../market/candle-window.ts';

/** What a bot keeps between two lives, besides what the store records of its doings. */
export interface SavedBot {
  readonly fingerprint: string;
  readonly lifecycle: BotLifecycle;
  readonly reason: string | null;
  /** `null`: it has never come so far as to trade. */
  readonly session: Json;
  /** The last bars that the strategy can see, by feed. */
  readonly windows: Readonly<Record<string, SavedWindow>>;
  readonly sequences: Readonly<Record<string, number>>;
  readonly counts: BotCounts;
}

interface SavedWindow {
  readonly seen: number;
  readonly candles: readonly Candle[];
}

export interface BotCounts {
  marketTime: number;
  slices: number;
  signals: number;
  refusals: number;
  roundTrips: number;
  winningRoundTrips: number;
  orderEvents: number;
}

export function newCounts(): BotCounts {
  return {
    marketTime: 0,
    slices: 0,
    signals: 0,
    refusals: 0,
    roundTrips: 0,
    winningRoundTrips: 0,
    orderEvents: 0,
  };
}

/** The state of a bot that could not even begin. */
export function blankBot(spec: SessionSpec, reason: string): SavedBot {
  return {
    fingerprint: fingerprint(spec),
    lifecycle: 'failed',
    reason,
    session: null,
    windows: {},
    sequences: {},
    counts: newCounts(),
  };
}

export function saveWindows(windows: readonly CandleWindow[]): SavedBot['windows'] {
  const saved: Record<string, SavedWindow> = {};
  for (const window of windows) {
    const candles: Candle[] = [];
    for (let ago = window.length - 1; ago >= 0; ago--) candles.push(window.candle(ago));
    saved[feedName(window.feed)] = { seen: window.seen, candles };
  }
  return saved;
}

export function restoreWindows(windows: readonly CandleWindow[], saved: SavedBot['windows']): void {
  for (const window of windows) {
    const one = saved[feedName(window.feed)];
    if (one) refillWindow(window, one.candles, one.seen);
  }
}

/** A bot's own is asked for at each commit. */
const fingerprints = new WeakMap<SessionSpec, string>();

/** What must not change under a running bot. */
export function fingerprint(spec: SessionSpec): string {
  const known = fingerprints.get(spec) ?? newFingerprint(spec);
  fingerprints.set(spec, known);
  return known;
}

function newFingerprint(spec: SessionSpec): string {
  const { definition, parameters, symbols, timeframe, currency, startingBalance, limits, sizing } = spec;
  const { instruments, venueTerms } = spec;
  const exact = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);
  const terms = [
    definition.name,
    parameters,
    symbols,
    timeframe,
    currency,
    startingBalance,
    limits,
    sizing,
    instruments,
    venueTerms ?? null,
  ];
  return createHash('sha256').update(JSON.stringify(terms, exact)).digest('hex').slice(0, 16);
}
