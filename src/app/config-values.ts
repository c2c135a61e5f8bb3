import { isTimeframe, TIMEFRAMES, type Timeframe } from '../domain/timeframe.ts';
import {
  type CostPreset,
  costPresets,
  type FeeModel,
  type SlippageModel,
  type SpreadModel,
} from '../execution/cost-models.ts';
import { closestName } from '../foundation/closest-name.ts';
import { failed, type Result, success } from '../foundation/result.ts';
import { type DurationMs, durationMs, type EpochMs, epochMs } from '../foundation/time.ts';
import type { PositionSizing } from '../risk/position-sizing.ts';

/*
 * Values in the short notation that `tradewind.yaml` and the command line share. Each reader gives the value, or what is
 * wanted instead, as the rest of a sentence that ends in "must be …".
 */

export type Reading<Value> = Result<Value, string>;

const SIZINGS =
  'percent:10 (of equity), fixed:0.5 (units), risk:1 (% lost at the stop), volatility:20 (% a year) or all-in';

/** `percent:10`, `fixed:0.5`, `risk:1`, `volatility:20` or `volatility:20:50` (at most 50 % of equity), `all-in`. */
export function readSizing(text: string): Reading<PositionSizing> {
  if (text === 'all-in') return success({ kind: 'equity-fraction-at-fill', fraction: 1 });
  const [kind, first, second, ...rest] = text.split(':');
  const amount = positive(first);
  const wrong = failed(SIZINGS);
  if (amount === undefined || rest.length > 0 || (second !== undefined && kind !== 'volatility')) return wrong;
  switch (kind) {
    case 'fixed':
      return success({ kind: 'fixed', quantity: amount });
    case 'percent':
      return amount <= 10_000 ? success({ kind: 'percent-of-equity', fraction: amount / 100 }) : wrong;
    case 'risk':
      return amount <= 100 ? success({ kind: 'risk-based', riskFraction: amount / 100 }) : wrong;
    case 'volatility': {
      const most = second === undefined ? 100 : positive(second);
      if (most === undefined) return wrong;
      return success({ kind: 'volatility-target', annualVolatility: amount / 100, maximumFraction: most / 100 });
    }
    default:
      return wrong;
  }
}

/** The short notation of a sizing: what {@link readSizing} reads back. */
export function writeSizing(sizing: PositionSizing): string {
  const percent = (fraction: number): string => String(Number((fraction * 100).toPrecision(12)));
  switch (sizing.kind) {
    case 'fixed':
      return `fixed:${sizing.quantity}`;
    case 'percent-of-equity':
      return `percent:${percent(sizing.fraction)}`;
    case 'risk-based':
      return `risk:${percent(sizing.riskFraction)}`;
    case 'volatility-target':
      return `volatility:${percent(sizing.annualVolatility)}:${percent(sizing.maximumFraction)}`;
    case 'equity-fraction-at-fill':
      return 'all-in';
  }
}

const FEE_ALIASES: Readonly<Record<string, CostPreset>> = {
  bybit: 'bybit-linear',
  binance: 'binance-usdm',
  none: 'frictionless',
};
/** No venue takes as much: whoever writes 0.1 means 0.1 %. */
const HIGHEST_RATE = 0.05;

/** The names that {@link readFees} knows. */
const FEE_NAMES: readonly string[] = [...Object.keys(FEE_ALIASES), ...Object.keys(costPresets)];

/** A venue's published fees by name, or `maker:taker` such as `0.02%:0.055%`; a number without `%` is a fraction. */
export function readFees(text: string): Reading<FeeModel> {
  const name = FEE_ALIASES[text] ?? text;
  if (Object.hasOwn(costPresets, name)) return success(costPresets[name as CostPreset].fees);
  const [maker, taker, ...rest] = text.split(':');
  if (taker === undefined || rest.length > 0) {
    const near = closestName(text, FEE_NAMES);
    const guess = near === undefined ? '' : ` (did you mean ${near}?)`;
    return failed(`maker:taker such as 0.02%:0.055%, or one of ${FEE_NAMES.join(', ')}${guess}`);
  }
  const makerRate = readShare(maker!);
  const takerRate = readShare(taker);
  if (makerRate === undefined || takerRate === undefined) return failed('maker:taker such as 0.02%:0.055%');
  if (Math.max(Math.abs(makerRate), Math.abs(takerRate)) > HIGHEST_RATE) {
    return failed(`at most 5%: a number without % is a fraction, so write ${maker}%:${taker}% if you mean percent`);
  }
  return success({ kind: 'percent', makerRate, takerRate });
}

/** `none`, `1 tick`, `2 ticks`, `1bp` or `0.01%`: the distance from bid to ask. */
export function readSpread(text: string): Reading<SpreadModel> {
  if (text === 'none' || text === '0') return success({ kind: 'none' });
  const ticks = /^([\d.]+) ?ticks?$/.exec(text);
  const count = ticks === null ? undefined : positive(ticks[1]);
  if (count !== undefined) return success({ kind: 'ticks', ticks: count });
  const basisPoints = readBasisPoints(text);
  return basisPoints === undefined
    ? failed('none, a number of ticks such as 2 ticks, or a share of the price such as 1bp or 0.01%')
    : success({ kind: 'basis-points', basisPoints });
}

