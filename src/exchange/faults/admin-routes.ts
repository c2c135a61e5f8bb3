import type { FastifyInstance } from 'fastify';
import { UserError } from '../../foundation/errors.ts';
import { AcceleratedClock } from '../accelerated-clock.ts';
import type { SocketKind } from '../bybit/socket-server.ts';
import type { ExchangeParts } from '../exchange-parts.ts';
import { accountTruth, executionTruth, orderTruth } from './account-truth.ts';
import { accountNamed, jsonOf } from './admin-bodies.ts';
import { addCommands, answer } from './admin-commands.ts';

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
        return { id: parts.faults.add(jsonOf(request.body)) };
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
      const wanted = jsonOf(request.body).sockets ?? 'all';
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
    admin.get('/admin/orders', async (request, reply) =>
      answer(reply, () => changesSince(parts, request.query as Query)),
    );
    addCommands(admin, parts);
  });
}

type Query = Readonly<Record<string, string | undefined>>;

/** What of an account has changed at `since` or later, for a checker that looks again and again; `open=true`: open orders. */
function changesSince(parts: ExchangeParts, { account: key, since = '0', open }: Query): object {
  const account = accountNamed(parts, key);
  const from = Number(since);
  if (!Number.isFinite(from)) throw new UserError('since is a time in milliseconds.');
  const orders = open === 'true' ? account.openOrders : account.orders;
  return {
    time: parts.clock.now(),
    orders: orders.filter(({ updatedTime }) => updatedTime >= from).map(orderTruth),
    executions: account.executions.filter(({ time }) => time >= from).map(executionTruth),
    refusedOrders: account.refusedOrders.filter(({ time }) => time >= from),
  };
}

/** By which a process of this machine can have the exchange's time: see app/exchange-clock.ts. */
function clockOf({ clock, wallClock }: ExchangeParts): Readonly<Record<string, number>> {
  const { speed, anchor } =
    clock instanceof AcceleratedClock ? clock : { speed: 1, anchor: { baseTime: wallClock.now(), time: clock.now() } };
  return { time: clock.now(), speed, anchorBaseTime: anchor.baseTime, anchorTime: anchor.time };
}
