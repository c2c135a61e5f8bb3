import type { Feed } from '../domain/candle.ts';
import type { Signal } from '../domain/signal.ts';
import type { Timeframe } from '../domain/timeframe.ts';
import type { Json } from '../foundation/json.ts';
import { restoreFields, snapshotFields } from '../foundation/state-codec.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { CandleWindow } from '../market/candle-window.ts';
import type { ColumnSeries } from './column-series.ts';
import type { ColumnSignals } from './column-signals.ts';
import type { ParameterSpecs, ParameterValues } from './parameters.ts';

/** What a strategy may know: closed bars, its own position and equity, and the market's time. Nothing else. */
export interface Market {
  /** The close time of the bars that have just closed: now, in the market's own time. */
  readonly time: EpochMs;
  /** The bars of one feed. Without arguments: of the first symbol at the main timeframe. Ask once, at creation. */
  window(symbol?: string, timeframe?: Timeframe): CandleWindow;
  /** Whether this feed's bar is among those that have just closed. */
  isNew(window: CandleWindow): boolean;
  /** The position in units of base: positive long, negative short, 0 flat. */
  position(symbol?: string): number;
  /** The latest price of a symbol: the close of its last bar, or, in `onPrice`, the price that has just come; NaN before the first. */
  price(symbol?: string): number;
  /** Cash and positions at the latest prices, in quote currency. */
  readonly equity: number;
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  /** No part of a strategy's state. */
  snapshot(): Json;
  restore(state: Json): void;
}

/** One signal, several, or none. */
export type Decision = Signal | readonly Signal[] | undefined;

/**
 * PORT: a strategy. One instance sees one market from its first bar on. `process` is called once for every instant at
 * which bars of its feeds close, in order, and must depend on nothing but what it was shown: no clock, no chance, no
 * files; so that backtest, paper and live decide alike.
 *
 * Its state is its own fields: numbers, texts, lists, maps, typed arrays and indicators. They are saved and taken up
 * again by themselves (`#private` fields are not seen, so use `private`).
 */
export abstract class Strategy {
  /** Decides on the bars that have just closed. */
  abstract process(market: Market): Decision;

  /**
   * Decides between two bars on a price of `symbol` that has just come (`market.price`), where a bot's `trigger` asks for
   * that; at most once in the trigger's interval. No bar is new then. Backtests have no prices between bars and never
   * call it: what must hold there as well belongs into `process`.
   */
  onPrice?(market: Market, symbol: string): Decision;

  /** The present values of its indicators, by the names declared as plots; NaN while one warms up. */
  indicators(): Readonly<Record<string, number>> {
    return {};
  }

  snapshot(): Json {
    return snapshotFields(this);
  }

  restore(state: Json): void {
    restoreFields(this, state);
  }
}

/** Where an indicator is drawn: over the prices, or in a pane of its own name. */
export interface Plot {
  readonly pane: 'price' | (string & {});
  readonly style?: 'line' | 'histogram';
}

export interface StrategyDefinition<Specs extends ParameterSpecs = ParameterSpecs> {
  /** Lower case with hyphens: what people type. */
  readonly name: string;
  readonly title: string;
  /** One or two sentences: the idea. */
  readonly description: string;
  readonly parameters: Specs;
  /** What is wrong with values that are each in range, in words; `undefined` when nothing is. */
  check?(parameters: ParameterValues<Specs>): string | undefined;
  /** How many symbols it trades. Default exactly one. */
  readonly symbols?: { readonly minimum: number; readonly maximum: number };
  /** The feeds that it watches. Default: every symbol at the main timeframe. The main feed of the first symbol comes first. */
  feeds?(parameters: ParameterValues<Specs>, symbols: readonly string[], timeframe: Timeframe): readonly Feed[];
  /** How many bars back `process` reads at most, the newest included. Default 1. */
  lookback?(parameters: ParameterValues<Specs>): number;
  /** What `indicators()` gives, and where it is drawn. */
  readonly plots?: Readonly<Record<string, Plot>>;
  create(parameters: ParameterValues<Specs>, market: Market): Strategy;
  /**
   * The same decisions as columns, so that sweeps are many times as fast: exactly what `process` of a strategy with these
   * parameters signals on the bars of its one feed. `undefined` where the parameters ask for what columns can't say.
   */
  signals?(parameters: ParameterValues<Specs>, series: ColumnSeries): ColumnSignals | undefined;
}

/** Declares a strategy: what a strategy file exports as its default. */
export function defineStrategy<const Specs extends ParameterSpecs>(
  definition: StrategyDefinition<Specs>,
): StrategyDefinition<Specs> {
  return definition;
}

/** A definition whatever its parameters: what a registry holds. `parameters.ts` checks values before `create` sees them. */
export type AnyStrategyDefinition = StrategyDefinition<ParameterSpecs>;
