import type { HeldBalance, HeldPosition, OrderReport, ReportedFill } from '../../execution/order-gateway.ts';
import type { Money, Price, Quantity } from '../../foundation/fixed-point.ts';
import { Row } from './ccxt-gateway-words.ts';

/*
 * Bybit v5's rows, as REST lists them and as the private topics tell them. Source: bybit-exchange/docs, docs/v5/order,
 * docs/v5/websocket/private/{order,execution}, docs/v5/enum.
 */

type SymbolOf = (marketId: string) => string;

const SIDES = { Buy: 'buy', Sell: 'sell' } as const;

const STATES = {
  New: 'working',
  PartiallyFilled: 'working',
  Triggered: 'working',
  Untriggered: 'waiting',
  Filled: 'filled',
  Cancelled: 'cancelled',
  PartiallyFilledCanceled: 'cancelled',
  Deactivated: 'cancelled',
  Rejected: 'rejected',
} as const;

/** What an order that could not rest wanted and did not get. */
const EXPIRED = ['EC_NoImmediateQtyToFill', 'EC_NoEnoughQtyToFill', 'EC_CancelForNoFullFill'];
const POST_ONLY = 'EC_PostOnlyWillTakeLiquidity';
const NO_REASON = ['', 'EC_NoError', 'UNKNOWN', 'EC_PerCancelRequest', 'CancelByUser'];

/** @throws SenselessMessage */
export function readOrder(value: unknown, symbolOf: SymbolOf): OrderReport {
  const row = new Row(value, 'an order of Bybit');
  const filledQuantity = row.decimalOrZero<Quantity>('cumExecQty');
  const told = row.oneOf('orderStatus', STATES);
  const reason = told === 'filled' ? '' : endReason(row);
  return {
    clientOrderId: row.optionalText('orderLinkId'),
    venueOrderId: row.text('orderId'),
    symbol: symbolOf(row.text('symbol')),
    side: row.oneOf('side', SIDES),
    quantity: orderQuantity(row, filledQuantity),
    filledQuantity,
    state: told === 'cancelled' ? cancelledState(reason, filledQuantity) : told,
    reason,
    updatedAt: row.time('updatedTime'),
  };
}

function orderQuantity(row: Row, filled: Quantity): Quantity {
  // A spot market order to buy may say what it spends; then what it has got is all that is known.
  if (row.fields.marketUnit === 'quoteCoin') return filled;
  // An order that the exchange made by itself, to close a whole position, may have none.
  const isOfExchange = row.optionalText('orderLinkId') === null;
  return isOfExchange ? row.decimalOrZero<Quantity>('qty') : row.decimal<Quantity>('qty');
}

function cancelledState(reason: string, filled: Quantity): OrderReport['state'] {
  if (reason === POST_ONLY && filled === 0n) return 'rejected';
  return EXPIRED.includes(reason) ? 'expired' : 'cancelled';
}

/** Why it was refused, or cancelled by the exchange. */
function endReason(row: Row): string {
  const words = [row.optionalText('rejectReason') ?? '', row.optionalText('cancelType') ?? ''];
  return words.find((word) => !NO_REASON.includes(word)) ?? '';
}

/** Of `execType`. The others that there are, such as deliveries and moved positions, settle something. */
const FILL_KINDS: Readonly<Record<string, ReportedFill['kind']>> = {
  Trade: 'trade',
  BlockTrade: 'trade',
  FutureSpread: 'trade',
  Funding: 'funding',
  AdlTrade: 'liquidation',
  BustTrade: 'liquidation',
};

/**
 * @param feeCurrencyOf where Bybit does not say in which coin a fee was paid: the settlement coin of a contract
 * @throws SenselessMessage
 */
export function readFill(
  value: unknown,
  symbolOf: SymbolOf,
  feeCurrencyOf: (marketId: string) => string,
): ReportedFill {
  const row = new Row(value, 'an execution of Bybit');
  const marketId = row.text('symbol');
  const execType = row.text('execType');
  return {
    fillId: row.text('execId'),
    kind: Object.hasOwn(FILL_KINDS, execType) ? FILL_KINDS[execType]! : 'settlement',
    clientOrderId: row.optionalText('orderLinkId'),
    venueOrderId: row.optionalText('orderId') ?? '',
    symbol: symbolOf(marketId),
    side: row.oneOf('side', SIDES),
    price: row.decimal<Price>('execPrice'),
    quantity: row.decimal<Quantity>('execQty'),
    fee: row.decimalOrZero<Money>('execFee'),
    feeCurrency: row.optionalText('feeCurrency') ?? feeCurrencyOf(marketId),
    liquidity: row.fields.isMaker === true ? 'maker' : 'taker',
    time: row.time('execTime'),
  };
}

/** `undefined` for a position of nothing. @throws SenselessMessage */
export function readPosition(row: Row, symbolOf: SymbolOf): HeldPosition | undefined {
  const size = row.decimalOrZero<Quantity>('size');
  if (size === 0n) return undefined;
  const isShort = row.oneOf('side', SIDES) === 'sell';
  const average = row.decimalOrZero<Price>('avgPrice');
  return {
    symbol: symbolOf(row.text('symbol')),
    quantity: (isShort ? -size : size) as Quantity,
    averagePrice: average === 0n ? null : average,
  };
}

/** @throws SenselessMessage */
export function readBalance(row: Row): HeldBalance {
  return { currency: row.text('coin'), total: row.decimal<Money>('walletBalance') };
}
