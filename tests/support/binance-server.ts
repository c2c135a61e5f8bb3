import { createHmac } from 'node:crypto';
import websocket, { type WebSocket } from '@fastify/websocket';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { OrderReport, ReportedFill, WireOrder } from '../../src/execution/order-gateway.ts';
import { sleep, systemClock } from '../../src/foundation/clock.ts';
import { fixed, formatFixed, type Money, type Price, type Quantity } from '../../src/foundation/fixed-point.ts';
import { type AccountEvent, isOpen, latest, NO_FEE, ScriptedAccount } from './scripted-account.ts';

export const BINANCE_KEY = { key: 'b1nance-key-of-the-tests', secret: 'b1nance-secret-of-the-tests' } as const;

/** What goes wrong with the next request to a path. */
export interface BinanceFault {
  readonly call: string;
  readonly how: 'reset' | 'nothing' | 'slow' | number;
  readonly when: 'before' | 'after';
}

type Parameters = Readonly<Record<string, string>>;

/** A refusal in Binance's words. */
class Refused extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

const SLOW_MS = 600;

/** Binance's signed paths of spot and its user data stream, on a local port; the account behind them is a scripted one. */
export class BinanceServer {
  readonly account: ScriptedAccount;
  readonly faults: BinanceFault[] = [];
  readonly calls = new Map<string, number>();
  lagMs = 0;
  timesTold = 1;
  isOut = false;
  mayWithdraw = false;
  readonly #app: FastifyInstance;
  readonly #sockets = new Set<WebSocket>();
  #fill: ReportedFill | undefined;

  private constructor(app: FastifyInstance) {
    this.#app = app;
    this.account = new ScriptedAccount({
      kind: 'spot',
      clientIds: 'unique-among-open',
      now: () => systemClock.now(),
      onEvent: (event) => this.#tell(event),
      funds: { USDT: fixed<Money>('100000') },
      feeRate: NO_FEE,
      quoteCurrency: 'USDT',
    });
  }