/** `none`, `1bp` or `0.01%`, `impact:10bp` (× √ of the share in the bar's volume), `linear:10bp`, `random:0-2bp`. */
export function readSlippage(text: string): Reading<SlippageModel> {
  const wrong = failed('none, a share of the price such as 1bp or 0.01%, impact:10bp, linear:10bp or random:0-2bp');
  if (text === 'none' || text === '0') return success({ kind: 'none' });
  const [kind, amount, ...rest] = text.split(':');
  if (amount === undefined) {
    const basisPoints = readBasisPoints(text);
    return basisPoints === undefined ? wrong : success({ kind: 'basis-points', basisPoints });
  }
  if (rest.length > 0) return wrong;
  if (kind === 'random') {
    const bounds = /^([\d.]+)-([\d.]+) ?bp$/.exec(amount);
    const minimumBasisPoints = bounds === null ? undefined : readNumber(bounds[1]!);
    const maximumBasisPoints = bounds === null ? undefined : readNumber(bounds[2]!);
    if (minimumBasisPoints === undefined || maximumBasisPoints === undefined) return wrong;
    return minimumBasisPoints <= maximumBasisPoints
      ? success({ kind: 'random', minimumBasisPoints, maximumBasisPoints })
      : wrong;
  }
  const basisPointsAtFullVolume = readBasisPoints(amount);
  if (basisPointsAtFullVolume === undefined || (kind !== 'impact' && kind !== 'linear')) return wrong;
  const shape = kind === 'impact' ? 'square-root' : 'linear';
  return success({ kind: 'volume-impact', shape, basisPointsAtFullVolume });
}

/** Market seconds per real second: a number above 0, with or without an `x`; `max` is `null`, as fast as can be. */
export function readSpeed(text: string): Reading<number | null> {
  if (text === 'max') return success(null);
  const speed = positive(text.replace(/x$/, ''));
  return speed === undefined ? failed('a number above 0 (market seconds per second) or max') : success(speed);
}

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** 24 days: what a timer of Node can hold. */
const LONGEST_DURATION = 2_147_483_647;

/** `500ms`, `30s`, `5m`, `1h`, `1d` in milliseconds. */
export function readDuration(text: string): Reading<DurationMs> {
  const match = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/.exec(text);
  const duration = match === null ? 0 : Math.round(Number(match[1]) * DURATION_UNITS[match[2]!]!);
  return duration > 0 && duration <= LONGEST_DURATION
    ? success(durationMs(duration))
    : failed('a length of time such as 30s, 5m or 1h, at most 24d');
}

/** `candle`, or the least time between two decisions on prices. */
export function readTrigger(text: string): Reading<DurationMs | null> {
  if (text === 'candle') return success(null);
  const duration = readDuration(text);
  return duration.ok ? duration : failed('candle, or the least time between two decisions on prices, such as 10s');
}

/** A {@link readDuration} or `0`, in whole milliseconds. */
export function readLatency(text: string): Reading<number> {
  if (/^0(ms|s)?$/.test(text)) return success(0);
  const duration = readDuration(text);
  return duration.ok ? duration : failed('0 or a length of time such as 50ms');
}

/** `2025-05-06`, `2025-05-06 12:30` or with a zone, `2025-05-06T12:30:00+02:00`; UTC where none is said. */
export function readMoment(text: string): Reading<EpochMs> {
  const wrong = failed('a date such as 2025-05-06 or a time such as 2025-05-06T12:30, in UTC');
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/.exec(text);
  if (match === null) return wrong;
  const [, date, time = '00:00', zone = 'Z'] = match;
  // A day that the month lacks would be read as one of the next month.
  const day = new Date(`${date}T00:00Z`);
  if (Number.isNaN(day.getTime()) || !day.toISOString().startsWith(date!)) return wrong;
  const moment = Date.parse(`${date}T${time}${zone}`);
  return Number.isNaN(moment) ? wrong : success(epochMs(moment));
}

export function readTimeframe(text: string): Reading<Timeframe> {
  return isTimeframe(text) ? success(text) : failed(`one of ${TIMEFRAMES.join(', ')}`);
}

/** Names of symbols stand in channels, file names and messages: no colon, star, slash or blank. */
const SYMBOL = /^[A-Za-z0-9^][A-Za-z0-9._=^-]{0,39}$/;

export function readSymbol(text: string): Reading<string> {
  return SYMBOL.test(text) ? success(text) : failed('a symbol such as BTCUSDT: letters, digits and . _ - = ^');
}

/** A plain decimal number, a sign and an exponent allowed; `undefined` for anything else. */
export function readNumber(text: string): number | undefined {
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}

function positive(text: string | undefined): number | undefined {
  const number = text === undefined ? undefined : readNumber(text);
  return number !== undefined && number > 0 ? number : undefined;
}

/** `0.055%`, `5.5bp` or the fraction `0.00055`; may be negative. */
function readShare(text: string): number | undefined {
  const match = /^(.*?) ?(%|bp)?$/.exec(text);
  const number = readNumber(match?.[1] ?? '');
  if (number === undefined) return undefined;
  // Division keeps the decimal that was meant: 0.055 / 100 is the float64 nearest to 0.00055, 0.055 × 0.01 is not.
  return match?.[2] === '%' ? number / 100 : match?.[2] === 'bp' ? number / 10_000 : number;
}

function readBasisPoints(text: string): number | undefined {
  const match = /^([\d.]+) ?(bp|%)$/.exec(text);
  const number = readNumber(match?.[1] ?? '');
  if (number === undefined) return undefined;
  return match?.[2] === '%' ? Number((number * 100).toPrecision(12)) : number;
}
