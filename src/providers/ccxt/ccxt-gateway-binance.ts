import type {
  Holdings,
  KeyRights,
  OrderReference,
  OrderReport,
  ReportedFill,
  WireOrder,
} from '../../execution/order-gateway.ts';
import { UserError } from '../../foundation/errors.ts';
import { DAY_MS, type EpochMs } from '../../foundation/time.ts';
import {
  binanceLimit,
  binanceMeaning,
  binanceRefusalIn,
  isBinanceClockRefused,
  isBinanceGone,
  isBinanceKeyDenied,
} from './ccxt-gateway-binance-refusals.ts';
import {
  binanceOrderRequest,
  readBinanceBalance,
  readBinanceOrder,
  readBinanceTrade,
} from './ccxt-gateway-binance-reports.ts';
import { BinanceStream } from './ccxt-gateway-binance-stream.ts';
import { VenueRefused } from './ccxt-gateway-failures.ts';
import { type RequestParameters, requestOf } from './ccxt-gateway-trader.ts';
import type { OrderVenue, VenueContext, VenueStream, VenueTerms } from './ccxt-gateway-venue.ts';
import { Row, SenselessMessage } from './ccxt-gateway-words.ts';
import { time } from './venue-message.ts';

const TRADES_OF_PAGE = 1_000;
/** Trades name their order by the exchange's id only: so many client ids are remembered. */
const MOST_CLIENT_IDS = 20_000;

/** Spot at Binance over its REST paths, each call one request (pages aside). */
class BinanceSpotOrders implements OrderVenue {
  readonly stream: VenueStream;
  readonly #context: VenueContext;
  /** By the exchange's id of the order. */
  readonly #clientIds = new Map<string, string | null>();

