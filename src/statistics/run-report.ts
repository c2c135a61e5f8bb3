import type { Feed } from '../domain/candle.ts';
import type { Fill } from '../domain/fill.ts';
import type { Timeframe } from '../domain/timeframe.ts';
import type { JsonObject } from '../foundation/json.ts';
import type { OpenPosition } from './open-position.ts';
import type { RunSummary, SignalCounts } from './report.ts';
import type { TradeRecord } from './trade-record.ts';

/** The columns of a feed to draw, oldest first; `CandleColumns` of the market folder has this shape. Times in ms UTC. */
export interface CandleSeries {
  readonly openTime: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

/** A feed with its bars. */
export interface FeedCandles {
  readonly feed: Feed;
  readonly columns: CandleSeries;
}

/** An indicator as the strategy showed it, one value for each bar of the main feed; NaN where it was warming up. */
export interface IndicatorSeries {
  readonly name: string;
  /** `price`: over the candles; anything else: in a pane of that name. */
  readonly pane: string;
  readonly style: 'line' | 'histogram';
  readonly values: Float64Array;
}

/** A finished run with all that can be shown of it: what the terminal, JSON and HTML reports are made from. */
export interface RunReport {
  readonly strategy: {
    readonly name: string;
    readonly title: string;
    readonly description?: string;
    readonly parameters: JsonObject;
  };
  readonly symbols: readonly string[];
  /** Of the main feed: the first symbol's. */
  readonly timeframe: Timeframe;
  readonly summary: RunSummary;
  /** One row for each bar of the main feed: when it closed, equity then, and `drawdownSeries(equity)`. */
  readonly closeTimes: Float64Array;
  readonly equity: Float64Array;
  readonly drawdown: Float64Array;
  readonly fills: readonly Fill[];
  readonly trades: readonly TradeRecord[];
  readonly openPositions: readonly OpenPosition[];
  /** The feeds to draw, the main feed first; its rows are the rows of {@link closeTimes}. */
  readonly candles: readonly FeedCandles[];
  readonly indicators: readonly IndicatorSeries[];
  readonly signals: SignalCounts;
  /** What the run was configured with: costs, sizing, risk limits, data, seed. Shown as it is. */
  readonly configuration: JsonObject;
  /** Sentences for the reader: what was assumed, cut or left out. */
  readonly notes?: readonly string[];
}
