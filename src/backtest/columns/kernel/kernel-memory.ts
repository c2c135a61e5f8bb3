/**
 * Where the kernel's structures have their fields, in the order of `column-kernel.as`. Offsets in bytes; every field is
 * aligned to its own size.
 */
type FieldType = 'i32' | 'i64' | 'f64';

export interface Layout<Name extends string> {
  readonly bytes: number;
  readonly at: Readonly<Record<Name, number>>;
}

function layout<Name extends string>(...groups: readonly (readonly [FieldType, readonly Name[]])[]): Layout<Name> {
  let bytes = 0;
  const at: Partial<Record<Name, number>> = {};
  for (const [type, names] of groups) {
    const size = type === 'i32' ? 4 : 8;
    for (const name of names) {
      bytes = Math.ceil(bytes / size) * size;
      at[name] = bytes;
      bytes += size;
    }
  }
  return { bytes: Math.ceil(bytes / 8) * 8, at: at as Record<Name, number> };
}

const termIntegers = [
  ...['tick', 'step', 'largestOrder', 'minimumQuantity', 'minimumNotional'],
  ...['feeRate', 'spread', 'spreadShare', 'slippageShare', 'startingBalance', 'tickValue'],
] as const;
const termNumbers = [
  ...['stepNumber', 'stepMargin', 'tickNumber', 'minimumNotionalNumber', 'sizing', 'size', 'fillFactor'],
  ...['maximumPositionSize', 'maximumRiskPerTrade', 'assumedAdverseMove', 'positionLimit', 'riskLimit', 'grossLimit'],
  ...['orderQuantityLimit', 'orderValueLimit', 'dailyLossLimit', 'tradesPerDay', 'ordersPerMinute', 'openOrders'],
  ...['shortable', 'fractionIsSound', 'endOfRun', 'usesDays', 'endTime'],
] as const;

export type TermInteger = (typeof termIntegers)[number];
export type TermNumber = (typeof termNumbers)[number];

export const TERMS = layout<TermInteger | TermNumber>(['i64', termIntegers], ['f64', termNumbers]);

const tileFields = [
  ...['start', 'count', 'rows', 'isLast', 'openTime', 'open', 'close', 'buyPrice', 'sellPrice', 'blockMaximum'],
  ...[
    'blockMinimum',
    'dayStart',
    'periodRows',
    'periods',
    'registers',
    'slots',
    'log',
    'logged',
    'equity',
    'firstTime',
    'interval',
    'bounds',
  ],
] as const;

export type TileField = (typeof tileFields)[number];

export const TILE = layout<TileField>(['f64', tileFields]);

const pointIntegers = [
  ...['operations', 'operationCount', 'enterLong', 'enterShort', 'exitLong', 'exitShort', 'rearm', 'turns'],
  ...['periodEquity', 'beyond', 'armed', 'pendingExit', 'pendingSide', 'period', 'lost', 'dayRow'],
  ...['entriesDay', 'entries', 'refused', 'fills', 'roundTrips', 'winners'],
] as const;
const pointMoney = ['cash', 'quantity', 'pendingQuantity', 'entryValue', 'entryFee', 'fees'] as const;
const pointNumbers = [
  ...[
    'cashNumber',
    'quantityNumber',
    'quantityInverse',
    'entryTime',
    'heldMs',
    'peak',
    'drawdown',
    'floor',
    'dayEquity',
    'finalEquity',
  ],
  ...['profit', 'profitLost', 'gains', 'gainsLost', 'losses', 'lossesLost', 'turnover', 'turnoverLost', 'feesPaid'],
] as const;

export type PointInteger = (typeof pointIntegers)[number];
export type PointNumber = (typeof pointNumbers)[number];

export const POINT = layout<PointInteger | PointNumber | (typeof pointMoney)[number]>(
  ['i32', pointIntegers],
  ['i64', pointMoney],
  ['f64', pointNumbers],
);

const averageIntegers = ['period', 'position', 'sums', 'nextSums', 'output', 'unused'] as const;

export const AVERAGE = layout(['i32', averageIntegers], ['f64', ['anchor', 'headSum', 'nextAnchor', 'tailSum']]);

/** A fill in the log: row, price, signed quantity, fee. */
export const FILL_BYTES = 32;
