import * as indicators from '../../../src/indicators/index.ts';
import type { Bars } from './reference-data.ts';

/** An indicator and how to feed it one bar, with its type hidden, so that one test can run over all of them. */
export interface Subject {
  readonly indicator: indicators.Indicator;
  feed(bars: Bars, index: number): void;
  outputs(): readonly number[];
}

/** How to make an indicator, and what its column function gives for the same parameters, outputs in the same order. */
export interface IndicatorCase {
  readonly name: string;
  make(): Subject;
  columns(bars: Bars): readonly Float64Array[];
}

function describeCase<Type extends indicators.Indicator>(
  name: string,
  create: () => Type,
  feed: (indicator: Type, bars: Bars, index: number) => void,
  outputs: (indicator: Type) => readonly number[],
  columns: (bars: Bars) => readonly Float64Array[],
): IndicatorCase {
  const make = () => {
    const indicator = create();
    return {
      indicator,
      feed: (bars: Bars, index: number) => feed(indicator, bars, index),
      outputs: () => outputs(indicator),
    };
  };
  return { name, make, columns };
}

type ValueIndicator = indicators.Indicator & { readonly value: number; update(value: number): number };

function ofClose(name: string, create: () => ValueIndicator, column: (values: Float64Array) => Float64Array) {
  return describeCase(
    name,
    create,
    (indicator, bars, index) => indicator.update(bars.close[index]!),
    (indicator) => [indicator.value],
    (bars) => [column(bars.close)],
  );
}

type BarIndicator = indicators.Indicator & {
  readonly value: number;
  updateBar(high: number, low: number, close: number, volume: number, closeTime: number): number;
};

function ofBar(name: string, create: () => BarIndicator, column: (bars: Bars) => Float64Array) {
  return describeCase(
    name,
    create,
    feedBar,
    (indicator) => [indicator.value],
    (bars) => [column(bars)],
  );
}

function feedBar(indicator: Pick<BarIndicator, 'updateBar'>, bars: Bars, index: number): void {
  const { high, low, close, volume, closeTime } = bars;
  indicator.updateBar(high[index]!, low[index]!, close[index]!, volume[index]!, closeTime[index]!);
}

function bandsOf(bands: indicators.BandColumns): readonly Float64Array[] {
  return [bands.upper, bands.middle, bands.lower];
}

