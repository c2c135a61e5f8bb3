import { snapQuantity } from '../../../domain/instrument.ts';
import { largestOrder } from '../../../engine/order-draft.ts';
import { Fees } from '../../../execution/fees.ts';
import {
  type Fixed,
  fromNumber,
  multiply,
  ONE,
  type Price,
  roundToStep,
  toNumber,
} from '../../../foundation/fixed-point.ts';
import type { PlainTerms } from '../plain-terms.ts';
import type { ExactNumbers } from './kernel.ts';
import { TERMS, type TermInteger, type TermNumber } from './kernel-memory.ts';

/** Terms in the kernel's numbers. */
export interface KernelTerms {
  readonly integers: Readonly<Record<TermInteger, bigint>>;
  readonly numbers: Readonly<Record<TermNumber, number>>;
  /** Whether the kernel must know where days begin. */
  readonly usesDays: boolean;
  readonly exact: ExactNumbers;
}

/** What the kernel's integers may hold and be added up to. */
const MOST = 4_500_000_000_000_000_000n;
/** The gate's own (`risk-gate.ts`). */
const TOLERANCE = 1 + 1e-9;
const SIZINGS = ['fixed', 'percent-of-equity', 'risk-based', 'equity-fraction-at-fill'] as const;
const ENDS = ['keep', 'close-at-last-close', 'close-at-last-open'] as const;

/** The terms, where the kernel can keep accounts under them. */
export function kernelTerms(terms: PlainTerms): KernelTerms | undefined {
  const { session, instrument, bars, endOfRun = 'keep' } = terms;
  const { limits, sizing } = session;
  const integers = integersOf(terms);
  const sizingCode = SIZINGS.indexOf(sizing.kind as (typeof SIZINGS)[number]);
  if (integers === undefined || sizingCode < 0) return undefined;
  if (Object.values(integers).some((value) => value < 0n || value > MOST)) return undefined;
  const size = sizeOf(sizing);
  const { dailyLossLimit, maximumTradesPerDay } = limits;
  const usesDays = dailyLossLimit !== null || maximumTradesPerDay !== null;
  const step = toNumber(instrument.stepSize);
  const share = (ONE + integers.feeRate) * instrument.stepSize;
  const numbers: Record<TermNumber, number> = {
    stepNumber: step,
    // Half a unit of 10⁻¹² that the exact decimal may be off by, in steps, and half as much again.
    stepMargin: 0.75e-12 / step,
    tickNumber: toNumber(instrument.tickSize),
    minimumNotionalNumber: toNumber(instrument.minimumNotional),
    sizing: sizingCode,
    size,
    fillFactor: sizing.kind === 'equity-fraction-at-fill' ? (Number(fractionUnits(size)) * 1e12) / Number(share) : 0,
    maximumPositionSize: limits.maximumPositionSize,
    maximumRiskPerTrade: limits.maximumRiskPerTrade,
    assumedAdverseMove: limits.assumedAdverseMove,
    positionLimit: limits.maximumPositionSize * TOLERANCE,
    riskLimit: limits.maximumRiskPerTrade * TOLERANCE,
    grossLimit: limits.leverage * (1 - limits.minimumCashReserve) * TOLERANCE,
    orderQuantityLimit: withTolerance(limits.maximumOrderQuantity),
    orderValueLimit: withTolerance(limits.maximumOrderValue),
    dailyLossLimit: dailyLossLimit ?? Number.POSITIVE_INFINITY,
    tradesPerDay: maximumTradesPerDay ?? Number.POSITIVE_INFINITY,
    // Bars are a minute long or longer: each decision has its own minute.
    ordersPerMinute: limits.maximumOrdersPerMinute ?? Number.POSITIVE_INFINITY,
    openOrders: limits.maximumOpenOrders ?? Number.POSITIVE_INFINITY,
    shortable: instrument.shortable ? 1 : 0,
    fractionIsSound: size > 0 && size <= 1 ? 1 : 0,
    endOfRun: ENDS.indexOf(endOfRun),
    usesDays: usesDays ? 1 : 0,
    endTime: bars.openTime[bars.length - 1]! + bars.intervalMs,
  };
  return { integers, numbers, usesDays, exact: exactNumbers(terms, size) };
}

