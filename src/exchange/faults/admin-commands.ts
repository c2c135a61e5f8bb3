import type { FastifyInstance, FastifyReply } from 'fastify';
import { UserError } from '../../foundation/errors.ts';
import { accepted, createOrder, namesOf } from '../bybit/order-requests.ts';
import { Params, RequestRefused } from '../bybit/params.ts';
import type { ExchangeParts } from '../exchange-parts.ts';
import {
  accountNamed,
  cancelSchema,
  fundsSchema,
  historySchema,
  instrumentSchema,
  jsonOf,
  keySchema,
  liquidationSchema,
  readBody,
  specNamed,
} from './admin-bodies.ts';

type Command = (parts: ExchangeParts, body: unknown) => object;

/** What happens to an account or a market without its owner's program: by the owner's hand, or by the exchange. */
const COMMANDS: Readonly<Record<string, Command>> = {
  '/admin/orders': placeByHand,
  '/admin/cancel': cancel,
  '/admin/funds': moveFunds,
  '/admin/liquidate': liquidate,
  '/admin/keys': changeKey,
  '/admin/instruments': changeRules,
  '/admin/history': shortenHistory,
};

export function addCommands(app: FastifyInstance, parts: ExchangeParts): void {
  for (const [path, command] of Object.entries(COMMANDS)) {
    app.post(path, async (request, reply) => answer(reply, () => command(parts, request.body)));
  }
}

/** What was asked wrongly is told with HTTP 400. */
export function answer(reply: FastifyReply, work: () => object): object {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof RequestRefused) return reply.code(400).send({ error: thrown.message, ...thrown.refusal });
    if (thrown instanceof UserError) return reply.code(400).send({ error: thrown.message });
    throw thrown;
  }
}

/** An order of the account's owner, with the fields of `/v5/order/create`: no program of theirs knows of it. */
function placeByHand(parts: ExchangeParts, body: unknown): object {
  const { account: key, ...order } = jsonOf(body);
  const account = accountNamed(parts, key);
  const params = new Params({ category: 'linear', ...order });
  return namesOf(accepted(createOrder({ params, parts, asOf: parts.clock.now(), account }, params)));
}

/** One order, those of a symbol, or all of a category: cancelled by the exchange. */
function cancel(parts: ExchangeParts, body: unknown): object {
  const wanted = readBody(cancelSchema, body);
  const cancelled = parts.venue.cancelFor(accountNamed(parts, wanted.account), 'CancelByAdmin', (order) => {
    const isOfSymbol = (wanted.symbol ?? order.symbol) === order.symbol;
    return order.category === wanted.category && isOfSymbol && (wanted.orderId ?? order.orderId) === order.orderId;
  });
  return { cancelled: cancelled.map(namesOf) };
}

function moveFunds(parts: ExchangeParts, body: unknown): object {
  const { account: key, coin, amount } = readBody(fundsSchema, body);
  const account = accountNamed(parts, key);
  if (account.ledger.balance(coin) + amount < 0n) throw new UserError(`The account has less ${coin} than that.`);
  parts.venue.deposit(account, coin, amount, `by hand/${parts.clock.now()}`);
  return { coin, entries: account.ledger.entries.length };
}

function liquidate(parts: ExchangeParts, body: unknown): object {
  const { account: key, symbol } = readBody(liquidationSchema, body);
  const account = accountNamed(parts, key);
  const spec = specNamed(parts, { category: 'linear', symbol });
  if (account.ledger.position(symbol, spec.quoteCoin).size === 0n)
    throw new UserError(`There is no position in ${symbol}.`);
  parts.venue.liquidate(account, spec);
  return namesOf(account.orders.at(-1)!);
}

function changeKey(parts: ExchangeParts, body: unknown): object {
  const { account, state } = readBody(keySchema, body);
  accountNamed(parts, account).keyState = state;
  return { state };
}

function changeRules(parts: ExchangeParts, body: unknown): object {
  const { symbol, category, ...change } = readBody(instrumentSchema, body);
  const spec = specNamed(parts, { category, symbol });
  for (const step of [change.tickSize, change.quantityStep]) {
    if (step !== undefined && step <= 0n) throw new UserError('A step is above 0.');
  }
  const said = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  parts.venue.change(spec, said);
  return { symbol, category, changed: Object.keys(said) };
}

/** `null`: for ever. */
function shortenHistory(parts: ExchangeParts, body: unknown): object {
  const { ms } = readBody(historySchema, body);
  parts.lookUps.ms = ms ?? Number.POSITIVE_INFINITY;
  return { ms };
}
