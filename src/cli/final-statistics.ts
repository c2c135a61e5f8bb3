import type { BotStatus } from '../domain/event.ts';
import { formatAmount, formatMoney, formatNumber, formatPercent, UNDEFINED } from './report/figure-format.ts';
import { painter, plain } from './terminal-text.ts';

/**
 * What a bot has made in the end, in the words of the seeds (S4-51 … 58). A trade is a round trip, from flat to flat;
 * fills are counted apart, and the win rate is winners over closed round trips (C12).
 */
export interface FinalStatistics {
  readonly fills: number;
  readonly totalTrades: number;
  readonly winningTrades: number;
  /** 0 … 100; `null` without a closed round trip. */
  readonly winRatePercent: number | null;
  /** Realised and unrealised, after fees. */
  readonly totalProfit: number;
  readonly fees: number;
  readonly startingBalance: number;
  readonly finalBalance: number;
  /** By symbol, in units of base; negative is short. */
  readonly finalInventory: Readonly<Record<string, number>>;
  readonly finalPortfolioValue: number;
  readonly returnPercent: number;
}

/** Realised and unrealised profit after fees, in quote currency. */
export function profitOf(bot: BotStatus): number {
  const unrealised = bot.positions.reduce((sum, position) => sum + position.unrealisedProfit, 0);
  return bot.realisedProfit + unrealised - bot.fees;
}

/** Of one bot, or of several taken together. */
export function finalStatistics(bots: readonly BotStatus[]): FinalStatistics {
  const sum = (amount: (bot: BotStatus) => number): number => bots.reduce((total, bot) => total + amount(bot), 0);
  const totalTrades = sum((bot) => bot.roundTrips);
  const winningTrades = sum((bot) => bot.winningRoundTrips);
  const totalProfit = sum(profitOf);
  const finalPortfolioValue = sum((bot) => bot.equity);
  const startingBalance = sum((bot) => bot.startingBalance);
  return {
    fills: sum((bot) => bot.fills),
    totalTrades,
    winningTrades,
    winRatePercent: totalTrades === 0 ? null : (winningTrades / totalTrades) * 100,
    totalProfit,
    fees: sum((bot) => bot.fees),
    startingBalance,
    finalBalance: sum((bot) => bot.balance),
    finalInventory: inventoryOf(bots),
    finalPortfolioValue,
    returnPercent: startingBalance === 0 ? 0 : (totalProfit / startingBalance) * 100,
  };
}

/** Long and short of different bots cancel out; what float64 leaves of that is nothing. */
function inventoryOf(bots: readonly BotStatus[]): Readonly<Record<string, number>> {
  const inventory = new Map<string, number>();
  for (const { symbol, quantity } of bots.flatMap((bot) => bot.positions)) {
    inventory.set(symbol, (inventory.get(symbol) ?? 0) + quantity);
  }
  return Object.fromEntries([...inventory].filter(([, quantity]) => Math.abs(quantity) > 1e-12));
}

const ROWS: readonly (readonly [string, (figures: FinalStatistics) => string])[] = [
  ['Total Trades', ({ totalTrades }) => formatNumber(totalTrades, 0)],
  ['Winning Trades', ({ winningTrades }) => formatNumber(winningTrades, 0)],
  ['Win Rate', ({ winRatePercent }) => (winRatePercent === null ? UNDEFINED : formatPercent(winRatePercent))],
  ['Fills', ({ fills }) => formatNumber(fills, 0)],
  ['Total Profit', ({ totalProfit }) => formatMoney(totalProfit)],
  ['Fees', ({ fees }) => formatMoney(fees)],
  ['Final Balance', ({ finalBalance }) => formatMoney(finalBalance)],
  ['Final Inventory', ({ finalInventory }) => inventoryText(finalInventory)],
  ['Final Portfolio Value', ({ finalPortfolioValue }) => formatMoney(finalPortfolioValue)],
  ['Return', ({ returnPercent }) => formatPercent(returnPercent)],
];

/** The final statistics of each bot, and of all together, as a table: a column for each, as many as fit side by side. */
export function renderFinalStatistics(
  bots: readonly BotStatus[],
  { width, colour }: { readonly width: number; readonly colour: boolean },
): string {
  const paint = painter(colour);
  const columns = bots.map((bot) => column(plain(bot.botId), [bot]));
  if (bots.length > 1) columns.push(column('All bots', bots));
  const labels = Math.max(...ROWS.map(([label]) => label.length));
  const blocks: string[] = [];
  for (let first = 0; first < columns.length; ) {
    let used = labels + 2 + columns[first]!.width;
    let end = first + 1;
    while (end < columns.length && used + 2 + columns[end]!.width <= width) used += 2 + columns[end++]!.width;
    const block = columns.slice(first, end);
    const head = `${' '.repeat(labels)}  ${block.map((one) => paint('bold', one.title.padStart(one.width))).join('  ')}`;
    const lines = ROWS.map(([label], row) => {
      const cells = block.map((one) => one.cells[row]!.padStart(one.width));
      return `${label.padEnd(labels)}  ${cells.join('  ')}`;
    });
    blocks.push([head, ...lines].join('\n'));
    first = end;
  }
  const troubles = bots
    .filter((bot) => bot.reason !== null && (bot.lifecycle === 'failed' || bot.lifecycle === 'halted'))
    .map((bot) => paint('yellow', `${plain(bot.botId)} ${bot.lifecycle}: ${plain(bot.reason!)}`));
  const notes = paint('dim', 'A trade is a round trip, from flat to flat; fills are counted apart.');
  return [paint('bold', 'Final Statistics'), ...blocks.join('\n\n').split('\n'), notes, ...troubles].join('\n');
}

interface Column {
  readonly title: string;
  readonly cells: readonly string[];
  readonly width: number;
}

function column(title: string, bots: readonly BotStatus[]): Column {
  const figures = finalStatistics(bots);
  const cells = ROWS.map(([, show]) => show(figures));
  return { title, cells, width: Math.max(title.length, ...cells.map((cell) => cell.length)) };
}

function inventoryText(inventory: Readonly<Record<string, number>>): string {
  const held = Object.entries(inventory);
  if (held.length === 0) return 'none';
  return held.map(([symbol, quantity]) => `${formatAmount(quantity)} ${plain(symbol)}`).join(', ');
}