  constructor(context: VenueContext) {
    this.#context = context;
    this.stream = new BinanceStream(context.exchange, context.symbolOf, (report) => this.#remember(report));
  }

  async time(): Promise<EpochMs> {
    const answer = await this.#context.calls.run('query', () => this.#request('publicGetTime', {}));
    return new Row(answer, 'the time of Binance').time('serverTime');
  }

  async create(order: WireOrder): Promise<string | null> {
    const request = binanceOrderRequest(order, this.#context.market(order.symbol).id);
    const answer = await this.#context.calls.run('order', () => this.#request('privatePostOrder', request));
    return new Row(answer, 'an answer of Binance').id('orderId');
  }

  async cancel({ symbol, clientOrderId }: OrderReference): Promise<void> {
    const named = { symbol: this.#context.market(symbol).id, origClientOrderId: clientOrderId };
    await this.#context.calls.run('cancel', () => this.#request('privateDeleteOrder', named));
  }

  find({ symbol, clientOrderId }: OrderReference): Promise<OrderReport | undefined> {
    return this.#order({ symbol: this.#context.market(symbol).id, origClientOrderId: clientOrderId });
  }

  async fillsOf({ symbol, venueOrderId, filledQuantity }: OrderReport): Promise<readonly ReportedFill[]> {
    if (filledQuantity === 0n) return [];
    const asked = { symbol: this.#context.market(symbol).id, orderId: venueOrderId, limit: TRADES_OF_PAGE };
    return this.#named(await this.#list('privateGetMyTrades', asked, 'a trade of Binance'));
  }

  async openOrders(): Promise<readonly OrderReport[]> {
    const rows = await this.#list('privateGetOpenOrders', {}, 'an order of Binance');
    return rows.map((row) => this.#readOrder(row));
  }

  /** Of the markets that are traded: Binance lists trades by market only. */
  async fills(since: EpochMs, until: EpochMs): Promise<readonly ReportedFill[]> {
    const fills: ReportedFill[] = [];
    for (const { id } of this.#context.markets()) fills.push(...(await this.#trades(id, since, until)));
    return fills;
  }

  async holdings(): Promise<Holdings> {
    const account = await this.#account();
    return { positions: [], balances: account.rows('balances', 'a balance of Binance').map(readBinanceBalance) };
  }

  async rights(): Promise<KeyRights> {
    // Demo accounts have no such path, and nothing that could be withdrawn.
    if (this.#context.isDemo) {
      const { canTrade } = (await this.#account()).fields;
      return {
        canTrade: canTrade === true,
        canWithdraw: false,
        isBoundToAddress: false,
        expiresAt: null,
        isTold: false,
      };
    }
    const { fields } = new Row(await this.#ask('sapiGetAccountApiRestrictions', {}), 'the rights of a key of Binance');
    return {
      canTrade: fields.enableSpotAndMarginTrading === true,
      // What is not said to be forbidden is taken as allowed.
      canWithdraw: fields.enableWithdrawals !== false,
      isBoundToAddress: fields.ipRestrict === true,
      expiresAt: time(fields.tradingAuthorityExpirationTime) ?? null,
      isTold: true,
    };
  }

  async checkAccount(): Promise<void> {
    const { fields } = await this.#account();
    if (fields.canTrade !== true) {
      throw new UserError('This Binance account may not trade; see at Binance why it is restricted.');
    }
  }

  async #account(): Promise<Row> {
    return new Row(await this.#ask('privateGetAccount', { omitZeroBalances: 'true' }), 'an account of Binance');
  }

  async #order(named: RequestParameters): Promise<OrderReport | undefined> {
    try {
      return this.#readOrder(new Row(await this.#ask('privateGetOrder', named), 'an order of Binance'));
    } catch (thrown) {
      if (thrown instanceof VenueRefused && isBinanceGone(thrown)) return undefined;
      throw thrown;
    }
  }

  /** A full page is followed by the trades from its last moment on. */
  async #trades(symbol: string, since: EpochMs, until: EpochMs): Promise<readonly ReportedFill[]> {
    const fills = new Map<string, ReportedFill>();
    let startTime = since;
    for (;;) {
      const asked = { symbol, startTime, endTime: until, limit: TRADES_OF_PAGE };
      const page = await this.#named(await this.#list('privateGetMyTrades', asked, 'a trade of Binance'));
      for (const fill of page) fills.set(fill.fillId, fill);
      const last = page.at(-1)?.time;
      if (page.length < TRADES_OF_PAGE || last === undefined) return [...fills.values()];
      if (last === startTime) throw new SenselessMessage('Binance lists a whole page of trades of one moment');
      startTime = last;
    }
  }

  /** With the client ids of their orders, which are asked for where they are not known yet. */
  async #named(rows: readonly Row[]): Promise<readonly ReportedFill[]> {
    const fills: ReportedFill[] = [];
    for (const row of rows) {
      const fill = readBinanceTrade(row, this.#context.symbolOf);
      if (!this.#clientIds.has(fill.venueOrderId)) {
        const order = await this.#order({ symbol: row.text('symbol'), orderId: fill.venueOrderId });
        if (order === undefined) throw new SenselessMessage('Binance lists a trade of an order that it does not know');
      }
      fills.push({ ...fill, clientOrderId: this.#clientIds.get(fill.venueOrderId) ?? null });
    }
    return fills;
  }

  #readOrder(row: Row): OrderReport {
    const report = readBinanceOrder(row, this.#context.symbolOf);
    this.#remember(report);
    return report;
  }

  #remember({ venueOrderId, clientOrderId }: OrderReport): void {
    this.#clientIds.delete(venueOrderId);
    this.#clientIds.set(venueOrderId, clientOrderId);
    if (this.#clientIds.size <= MOST_CLIENT_IDS) return;
    for (const oldest of this.#clientIds.keys()) {
      this.#clientIds.delete(oldest);
      break;
    }
  }

  async #list(path: string, parameters: RequestParameters, what: string): Promise<readonly Row[]> {
    const answer = await this.#ask(path, parameters);
    if (!Array.isArray(answer)) throw new SenselessMessage(`Binance gives no list for ${path}`);
    return answer.map((value: unknown) => new Row(value, what));
  }

  #ask(path: string, parameters: RequestParameters): Promise<unknown> {
    return this.#context.calls.ask(() => this.#request(path, parameters));
  }

  #request(path: string, parameters: RequestParameters): Promise<unknown> {
    return requestOf(this.#context.exchange, path, parameters);
  }
}

/** Binance, spot. */
export const BINANCE_ORDERS: VenueTerms = {
  id: 'binance',
  title: 'Binance',
  kinds: ['spot'],
  // Look-ups are served from a database that lags; cancelled orders without a fill are kept for 90 days.
  rules: { clientIds: 'unique-among-open', lookUpLagMs: 3_000, historyMs: 90 * DAY_MS },
  fillsSpanMs: DAY_MS - 1,
  fillsHistoryMs: 30 * DAY_MS,
  // 50 orders in 10 s; 6000 weights a minute, of which a question costs up to 80.
  budget: () => ({
    perSecond: { order: 5, cancel: 5, query: 10 },
    together: { most: 200, windowMs: 20_000 },
  }),
  options: (_kind, receiveWindowMs) => ({
    fetchMarkets: { types: ['spot'] },
    fetchMargins: false,
    defaultType: 'spot',
    recvWindow: receiveWindowMs,
  }),
  demo: (exchange) => exchange.enableDemoTrading(true),
  orders: (context) => new BinanceSpotOrders(context),
  refusalIn: binanceRefusalIn,
  limitOf: binanceLimit,
  isKeyDenied: isBinanceKeyDenied,
  isClockRefused: isBinanceClockRefused,
  meaningOf: binanceMeaning,
  isGone: isBinanceGone,
};
