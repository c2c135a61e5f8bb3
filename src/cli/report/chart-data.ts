import { feedName } from '../../domain/candle.ts';
import { timeframeMs } from '../../domain/timeframe.ts';
import type { Json, JsonObject } from '../../foundation/json.ts';
import type { FeedCandles, RunReport } from '../../statistics/run-report.ts';
import { formatNumber } from './figure-format.ts';
import { thinCandles, thinGreatest, thinLast } from './thinning.ts';

/** What the page's charts and its list of trades are drawn from. */
export interface ChartData {
  /** Everything but the long columns; column names refer to {@link columns}. */
  readonly document: JsonObject;
  readonly columns: Readonly<Record<string, Float64Array>>;
  /** Said on the page when a chart shows fewer bars than there are. */
  readonly thinningNotes: readonly string[];
}

/**
 * @param maximumBars the most bars that a chart draws; of a longer run it draws bigger ones
 */
export function chartData(report: RunReport, maximumBars: number): ChartData {
  const columns: Record<string, Float64Array> = {};
  const rows = report.closeTimes.length;
  const factor = Math.max(1, Math.ceil(rows / maximumBars));
  const barLength = timeframeMs(report.timeframe);
  columns.time = seconds(thinned(report.closeTimes, factor, barLength));
  columns.equity = thinLast(report.equity, factor);
  columns.drawdown = thinGreatest(report.drawdown, factor);
  for (const [index, indicator] of report.indicators.entries()) {
    columns[`indicator${index}`] = thinLast(indicator.values, factor);
  }
  const feeds = report.candles.map((feed, index) => feedDocument(feed, index, maximumBars, columns));
  return {
    document: {
      currency: report.summary.currency,
      barSeconds: (barLength * factor) / 1000,
      startingBalance: report.summary.figures.startingBalance,
      feeds,
      indicators: report.indicators.map(({ name, pane, style }) => ({ name, pane, style })),
      trades: report.trades.map(
        (trade): Json => [
          trade.symbol,
          trade.side,
          trade.entryTime,
          trade.exitTime,
          trade.quantity,
          trade.entryPrice,
          trade.exitPrice,
          finite(trade.profit),
          finite(trade.returnFraction * 100),
        ],
      ),
    },
    columns,
    thinningNotes: thinningNotes(report.candles, maximumBars),
  };
}

function feedDocument(
  { feed, columns: candles }: FeedCandles,
  index: number,
  maximumBars: number,
  columns: Record<string, Float64Array>,
): Json {
  const factor = Math.max(1, Math.ceil(candles.openTime.length / maximumBars));
  const drawn = thinCandles(candles, factor);
  columns[`time${index}`] = seconds(drawn.openTime);
  columns[`open${index}`] = drawn.open;
  columns[`high${index}`] = drawn.high;
  columns[`low${index}`] = drawn.low;
  columns[`close${index}`] = drawn.close;
  columns[`volume${index}`] = drawn.volume;
  return {
    name: feedName(feed),
    symbol: feed.symbol,
    barSeconds: (timeframeMs(feed.timeframe) * factor) / 1000,
    priceDecimals: priceDecimals(candles.close),
  };
}

/** One sentence for all feeds that are drawn alike. */
function thinningNotes(feeds: readonly FeedCandles[], maximumBars: number): string[] {
  const names = new Map<string, string[]>();
  for (const { feed, columns } of feeds) {
    const rows = columns.openTime.length;
    const factor = Math.ceil(rows / maximumBars);
    if (factor < 2) continue;
    const drawn = formatNumber(Math.ceil(rows / factor), 0);
    const how = `draws ${drawn} bars, each made of ${factor} of the run's ${formatNumber(rows, 0)} bars of ${feed.timeframe}; figures and trades come from all of them.`;
    names.set(how, [...(names.get(how) ?? []), feedName(feed)]);
  }
  return [...names].map(([how, feedNames]) => `The chart of ${feedNames.join(', of ')} ${how}`);
}

/** When each drawn bar of the main feed opened. */
function thinned(closeTimes: Float64Array, factor: number, barLength: number): Float64Array {
  const count = Math.ceil(closeTimes.length / factor);
  return Float64Array.from({ length: count }, (_, row) => closeTimes[row * factor]! - barLength);
}

function seconds(times: Float64Array): Float64Array {
  return times.map((time) => Math.floor(time / 1000));
}

/** The decimals that prices are quoted with: the most among the last closes, 2 … 10. */
function priceDecimals(closes: Float64Array): number {
  let most = 2;
  for (const close of closes.subarray(-500)) {
    const text = String(close);
    if (!text.includes('e')) most = Math.max(most, (text.split('.')[1] ?? '').length);
  }
  return Math.min(most, 10);
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
