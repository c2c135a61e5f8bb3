import type { Feed } from '../../../src/domain/candle.ts';
import type { Signal } from '../../../src/domain/signal.ts';
import { type Timeframe, timeframeOfLength } from '../../../src/domain/timeframe.ts';
import { EngineMarket } from '../../../src/engine/engine-market.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import type { CandleColumns } from '../../../src/market/candle-columns.ts';
import { CandleWindow, moveWindow } from '../../../src/market/candle-window.ts';
import { checkParameters } from '../../../src/strategy/check-parameters.ts';
import { strategyFeeds, strategyLookback } from '../../../src/strategy/feeds.ts';
import type { AnyStrategyDefinition, Strategy } from '../../../src/strategy/strategy.ts';
import { PlainAccount } from './plain-account.ts';

export interface Decided {
  /** Close time of the bar on which it was decided. */
  readonly time: number;
  readonly signal: Signal;
}

/** Walks a strategy over bars, one instant after the other, and keeps what it decides. */
export class Replay {
  readonly decided: Decided[] = [];
  readonly account = new PlainAccount();
  readonly market: EngineMarket;
  strategy: Strategy;
  private readonly definition: AnyStrategyDefinition;
  private readonly values: Readonly<Record<string, string | number | boolean>>;
  private readonly series: readonly CandleColumns[];
  private readonly next: number[];

  /** @param bars the columns of each symbol, one or more timeframes; the first of them is the main one */
  constructor(
    definition: AnyStrategyDefinition,
    parameters: Readonly<Record<string, unknown>>,
    bars: Readonly<Record<string, readonly CandleColumns[]>>,
  ) {
    const checked = checkParameters(definition, parameters);
    if (!checked.ok) throw checked.error;
    this.definition = definition;
    this.values = checked.value;
    const symbols = Object.keys(bars);
    const timeframe = timeframeOf(bars[symbols[0]!]![0]!);
    const feeds = strategyFeeds(definition, checked.value, symbols, timeframe);
    this.series = feeds.map((feed) => columnsOf(feed, bars));
    this.next = feeds.map(() => 0);
    const lookback = strategyLookback(definition, checked.value);
    const windows = feeds.map((feed, index) => CandleWindow.overColumns(feed, lookback, this.series[index]!));
    this.market = new EngineMarket(symbols, timeframe, windows);
    this.market.attach(this.account);
    this.strategy = this.create();
  }

  /** Another instance of the same strategy on the same market, as new. */
  create(): Strategy {
    return this.definition.create(this.values, this.market);
  }

  /** The next instant at which bars close; false after the last. */
  step(): boolean {
    const { market, series, next, account } = this;
    const times = series.map((columns, index) =>
      next[index]! < columns.length ? columns.closeTime(next[index]!) : Infinity,
    );
    const time = Math.min(...times);
    if (time === Infinity) return false;
    market.time = epochMs(time);
    for (const [index, window] of market.windows.entries()) {
      const isNew = times[index] === time;
      market.fresh[index] = isNew ? 1 : 0;
      if (!isNew) continue;
      moveWindow(window, next[index]!);
      next[index]! += 1;
      if (window.feed.timeframe === market.timeframe) account.onBar(window);
    }
    this.keep(time, this.strategy.process(market));
    return true;
  }

  run(steps = Infinity): this {
    for (let count = 0; count < steps && this.step(); count += 1);
    return this;
  }

  private keep(time: number, decision: Signal | readonly Signal[] | undefined): void {
    const signals = decision === undefined ? [] : 'kind' in decision ? [decision] : decision;
    for (const signal of signals) {
      this.decided.push({ time, signal });
      this.account.take(signal);
    }
  }
}

function columnsOf(feed: Feed, bars: Readonly<Record<string, readonly CandleColumns[]>>): CandleColumns {
  const found = bars[feed.symbol]?.find((columns) => timeframeOf(columns) === feed.timeframe);
  if (found === undefined) throw new Error(`The test has no bars for ${feed.symbol} ${feed.timeframe}`);
  return found;
}

function timeframeOf(columns: CandleColumns): Timeframe {
  const timeframe = timeframeOfLength(columns.intervalMs);
  if (timeframe === undefined) throw new Error(`No timeframe is ${columns.intervalMs} ms long`);
  return timeframe;
}
