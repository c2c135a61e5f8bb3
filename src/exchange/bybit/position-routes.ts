import { fixed, formatFixed } from '../../foundation/fixed-point.ts';
import type { InstrumentSpec } from '../market/instruments.ts';
import type { Account } from '../trading/account.ts';
import type { LinearPosition } from '../trading/ledger.ts';
import { refuse } from '../trading/refusals.ts';
import type { Execution } from '../trading/venue-order.ts';
import { positionRow } from './account-messages.ts';
import { type Answer, instrumentOf, type PrivateCall, type PrivateRoute, pageOf, result } from './call.ts';
import type { Row } from './market-messages.ts';
import { tradedCategory } from './order-requests.ts';
import { RequestRefused } from './params.ts';

export const positionRoutes: readonly PrivateRoute[] = [
  { method: 'GET', path: '/v5/position/list', limit: 50, handle: positions },
  { method: 'GET', path: '/v5/position/closed-pnl', limit: 50, handle: closedPnl },
  { method: 'POST', path: '/v5/position/set-leverage', limit: 10, handle: setLeverage },
  { method: 'POST', path: '/v5/position/trading-stop', limit: 10, handle: tradingStop },
  { method: 'POST', path: '/v5/position/switch-mode', limit: 10, handle: switchMode },
];

function positions(call: PrivateCall): Answer {
  const { account, params, parts, asOf } = call;
  if (params.category() === undefined)
    return result({ list: [], nextPageCursor: '', category: params.text('category')! });
  if (tradedCategory(params) === 'spot') throw new RequestRefused(refuse.parameter('category invalid'));
  const symbol = params.text('symbol');
  const settleCoin = params.text('settleCoin');
  if ((symbol ?? settleCoin) === undefined) throw new RequestRefused(refuse.parameter('Missing symbol or settleCoin'));
  const specs = parts.venue.specs.filter((spec) => {
    return (
      spec.category === 'linear' && (symbol === undefined ? spec.quoteCoin === settleCoin : spec.symbol === symbol)
    );
  });
  if (symbol !== undefined && specs.length === 0) throw new RequestRefused(refuse.symbol('linear'));
  const list = specs
    .map((spec) => ({ spec, position: positionAt(account, spec, asOf) }))
    .filter(({ position }) => symbol !== undefined || position.size !== 0n)
    .map(({ spec, position }) => positionRow(position, spec, parts.venue.priceOf(spec.symbol)));
  return result({ list, nextPageCursor: '', category: 'linear' });
}

/** What look-ups know of a position; nothing traded yet is an empty one. */
function positionAt(account: Account, spec: InstrumentSpec, asOf: number): LinearPosition {
  const empty = { size: 0n, entryValue: 0n, currentRealisedPnl: 0n, cumulativeRealisedPnl: 0n };
  return account.positionAt(spec.symbol, asOf) ?? { ...account.ledger.position(spec.symbol, spec.quoteCoin), ...empty };
}

function closedPnl(call: PrivateCall): Answer {
  const { account, params, parts, asOf } = call;
  const symbol = params.text('symbol');
  const closing = account.executions
    .filter((one) => one.closedSize > 0n && one.time <= asOf && parts.lookUps.holds(one.time, asOf))
    .filter((one) => (symbol ?? one.symbol) === one.symbol)
    .reverse();
  const { page, nextPageCursor } = pageOf(closing, ({ sequence }) => sequence, params, { limit: 50, most: 100 });
  const list = page.map((one) => closedPnlRow(one, account, parts.venue.spec('linear', one.symbol)!));
  return result({ nextPageCursor, category: 'linear', list });
}

function closedPnlRow(execution: Execution, account: Account, spec: InstrumentSpec): Row {
  const value = execution.value;
  const entryValue = execution.side === 'Sell' ? value - execution.pnl : value + execution.pnl;
  const { leverage } = account.ledger.position(spec.symbol, spec.quoteCoin);
  return {
    symbol: execution.symbol,
    orderId: execution.orderId,
    side: execution.side,
    qty: formatFixed(execution.quantity),
    orderPrice: formatFixed(execution.orderPrice),
    orderType: execution.orderType,
    execType: 'Trade',
    closedSize: formatFixed(execution.closedSize),
    cumEntryValue: formatFixed(entryValue),
    avgEntryPrice: formatFixed((entryValue * 1_000_000_000_000n) / execution.quantity),
    cumExitValue: formatFixed(value),
    avgExitPrice: formatFixed(execution.price),
    closedPnl: formatFixed(execution.pnl - execution.fee),
    fillCount: '1',
    leverage: formatFixed(leverage),
    openFee: '0',
    closeFee: formatFixed(execution.fee),
    createdTime: String(execution.time),
    updatedTime: String(execution.time),
  };
}

function setLeverage(call: PrivateCall): Answer {
  const { account, params, parts } = call;
  const { spec } = instrumentOf(call, 'linear');
  const buy = params.decimal('buyLeverage');
  const sell = params.decimal('sellLeverage');
  if (buy === undefined || buy !== sell)
    throw new RequestRefused(refuse.parameter('buy leverage must equal sell leverage'));
  const least: bigint = fixed('1');
  if (buy < least || buy > spec.maximumLeverage) throw new RequestRefused(refuse.parameter('leverage invalid'));
  if (account.ledger.position(spec.symbol, spec.quoteCoin).leverage === buy) {
    throw new RequestRefused(refuse.leverageUnchanged());
  }
  parts.venue.setLeverage(account, spec, buy);
  return result({});
}

function tradingStop(call: PrivateCall): Answer {
  const { account, params, parts } = call;
  const { spec } = instrumentOf(call, 'linear');
  if (account.ledger.position(spec.symbol, spec.quoteCoin).size === 0n) {
    throw new RequestRefused({ code: 10001, message: 'can not set tp/sl/ts for zero position' });
  }
  const stops = {
    takeProfit: params.decimal('takeProfit'),
    stopLoss: params.decimal('stopLoss'),
    trailingStop: params.decimal('trailingStop'),
    activePrice: params.decimal('activePrice'),
  };
  for (const price of Object.values(stops)) {
    if (price !== undefined && price % spec.tickSize !== 0n) throw new RequestRefused(refuse.priceStep('linear'));
  }
  parts.venue.setStops(account, spec, stops);
  return result({});
}

/** Positions are one-way here. */
function switchMode({ params }: PrivateCall): Answer {
  const mode = params.integer('mode', 0, 3);
  if (mode !== 0) throw new RequestRefused(refuse.parameter('this exchange has one-way positions only'));
  throw new RequestRefused({ code: 110025, message: 'Position mode is not modified' });
}
