import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as peer from 'trading-signals';
import * as indicators from '../../../src/indicators/index.ts';
import { livelyBars } from './generated-bars.ts';
import { compareColumns } from './reference-data.ts';

// Ours against the npm package trading-signals, at relative 1e-9 over the last 500 of 3,000 bars: by then its other
// seeds (an EMA starts with the first price, an ATR counts the first bar's high − low) have faded. The bars have no ties
// and no standstill, where the two say different things (a rise equal to a drop counts there as both, here as neither).

const bars = livelyBars(3000, 7);
const LAST = 2500;

type PeerCandle = { open: number; high: number; low: number; close: number; volume: number };

function candle(index: number): PeerCandle {
  const [high, low, close] = [bars.high[index]!, bars.low[index]!, bars.close[index]!];
  return { open: close, high, low, close, volume: bars.volume[index]! };
}

/** What the peer's indicator gives for each bar, NaN where it has no result. */
function peerColumn(update: (index: number) => number | null | undefined): Float64Array {
  return bars.close.map((_price, index) => update(index) ?? Number.NaN);
}

function agree(name: string, ours: () => Float64Array, theirs: (index: number) => number | null | undefined): void {
  test(`trading-signals ${name}`, (context) => {
    const { compared, worst } = compareColumns(ours(), peerColumn(theirs), LAST);
    context.diagnostic(`worst relative error ${worst.toExponential(1)} over ${compared} bars`);
    assert.equal(compared, bars.close.length - LAST);
    assert.ok(worst <= 1e-9, `worst relative error ${worst}`);
  });
}

const { close } = bars;

const sma = new peer.SMA(200);
agree(
  'SMA 200',
  () => indicators.smaColumn(close, 200),
  (index) => sma.add(close[index]!),
);

const ema = new peer.EMA(20);
agree(
  'EMA 20',
  () => indicators.emaColumn(close, 20),
  (index) => ema.add(close[index]!),
);

const wma = new peer.WMA(20);
agree(
  'WMA 20',
  () => indicators.wmaColumn(close, 20),
  (index) => wma.add(close[index]!),
);

const rsi = new peer.RSI(14);
agree(
  'RSI 14',
  () => indicators.rsiColumn(close, 14),
  (index) => rsi.add(close[index]!),
);

const roc = new peer.ROC(10);
agree(
  'ROC 10, a fraction',
  () => indicators.rocColumn(close, 10).map((percent) => percent / 100),
  (index) => roc.add(close[index]!),
);

const macd = new peer.MACD(new peer.EMA(12), new peer.EMA(26), new peer.EMA(9));
agree(
  'MACD 12, 26, 9 line',
  () => indicators.macdColumns(close, 12, 26, 9).line,
  (index) => macd.add(close[index]!)?.macd,
);

const macdSignal = new peer.MACD(new peer.EMA(12), new peer.EMA(26), new peer.EMA(9));
agree(
  'MACD 12, 26, 9 signal',
  () => indicators.macdColumns(close, 12, 26, 9).signal,
  (index) => macdSignal.add(close[index]!)?.signal,
);

const upperBand = new peer.BollingerBands(20, 2);
agree(
  'BollingerBands 20, 2 upper',
  () => indicators.bollingerColumns(close, 20, 2).upper,
  (index) => upperBand.add(close[index]!)?.upper,
);

const lowerBand = new peer.BollingerBands(200, 2);
agree(
  'BollingerBands 200, 2 lower',
  () => indicators.bollingerColumns(close, 200, 2).lower,
  (index) => lowerBand.add(close[index]!)?.lower,
);

const atr = new peer.ATR(14);
agree(
  'ATR 14',
  () => indicators.atrColumn(bars, 14),
  (index) => atr.add(candle(index)),
);

const adx = new peer.ADX(14);
agree(
  'ADX 14',
  () => indicators.adxColumns(bars, 14).adx,
  (index) => adx.add(candle(index)),
);

const stochasticK = new peer.StochasticOscillator({ kPeriod: 14, kSlowingPeriod: 3, dPeriod: 3 });
agree(
  'StochasticOscillator 14, 3, 3 k',
  () => indicators.stochasticColumns(bars, 14, 3, 3).k,
  (index) => stochasticK.add(candle(index))?.stochK,
);

const stochasticD = new peer.StochasticOscillator({ kPeriod: 14, kSlowingPeriod: 3, dPeriod: 3 });
agree(
  'StochasticOscillator 14, 3, 3 d',
  () => indicators.stochasticColumns(bars, 14, 3, 3).d,
  (index) => stochasticD.add(candle(index))?.stochD,
);

const cci = new peer.CCI(20);
agree(
  'CCI 20',
  () => indicators.cciColumn(bars, 20),
  (index) => cci.add(candle(index)),
);

const mfi = new peer.MFI(14);
agree(
  'MFI 14',
  () => indicators.mfiColumn(bars, 14),
  (index) => mfi.add(candle(index)),
);

const vwap = new peer.VWAP();
agree(
  'VWAP',
  () => indicators.vwapColumn(bars),
  (index) => vwap.add(candle(index)),
);

const obv = new peer.OBV(2);
agree(
  'OBV, starts at 0',
  () => indicators.obvColumn(bars).map((value) => value - bars.volume[0]!),
  (index) => obv.add(candle(index)),
);

const donchian = new peer.DonchianChannels(20);
agree(
  'DonchianChannels 20 upper',
  () => indicators.donchianColumns(bars, 20).upper,
  (index) => donchian.add(candle(index))?.upper,
);

const keltner = new peer.KeltnerChannels({ emaInterval: 20, atrInterval: 10, multiplier: 2 });
agree(
  'KeltnerChannels 20, 10, 2 upper',
  () => indicators.keltnerColumns(bars, 20, 10, 2).upper,
  (index) => keltner.add(candle(index))?.upper,
);

const supertrend = new peer.SuperTrend({ interval: 10, multiplier: 3 });
agree(
  'SuperTrend 10, 3',
  () => indicators.supertrendColumns(bars, 10, 3).value,
  (index) => supertrend.add(candle(index))?.supertrend,
);
