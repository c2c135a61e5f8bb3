import type { Fill } from '../../../src/domain/fill.ts';
import { applyOrderEvent, intendedOrder, isTerminal, type Order } from '../../../src/domain/order.ts';
import { Portfolio } from '../../../src/domain/portfolio.ts';
import type { SessionSpec } from '../../../src/engine/open-session.ts';
import type { ReportedFill } from '../../../src/execution/order-gateway.ts';
import { messageOf } from '../../../src/foundation/errors.ts';
import { formatFixed } from '../../../src/foundation/fixed-point.ts';
import type { Json } from '../../../src/foundation/json.ts';
import { type BookedOrder, isOpen, latest, type ScriptedAccount } from '../scripted-account.ts';
import type { MemoryStore } from './memory-store.ts';

/** Of a client id: the bot that made it. */
export function botOf(clientOrderId: string | null, specs: readonly SessionSpec[]): SessionSpec | undefined {
  return specs.find(({ botId }) => clientOrderId?.startsWith(`${botId}-`));
}

/** Everything in which the bots' durable books differ from the venue's, in words; empty when all is well. */
export async function ledgerDifferences(
  store: MemoryStore,
  truth: ScriptedAccount,
  specs: readonly SessionSpec[],
): Promise<string[]> {
  const found: string[] = [];
  const held = new Map<string, bigint>();
  for (const spec of specs) {
    const theirs = truth.fills.filter((fill) => botOf(fill.clientOrderId, [spec]));
    const ours = await store.fills(spec.botId);
    found.push(...fillDifferences(spec.botId, ours, theirs));
    found.push(...(await orderDifferences(spec.botId, store, truth)));
    found.push(...(await bookDifferences(spec, store, ours, held)));
    found.push(...(await staleDecisions(spec, store)));
    found.push(...(await leftOpen(spec, specs, store, truth)));
  }
  for (const fill of truth.fills) if (botOf(fill.clientOrderId, specs) === undefined) add(held, fill);
  const there = new Map(truth.holdingsAt(Number.MAX_SAFE_INTEGER as never).positions.map((one) => [one.symbol, one]));
  for (const [symbol, quantity] of held) {
    const theirs = there.get(symbol)?.quantity ?? 0n;
    if (theirs !== quantity)
      found.push(`position of ${symbol}: ${formatFixed(quantity)} here, ${formatFixed(theirs)} there`);
  }
  found.push(...doubled(truth.orders));
  return found;
}

function add(held: Map<string, bigint>, { symbol, side, quantity }: Fill | ReportedFill): void {
  held.set(symbol, (held.get(symbol) ?? 0n) + (side === 'buy' ? quantity : -quantity));
}

function fillDifferences(botId: string, ours: readonly Fill[], theirs: readonly ReportedFill[]): string[] {
  const say = ({ clientOrderId, side, symbol, price, quantity, fee }: Fill | ReportedFill): string =>
    `${clientOrderId} ${side} ${formatFixed(quantity)} ${symbol} at ${formatFixed(price)}, fee ${formatFixed(fee)}`;
  const left = new Map(theirs.map((fill) => [fill.fillId, say(fill)]));
  const found: string[] = [];
  for (const fill of ours) {
    const there = left.get(fill.fillId);
    if (there === undefined)
      found.push(`${botId} booked a fill that the venue does not have: ${fill.fillId} ${say(fill)}`);
    else if (there !== say(fill)) found.push(`${botId} booked ${say(fill)}, the venue ${there}`);
    left.delete(fill.fillId);
  }
  for (const [id, there] of left) found.push(`${botId} has lost fill ${id}: ${there}`);
  return found;
}

async function orderDifferences(botId: string, store: MemoryStore, truth: ScriptedAccount): Promise<string[]> {
  const found: string[] = [];
  const local = new Map<string, Order>();
  for (const terms of await store.orderIntents(botId)) local.set(terms.clientOrderId, intendedOrder(terms));
  for (const event of await store.orderEvents(botId)) {
    const before = local.get(event.clientOrderId);
    if (before === undefined) found.push(`${botId}: an event of ${event.clientOrderId}, which was never intended`);
    else {
      try {
        local.set(event.clientOrderId, applyOrderEvent(before, event));
      } catch (thrown) {
        found.push(`${botId}: ${messageOf(thrown)}`);
      }
    }
  }
  const there = new Map(truth.orders.map((order) => [order.wire.clientOrderId, order]));
  for (const [id, order] of local) found.push(...stateDifferences(id, order, there.get(id)));
  for (const [id, order] of there) {
    if (id.startsWith(`${botId}-`) && !local.has(id)) found.push(`${id} (${latest(order).state}) was never intended`);
  }
  return found;
}

