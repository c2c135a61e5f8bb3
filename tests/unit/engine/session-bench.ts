import { type Candle, type Feed, feedName } from '../../../src/domain/candle.ts';
import { type Instrument, instrument } from '../../../src/domain/instrument.ts';
import type { Timeframe } from '../../../src/domain/timeframe.ts';
import { timeframeMs } from '../../../src/domain/timeframe.ts';
import { openSession, type SessionSpec, type VenueFactory } from '../../../src/engine/open-session.ts';
import { RunRecord } from '../../../src/engine/run-record.ts';
import type { TradingSession } from '../../../src/engine/trading-session.ts';
import { type CostModel, costPresets } from '../../../src/execution/cost-models.ts';
import { MatchingEngine, type MatchingOptions } from '../../../src/execution/matching-engine.ts';
import { fixed, type Money } from '../../../src/foundation/fixed-point.ts';
import type { Json } from '../../../src/foundation/json.ts';
import type { EpochMs } from '../../../src/foundation/time.ts';
import { restoreWindows, type SavedBot, saveWindows } from '../../../src/live/saved-bot.ts';
import { CandleColumns } from '../../../src/market/candle-columns.ts';
import { CandleWindow, pushCandle } from '../../../src/market/candle-window.ts';
import { defaultLimits, type RiskLimits } from '../../../src/risk/limits.ts';
import type { PositionSizing } from '../../../src/risk/position-sizing.ts';
import { checkParameters } from '../../../src/strategy/check-parameters.ts';
import { strategyFeeds } from '../../../src/strategy/feeds.ts';
import type { AnyStrategyDefinition } from '../../../src/strategy/strategy.ts';

export interface SpecTerms {
  readonly definition: AnyStrategyDefinition;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly symbols?: readonly string[];
  readonly timeframe?: Timeframe;
  readonly limits?: Partial<RiskLimits>;
  readonly sizing?: PositionSizing;
  readonly botId?: string;
  readonly balance?: string;
  readonly instruments?: readonly Instrument[];
}

/** A session as a configuration would ask for it: one symbol, cautious limits without a count of trades. */
export function specOf(terms: SpecTerms): SessionSpec {
  const parameters = checkParameters(terms.definition, terms.parameters ?? {});
  if (!parameters.ok) throw parameters.error;
  const symbols = terms.symbols ?? ['BTCUSDT'];
  return {
    botId: terms.botId ?? 'bot',
    definition: terms.definition,
    parameters: parameters.value,
    symbols,
    timeframe: terms.timeframe ?? '1m',
    instruments: terms.instruments ?? symbols.map(perpetual),
    currency: 'USDT',
    startingBalance: fixed<Money>(terms.balance ?? '10000'),
    limits: { ...defaultLimits, maximumTradesPerDay: null, ...terms.limits },
    sizing: terms.sizing ?? { kind: 'percent-of-equity', fraction: 0.1 },
    rates: new Map(),
  };
}

export function perpetual(symbol: string): Instrument {
  return instrument({
    symbol,
    baseCurrency: symbol.replace(/USDT$/, ''),
    quoteCurrency: 'USDT',
    tickSize: '0.01',
    stepSize: '0.001',
    minimumNotional: '5',
  });
}

export interface VenueTerms {
  readonly costs?: CostModel;
  readonly latencyMs?: number;
  readonly seed?: number;
  readonly options?: MatchingOptions;
}

export function venueOf({ costs, latencyMs, seed, options }: VenueTerms = {}): VenueFactory {
  return (instruments, account, emit) =>
    new MatchingEngine({
      instruments,
      costs: costs ?? costPresets['bybit-linear'],
      latencyMs: latencyMs ?? 0,
      seed: seed ?? 1,
      account,
      emit,
      ...(options && { options }),
    });
}

/** What closes at one instant, by feed name. */
export type Instant = { readonly time: EpochMs; readonly candles: ReadonlyMap<string, Candle> };

/** The instants of several series, as the backtest and the live side walk them. */
export function instantsOf(series: ReadonlyMap<string, CandleColumns>): Instant[] {
  const byTime = new Map<number, Map<string, Candle>>();
  for (const [name, columns] of series) {
    for (let row = 0; row < columns.length; row++) {
      const candle = columns.candle(row);
      const at = byTime.get(candle.closeTime) ?? new Map<string, Candle>();
      byTime.set(candle.closeTime, at.set(name, candle));
    }
  }
  return [...byTime].sort(([a], [b]) => a - b).map(([time, candles]) => ({ time: time as EpochMs, candles }));
}

interface Saved {
  readonly session: Json;
  readonly windows: SavedBot['windows'];
}

/** One session over ring windows, as a bot has them; can be thrown away and taken up again from JSON text. */
export class SessionBench {
  readonly record = new RunRecord();
  readonly equity: number[] = [];
  readonly #spec: SessionSpec;
  readonly #venue: VenueFactory;
  #windows: CandleWindow[] = [];
  session: TradingSession;

  constructor(spec: SessionSpec, venue: VenueFactory) {
    this.#spec = spec;
    this.#venue = venue;
    this.session = this.#open();
  }

  get feeds(): readonly Feed[] {
    const { definition, parameters, symbols, timeframe } = this.#spec;
    return strategyFeeds(definition, parameters, symbols, timeframe);
  }

  get windows(): readonly CandleWindow[] {
    return this.#windows;
  }

  step({ time, candles }: Instant): void {
    const { market, account } = this.session.engine;
    let isAny = false;
    for (const [index, window] of this.#windows.entries()) {
      const candle = candles.get(feedName(window.feed));
      if (!candle) continue;
      pushCandle(window, candle);
      market.fresh[index] = 1;
      isAny = true;
    }
    if (!isAny) return;
    this.session.slice(time);
    this.equity.push(account.equity);
  }

  run(instants: Iterable<Instant>): this {
    for (const instant of instants) this.step(instant);
    return this;
  }

  /** Everything through JSON text into new objects. */
  restart(): void {
    const saved: Saved = { session: this.session.snapshot(), windows: saveWindows(this.#windows) };
    const read = JSON.parse(JSON.stringify(saved)) as Saved;
    this.session = this.#open();
    restoreWindows(this.#windows, read.windows);
    this.session.restore(read.session);
  }

  #open(): TradingSession {
    this.#windows = [];
    const makeWindow = (feed: Feed, lookback: number): CandleWindow => {
      const intervalMs = timeframeMs(feed.timeframe);
      const window = CandleWindow.overRing(feed, lookback, (length) => new CandleColumns(length, intervalMs));
      this.#windows.push(window);
      return window;
    };
    return openSession(this.#spec, makeWindow, this.#venue, this.record);
  }
}
