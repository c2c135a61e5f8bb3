import type { OrderRequest, VenueOrder } from './venue-order.ts';

export interface OrderBirth {
  readonly orderId: string;
  readonly number: number;
  readonly time: number;
  readonly lastPrice: bigint;
}

/** An order as it is when the exchange has accepted it. */
export function newOrder(request: OrderRequest, { orderId, number, time, lastPrice }: OrderBirth): VenueOrder {
  return {
    ...request,
    triggerDirection: directionOf(request, lastPrice),
    orderId,
    status: request.triggerPrice > 0n ? 'Untriggered' : 'New',
    cancelType: 'UNKNOWN',
    rejectReason: 'EC_NoError',
    executedQuantity: 0n,
    executedValue: 0n,
    executedFee: 0n,
    feeCurrency: '',
    closedPnl: 0n,
    lastPriceOnCreated: lastPrice,
    createdTime: time,
    updatedTime: time,
    number,
    priority: number,
  };
}

function directionOf({ triggerPrice, triggerDirection }: OrderRequest, lastPrice: bigint): 0 | 1 | 2 {
  if (triggerDirection !== 0) return triggerDirection;
  if (triggerPrice === 0n) return 0;
  return triggerPrice > lastPrice ? 1 : 2;
}
