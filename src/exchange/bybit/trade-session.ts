import type { ExchangeParts } from '../exchange-parts.ts';
import type { Account } from '../trading/account.ts';
import { identifier } from '../trading/identifiers.ts';
import { type Refusal, refuse } from '../trading/refusals.ts';
import { type Answer, type PrivateCall, result } from './call.ts';
import { serverTimes } from './http-server.ts';
import type { Row } from './market-messages.ts';
import { batchOf } from './order-batch.ts';
import { accepted, amendOrder, cancelOrder, createOrder, namesOf, type OrderAction } from './order-requests.ts';
import { Params, RequestRefused } from './params.ts';
import type { Allowance } from './rate-limiter.ts';
import { authenticateSocket, keyRefusal } from './request-auth.ts';
import type { SocketConnection, SocketRequest } from './socket-connection.ts';

/** Requests a second, as over HTTP. */
const ORDERS = 10;
const ACTIONS: Readonly<Record<string, (call: PrivateCall) => Answer>> = {
  'order.create': one(createOrder),
  'order.amend': one(amendOrder),
  'order.cancel': one(cancelOrder),
  'order.create-batch': batchOf(createOrder),
  'order.amend-batch': batchOf(amendOrder),
  'order.cancel-batch': batchOf(cancelOrder),
};
const DEFAULT_WINDOW_MS = 5_000;

/** Order entry over a socket (`/v5/trade`). The real exchange has none for demo accounts. */
export class TradeSession {
  readonly #connection: SocketConnection;
  readonly #parts: ExchangeParts;
  readonly #requestIds = new Set<string>();
  #account: Account | undefined;
  #allowance: Allowance | undefined;

  constructor(connection: SocketConnection, parts: ExchangeParts) {
    this.#connection = connection;
    this.#parts = parts;
    connection.listen((request) => this.#handle(request));
  }

  #handle(request: SocketRequest): void {
    const op = typeof request.op === 'string' ? request.op : '';
    this.#parts.counts.add(`WS trade ${op}`);
    if (op === 'ping') {
      this.#connection.reply({
        retCode: 0,
        op: 'pong',
        data: [String(this.#parts.clock.now())],
        connId: this.#connection.id,
      });
    } else if (op === 'auth') this.#authenticate(request);
    else this.#order(op, request);
  }

  #authenticate(request: SocketRequest): void {
    if (this.#parts.faults.strike('ignore-auth') !== undefined) return;
    const args = Array.isArray(request.args) ? request.args : [];
    const repeated: Refusal | undefined = this.#account && { code: 20001, message: 'Repeat auth' };
    const outcome = authenticateSocket(args, (key) => this.#parts.accounts.get(key), serverTimes(this.#parts));
    if (outcome.ok && repeated === undefined) this.#account = outcome.value;
    const refusal = repeated ?? (outcome.ok ? undefined : outcome.error);
    this.#connection.reply({
      ...identified(request),
      retCode: refusal?.code ?? 0,
      retMsg: refusal?.message ?? 'OK',
      op: 'auth',
      connId: this.#connection.id,
    });
  }

  #order(op: string, request: SocketRequest): void {
    try {
      this.#answer(op, request, { code: 0, message: 'OK' }, this.#carryOut(op, request));
    } catch (thrown) {
      if (!(thrown instanceof RequestRefused)) throw thrown;
      this.#answer(op, request, thrown.refusal, { result: {} });
    }
  }

  #carryOut(op: string, request: SocketRequest): Answer {
    const account = this.#account;
    if (account === undefined) throw new RequestRefused(refuse.apiKey());
    const action = Object.hasOwn(ACTIONS, op) ? ACTIONS[op] : undefined;
    if (action === undefined) throw new RequestRefused({ code: 10404, message: 'op is not supported' });
    const state = keyRefusal(account);
    if (state !== undefined) throw new RequestRefused(state);
    if (account.isReadOnly) throw new RequestRefused(refuse.permission());
    this.#checkHeader(request);
    this.#allowance = this.#parts.rateLimiter?.take(`${account.apiKey.key} WS ${op}`, ORDERS);
    if (this.#allowance?.allowed === false) throw new RequestRefused(refuse.tooManyVisits());
    const params = new Params(Array.isArray(request.args) ? request.args[0] : undefined);
    const call: PrivateCall = { params, parts: this.#parts, asOf: this.#parts.clock.now(), account };
    return action(call);
  }

  #checkHeader(request: SocketRequest): void {
    const requestId = request.reqId;
    if (typeof requestId === 'string') {
      if (this.#requestIds.has(requestId)) throw new RequestRefused({ code: 20006, message: 'reqId is duplicate' });
      this.#requestIds.add(requestId);
    }
    const header = new Params(request.header);
    const timestamp = Number(header.text('X-BAPI-TIMESTAMP'));
    const window = Number(header.text('X-BAPI-RECV-WINDOW') ?? DEFAULT_WINDOW_MS);
    const inTime = serverTimes(this.#parts).some((now) => now - window <= timestamp && timestamp < now + 1_000);
    if (!inTime)
      throw new RequestRefused(refuse.timestamp('invalid request, please check your timestamp or recv_window'));
  }

  #answer(op: string, request: SocketRequest, { code, message }: Refusal, answer: Answer): void {
    const now = String(this.#parts.clock.now());
    const allowance = this.#allowance;
    this.#connection.reply({
      ...identified(request),
      retCode: code,
      retMsg: message,
      op,
      data: answer.result,
      retExtInfo: answer.extra ?? {},
      header: {
        'X-Bapi-Limit': String(allowance?.limit ?? ORDERS),
        'X-Bapi-Limit-Status': String(allowance?.left ?? ORDERS),
        'X-Bapi-Limit-Reset-Timestamp': String(allowance?.resetAt ?? now),
        Traceid: identifier('trace', now, op),
        Timenow: now,
      },
      connId: this.#connection.id,
    });
  }
}

function one(action: OrderAction): (call: PrivateCall) => Answer {
  return (call) => result(namesOf(accepted(action(call, call.params))));
}

function identified(request: SocketRequest): Row {
  return request.reqId === undefined ? {} : { reqId: request.reqId };
}
