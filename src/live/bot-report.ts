import type { BotLifecycle, BotPosition, BotStatus, JournalEntry } from '../domain/event.ts';
import { fillEntry, intentEntry, signalEntry } from '../domain/journal.ts';
import type { Portfolio } from '../domain/portfolio.ts';
import type { Account } from '../engine/account.ts';
import type { SessionSpec } from '../engine/open-session.ts';
import type { RunRecord } from '../engine/run-record.ts';
import { formatFixed, fromNumber, type Money, type Quantity, toNumber } from '../foundation/fixed-point.ts';
import { epochMs } from '../foundation/time.ts';
import type { BotHoldings } from './orders/account-balance.ts';
import type { BotCounts } from './saved-bot.ts';

/** Where a bot stands in its life, and why. */
export interface LifeStage {
  readonly lifecycle: BotLifecycle;
  readonly reason: string | null;
}

/** A bot as others see it. */
export function botStatus(spec: SessionSpec, account: Account, counts: BotCounts, stage: LifeStage): BotStatus {
  const { portfolio } = account;
  return {
    ...aboutBot(spec, stage),
    marketTime: epochMs(counts.marketTime),
    slices: counts.slices,
    startingBalance: toNumber(portfolio.startingBalance),
    equity: account.equity,
    balance: account.cash,
    realisedProfit: toNumber(portfolio.realisedProfit()),
    fees: toNumber(portfolio.fees.get(portfolio.currency) ?? 0n),
    fills: portfolio.fillCount,
    roundTrips: counts.roundTrips,
    winningRoundTrips: counts.winningRoundTrips,
    signals: counts.signals,
    refusals: counts.refusals,
    positions: openPositions(account),
  };
}

/** What a bot's books say to the account that it shares. */
export function botHoldings(portfolio: Portfolio): BotHoldings {
  const positions = new Map<string, Quantity>();
  for (const { symbol, quantity } of portfolio.positions()) positions.set(symbol, quantity);
  const cashFlow = (portfolio.balance(portfolio.currency) - portfolio.startingBalance) as Money;
  return { positions, currency: portfolio.currency, cashFlow };
}

/** {@link botHoldings} of a bot that runs elsewhere, from what it last committed. */
export function holdingsOfStatus(status: BotStatus, currency: string): BotHoldings {
  return {
    positions: new Map(status.positions.map((one) => [one.symbol, fromNumber<Quantity>(one.quantity)])),
    currency,
    cashFlow: (fromNumber<Money>(status.balance) - fromNumber<Money>(status.startingBalance)) as Money,
  };
}

/** A bot that has never traded. */
export function idleBotStatus(spec: SessionSpec, stage: LifeStage): BotStatus {
  const balance = toNumber(spec.startingBalance);
  return {
    ...aboutBot(spec, stage),
    marketTime: epochMs(0),
    slices: 0,
    startingBalance: balance,
    equity: balance,
    balance,
    realisedProfit: 0,
    fees: 0,
    fills: 0,
    roundTrips: 0,
    winningRoundTrips: 0,
    signals: 0,
    refusals: 0,
    positions: [],
  };
}

function aboutBot({ botId, definition, symbols }: SessionSpec, { lifecycle, reason }: LifeStage) {
  return { botId, strategy: definition.name, symbols, lifecycle, reason };
}

function openPositions(account: Account): BotPosition[] {
  const positions: BotPosition[] = [];
  for (const position of account.portfolio.positions()) {
    const { averagePrice } = position;
    if (averagePrice === undefined) continue;
    const quantity = toNumber(position.quantity);
    const price = account.mark(position.symbol);
    const average = toNumber(averagePrice);
    positions.push({
      symbol: position.symbol,
      quantity,
      averagePrice: average,
      price,
      unrealisedProfit: quantity * (price - average),
    });
  }
  return positions;
}

/** Takes what a batch of slices brought into the counts. */
export function count(counts: BotCounts, record: RunRecord): void {
  counts.signals += record.signals.length;
  counts.refusals += record.signals.filter((one) => one.outcome.kind === 'refused').length;
  counts.roundTrips += record.roundTrips.length;
  counts.winningRoundTrips += record.roundTrips.filter((trip) => trip.profit > 0n).length;
}

/**
 * What a batch of slices adds to the journal; counts its order events, which number their entries.
 *
 * @param revision the commit that it goes with
 */
export function journalEntries(
  record: RunRecord,
  counts: BotCounts,
  status: BotStatus,
  revision: number,
): JournalEntry[] {
  const { botId, marketTime: time } = status;
  const entries: JournalEntry[] = [];
  for (const one of record.signals) entries.push(signalEntry(one));
  for (const terms of record.intents) entries.push(intentEntry(terms));
  for (const event of record.orderEvents) {
    counts.orderEvents += 1;
    const eventId = `order/${botId}/${counts.orderEvents}`;
    entries.push({ kind: 'order-event', eventId, time: event.time, event });
  }
  for (const fill of record.fills) entries.push(fillEntry(botId, fill));
  for (const { paymentId, symbol, amount, currency, time: at } of record.fundings) {
    const details = { paymentId, symbol, amount: formatFixed(amount), currency };
    const event = { type: 'bot.funding', source: botId, time: at, details };
    entries.push({ kind: 'system', eventId: `funding/${botId}/${paymentId}`, time: at, event });
  }
  for (const { time: at, equity } of record.lossLimits) {
    const event = { type: 'risk.daily-loss-limit', source: botId, time: at, details: { equity } };
    entries.push({ kind: 'system', eventId: `loss-limit/${botId}/${at}`, time: at, event });
  }
  if (entries.length > 0 || status.lifecycle !== 'running') {
    entries.push({ kind: 'bot-state', eventId: `state/${botId}/${revision}`, time, state: status });
  }
  return entries;
}
