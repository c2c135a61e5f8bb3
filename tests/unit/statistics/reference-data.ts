import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { TradeRecord } from '../../../src/statistics/trade-record.ts';

/** Bars of a CSV file as columns, oldest first; times in milliseconds UTC. */
export interface Bars {
  readonly openTime: Float64Array;
  readonly open: Float64Array;
  readonly close: Float64Array;
}

/** Reads `time,open,high,low,close,volume` with a header; the time as milliseconds or as a date in UTC. */
export function readBars(path: string): Bars {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trim();
  const rows = text
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
  return {
    openTime: Float64Array.from(rows, (row) => timeOf(row[0]!)),
    open: Float64Array.from(rows, (row) => Number(row[1])),
    close: Float64Array.from(rows, (row) => Number(row[4])),
  };
}

/** Bars made bigger: the first open and the last close in each `length` milliseconds that has bars. */
export function bigger(bars: Bars, length: number): Bars {
  const openTime: number[] = [];
  const open: number[] = [];
  const close: number[] = [];
  for (let row = 0; row < bars.openTime.length; row++) {
    const start = Math.floor(bars.openTime[row]! / length) * length;
    if (openTime.at(-1) !== start) {
      openTime.push(start);
      open.push(bars.open[row]!);
    }
    close[openTime.length - 1] = bars.close[row]!;
  }
  return {
    openTime: Float64Array.from(openTime),
    open: Float64Array.from(open),
    close: Float64Array.from(close),
  };
}

/** `2004-08-19` or `2017-04-19 09:00:00`, in UTC, or milliseconds. */
export function timeOf(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Date.parse(text.length > 10 ? `${text.replace(' ', 'T')}Z` : text);
}

/** A file of `reference/backtestingpy`: a run of backtesting.py, with its table and its trades. */
export interface PeerRun {
  readonly settings: { readonly commission?: number; readonly cash?: number };
  readonly stats: Readonly<Record<string, string | number | null>>;
  readonly trades: readonly PeerTrade[];
}

interface PeerTrade {
  readonly Size: number;
  readonly EntryBar: number;
  readonly ExitBar: number;
  readonly EntryPrice: number;
  readonly ExitPrice: number;
  readonly PnL: number;
  readonly Commission: number;
  readonly ReturnPct: number;
  readonly EntryTime: string;
  readonly ExitTime: string;
}

export function readPeerRun(path: string): PeerRun {
  return JSON.parse(readFileSync(path, 'utf8')) as PeerRun;
}

/** The peer's trades in our form. Profit and return are computed here, by our definitions, not taken from the file. */
export function tradeRecordsOf(run: PeerRun, symbol: string): TradeRecord[] {
  const rate = run.settings.commission ?? 0;
  return run.trades.map((trade) => {
    const quantity = Math.abs(trade.Size);
    const fees = rate * quantity * trade.EntryPrice + rate * quantity * trade.ExitPrice;
    const profit = trade.Size * (trade.ExitPrice - trade.EntryPrice) - fees;
    return {
      symbol,
      side: trade.Size > 0 ? 'long' : 'short',
      entryTime: timeOf(trade.EntryTime),
      exitTime: timeOf(trade.ExitTime),
      entryBar: trade.EntryBar,
      exitBar: trade.ExitBar,
      quantity,
      entryPrice: trade.EntryPrice,
      exitPrice: trade.ExitPrice,
      profit,
      fees,
      returnFraction: profit / (quantity * trade.EntryPrice),
    };
  });
}

/** Equity at each close: cash, what closed trades brought, and open ones at the close, their entry commission paid. */
export function equityOf(run: PeerRun, trades: readonly TradeRecord[], close: Float64Array): Float64Array {
  const rate = run.settings.commission ?? 0;
  const equity = new Float64Array(close.length);
  for (let row = 0; row < close.length; row++) {
    let value = run.settings.cash ?? 10_000;
    for (const trade of trades) {
      if (trade.exitBar <= row) value += trade.profit;
      else if (trade.entryBar <= row) {
        const size = trade.side === 'long' ? trade.quantity : -trade.quantity;
        value += size * (close[row]! - trade.entryPrice) - rate * trade.quantity * trade.entryPrice;
      }
    }
    equity[row] = value;
  }
  return equity;
}