function stateDifferences(id: string, order: Order, booked: BookedOrder | undefined): string[] {
  const there = booked && latest(booked);
  const filled = there?.filledQuantity ?? 0n;
  const isThere = there !== undefined && isOpen(there);
  if (isTerminal(order)) {
    if (isThere) return [`${id} has ended here (${order.state}) and lives at the venue`];
  } else if (order.state === 'submitted' || order.state === 'unknown') return [`${id} is still ${order.state}`];
  else if (order.state === 'working' && !isThere && !isFollowed(order)) {
    return [`${id} works here and is ${there?.state ?? 'not there'} at the venue`];
  } else if (order.state === 'intended' && there !== undefined) return [`${id} waits here and is at the venue`];
  return filled === order.filledQuantity
    ? []
    : [`${id} (${order.state}) filled ${formatFixed(order.filledQuantity)} here and ${formatFixed(filled)} there`];
}

/** A trailing stop that has not triggered is followed on our side. */
function isFollowed(order: Order): boolean {
  return order.state === 'working' && order.terms.execution.type === 'trailing-stop' && !order.triggered;
}

/** The checkpoint's own books against its fills. Counts what it holds. */
async function bookDifferences(
  { botId, currency, startingBalance, instruments }: SessionSpec,
  store: MemoryStore,
  fills: readonly Fill[],
  held: Map<string, bigint>,
): Promise<string[]> {
  const checkpoint = await store.checkpoint(botId);
  const session = (checkpoint?.state as { session?: { engine: { account: { portfolio: Json } } } } | undefined)
    ?.session;
  if (!session) return [];
  const saved = new Portfolio(currency, startingBalance, instruments);
  saved.restore(session.engine.account.portfolio);
  const again = new Portfolio(currency, startingBalance, instruments);
  for (const fill of fills) again.apply(fill);
  for (const { symbol, quantity } of saved.positions()) held.set(symbol, (held.get(symbol) ?? 0n) + quantity);
  const same = JSON.stringify(saved.snapshot()) === JSON.stringify(again.snapshot());
  return same ? [] : [`${botId}: the checkpoint's books are not those of its fills`];
}

/**
 * Positions that lost their stops, or whose exits were lost, and which were not closed though all was well again. What a
 * person holds the other way may keep the only bot of a symbol from getting out: the account's position is the sum.
 */
async function leftOpen(
  { botId }: SessionSpec,
  specs: readonly SessionSpec[],
  store: MemoryStore,
  truth: ScriptedAccount,
): Promise<string[]> {
  const checkpoint = await store.checkpoint(botId);
  const engine = (checkpoint?.state as { session?: { engine: SavedEngine } } | undefined)?.session?.engine;
  const held = new Map<string, bigint>();
  for (const fill of await store.fills(botId)) add(held, fill);
  const foreign = truth.fills.filter((fill) => botOf(fill.clientOrderId, specs) === undefined);
  const isFree = (symbol: string): boolean =>
    specs.filter(({ symbols }) => symbols.includes(symbol)).length > 1 ||
    !foreign.some((fill) => fill.symbol === symbol);
  return (engine?.dueExits ?? [])
    .filter(({ symbol, tries }) => (held.get(symbol) ?? 0n) !== 0n && isFree(symbol) && tries <= FEW_TRIES)
    .map(({ symbol, cause, reason }) => `${botId} holds ${symbol}, ${cause}: ${reason}`);
}

/** What was tried more often in bad times is tried again later than this world lasts. */
const FEW_TRIES = 1;

interface SavedEngine {
  readonly dueExits: readonly {
    readonly symbol: string;
    readonly cause: string;
    readonly reason: string;
    readonly tries: number;
  }[];
}

async function staleDecisions({ botId, limits }: SessionSpec, store: MemoryStore): Promise<string[]> {
  const oldest = limits.maximumPriceAge ?? Number.POSITIVE_INFINITY;
  return (await store.signals(botId))
    .filter(
      ({ outcome, priceAgeMs }) =>
        outcome.kind === 'executed' && outcome.clientOrderIds.length > 0 && priceAgeMs > oldest,
    )
    .map(({ signalId, priceAgeMs }) => `${signalId} was carried out on a price ${priceAgeMs} ms old`);
}

function doubled(orders: readonly BookedOrder[]): string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  for (const { wire } of orders) {
    if (wire.clientOrderId === '') continue;
    if (seen.has(wire.clientOrderId)) found.push(`${wire.clientOrderId} is at the venue twice`);
    seen.add(wire.clientOrderId);
  }
  return found;
}