/** Writes terms where the kernel looks for them. */
export function writeTerms(view: DataView, address: number, { integers, numbers }: KernelTerms): void {
  for (const [name, value] of Object.entries(integers)) {
    view.setBigInt64(address + TERMS.at[name as TermInteger], value, true);
  }
  for (const [name, value] of Object.entries(numbers)) {
    view.setFloat64(address + TERMS.at[name as TermNumber], value, true);
  }
}

/** Prices and rates; `undefined` for models of cost that the kernel does not know. */
function integersOf({ session, instrument, costs }: PlainTerms): Record<TermInteger, bigint> | undefined {
  const { spread, slippage, fees } = costs.model;
  if (slippage.kind !== 'none' && slippage.kind !== 'basis-points') return undefined;
  if (fees.kind !== 'percent' || (fees.minimum ?? 0) !== 0 || (fees.precision ?? 0) !== 0) return undefined;
  const tickValue = instrument.tickSize * instrument.stepSize;
  const isWhole = tickValue % ONE === 0n;
  return {
    tick: instrument.tickSize,
    step: instrument.stepSize,
    largestOrder: smallest(largestOrder(instrument), MOST) / instrument.stepSize,
    minimumQuantity: instrument.minimumQuantity,
    minimumNotional: instrument.minimumNotional,
    feeRate: fromNumber(fees.takerRate),
    spread: spread.kind === 'ticks' ? multiply(instrument.tickSize, fromNumber<Fixed>(spread.ticks)) / 2n : 0n,
    // As `TakerPrice` takes shares of a price.
    spreadShare: spread.kind === 'basis-points' ? fromNumber(spread.basisPoints / 2 / 10_000) : 0n,
    slippageShare: slippage.kind === 'basis-points' ? fromNumber(slippage.basisPoints / 10_000) : 0n,
    startingBalance: session.startingBalance,
    tickValue: isWhole ? tickValue / ONE : 0n,
  };
}

function sizeOf(sizing: PlainTerms['session']['sizing']): number {
  switch (sizing.kind) {
    case 'fixed':
      return sizing.quantity;
    case 'percent-of-equity':
    case 'equity-fraction-at-fill':
      return sizing.fraction;
    case 'risk-based':
      return sizing.riskFraction;
    case 'volatility-target':
      return Number.NaN;
  }
}

function fractionUnits(fraction: number): bigint {
  return Number.isFinite(fraction) ? fromNumber(fraction) : 0n;
}

function withTolerance(limit: number | null): number {
  return limit === null ? Number.POSITIVE_INFINITY : limit * TOLERANCE;
}

function exactNumbers({ instrument, costs }: PlainTerms, size: number): ExactNumbers {
  const fees = new Fees(costs.model.fees);
  const inRange = (value: bigint): bigint => (value >= 0n && value <= MOST ? value : -1n);
  const steps = (quantity: bigint): bigint => (inRange(quantity) < 0n ? -1n : quantity / instrument.stepSize);
  return {
    exactPrice: (price) => inRange(fromNumber(price)),
    exactQuantity: (wished) => steps(smallest(snapQuantity(instrument, wished), largestOrder(instrument))),
    exactFillQuantity(cash, price) {
      // `Fills` in the same words.
      const affordable = fees.affordable(fractionUnits(size) * cash, price as Price);
      const most = affordable < instrument.maximumQuantity ? affordable : instrument.maximumQuantity;
      return steps(roundToStep(most, instrument.stepSize, 'down'));
    },
  };
}

function smallest(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
