import { multiply } from '../../foundation/fixed-point.ts';
import type { InstrumentSpec } from '../market/instruments.ts';
import type { Account } from './account.ts';
import type { ChangeCollector } from './changes.ts';
import { identifier } from './identifiers.ts';
import type { Match } from './matching.ts';
import { type Execution, type ExecutionType, leavesOf, type VenueOrder } from './venue-order.ts';

/**
 * Puts one fill of an order into the account's books, the order's totals and the list of executions. Fees: a share of the
 * value, in the settlement coin of a perpetual and in the coin that is received of a spot pair.
 */
export function bookFill(
  order: VenueOrder,
  match: Match,
  changes: ChangeCollector,
  spec: InstrumentSpec,
  sequence: number,
  markPrice: bigint,
  type: ExecutionType = 'Trade',
): void {
  const { account } = changes;
  const { price, quantity, isMaker } = match;
  const value = multiply(price, quantity);
  const feeRate = feeRateOf(account, order, isMaker);
  const feeInBase = order.category === 'spot' && order.side === 'Buy';
  const fee = multiply(feeInBase ? quantity : value, feeRate);
  const execId = identifier('execution', order.orderId, sequence);
  const fill = { side: order.side, price, quantity, fee, time: changes.time, reference: execId, sequence };
  const closed = order.category === 'spot' ? bookSpot(fill, spec, changes) : bookLinear(fill, spec, changes);
  order.executedQuantity += quantity;
  order.executedValue += value;
  order.executedFee += fee;
  order.feeCurrency = feeInBase ? spec.baseCoin : spec.quoteCoin;
  order.closedPnl += closed.pnl;
  const execution: Execution = {
    ...namesOf(order),
    execId,
    type,
    orderPrice: order.price,
    orderQuantity: order.quantity,
    leaves: order.inQuote ? 0n : leavesOf(order),
    price,
    quantity,
    value,
    fee,
    feeRate,
    feeCurrency: order.feeCurrency,
    isMaker,
    ...closed,
    markPrice,
    time: changes.time,
    sequence,
  };
  account.executions.push(execution);
  changes.execution(execution);
}

interface Fill {
  readonly side: VenueOrder['side'];
  readonly price: bigint;
  readonly quantity: bigint;
  readonly fee: bigint;
  readonly time: number;
  readonly reference: string;
  readonly sequence: number;
}

/** A position has none of these when it is closed. */
const NO_STOPS = { takeProfit: 0n, stopLoss: 0n, trailingStop: 0n, activePrice: 0n };

type Closed = Pick<Execution, 'closedSize' | 'pnl'>;

function bookSpot(fill: Fill, { baseCoin, quoteCoin }: InstrumentSpec, { account }: ChangeCollector): Closed {
  account.ledger.bookSpot({ ...fill, baseCoin, quoteCoin });
  return { closedSize: 0n, pnl: 0n };
}

/** A position that is closed loses its stops. */
function bookLinear(fill: Fill, { symbol, quoteCoin }: InstrumentSpec, changes: ChangeCollector): Closed {
  const { ledger } = changes.account;
  const closed = ledger.bookLinear({ ...fill, symbol, settleCoin: quoteCoin });
  const position = ledger.position(symbol, quoteCoin);
  if (position.size === 0n) Object.assign(position, NO_STOPS);
  changes.position(position);
  return closed;
}

function feeRateOf({ fees }: Account, { category }: VenueOrder, isMaker: boolean): bigint {
  if (category === 'spot') return isMaker ? fees.spotMaker : fees.spotTaker;
  return isMaker ? fees.linearMaker : fees.linearTaker;
}

type Names = 'category' | 'symbol' | 'orderId' | 'orderLinkId' | 'side' | 'orderType' | 'stopOrderType' | 'createType';

function namesOf(order: VenueOrder): Pick<Execution, Names> {
  const { category, symbol, orderId, orderLinkId, side, orderType, stopOrderType, createType } = order;
  return { category, symbol, orderId, orderLinkId, side, orderType, stopOrderType, createType };
}
