import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Fill } from '../../../src/domain/fill.ts';
import { fromNumber } from '../../../src/foundation/fixed-point.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import type { TradeRecord } from '../../../src/statistics/trade-record.ts';

/** Bars of a CSV file as columns, oldest first; times in milliseconds UTC. */
export interface Bars {
  readonly openTime: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

/** Reads `time,open,high,low,close,volume` with a header; the time as milliseconds or as a date in UTC. */
export function readBars(path: string): Bars {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trim();
  const rows = text
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
  const column = (index: number) => Float64Array.from(rows, (row) => Number(row[index]));
  return {
    openTime: Float64Array.from(rows, (row) => timeOf(row[0]!)),
    open: column(1),
    high: column(2),
    low: column(3),
    close: column(4),
    volume: column(5),
  };
}

/** Bars made bigger: one for each `length` milliseconds that has bars. */
export function bigger(bars: Bars, length: number): Bars {
  const firsts: number[] = [];
  for (let row = 0; row < bars.openTime.length; row++) {
    const slot = Math.floor(bars.openTime[row]! / length);
    if (row === 0 || slot !== Math.floor(bars.openTime[row - 1]! / length)) firsts.push(row);
  }
  const each = (value: (from: number, to: number) => number) =>
    Float64Array.from(firsts, (from, index) => value(from, firsts[index + 1] ?? bars.openTime.length));
  return {
    openTime: each((from) => Math.floor(bars.openTime[from]! / length) * length),
    open: each((from) => bars.open[from]!),
    high: each((from, to) => Math.max(...bars.high.subarray(from, to))),
    low: each((from, to) => Math.min(...bars.low.subarray(from, to))),
    close: each((_, to) => bars.close[to - 1]!),
    volume: each((from, to) => bars.volume.subarray(from, to).reduce((sum, value) => sum + value, 0)),
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

/** The two fills of a trade. */
export function fillsOf(trade: TradeRecord, commission: number): Fill[] {
  const fill = (side: 'buy' | 'sell', price: number, time: number): Fill => ({
    fillId: `${time}-${side}`,
    clientOrderId: `${time}`,
    botId: 'test',
    symbol: trade.symbol,
    side,
    price: fromNumber(price),
    quantity: fromNumber(trade.quantity),
    fee: fromNumber(commission * trade.quantity * price),
    feeCurrency: 'USD',
    liquidity: 'taker',
    time: epochMs(time),
  });
  const long = trade.side === 'long';
  return [
    fill(long ? 'buy' : 'sell', trade.entryPrice, trade.entryTime),
    fill(long ? 'sell' : 'buy', trade.exitPrice, trade.exitTime),
  ];
}
