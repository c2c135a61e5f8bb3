import type {
  Holdings,
  KeyRights,
  OrderReference,
  OrderReport,
  ReportedFill,
  SendOutcome,
  VenueRules,
  WireOrder,
} from '../../execution/order-gateway.ts';
import type { EpochMs } from '../../foundation/time.ts';
import type { BudgetTerms } from './ccxt-gateway-budget.ts';
import type { VenueCalls } from './ccxt-gateway-calls.ts';
import type { RefusalCodes, VenueRefused } from './ccxt-gateway-failures.ts';
import type { CcxtTrader } from './ccxt-gateway-trader.ts';
import type { CcxtMarket } from './ccxt-market.ts';
import type { MarketKind } from './venues.ts';

/** What a venue's part of the gateway works with. */
export interface VenueContext {
  readonly exchange: CcxtTrader;
  readonly calls: VenueCalls;
  readonly kind: MarketKind;
  readonly isDemo: boolean;
  /** The market of one of our symbols. */
  readonly market: (symbol: string) => CcxtMarket;
  /** Our symbol of an exchange's market id; the id itself where it is none of ours. */
  readonly symbolOf: (marketId: string) => string;
  /** The markets that are traded. */
  readonly markets: () => readonly CcxtMarket[];
}

/** A word of the private stream. */
export type StreamWord =
  /** Key and topics are confirmed. */
  | { readonly kind: 'subscribed' }
  /** It says nothing more. */
  | { readonly kind: 'ended'; readonly reason: string }
  /** The key, or a topic, is not accepted. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'report'; readonly report: OrderReport }
  | { readonly kind: 'fill'; readonly fill: ReportedFill }
  | { readonly kind: 'malformed'; readonly reason: string };

/** How a private stream is opened and read. */
export interface VenueStream {
  /** Opens the socket, authenticates and subscribes; what the venue says to it comes through {@link read}. */
  open(): Promise<unknown>;
  /** Whether it is confirmed when {@link open} resolves; else a message says so. */
  readonly isReadyWhenOpen: boolean;
  /** What is of interest in a message. Never throws. */
  read(message: unknown): readonly StreamWord[];
  /** Whether ccxt must see the message as well: answers to its own questions. */
  isForCcxt(message: unknown): boolean;
  /** A message that the venue answers; `undefined` where ccxt's own sign of life is all there is. */
  readonly ping: unknown;
}

/** What differs from exchange to exchange. Its calls throw the failures of {@link VenueCalls}. */
export interface OrderVenue {
  readonly stream: VenueStream;
  time(): Promise<EpochMs>;
  /** The venue's id of the order where it says one. */
  create(order: WireOrder): Promise<string | null>;
  cancel(order: OrderReference): Promise<void>;
  find(order: OrderReference): Promise<OrderReport | undefined>;
  fillsOf(report: OrderReport): Promise<readonly ReportedFill[]>;
  openOrders(): Promise<readonly OrderReport[]>;
  /** Those of a span of time, at most {@link VenueTerms.fillsSpanMs} long, oldest first. */
  fills(since: EpochMs, until: EpochMs): Promise<readonly ReportedFill[]>;
  holdings(): Promise<Holdings>;
  rights(): Promise<KeyRights>;
  /** @throws UserError for an account that can't be traded so */
  checkAccount(): Promise<void>;
}

/** What a venue's own word means for an order that was sent. */
export type RefusalMeaning = Exclude<SendOutcome, { readonly kind: 'accepted' }>;

/** What is fixed for an exchange, and known without asking it. */
export interface VenueTerms extends RefusalCodes {
  readonly id: string;
  /** For people. */
  readonly title: string;
  /** What can be traded through it. */
  readonly kinds: readonly MarketKind[];
  readonly rules: Omit<VenueRules, 'receiveWindowMs'>;
  /** The longest span of time that executions can be asked for at once, and how far back. */
  readonly fillsSpanMs: number;
  readonly fillsHistoryMs: number;
  budget(kind: MarketKind): BudgetTerms;
  /** ccxt's options. */
  options(kind: MarketKind, receiveWindowMs: number): Readonly<Record<string, unknown>>;
  /** Turns to the hosts of demo accounts. */
  demo(exchange: CcxtTrader): void;
  orders(context: VenueContext): OrderVenue;
  meaningOf(refused: VenueRefused): RefusalMeaning;
  /** Whether the refusal of a cancel says that there is no such open order. */
  isGone(refused: VenueRefused): boolean;
}