  static async open(): Promise<BinanceServer> {
    const app = fastify({ forceCloseConnections: true });
    await app.register(websocket);
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
      done(null, body),
    );
    const server = new BinanceServer(app);
    server.#addRoutes();
    await app.listen({ port: 0, host: '127.0.0.1' });
    return server;
  }

  get url(): string {
    const address = this.#app.server.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  count(call: string): number {
    return this.calls.get(call) ?? 0;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.terminate();
    this.#sockets.clear();
  }

  async close(): Promise<void> {
    this.cut();
    await this.#app.close();
  }

  #addRoutes(): void {
    this.#route('GET', '/api/v3/time', () => ({ serverTime: systemClock.now() }), false);
    this.#route('GET', '/api/v3/exchangeInfo', () => ({ symbols: [SYMBOL_ROW] }), false);
    this.#route('POST', '/api/v3/order', (asked) => this.#create(asked));
    this.#route('DELETE', '/api/v3/order', (asked) => {
      if (!this.account.cancel(asked.origClientOrderId ?? '')) throw new Refused(-2011, 'Unknown order sent.');
      return { symbol: asked.symbol, origClientOrderId: asked.origClientOrderId, status: 'CANCELED' };
    });
    this.#route('GET', '/api/v3/order', (asked) => {
      const report = this.#reports().findLast(
        (one) => one.clientOrderId === asked.origClientOrderId || one.venueOrderId === `v-${asked.orderId}`,
      );
      if (report === undefined) throw new Refused(-2013, 'Order does not exist.');
      return orderRow(report);
    });
    this.#route('GET', '/api/v3/openOrders', () => this.#reports().filter(isOpen).map(orderRow));
    this.#route('GET', '/api/v3/myTrades', (asked) => this.#trades(asked));
    this.#route('GET', '/api/v3/account', () => ({
      canTrade: true,
      balances: this.account
        .holdingsAt(systemClock.now())
        .balances.map(({ currency, total }) => ({ asset: currency, free: formatFixed(total), locked: '0.0' })),
    }));
    this.#route('GET', '/sapi/v1/account/apiRestrictions', () => ({
      ipRestrict: true,
      enableReading: true,
      enableWithdrawals: this.mayWithdraw,
      enableSpotAndMarginTrading: true,
    }));
    this.#app.get('/ws-api/v3', { websocket: true }, (socket: WebSocket) => this.#connected(socket));
  }

  #route(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    answer: (asked: Parameters) => unknown,
    isSigned = true,
  ): void {
    const call = `${method} ${path}`;
    this.#app.route({
      method,
      url: path,
      handler: async (request, reply) => {
        this.calls.set(call, this.count(call) + 1);
        if (this.isOut) return reply.code(503).send('out');
        const fault = this.#faultOf(call);
        if (fault?.when === 'before') {
          if (fault.how !== 'slow') return fail(fault, reply);
          await sleep(systemClock, SLOW_MS);
        }
        try {
          const told = answer(isSigned ? signedParameters(request) : {});
          return fault?.when === 'after' ? fail(fault, reply) : reply.send(told);
        } catch (thrown) {
          if (!(thrown instanceof Refused)) throw thrown;
          return reply.code(400).send({ code: thrown.code, msg: thrown.message });
        }
      },
    });
  }

  #faultOf(call: string): BinanceFault | undefined {
    const index = this.faults.findIndex((fault) => fault.call === call);
    return index < 0 ? undefined : this.faults.splice(index, 1)[0];
  }

  #create(asked: Parameters): unknown {
    const reception = this.account.receive(wireOrder(asked));
    if (reception.kind === 'duplicate') throw new Refused(-2010, 'Duplicate order sent.');
    if (reception.kind === 'refused') throw new Refused(-2010, reception.reason);
    if (latest(this.account.orders.at(-1)!).state === 'rejected') {
      throw new Refused(-2010, 'Order would immediately match and take.');
    }
    return {
      symbol: asked.symbol,
      orderId: Number(reception.venueOrderId.slice(2)),
      clientOrderId: asked.newClientOrderId,
      transactTime: systemClock.now(),
    };
  }

  /** All orders as look-ups know them. */
  #reports(): readonly OrderReport[] {
    const asOf = systemClock.now() - this.lagMs;
    return this.account.orders
      .map(({ versions }) => versions.findLast(({ at }) => at <= asOf)?.report)
      .filter((report) => report !== undefined);
  }

  #trades({ symbol, orderId, startTime = '0', endTime = '9999999999999', limit = '500' }: Parameters): unknown {
    if (Number(endTime) - Number(startTime) > 86_400_000 && startTime !== '0') {
      throw new Refused(-1127, 'More than 24 hours between startTime and endTime.');
    }
    return this.account.fills
      .filter((fill) => fill.symbol === symbol && fill.time <= systemClock.now() - this.lagMs)
      .filter(({ venueOrderId }) => orderId === undefined || venueOrderId === `v-${orderId}`)
      .filter(({ time }) => time >= Number(startTime) && time <= Number(endTime))
      .slice(0, Number(limit))
      .map((fill) => ({
        symbol: fill.symbol,
        id: Number(fill.fillId.slice(2)),
        orderId: Number(fill.venueOrderId.slice(2)),
        price: formatFixed(fill.price),
        qty: formatFixed(fill.quantity),
        commission: formatFixed(fill.fee),
        commissionAsset: fill.feeCurrency,
        time: fill.time,
        isBuyer: fill.side === 'buy',
        isMaker: fill.liquidity === 'maker',
      }));
  }

  #connected(socket: WebSocket): void {
    if (this.isOut) {
      socket.terminate();
      return;
    }
    socket.on('message', (data: Buffer) => {
      const { id, method, params } = JSON.parse(data.toString()) as { id: string; method: string; params?: Parameters };
      if (method !== 'userDataStream.subscribe.signature') {
        socket.send(JSON.stringify({ id, status: 200, result: {} }));
        return;
      }
      const isKnown = params?.apiKey === BINANCE_KEY.key && params.signature !== undefined;
      const error = { code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' };
      socket.send(
        JSON.stringify(isKnown ? { id, status: 200, result: { subscriptionId: 0 } } : { id, status: 401, error }),
      );
      if (isKnown) this.#sockets.add(socket);
    });
    socket.on('close', () => this.#sockets.delete(socket));
  }

  /** An execution report tells an order and its fill together. */
  #tell(event: AccountEvent): void {
    if (event.kind === 'fill') {
      this.#fill = event.fill;
      return;
    }
    const text = JSON.stringify({ subscriptionId: 0, event: executionReport(event.report, this.#fill) });
    this.#fill = undefined;
    for (let time = 0; time < this.timesTold; time++) for (const socket of this.#sockets) socket.send(text);
  }
}

/** The parameters of a request whose key, time and signature are right. */
function signedParameters(request: FastifyRequest): Parameters {
  const query = request.method === 'POST' ? String(request.body) : (request.url.split('?')[1] ?? '');
  const asked = Object.fromEntries(new URLSearchParams(query));
  if (request.headers['x-mbx-apikey'] !== BINANCE_KEY.key) throw new Refused(-2014, 'API-key format invalid.');
  const signed = query.replace(/&signature=.*$/, '');
  const signature = createHmac('sha256', BINANCE_KEY.secret).update(signed).digest('hex');
  if (asked.signature !== signature) throw new Refused(-1022, 'Signature for this request is not valid.');
  const age = systemClock.now() - Number(asked.timestamp);
  if (age > Number(asked.recvWindow) || age < -1_000) {
    throw new Refused(-1021, 'Timestamp for this request is outside of the recvWindow.');
  }
  return asked;
}

function fail({ how }: BinanceFault, reply: FastifyReply): unknown {
  if (typeof how === 'number') return reply.code(how).header('Retry-After', '1').send({ code: -1003, msg: 'Too much' });
  reply.hijack();
  if (how === 'reset') reply.raw.socket?.resetAndDestroy();
  return undefined;
}

function wireOrder(asked: Parameters): WireOrder {
  const limitPrice = asked.price === undefined ? undefined : fixed<Price>(asked.price);
  const isLimit = asked.type === 'LIMIT' || asked.type === 'LIMIT_MAKER';
  const trigger = {
    triggerPrice: fixed<Price>(asked.stopPrice ?? '0'),
    ...(limitPrice !== undefined && { limitPrice }),
  };
  const conditional = asked.type?.startsWith('STOP_LOSS') ? 'stop' : 'take-profit';
  return {
    symbol: asked.symbol!,
    clientOrderId: asked.newClientOrderId!,
    side: asked.side === 'BUY' ? 'buy' : 'sell',
    quantity: fixed<Quantity>(asked.quantity!),
    execution: isLimit
      ? { type: 'limit', limitPrice: limitPrice!, postOnly: asked.type === 'LIMIT_MAKER' }
      : asked.stopPrice !== undefined
        ? { type: conditional, ...trigger }
        : { type: 'market' },
    timeInForce: asked.timeInForce === 'IOC' || asked.timeInForce === 'FOK' ? asked.timeInForce : 'GTC',
    reduceOnly: false,
  };
}

const STATUS = {
  waiting: 'NEW',
  working: 'NEW',
  filled: 'FILLED',
  cancelled: 'CANCELED',
  expired: 'EXPIRED',
  rejected: 'REJECTED',
} as const;

function statusOf({ state, filledQuantity }: OrderReport): string {
  return state === 'working' && filledQuantity > 0n ? 'PARTIALLY_FILLED' : STATUS[state];
}

function orderRow(report: OrderReport): unknown {
  return {
    symbol: report.symbol,
    orderId: Number(report.venueOrderId.slice(2)),
    clientOrderId: report.clientOrderId ?? '',
    origQty: formatFixed(report.quantity),
    executedQty: formatFixed(report.filledQuantity),
    status: statusOf(report),
    type: report.state === 'waiting' ? 'STOP_LOSS' : 'LIMIT',
    side: report.side.toUpperCase(),
    updateTime: report.updatedAt,
    isWorking: report.state !== 'waiting',
  };
}

/** As documented in user-data-stream.md; a cancel names the order's own client id in `C`. */
function executionReport(report: OrderReport, fill: ReportedFill | undefined): unknown {
  const isCancel = report.state === 'cancelled';
  return {
    e: 'executionReport',
    E: report.updatedAt,
    s: report.symbol,
    c: isCancel ? 'an-id-of-the-cancel' : (report.clientOrderId ?? ''),
    C: isCancel ? (report.clientOrderId ?? '') : '',
    S: report.side.toUpperCase(),
    o: report.state === 'waiting' ? 'STOP_LOSS' : 'LIMIT',
    q: formatFixed(report.quantity),
    x: fill === undefined ? STATUS[report.state] : 'TRADE',
    X: statusOf(report),
    r: 'NONE',
    i: Number(report.venueOrderId.slice(2)),
    l: formatFixed(fill?.quantity ?? 0n),
    z: formatFixed(report.filledQuantity),
    L: formatFixed(fill?.price ?? 0n),
    n: formatFixed(fill?.fee ?? 0n),
    N: fill?.feeCurrency ?? null,
    T: report.updatedAt,
    t: fill === undefined ? -1 : Number(fill.fillId.slice(2)),
    w: report.state !== 'waiting',
    m: fill?.liquidity === 'maker',
  };
}

const SYMBOL_ROW = {
  ...{ symbol: 'BTCUSDT', status: 'TRADING', baseAsset: 'BTC', quoteAsset: 'USDT', baseAssetPrecision: 8 },
  ...{ quotePrecision: 8, quoteAssetPrecision: 8, orderTypes: ['LIMIT', 'MARKET'], isSpotTradingAllowed: true },
  ...{ isMarginTradingAllowed: false, permissions: [], permissionSets: [['SPOT']] },
  filters: [
    { filterType: 'PRICE_FILTER', minPrice: '0.01000000', maxPrice: '1000000.00000000', tickSize: '0.01000000' },
    { filterType: 'LOT_SIZE', minQty: '0.00001000', maxQty: '9000.00000000', stepSize: '0.00001000' },
    { filterType: 'NOTIONAL', minNotional: '5.00000000', applyMinToMarket: true, maxNotional: '9000000.00000000' },
  ],
};
