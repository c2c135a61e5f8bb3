import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/foundation/time.ts';
import { atrColumn } from '../../../src/indicators/atr.ts';
import type { CandleColumns } from '../../../src/market/candle-columns.ts';
import movingAverageCross from '../../../src/strategy/moving-average-cross.ts';
import { sharedData, skipUnless } from '../../support/shared-data.ts';
import { barsOfCloses, bundledBars, everyNth, readBars } from './bars.ts';
import { Replay } from './replay.ts';

interface ReferenceTrade {
  readonly Size: number;
  readonly EntryBar: number;
  readonly ExitBar: number;
}

interface Golden {
  readonly bars: string;
  readonly interval: number;
  readonly reference: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly trades: number;
}

/** Runs of backtesting.py; see reference-values.md. A market order fills at the open of the bar after its signal. */
const goldens: readonly Golden[] = [
  {
    bars: 'backtesting-py/GOOG.csv',
    interval: DAY_MS,
    reference: 'goog-smacross-10-30-nocommission',
    parameters: { fast: 10, slow: 30 },
    trades: 66,
  },
  {
    bars: 'backtesting-py/GOOG.csv',
    interval: DAY_MS,
    reference: 'goog-smacross-10-20-commission-0.2pct',
    parameters: { fast: 10, slow: 20 },
    trades: 94,
  },
  {
    bars: 'backtesting-py/EURUSD.csv',
    interval: HOUR_MS,
    reference: 'eurusd-1h-longonly-20-50',
    parameters: { fast: 20, slow: 50, direction: 'long-only' },
    trades: 54,
  },
  {
    bars: 'binance-spot-1m/BTCUSDT-1m-20240701-20250630.csv.gz',
    interval: MINUTE_MS,
    reference: 'btcusdt-1h-longonly-20-50',
    parameters: { fast: 20, slow: 50, direction: 'long-only' },
    trades: 102,
  },
];

for (const golden of goldens) {
  const barsFile = sharedData(golden.bars);
  const referenceFile = sharedData(`reference/backtestingpy/${golden.reference}.json`);
  test(`crosses where backtesting.py trades: ${golden.reference}`, {
    skip: skipUnless(barsFile, referenceFile),
  }, () => {
    const raw = readBars(barsFile!, golden.interval);
    const bars = golden.interval === MINUTE_MS ? everyNth(raw, 60) : raw;
    const { trades } = JSON.parse(readFileSync(referenceFile!, 'utf8')) as { trades: readonly ReferenceTrade[] };
    assert.equal(trades.length, golden.trades);
    const { decided } = new Replay(movingAverageCross, golden.parameters, { X: [bars] }).run();
    const found = decided
      .map(({ time, signal }) => `${rowAt(bars, time) + 1} ${signal.kind === 'enter' ? signal.side : signal.kind}`)
      .filter((line) => !line.startsWith(`${bars.length} `));
    assert.deepEqual(found, expectedLines(trades, bars, golden.parameters.direction === 'long-only'));
  });
}

/** What must have been signalled on the bar before each entry and exit; the run's end closes the last trade. */
function expectedLines(trades: readonly ReferenceTrade[], bars: CandleColumns, longOnly: boolean): string[] {
  const lines = trades.flatMap((trade) => {
    const entry = `${trade.EntryBar} ${trade.Size > 0 ? 'long' : 'short'}`;
    return longOnly && trade.ExitBar < bars.length - 1 ? [entry, `${trade.ExitBar} exit`] : [entry];
  });
  return lines;
}

function rowAt(bars: CandleColumns, closeTime: number): number {
  return bars.openTime.indexOf(closeTime - bars.intervalMs);
}

// SMA(2) and SMA(3) by hand over 10 10 10 10 13 10 7 7 10 10:
//   row       3     4      5     6     7     8     9
//   SMA(2)   10    11.5   11.5   8.5   7     8.5  10
//   SMA(3)   10    11     11    10     8     8     9
const closes = [10, 10, 10, 10, 13, 10, 7, 7, 10, 10];

test('a cross is strictly below before and strictly above now: touching averages give none', () => {
  const { decided } = new Replay(movingAverageCross, { fast: 2, slow: 3 }, { X: [barsOfCloses(closes)] }).run();
  const found = decided.map(({ time, signal }) => [time / MINUTE_MS - 1, signal]);
  // Row 4 comes from equal averages, so it is no cross; row 6 crosses down, row 8 up.
  assert.deepEqual(found, [
    [6, { kind: 'enter', symbol: 'X', side: 'short', reason: 'SMA(2) 8.5 crossed below SMA(3) 10' }],
    [8, { kind: 'enter', symbol: 'X', side: 'long', reason: 'SMA(2) 8.5 crossed above SMA(3) 8' }],
  ]);
});

test('long-only leaves where it would turn short', () => {
  const parameters = { fast: 2, slow: 3, direction: 'long-only' };
  const { decided } = new Replay(movingAverageCross, parameters, { X: [barsOfCloses(closes)] }).run();
  assert.deepEqual(
    decided.map(({ signal }) => signal.kind),
    ['exit', 'enter'],
  );
});

test('exponential averages cross at other bars than simple ones', () => {
  const bars = { BTCUSDT: [bundledBars('BTCUSDT')] };
  const times = (type: string) => new Replay(movingAverageCross, { type }, bars).run().decided.map(({ time }) => time);
  const [simple, exponential] = [times('sma'), times('ema')];
  assert.ok(exponential.length > 100);
  assert.notDeepEqual(simple, exponential);
});

test('the stop lies so many average true ranges from the close', () => {
  const bars = bundledBars('BTCUSDT');
  const atr = atrColumn(bars, 14);
  const { decided } = new Replay(movingAverageCross, { stopAtr: 2.5 }, { BTCUSDT: [bars] }).run();
  assert.ok(decided.length > 900);
  for (const { time, signal } of decided) {
    const row = rowAt(bars, time);
    assert.ok(signal.kind === 'enter');
    const distance = 2.5 * atr[row]!;
    assert.equal(signal.stopLoss, bars.close[row]! + (signal.side === 'long' ? -distance : distance));
  }
});
