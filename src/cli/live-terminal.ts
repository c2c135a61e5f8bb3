import type { BotStatus } from '../domain/event.ts';
import { toNumber } from '../foundation/fixed-point.ts';
import { epochMs, toIso } from '../foundation/time.ts';
import type { LiveView } from '../protocol/live-view.ts';
import { profitOf } from './final-statistics.ts';
import { formatAmount, formatMoney, formatPercent } from './report/figure-format.ts';
import { brailleChart } from './report/unicode-chart.ts';
import { fit, fitPainted, type Painter, painter, plain } from './terminal-text.ts';

export interface ScreenOptions {
  /** Characters in a line and lines on the screen: the picture is no larger. */
  readonly width: number;
  readonly height: number;
  readonly colour: boolean;
}

/** Below this a table of bots can't be read; the picture keeps to it and the terminal cuts the rest. */
const LEAST_WIDTH = 40;
/** From here on prices are shown with all that is known of them. */
const WIDE = 100;
const CHART_HEIGHT = 3;

/** The running system as a picture of text: no line wider than `width`, no more than `height` lines. */
export function renderLiveView(view: LiveView, { width, height, colour }: ScreenOptions): string {
  const paint = painter(colour);
  const columns = Math.max(LEAST_WIDTH, width);
  // In the order in which they are given up when the screen is small.
  const head = headLines(view, columns, paint);
  const sections = [
    table('Prices', priceRows(view, columns), columns, paint),
    connectionLines(view, columns, paint),
    table('Bots', botRows(view.bots), columns, paint),
    equityLines(view, columns, paint),
    fillLines(view, columns, paint),
    eventLines(view, columns, paint),
  ].filter((lines) => lines.length > 0);
  const lines = [...head];
  for (const section of sections) {
    const room = height - lines.length - 1;
    if (room < 2) break;
    lines.push('', ...section.slice(0, room));
  }
  return lines
    .slice(0, Math.max(1, height))
    .map((line) => fitPainted(line, width))
    .join('\n');
}

/** One plain line, for output that goes to a file or a log. */
export function renderLiveLine(view: LiveView): string {
  const { profit, trades, equity } = totals(view.bots);
  const time = view.marketTime === null ? 'waiting for the first candle' : clockText(view.marketTime);
  const done = view.progress === null ? '' : `, ${formatPercent(view.progress * 100)} done`;
  const failed = view.bots.filter((bot) => bot.lifecycle === 'failed').length;
  const trouble = failed === 0 ? '' : `, ${failed} failed`;
  const account = view.account?.trouble ? ` (exits only: ${plain(view.account.trouble)})` : '';
  return `${time}${account}${done}: ${count(candles(view), 'candle')}, ${count(view.bots.length, 'bot')}${trouble}, equity ${formatMoney(equity)}, profit ${signed(profit)}, ${count(trades, 'trade')}`;
}

function whatIsTraded({ account }: LiveView, paint: Painter): string {
  if (account === null) return 'paper trading';
  const { name, isReal } = account;
  return isReal ? paint('red', `REAL MONEY of ${plain(name)}`) : `demo account ${plain(name)}`;
}

function headLines(view: LiveView, width: number, paint: Painter): string[] {
  const speed = view.speed === null ? 'full speed' : view.speed === 1 ? 'real time' : `×${formatAmount(view.speed)}`;
  const time = view.marketTime === null ? 'waiting for the first candle' : clockText(view.marketTime);
  const left = `${paint('bold', 'Tradewind')}  ${whatIsTraded(view, paint)} on ${plain(view.source)}, ${speed}`;
  const lines = [`${left}  ${paint('cyan', time)}  ${paint('dim', runtime(view.elapsedMs))}`];
  const trouble = view.account?.trouble ?? null;
  if (trouble !== null) lines.push(paint('yellow', `Exits only: ${plain(trouble)}`));
  const rate = view.elapsedMs > 0 ? (candles(view) / view.elapsedMs) * 1_000 : 0;
  const counted = `${count(candles(view), 'candle')}, ${formatAmount(Math.round(rate))}/s`;
  if (view.progress === null) return [...lines, paint('dim', counted)];
  const percent = `${Math.floor(view.progress * 100)}`.padStart(3);
  const room = Math.max(10, Math.min(50, width - counted.length - 10));
  const filled = Math.round(view.progress * room);
  return [
    ...lines,
    `${paint('green', '█'.repeat(filled))}${paint('dim', '░'.repeat(room - filled))} ${percent} %  ${paint('dim', counted)}`,
  ];
}

