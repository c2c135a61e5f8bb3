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
  bybitLimit,
  bybitMeaning,
  bybitRefusalIn,
  isBybitClockRefused,
  isBybitGone,
  isBybitKeyDenied,
} from './ccxt-gateway-bybit-refusals.ts';
import { readBalance, readFill, readOrder, readPosition } from './ccxt-gateway-bybit-reports.ts';
import { bybitOrderRequest } from './ccxt-gateway-bybit-request.ts';
import { BybitStream } from './ccxt-gateway-bybit-stream.ts';
import { VenueRefused } from './ccxt-gateway-failures.ts';
import { type RequestParameters, requestOf } from './ccxt-gateway-trader.ts';
import type { OrderVenue, VenueContext, VenueStream, VenueTerms } from './ccxt-gateway-venue.ts';
import { Row, SenselessMessage } from './ccxt-gateway-words.ts';
import { isoTime } from './venue-message.ts';

/** Of Bybit's pages: orders 50, executions 100, positions 200. */
const PAGE = { orders: '50', fills: '100', positions: '200' } as const;
/** More pages than an account can have filled: a cursor that leads nowhere must not be followed for ever. */
const MOST_PAGES = 400;
const CLASSIC_ACCOUNT = 1;

/** Bybit's unified account over the v5 REST paths, each call one request (pages aside). */
class BybitOrders implements OrderVenue {
  readonly stream: VenueStream;
  readonly #context: VenueContext;
  readonly #category: 'linear' | 'spot';
  /** Bybit does not offer every path to demo accounts. */
  #tellsOfKeys = true;

