import type { FastifyInstance } from 'fastify';
import { UserError } from '../../foundation/errors.ts';
import { formatFixed } from '../../foundation/fixed-point.ts';
import { AcceleratedClock } from '../accelerated-clock.ts';
import type { SocketKind } from '../bybit/socket-server.ts';
import type { ExchangeParts } from '../exchange-parts.ts';
import type { Account } from '../trading/account.ts';

const LOCAL = ['127.0.0.1', '::1', '::ffff:127.0.0.1'];
const KINDS: readonly SocketKind[] = ['public', 'private', 'trade', 'all'];

/** What a person or a test does to the exchange, and what it truly knows. From this machine only, and not by a browser. */
export function addAdminRoutes(
  app: FastifyInstance,
  parts: ExchangeParts,
  disconnect: (kind: SocketKind) => void,
): void {
  app.register(async (admin) => {
    admin.addHook('onRequest', async (request, reply) => {
      // A page in a browser names its origin; the address alone would let any page of this machine's browser in.
      const isForeign = !LOCAL.includes(request.ip) || request.headers.origin !== undefined;
      if (isForeign) await reply.code(403).send({ error: 'only from this machine' });
    });
    admin.get('/admin/faults', async () => ({ faults: parts.faults.active }));
    admin.post('/admin/faults', async (request, reply) => {
      try {
        return { id: parts.faults.add(bodyOf(request.body)) };
      } catch (thrown) {
        if (!(thrown instanceof UserError)) throw thrown;
        return reply.code(400).send({ error: thrown.message });
      }
    });
    admin.delete('/admin/faults', async () => {
      parts.faults.clear();
      return { faults: [] };
    });
    admin.delete<{ Params: { id: string } }>('/admin/faults/:id', async (request, reply) => {
      const removed = parts.faults.remove(Number(request.params.id));
      return removed ? { removed } : reply.code(404).send({ error: `no fault ${request.params.id}` });
    });
    admin.post('/admin/disconnect', async (request, reply) => {
      const wanted = bodyOf(request.body).sockets ?? 'all';
      const kind = KINDS.find((one) => one === wanted);
      if (kind === undefined) return reply.code(400).send({ error: `sockets must be one of ${KINDS.join(', ')}` });
      disconnect(kind);
      return { disconnected: kind };
    });
    admin.get('/admin/clock', async () => clockOf(parts));
    admin.get('/admin/calls', async () => ({ calls: parts.counts.all }));
    admin.get('/admin/ledger', async () => ({
      time: parts.clock.now(),
      accounts: [...parts.accounts.values()].map(accountTruth),
    }));
  });
}

/** By which a process of this machine can have the exchange's time: see app/exchange-clock.ts. */
function clockOf({ clock, wallClock }: ExchangeParts): Readonly<Record<string, number>> {
  const { speed, anchor } =
    clock instanceof AcceleratedClock ? clock : { speed: 1, anchor: { baseTime: wallClock.now(), time: clock.now() } };
  return { time: clock.now(), speed, anchorBaseTime: anchor.baseTime, anchorTime: anchor.time };
}

/** The whole truth of an account: what a checker compares with. Exact decimals. */
export function accountTruth(account: Account): Readonly<Record<string, unknown>> {
  const { ledger } = account;
  return {
    key: account.apiKey.key,
    balances: Object.fromEntries(ledger.coins.map((coin) => [coin, formatFixed(ledger.balance(coin))])),
    positions: ledger.positions.map(({ symbol, size, entryValue }) => ({
      symbol,
      size: formatFixed(size),
      entryValue: formatFixed(entryValue),
    })),
    orders: account.orders.map((order) => ({
      orderId: order.orderId,
      orderLinkId: order.orderLinkId,
      category: order.category,
      symbol: order.symbol,
      side: order.side,
      status: order.status,
      quantity: formatFixed(order.quantity),
      price: formatFixed(order.price),
      executedQuantity: formatFixed(order.executedQuantity),
      executedValue: formatFixed(order.executedValue),
      fee: formatFixed(order.executedFee),
      createdTime: order.createdTime,
    })),
    executions: account.executions.map((execution) => ({
      execId: execution.execId,
      orderId: execution.orderId,
      orderLinkId: execution.orderLinkId,
      category: execution.category,
      symbol: execution.symbol,
      side: execution.side,
      price: formatFixed(execution.price),
      quantity: formatFixed(execution.quantity),
      fee: formatFixed(execution.fee),
      feeCurrency: execution.feeCurrency,
      pnl: formatFixed(execution.pnl),
      time: execution.time,
    })),
    entries: ledger.entries.map((entry) => ({ ...entry, amount: formatFixed(entry.amount) })),
  };
}

function bodyOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body !== 'string' || body === '') return {};
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
