import type { Category } from '../market/instruments.ts';
import type { TakerSide } from '../market/tape.ts';

/** As Bybit names them. */
export type OrderStatus =
  | 'New'
  | 'PartiallyFilled'
  | 'Untriggered'
  | 'Triggered'
  | 'Filled'
  | 'Cancelled'
  | 'PartiallyFilledCanceled'
  | 'Deactivated'
  | 'Rejected';

export type TimeInForce = 'GTC' | 'IOC' | 'FOK' | 'PostOnly';
export type StopOrderType = '' | 'Stop' | 'TakeProfit' | 'StopLoss' | 'TrailingStop' | 'tpslOrder';
/** A trade; a payment of funding; a position that the exchange took over. */
export type ExecutionType = 'Trade' | 'Funding' | 'BustTrade';

/** A stop that follows the market. */
export interface Trailing {
  /** From the best price since it is active. */
  readonly distance: bigint;
  /** It is active once the market has traded here; 0: at once. */
  readonly activePrice: bigint;
  /** The best price since then; 0 before. */
  readonly best: bigint;
}

/** What a client asks for, checked for form but not yet against market and account. Amounts in units of 10⁻¹². */
export interface OrderRequest {
  readonly category: Category;
  readonly symbol: string;
  readonly side: TakerSide;
  readonly orderType: 'Market' | 'Limit';
  /** In quote currency where `inQuote`. */
  readonly quantity: bigint;
  readonly inQuote: boolean;
  /** 0 for a market order. */
  readonly price: bigint;
  readonly timeInForce: TimeInForce;
  readonly orderLinkId: string;
  readonly reduceOnly: boolean;
  readonly closeOnTrigger: boolean;
  /** 0 for an order that is not conditional. */
  readonly triggerPrice: bigint;
  /** 1 rise, 2 fall, 0 not said. */
  readonly triggerDirection: 0 | 1 | 2;
  readonly triggerBy: string;
  readonly stopOrderType: StopOrderType;
  /** Attached to the position that the order opens; 0 for none. */
  readonly takeProfit: bigint;
  readonly stopLoss: bigint;
  readonly createType: string;
}

/** An order as the exchange keeps it. */
export interface VenueOrder extends Omit<OrderRequest, 'quantity' | 'price' | 'triggerPrice'> {
  readonly orderId: string;
  /** Of a trailing stop. */
  trailing?: Trailing;
  quantity: bigint;
  price: bigint;
  triggerPrice: bigint;
  status: OrderStatus;
  cancelType: string;
  rejectReason: string;
  executedQuantity: bigint;
  executedValue: bigint;
  executedFee: bigint;
  feeCurrency: string;
  closedPnl: bigint;
  readonly lastPriceOnCreated: bigint;
  readonly createdTime: number;
  updatedTime: number;
  /** Rises with every order: the newest has the highest. */
  readonly number: number;
  /** Place in the queue of orders at one price: the lowest is served first. */
  priority: number;
}

/** One fill of one order. */
export interface Execution {
  readonly execId: string;
  readonly type: ExecutionType;
  readonly category: Category;
  readonly symbol: string;
  readonly orderId: string;
  readonly orderLinkId: string;
  readonly side: TakerSide;
  readonly orderType: 'Market' | 'Limit';
  readonly stopOrderType: StopOrderType;
  readonly createType: string;
  readonly orderPrice: bigint;
  readonly orderQuantity: bigint;
  readonly leaves: bigint;
  readonly price: bigint;
  readonly quantity: bigint;
  readonly value: bigint;
  readonly fee: bigint;
  readonly feeRate: bigint;
  readonly feeCurrency: string;
  readonly isMaker: boolean;
  /** How much of it closed a position. */
  readonly closedSize: bigint;
  readonly pnl: bigint;
  readonly markPrice: bigint;
  readonly time: number;
  readonly sequence: number;
}

const OPEN: readonly OrderStatus[] = ['New', 'PartiallyFilled', 'Untriggered'];

export function isOpen(order: Pick<VenueOrder, 'status'>): boolean {
  return OPEN.includes(order.status);
}

/** What is left to fill, in the unit of `quantity`. */
export function leavesOf(order: VenueOrder): bigint {
  return order.quantity - (order.inQuote ? order.executedValue : order.executedQuantity);
}

/** Whether the order waits in the book, where a trade of the market may fill it. */
export function isResting(order: VenueOrder): boolean {
  return order.status === 'New' || order.status === 'PartiallyFilled';
}

/** An exact copy that later changes leave alone. */
export function snapshotOf(order: VenueOrder): VenueOrder {
  return { ...order };
}