interface Cell {
  readonly text: string;
  readonly style?: 'green' | 'red' | 'yellow' | 'dim';
  readonly right?: true;
}

function priceRows(view: LiveView, width: number): Cell[][] {
  if (view.prices.length === 0) return [];
  // Columns of the second rank go first where the terminal is narrow.
  const isWide = width >= WIDE;
  const head = [
    { text: 'Symbol' },
    right('Price'),
    ...(isWide ? [right('Bid'), right('Ask')] : []),
    right('Change'),
    ...(isWide ? [right('Volatility')] : []),
    right('Age'),
    ...(isWide ? [right('At venue')] : []),
    right('Candles'),
    ...(isWide ? [{ text: 'Source' }] : []),
  ];
  const rows = view.prices.map((price): Cell[] => [
    { text: price.symbol },
    right(formatAmount(price.price)),
    ...(isWide ? [right(maybeAmount(price.bid)), right(maybeAmount(price.ask))] : []),
    toned(price.change, `${price.change >= 0 ? '+' : ''}${formatPercent(price.change * 100)}`),
    ...(isWide ? [right(price.volatility === null ? '–' : formatPercent(price.volatility * 100))] : []),
    price.isStale
      ? { text: `${ageText(price.ageMs)} stale`, style: 'yellow', right: true }
      : right(ageText(price.ageMs)),
    ...(isWide ? [right(ageText(price.exchangeAgeMs))] : []),
    right(formatAmount(price.candles)),
    ...(isWide ? [{ text: price.kind === 'close' ? `${price.source}, candles` : price.source }] : []),
  ]);
  return [head, ...rows];
}

/** One line for each provider that tells of its connections. */
function connectionLines(view: LiveView, width: number, paint: Painter): string[] {
  if (view.connections.length === 0) return [];
  const lines = view.connections.map((one) => {
    const { source, isConnected, transport, sockets, liveSockets, reconnects, staleTopics, delayMs, toldAgeMs } = one;
    const state = isConnected ? paint('green', 'connected') : paint('red', 'not connected');
    const by = transport === 'poll' ? 'by requests' : `${liveSockets} of ${count(sockets, 'socket')} live`;
    const delayed = delayMs === 0 ? '' : `, delayed by ${ageText(delayMs)}`;
    const told = isConnected ? '' : `, told ${ageText(toldAgeMs)} ago`;
    const stale = staleTopics.length === 0 ? '' : `  ${paint('yellow', staleText(staleTopics))}`;
    return `${plain(source)}  ${state}  ${by}${delayed}, ${count(reconnects, 'reconnect')}${told}${stale}`;
  });
  return [paint('bold', 'Connections'), ...lines.map((line) => fitPainted(line, width))];
}

/** `stale: price BTCUSDT, price ETHUSDT and 3 more` */
function staleText(topics: readonly string[]): string {
  const named = topics.slice(0, 2).map(plain).join(', ');
  return `stale: ${named}${topics.length > 2 ? ` and ${topics.length - 2} more` : ''}`;
}

function botRows(bots: readonly BotStatus[]): Cell[][] {
  if (bots.length === 0) return [];
  const head = [
    { text: 'Bot' },
    { text: 'Strategy' },
    { text: 'State' },
    { text: 'Position' },
    right('Equity'),
    right('Profit'),
    right('Trades'),
    right('Win rate'),
  ];
  const rows = bots.map((bot) => {
    const profit = profitOf(bot);
    return [
      { text: bot.botId },
      { text: fit(bot.strategy, 24) },
      stateCell(bot),
      { text: positionText(bot) },
      right(formatMoney(bot.equity)),
      toned(profit, signed(profit)),
      right(formatAmount(bot.roundTrips)),
      right(bot.roundTrips === 0 ? '–' : `${Math.round((bot.winningRoundTrips / bot.roundTrips) * 100)} %`),
    ];
  });
  return [head, ...rows];
}

function stateCell(bot: BotStatus): Cell {
  if (bot.lifecycle === 'failed') return { text: bot.lifecycle, style: 'red' };
  if (bot.lifecycle === 'halted' || bot.lifecycle === 'stopped') return { text: bot.lifecycle, style: 'yellow' };
  return { text: bot.lifecycle };
}

