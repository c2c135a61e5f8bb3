import type { Feed } from '../../../src/domain/candle.ts';
import type { Timeframe } from '../../../src/domain/timeframe.ts';
import { type EpochMs, epochMs, MINUTE_MS } from '../../../src/foundation/time.ts';
import {
  type AnyStrategyDefinition,
  type Decision,
  defineStrategy,
  type Market,
  Strategy,
} from '../../../src/strategy/strategy.ts';
import { type Instant, SessionBench, type SpecTerms, specOf, type VenueTerms, venueOf } from './session-bench.ts';

/** What to decide at the n-th instant, counting from 1. Anything: strategies are people's own code. */
export type Script = (step: number, market: Market) => unknown;

class Scripted extends Strategy {
  private step = 0;
  readonly #script: Script;

  constructor(script: Script) {
    super();
    this.#script = script;
  }

  override process(market: Market): Decision {
    this.step += 1;
    return this.#script(this.step, market) as Decision;
  }
}

interface ScriptOptions {
  readonly feeds?: (symbols: readonly string[], timeframe: Timeframe) => readonly Feed[];
  readonly lookback?: number;
}

/** A strategy that does what it is told. */
export function scripted(script: Script, { feeds, lookback = 1 }: ScriptOptions = {}): AnyStrategyDefinition {
  return defineStrategy({
    name: 'scripted',
    title: 'Scripted',
    description: 'Does what the test says.',
    parameters: {},
    symbols: { minimum: 1, maximum: 50 },
    lookback: () => lookback,
    ...(feeds && { feeds: (_, symbols, timeframe) => feeds(symbols, timeframe) }),
    create: () => new Scripted(script),
  });
}

/** A minute of one symbol: `close`, or `[open, high, low, close]`, and a volume of 1,000. */
export type Minute = number | readonly [open: number, high: number, low: number, close: number];

/** Instants of one-minute bars; each symbol's list may have holes (`undefined`): no bar then. */
export function minutes(prices: Readonly<Record<string, readonly (Minute | undefined)[]>>, from = 0): Instant[] {
  const length = Math.max(...Object.values(prices).map((list) => list.length));
  const instants: Instant[] = [];
  for (let index = 0; index < length; index++) {
    const openTime = epochMs(from + index * MINUTE_MS);
    const candles = new Map<string, ReturnType<typeof bar>>();
    for (const [symbol, list] of Object.entries(prices)) {
      const minute = list[index];
      if (minute !== undefined) candles.set(`${symbol}:1m`, bar(openTime, minute));
    }
    if (candles.size > 0) instants.push({ time: epochMs(openTime + MINUTE_MS), candles });
  }
  return instants;
}

function bar(openTime: EpochMs, minute: Minute) {
  const [open, high, low, close] = typeof minute === 'number' ? [minute, minute, minute, minute] : minute;
  return { openTime, closeTime: epochMs(openTime + MINUTE_MS), open, high, low, close, volume: 1_000 };
}

/** A session of a script; 10,000 to begin with, no costs, ten-percent positions unless told otherwise. */
export function bench(
  script: Script,
  terms: Omit<SpecTerms, 'definition'> & ScriptOptions = {},
  venue: VenueTerms = {},
): SessionBench {
  const definition = scripted(script, terms);
  return new SessionBench(specOf({ ...terms, definition }), venueOf({ costs: FREE, ...venue }));
}

const FREE = {
  spread: { kind: 'none' },
  slippage: { kind: 'none' },
  fees: { kind: 'percent', makerRate: 0, takerRate: 0 },
} as const;
