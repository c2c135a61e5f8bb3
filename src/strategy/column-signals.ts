/**
 * Signals said as columns: what a strategy decides on each bar, as comparisons of whole columns, where its parameters
 * allow that. Runs of many parameters over the same bars can then be computed column by column, with the same result as
 * bar by bar; a test holds each strategy that offers both to that.
 */

/** A column of the bars themselves. */
export type PriceField = 'open' | 'high' | 'low' | 'close' | 'volume';

/** One number for each bar, known at its close; NaN where there is none yet. Columns of one key are the same numbers. */
export type Column =
  | { readonly kind: 'price'; readonly key: string; readonly field: PriceField }
  | { readonly kind: 'constant'; readonly key: string; readonly value: number }
  | { readonly kind: 'derived'; readonly key: string; readonly source: ColumnSource; readonly output: number };

/** A computation that makes one or more columns of others, from the oldest bar on, piece by piece. */
export interface ColumnSource {
  /** Sources of one key compute the same. */
  readonly key: string;
  readonly inputs: readonly Column[];
  readonly outputs: number;
  /** Says that it is a simple moving average of this many closes: whoever knows that may compute the same bits itself. */
  readonly averageOfCloses?: number;
  /** A computation that has not seen a bar yet. */
  open(): ColumnStream;
}

export interface ColumnStream {
  /**
   * Takes the next `count` bars: reads them at rows 0 … `count` − 1 of `inputs`, and writes the same rows of `outputs`.
   */
  advance(count: number, inputs: readonly Float64Array[], outputs: readonly Float64Array[]): void;
}

/** True or false for each bar. A comparison with NaN is false. */
export type ColumnSignal =
  | { readonly kind: 'above' | 'at-least' | 'crossed-above'; readonly left: Column; readonly right: Column }
  | { readonly kind: 'both' | 'either'; readonly first: ColumnSignal; readonly second: ColumnSignal }
  | { readonly kind: 'not'; readonly of: ColumnSignal };

/** A column, or the same number on every bar. */
export type Operand = Column | number;

/**
 * What a strategy would signal on each bar. At most one of it happens on a bar, the first of these whose signal is true
 * and whose position fits: `enterLong` while not long, `enterShort` while not short, `exitLong` while long, `exitShort`
 * while short. All at the market, without protection.
 */
export interface ColumnSignals {
  readonly enterLong?: ColumnSignal;
  readonly enterShort?: ColumnSignal;
  readonly exitLong?: ColumnSignal;
  readonly exitShort?: ColumnSignal;
  /** False: entries wait until the position is closed, instead of turning it round. Default true. */
  readonly turns?: boolean;
  /** After an entry was signalled, and at the very beginning, none is until this has been true. Default: none is held back. */
  readonly rearm?: ColumnSignal;
}

/** `left > right`. */
export function above(left: Operand, right: Operand): ColumnSignal {
  return { kind: 'above', left: columnOf(left), right: columnOf(right) };
}

/** `left < right`. */
export function below(left: Operand, right: Operand): ColumnSignal {
  return above(right, left);
}

/** `left >= right`. */
export function atLeast(left: Operand, right: Operand): ColumnSignal {
  return { kind: 'at-least', left: columnOf(left), right: columnOf(right) };
}

/** `left <= right`. */
export function atMost(left: Operand, right: Operand): ColumnSignal {
  return atLeast(right, left);
}

/** `left < right` on the bar before and `left > right` now: what touched without crossing has not crossed. */
export function crossedAbove(left: Operand, right: Operand): ColumnSignal {
  return { kind: 'crossed-above', left: columnOf(left), right: columnOf(right) };
}

/** `left > right` on the bar before and `left < right` now. */
export function crossedBelow(left: Operand, right: Operand): ColumnSignal {
  return crossedAbove(right, left);
}

export function both(first: ColumnSignal, second: ColumnSignal): ColumnSignal {
  return { kind: 'both', first, second };
}

export function either(first: ColumnSignal, second: ColumnSignal): ColumnSignal {
  return { kind: 'either', first, second };
}

export function not(of: ColumnSignal): ColumnSignal {
  return { kind: 'not', of };
}

function columnOf(operand: Operand): Column {
  if (typeof operand !== 'number') return operand;
  return { kind: 'constant', key: `${operand}`, value: operand };
}
