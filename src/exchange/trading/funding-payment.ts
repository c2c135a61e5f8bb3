import { multiply } from '../../foundation/fixed-point.ts';
import type { InstrumentSpec } from '../market/instruments.ts';
import type { ChangeCollector } from './changes.ts';
import { identifier } from './identifiers.ts';
import type { Execution } from './venue-order.ts';

/**
 * Books the funding of a position: size × mark price × rate, which a long pays where the rate is positive and a short
 * receives. It is an execution of its own, of no order, whose fee is the payment.
 */
export function settleFunding(
  spec: InstrumentSpec,
  rate: bigint,
  markPrice: bigint,
  sequence: number,
  changes: ChangeCollector,
): void {
  const { account, time } = changes;
  const position = account.ledger.position(spec.symbol, spec.quoteCoin);
  if (position.size === 0n) return;
  const quantity = position.size < 0n ? -position.size : position.size;
  const value = multiply(markPrice, quantity);
  const share = multiply(value, rate);
  const payment = position.size > 0n ? share : -share;
  const execId = identifier('funding', spec.symbol, account.apiKey.key, time);
  account.ledger.bookFunding(position, payment, time, execId);
  const execution: Execution = {
    execId,
    type: 'Funding',
    category: 'linear',
    symbol: spec.symbol,
    orderId: identifier('funding-order', spec.symbol, time),
    orderLinkId: '',
    side: position.size > 0n ? 'Buy' : 'Sell',
    orderType: 'Market',
    stopOrderType: '',
    createType: '',
    orderPrice: 0n,
    orderQuantity: 0n,
    leaves: 0n,
    price: markPrice,
    quantity,
    value,
    fee: payment,
    feeRate: rate,
    feeCurrency: spec.quoteCoin,
    isMaker: false,
    closedSize: 0n,
    pnl: 0n,
    markPrice,
    time,
    sequence,
  };
  account.executions.push(execution);
  changes.execution(execution);
  changes.position(position);
}
