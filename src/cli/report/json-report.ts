import { feedName } from '../../domain/candle.ts';
import type { Fill } from '../../domain/fill.ts';
import { formatFixed } from '../../foundation/fixed-point.ts';
import type { Json, JsonObject } from '../../foundation/json.ts';
import { epochMs, toIso } from '../../foundation/time.ts';
import { describeFigure, FIGURE_KEYS } from '../../statistics/figures.ts';
import type { RunReport } from '../../statistics/run-report.ts';
import type { TradeRecord } from '../../statistics/trade-record.ts';
import { reportNotes } from './report-notes.ts';

export interface JsonReportOptions {
  /** Whether to give equity and drawdown for every bar. Default true. */
  readonly equityCurve?: boolean;
}

/** The number of the document's shape; it rises when a key changes its meaning or goes. */
export const JSON_REPORT_VERSION = 1;

/**
 * A run as a document for programs. Keys are stable; times come as ISO text and, under a key that ends in `Ms`, as
 * milliseconds; what is undefined is `null`; exact amounts of fills are decimal strings. Candles and indicators are left
 * out: they are the input.
 */
export function jsonDocument(report: RunReport, options: JsonReportOptions = {}): JsonObject {
  const { summary } = report;
  return {
    format: 'tradewind.run-report',
    version: JSON_REPORT_VERSION,
    strategy: { ...report.strategy },
    symbols: [...report.symbols],
    timeframe: report.timeframe,
    feeds: report.candles.map(({ feed }) => feedName(feed)),
    currency: summary.currency,
    period: { ...time('start', summary.startTime), ...time('end', summary.endTime) },
    figures: Object.fromEntries(FIGURE_KEYS.map((key) => [key, number(summary.figures[key])])),
    units: Object.fromEntries(FIGURE_KEYS.map((key) => [key, unitOf(describeFigure(key).unit, summary.currency)])),
    feesByCurrency: numbers(summary.feesByCurrency),
    finalInventory: numbers(summary.finalInventory),
    signals: {
      executed: report.signals.executed,
      ignored: report.signals.ignored,
      refused: report.signals.refused,
      refusedByCode: numbers(summary.refusedByCode),
    },
    openTradesAtEnd: summary.openTradesAtEnd,
    returnsPeriod: summary.returnsPeriod,
    riskFreeRate: summary.riskFreeRate,
    trades: report.trades.map(tradeDocument),
    openPositions: report.openPositions.map(({ entryTime, ...position }) => ({
      ...numbersIn(position),
      symbol: position.symbol,
      ...time('entryTime', entryTime),
    })),
    fills: report.fills.map(fillDocument),
    ...(options.equityCurve === false ? {} : { equityCurve: equityCurve(report) }),
    configuration: report.configuration,
    notes: reportNotes(report),
  };
}

/** {@link jsonDocument} as text, one key a line down to the figures, the long lists compact. */
export function jsonReport(report: RunReport, options: JsonReportOptions = {}): string {
  const entries = Object.entries(jsonDocument(report, options)).map(([key, value]) => {
    const compact = Array.isArray(value) || key === 'equityCurve';
    return `  ${JSON.stringify(key)}: ${compact ? listText(value) : JSON.stringify(value, undefined, 2).replaceAll('\n', '\n  ')}`;
  });
  return `{\n${entries.join(',\n')}\n}\n`;
}

/** A list with one line for each of its items. */
function listText(value: Json): string {
  if (!Array.isArray(value) || value.length === 0) return JSON.stringify(value);
  return `[\n    ${value.map((item) => JSON.stringify(item)).join(',\n    ')}\n  ]`;
}

function tradeDocument(trade: TradeRecord): Json {
  const { entryTime, exitTime, ...rest } = trade;
  return { ...numbersIn(rest), ...time('entryTime', entryTime), ...time('exitTime', exitTime) };
}

function fillDocument(fill: Fill): Json {
  return {
    ...time('time', fill.time),
    fillId: fill.fillId,
    clientOrderId: fill.clientOrderId,
    symbol: fill.symbol,
    side: fill.side,
    price: formatFixed(fill.price),
    quantity: formatFixed(fill.quantity),
    fee: formatFixed(fill.fee),
    feeCurrency: fill.feeCurrency,
    liquidity: fill.liquidity,
  };
}

function equityCurve(report: RunReport): Json {
  return {
    closeTimeMs: Array.from(report.closeTimes, number),
    equity: Array.from(report.equity, number),
    drawdown: Array.from(report.drawdown, number),
  };
}

function time(key: string, value: number): { readonly [key: string]: Json } {
  const known = Number.isFinite(value);
  return { [key]: known ? toIso(epochMs(value)) : null, [`${key}Ms`]: known ? value : null };
}

function number(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function numbers(values: Readonly<Record<string, number>>): JsonObject {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, number(value)]));
}

function numbersIn(values: Readonly<Record<string, string | number>>): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, typeof value === 'number' ? number(value) : value]),
  );
}

function unitOf(unit: string, currency: string): string {
  if (unit === 'money') return currency;
  return unit === 'duration' || unit === 'time' ? 'milliseconds' : unit;
}