/** All indicators of `src/indicators/index.ts`, with periods short enough for a test to pass many blocks. */
export const EVERY_INDICATOR: readonly IndicatorCase[] = [
  ofClose(
    'Sma',
    () => new indicators.Sma(7),
    (values) => indicators.smaColumn(values, 7),
  ),
  ofClose(
    'Ema',
    () => new indicators.Ema(7),
    (values) => indicators.emaColumn(values, 7),
  ),
  ofClose(
    'Wma',
    () => new indicators.Wma(7),
    (values) => indicators.wmaColumn(values, 7),
  ),
  ofClose(
    'Rsi',
    () => new indicators.Rsi(7),
    (values) => indicators.rsiColumn(values, 7),
  ),
  ofClose(
    'Roc',
    () => new indicators.Roc(7),
    (values) => indicators.rocColumn(values, 7),
  ),
  ofClose(
    'ZScore',
    () => new indicators.ZScore(7),
    (values) => indicators.zScoreColumn(values, 7),
  ),
  ofClose(
    'RollingMax',
    () => new indicators.RollingMax(7),
    (values) => indicators.rollingMaxColumn(values, 7),
  ),
  ofClose(
    'RollingMin',
    () => new indicators.RollingMin(7),
    (values) => indicators.rollingMinColumn(values, 7),
  ),
  ofClose(
    'StandardDeviation',
    () => new indicators.StandardDeviation(7, 1),
    (values) => indicators.standardDeviationColumn(values, 7, 1),
  ),
  ofClose(
    'RollingVolatility',
    () => new indicators.RollingVolatility(7, 365),
    (values) => indicators.rollingVolatilityColumn(values, 7, 365),
  ),
  describeCase(
    'Macd',
    () => new indicators.Macd(4, 9, 3),
    (macd, bars, index) => macd.update(bars.close[index]!),
    (macd) => [macd.line, macd.signal, macd.histogram],
    (bars) => {
      const { line, signal, histogram } = indicators.macdColumns(bars.close, 4, 9, 3);
      return [line, signal, histogram];
    },
  ),
  describeCase(
    'Bollinger',
    () => new indicators.Bollinger(7, 2),
    (bands, bars, index) => bands.update(bars.close[index]!),
    (bands) => [bands.upper, bands.middle, bands.lower],
    (bars) => bandsOf(indicators.bollingerColumns(bars.close, 7, 2)),
  ),
  ofBar(
    'TrueRange',
    () => new indicators.TrueRange(),
    (bars) => indicators.trueRangeColumn(bars),
  ),
  ofBar(
    'Atr',
    () => new indicators.Atr(7),
    (bars) => indicators.atrColumn(bars, 7),
  ),
  ofBar(
    'Cci',
    () => new indicators.Cci(7),
    (bars) => indicators.cciColumn(bars, 7),
  ),
  ofBar(
    'Mfi',
    () => new indicators.Mfi(7),
    (bars) => indicators.mfiColumn(bars, 7),
  ),
  ofBar(
    'Vwap never',
    () => new indicators.Vwap(),
    (bars) => indicators.vwapColumn(bars),
  ),
  ofBar(
    'Vwap daily',
    () => new indicators.Vwap('daily'),
    (bars) => indicators.vwapColumn(bars, 'daily'),
  ),
  describeCase(
    'Obv',
    () => new indicators.Obv(),
    (obv, bars, index) => obv.update(bars.close[index]!, bars.volume[index]!),
    (obv) => [obv.value],
    (bars) => [indicators.obvColumn(bars)],
  ),
  describeCase(
    'Adx',
    () => new indicators.Adx(7),
    feedBar,
    (adx) => [adx.value, adx.plusDi, adx.minusDi],
    (bars) => {
      const { adx, plusDi, minusDi } = indicators.adxColumns(bars, 7);
      return [adx, plusDi, minusDi];
    },
  ),
  describeCase(
    'Stochastic',
    () => new indicators.Stochastic(7, 3, 4),
    (stochastic, bars, index) => stochastic.updateBar(bars.high[index]!, bars.low[index]!, bars.close[index]!),
    (stochastic) => [stochastic.k, stochastic.d],
    (bars) => {
      const { k, d } = indicators.stochasticColumns(bars, 7, 3, 4);
      return [k, d];
    },
  ),
  describeCase(
    'Donchian',
    () => new indicators.Donchian(7),
    (channel, bars, index) => channel.updateBar(bars.high[index]!, bars.low[index]!),
    (channel) => [channel.upper, channel.middle, channel.lower],
    (bars) => bandsOf(indicators.donchianColumns(bars, 7)),
  ),
  describeCase(
    'Keltner',
    () => new indicators.Keltner(9, 5, 2),
    (channel, bars, index) => channel.updateBar(bars.high[index]!, bars.low[index]!, bars.close[index]!),
    (channel) => [channel.upper, channel.middle, channel.lower],
    (bars) => bandsOf(indicators.keltnerColumns(bars, 9, 5, 2)),
  ),
  describeCase(
    'Supertrend',
    () => new indicators.Supertrend(5, 1.5),
    feedBar,
    (trend) => [trend.value, trend.upper, trend.lower, trend.direction === 0 ? Number.NaN : trend.direction],
    (bars) => {
      const { value, upper, lower, direction } = indicators.supertrendColumns(bars, 5, 1.5);
      return [value, upper, lower, direction.map((sign) => (sign === 0 ? Number.NaN : sign))];
    },
  ),
];
