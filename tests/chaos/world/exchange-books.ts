/* What `GET /admin/ledger` of the simulated exchange says: exact decimals as text. */

export interface ExchangeOrder {
  readonly orderId: string;
  readonly orderLinkId: string;
  readonly symbol: string;
  readonly side: string;
  readonly status: string;
  readonly quantity: string;
  readonly executedQuantity: string;
}

export interface ExchangeExecution {
  readonly execId: string;
  readonly type: string;
  readonly orderLinkId: string;
  readonly symbol: string;
  readonly side: string;
  readonly price: string;
  readonly quantity: string;
  readonly fee: string;
}

export interface ExchangeAccount {
  readonly key: string;
  readonly balances: Readonly<Record<string, string>>;
  readonly positions: readonly { readonly symbol: string; readonly size: string; readonly entryValue: string }[];
  readonly orders: readonly ExchangeOrder[];
  readonly executions: readonly ExchangeExecution[];
  readonly entries: readonly { readonly kind: string; readonly coin: string; readonly amount: string }[];
  readonly refusedOrders: readonly Readonly<Record<string, unknown>>[];
}

export interface ExchangeBooks {
  readonly accounts: readonly ExchangeAccount[];
}

const OPEN = new Set(['New', 'PartiallyFilled', 'Untriggered', 'Triggered', 'Created']);

export function isOpenAtExchange({ status }: ExchangeOrder): boolean {
  return OPEN.has(status);
}