/** `+0.0106 BTCUSDT`, or `flat`; of several the first and how many more. */
function positionText({ positions }: BotStatus): string {
  const open = positions.filter(({ quantity }) => quantity !== 0);
  const [first] = open;
  if (first === undefined) return 'flat';
  const more = open.length > 1 ? ` and ${open.length - 1} more` : '';
  return `${first.quantity > 0 ? '+' : ''}${formatAmount(first.quantity)} ${first.symbol}${more}`;
}

function table(title: string, rows: readonly (readonly Cell[])[], width: number, paint: Painter): string[] {
  if (rows.length === 0) return [];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => plain(row[column]!.text).length)));
  const lines = rows.map((row, index) =>
    row
      .map((cell, column) => {
        const clean = plain(cell.text);
        const padded = cell.right ? clean.padStart(widths[column]!) : clean.padEnd(widths[column]!);
        if (index === 0) return paint('dim', padded);
        return cell.style ? paint(cell.style, padded) : padded;
      })
      .join('  '),
  );
  return [paint('bold', fit(title, width)), ...lines];
}

function equityLines(view: LiveView, width: number, paint: Painter): string[] {
  const chart = brailleChart(Float64Array.from(view.equity), Math.min(width, 80), CHART_HEIGHT);
  if (view.equity.length < 2 || chart.length === 0) return [];
  const { equity, profit } = totals(view.bots);
  return [
    `${paint('bold', 'Equity')} ${formatMoney(equity)} ${paint(profit >= 0 ? 'green' : 'red', signed(profit))}`,
    ...chart.map((line) => paint('cyan', line)),
  ];
}

function fillLines(view: LiveView, width: number, paint: Painter): string[] {
  if (view.lastFills.length === 0) return [];
  const lines = view.lastFills.map((fill) => {
    const what = `${fill.side === 'buy' ? 'bought' : 'sold  '} ${formatAmount(toNumber(fill.quantity))} ${fill.symbol} at ${formatAmount(toNumber(fill.price))}`;
    const line = fit(
      `${clockText(fill.time)}  ${fill.botId}  ${what}  fee ${formatAmount(toNumber(fill.fee))} ${fill.feeCurrency}`,
      width,
    );
    return fill.side === 'buy'
      ? line.replace('bought', paint('green', 'bought'))
      : line.replace('sold  ', paint('red', 'sold  '));
  });
  return [paint('bold', 'Last trades'), ...lines];
}

function eventLines(view: LiveView, width: number, paint: Painter): string[] {
  if (view.events.length === 0) return [];
  return [paint('bold', 'Events'), ...view.events.map((event) => paint('yellow', fit(event, width)))];
}

function totals(bots: readonly BotStatus[]): { equity: number; profit: number; trades: number } {
  const total = { equity: 0, profit: 0, trades: 0 };
  for (const bot of bots) {
    total.equity += bot.equity;
    total.profit += profitOf(bot);
    total.trades += bot.roundTrips;
  }
  return total;
}

function candles(view: LiveView): number {
  return view.prices.reduce((sum, price) => sum + price.candles, 0);
}

/** `1 candle`, `1,234 candles`. */
function count(number: number, noun: string): string {
  return `${formatAmount(number)} ${noun}${number === 1 ? '' : 's'}`;
}

function maybeAmount(amount: number | null): string {
  return amount === null ? '–' : formatAmount(amount);
}

function right(text: string): Cell {
  return { text, right: true };
}

function toned(value: number, text: string): Cell {
  return value === 0 ? right(text) : { text, right: true, style: value > 0 ? 'green' : 'red' };
}

function signed(amount: number): string {
  return `${amount > 0 ? '+' : ''}${formatMoney(amount)}`;
}

/** `2025-05-06 12:34 UTC` */
function clockText(time: number): string {
  return `${toIso(epochMs(time)).slice(0, 16).replace('T', ' ')} UTC`;
}

function ageText(milliseconds: number): string {
  return milliseconds < 60_000 ? `${(milliseconds / 1_000).toFixed(1)} s` : `${Math.floor(milliseconds / 60_000)} min`;
}

/** `00:01:23` */
function runtime(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1_000);
  return [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => `${part}`.padStart(2, '0'))
    .join(':');
}
