import type { InstrumentSpec } from '../market/instruments.ts';
import type { OrderRequest, StopOrderType } from './venue-order.ts';

/** Orders that the exchange itself makes: to close a position. */
type Purpose = 'TakeProfit' | 'StopLoss' | 'TrailingStop' | 'Liquidation';

const CREATE_TYPES: Readonly<Record<Purpose, string>> = {
  TakeProfit: 'CreateByTakeProfit',
  StopLoss: 'CreateByStopLoss',
  TrailingStop: 'CreateByTrailingStop',
  Liquidation: 'CreateByLiq',
};

/** A market order that closes a position of this size, at once where `triggerPrice` is 0 (and it does not trail). */
export function closingOrder(
  { symbol }: InstrumentSpec,
  purpose: Purpose,
  size: bigint,
  triggerPrice: bigint,
): OrderRequest {
  const isLong = size > 0n;
  const stopOrderType: StopOrderType = purpose === 'Liquidation' ? '' : purpose;
  return {
    category: 'linear',
    symbol,
    side: isLong ? 'Sell' : 'Buy',
    orderType: 'Market',
    quantity: isLong ? size : -size,
    inQuote: false,
    price: 0n,
    timeInForce: 'IOC',
    orderLinkId: '',
    reduceOnly: true,
    closeOnTrigger: purpose !== 'Liquidation',
    triggerPrice,
    triggerDirection: purpose === 'Liquidation' ? 0 : isLong === (purpose === 'TakeProfit') ? 1 : 2,
    triggerBy: 'LastPrice',
    stopOrderType,
    takeProfit: 0n,
    stopLoss: 0n,
    createType: CREATE_TYPES[purpose],
  };
}