  constructor(context: VenueContext) {
    this.#context = context;
    this.#category = context.kind === 'spot' ? 'spot' : 'linear';
    this.stream = new BybitStream(context.exchange, this.#category, this.#readOrder, this.#readFill);
  }

  async time(): Promise<EpochMs> {
    const answer = await this.#context.calls.run('query', () => this.#request('publicGetV5MarketTime', {}));
    return new Row(answer, 'the time of Bybit').time('time');
  }

  async create(order: WireOrder): Promise<string | null> {
    const request = bybitOrderRequest(order, this.#context.market(order.symbol).id, this.#category);
    const answer = await this.#context.calls.run('order', () => this.#request('privatePostV5OrderCreate', request));
    return resultOf(answer).optionalText('orderId');
  }

  async cancel({ symbol, clientOrderId }: OrderReference): Promise<void> {
    const { calls, market } = this.#context;
    const named = { category: this.#category, symbol: market(symbol).id, orderLinkId: clientOrderId };
    const cancel = (more: RequestParameters): Promise<unknown> =>
      calls.run('cancel', () => this.#request('privatePostV5OrderCancel', { ...named, ...more }));
    try {
      await cancel({});
    } catch (thrown) {
      if (this.#category !== 'spot' || !(thrown instanceof VenueRefused && isBybitGone(thrown))) throw thrown;
      // Of spot, orders that wait for a trigger are kept apart.
      await cancel({ orderFilter: 'StopOrder' });
    }
  }

  async find({ symbol, clientOrderId }: OrderReference): Promise<OrderReport | undefined> {
    const named = { category: this.#category, symbol: this.#context.market(symbol).id, orderLinkId: clientOrderId };
    for (const path of ['privateGetV5OrderRealtime', 'privateGetV5OrderHistory']) {
      const found = resultOf(await this.#ask(path, named))
        .rows('list', 'an order of Bybit')
        .map(({ fields }) => this.#readOrder(fields))
        .filter((report) => report.clientOrderId === clientOrderId);
      // Where ids may be used again the open one is meant, else the newest, which is listed first.
      const meant = found.find(({ state }) => state === 'waiting' || state === 'working') ?? found[0];
      if (meant !== undefined) return meant;
    }
    return undefined;
  }

  async fillsOf({ venueOrderId, filledQuantity }: OrderReport): Promise<readonly ReportedFill[]> {
    if (filledQuantity === 0n) return [];
    const rows = await this.#pages('privateGetV5ExecutionList', {
      category: this.#category,
      orderId: venueOrderId,
      limit: PAGE.fills,
    });
    return this.#oldestFirst(rows);
  }

  async openOrders(): Promise<readonly OrderReport[]> {
    const asked = this.#scopes().map((scope) =>
      this.#pages('privateGetV5OrderRealtime', { category: this.#category, ...scope, openOnly: 0, limit: PAGE.orders }),
    );
    return (await Promise.all(asked)).flat().map(({ fields }) => this.#readOrder(fields));
  }

  async fills(since: EpochMs, until: EpochMs): Promise<readonly ReportedFill[]> {
    const span = { startTime: since, endTime: until, limit: PAGE.fills };
    const rows = await this.#pages('privateGetV5ExecutionList', { category: this.#category, ...span });
    return this.#oldestFirst(rows);
  }

  async holdings(): Promise<Holdings> {
    const { symbolOf } = this.#context;
    const wallet = resultOf(await this.#ask('privateGetV5AccountWalletBalance', { accountType: 'UNIFIED' }));
    const balances = wallet
      .rows('list', 'an account of Bybit')
      .flatMap((account) => account.rows('coin', 'a balance of Bybit'))
      .map(readBalance);
    const positions = (await this.#positions())
      .map((row) => readPosition(row, symbolOf))
      .filter((position) => position !== undefined);
    return { positions, balances };
  }

  async rights(): Promise<KeyRights> {
    const info = await this.#keyInfo();
    // There is nothing in a demo account that could be withdrawn; that the key is right shows in every other request.
    if (info === undefined) {
      return { canTrade: true, canWithdraw: false, isBoundToAddress: false, expiresAt: null, isTold: false };
    }
    const permissions = info.row('permissions', 'the rights of a key of Bybit').fields;
    const has = (group: string, ...words: readonly string[]): boolean => {
      const given: unknown = permissions[group];
      return Array.isArray(given) && words.some((word) => given.includes(word));
    };
    const mayTrade =
      this.#category === 'spot'
        ? has('Spot', 'SpotTrade')
        : has('ContractTrade', 'Order') || has('Derivatives', 'DerivativesTrade');
    const { ips } = info.fields;
    return {
      canTrade: mayTrade && Number(info.fields.readOnly) === 0,
      canWithdraw: has('Wallet', 'Withdraw'),
      isBoundToAddress: Array.isArray(ips) && ips.length > 0 && !ips.includes('*'),
      expiresAt: isoTime(info.fields.expiredAt) ?? null,
      isTold: true,
    };
  }

  /** `undefined`: demo accounts can't be asked. */
  async #keyInfo(): Promise<Row | undefined> {
    if (!this.#tellsOfKeys) return undefined;
    try {
      return resultOf(await this.#ask('privateGetV5UserQueryApi', {}));
    } catch (thrown) {
      if (!(this.#context.isDemo && thrown instanceof VenueRefused)) throw thrown;
      this.#tellsOfKeys = false;
      return undefined;
    }
  }

  async checkAccount(): Promise<void> {
    const account = resultOf(await this.#ask('privateGetV5AccountInfo', {}));
    if (Number(account.fields.unifiedMarginStatus) === CLASSIC_ACCOUNT) {
      throw new UserError(
        'This Bybit account is a classic one, which keeps spot and contracts apart; upgrade it to a unified trading account at Bybit.',
      );
    }
    if (this.#category === 'spot') return;
    for (const market of this.#context.markets()) {
      const listed = resultOf(await this.#ask('privateGetV5PositionList', { category: 'linear', symbol: market.id }));
      const rows = listed.rows('list', 'a position of Bybit');
      if (rows.some(({ fields }) => Number(fields.positionIdx) !== 0)) {
        throw new UserError(
          `The Bybit account is in hedge mode for ${market.id}, with a long and a short position side by side; switch it to one-way mode at Bybit.`,
        );
      }
    }
  }

  /** Executions are listed newest first, and several may have the same time. */
  #oldestFirst(rows: readonly Row[]): readonly ReportedFill[] {
    return rows.map(({ fields }) => this.#readFill(fields)).reverse();
  }

  readonly #readOrder = (value: unknown): OrderReport => readOrder(value, this.#context.symbolOf);

  readonly #readFill = (value: unknown): ReportedFill =>
    readFill(value, this.#context.symbolOf, (marketId) => this.#settlementCoin(marketId));

  #settlementCoin(marketId: string): string {
    const market = this.#context.markets().find(({ id }) => id === marketId);
    if (market !== undefined) return market.quote;
    return marketId.endsWith('PERP') ? 'USDC' : 'USDT';
  }

  /** Contracts are listed by the coin that they are settled in, all of them; spot all together. */
  #scopes(): readonly RequestParameters[] {
    if (this.#category === 'spot') return [{}];
    const coins = new Set(['USDT', 'USDC', ...this.#context.markets().map(({ quote }) => quote)]);
    return [...coins].map((settleCoin) => ({ settleCoin }));
  }

  async #positions(): Promise<readonly Row[]> {
    if (this.#category === 'spot') return [];
    const asked = this.#scopes().map((scope) =>
      this.#pages('privateGetV5PositionList', { category: 'linear', ...scope, limit: PAGE.positions }),
    );
    return (await Promise.all(asked)).flat();
  }

  async #pages(path: string, parameters: RequestParameters): Promise<readonly Row[]> {
    const rows: Row[] = [];
    let cursor = '';
    for (let page = 0; page < MOST_PAGES; page++) {
      const asked = cursor === '' ? parameters : { ...parameters, cursor };
      const listed = resultOf(await this.#ask(path, asked));
      const found = listed.rows('list', 'a row of Bybit');
      rows.push(...found);
      const next = listed.optionalText('nextPageCursor') ?? '';
      if (next === '' || next === cursor || found.length === 0) return rows;
      cursor = next;
    }
    throw new SenselessMessage(`Bybit's list ${path} does not end`);
  }

  #ask(path: string, parameters: RequestParameters): Promise<unknown> {
    return this.#context.calls.ask(() => this.#request(path, parameters));
  }

  #request(path: string, parameters: RequestParameters): Promise<unknown> {
    return requestOf(this.#context.exchange, path, parameters);
  }
}

/** `result` of an answer. */
function resultOf(answer: unknown): Row {
  return new Row(answer, 'an answer of Bybit').row('result', 'the result of an answer of Bybit');
}

export const BYBIT_ORDERS: VenueTerms = {
  id: 'bybit',
  title: 'Bybit',
  kinds: ['perpetual', 'spot'],
  // Look-ups were seen to lag by less than a second; the fence waits longer.
  rules: { clientIds: 'unique', lookUpLagMs: 2_000, historyMs: 7 * DAY_MS },
  fillsSpanMs: 7 * DAY_MS - 1,
  fillsHistoryMs: 180 * DAY_MS,
  // By Bybit's "Rate limit rules", less a tenth: others may use the same key and address.
  budget: (kind) => ({
    perSecond: kind === 'spot' ? { order: 18, cancel: 18, query: 40 } : { order: 9, cancel: 9, query: 40 },
    together: { most: 500, windowMs: 5_000 },
  }),
  options: (kind, receiveWindowMs) => ({
    fetchMarkets: { types: [kind === 'spot' ? 'spot' : 'linear'] },
    defaultType: kind === 'spot' ? 'spot' : 'swap',
    recvWindow: receiveWindowMs,
  }),
  demo: (exchange) => exchange.enableDemoTrading(true),
  orders: (context) => new BybitOrders(context),
  refusalIn: bybitRefusalIn,
  limitOf: bybitLimit,
  isKeyDenied: isBybitKeyDenied,
  isClockRefused: isBybitClockRefused,
  meaningOf: bybitMeaning,
  isGone: isBybitGone,
};
