import type { RunReport } from '../../statistics/run-report.ts';
import { formatAmount, formatMoney, formatNumber, formatTime } from './figure-format.ts';

/** What a reader should know about a run's figures, in sentences: the same in the terminal, in JSON and on the page. */
export function reportNotes(report: RunReport): string[] {
  const { summary } = report;
  const { figures } = summary;
  const notes = [
    `Sharpe, Sortino, Calmar, alpha and beta are in backtesting.py's definitions; returns are taken per ${summary.returnsPeriod} (UTC), ${formatNumber(figures.periodsPerYear, 0)} a year; risk-free rate ${formatNumber(summary.riskFreeRate * 100, 2)} %.`,
    'Win rate is winning over closed round trips; fills are counted apart.',
    summary.openTradesAtEnd === 'closed'
      ? 'Positions open at the end were closed on the last bar and count as round trips.'
      : 'Positions open at the end were left open and valued at the last close; they are no round trips.',
  ];
  for (const position of report.openPositions) {
    notes.push(
      `Still open: ${formatAmount(position.quantity)} ${position.symbol} since ${formatTime(position.entryTime)} at ${formatAmount(position.averagePrice)}, unrealised profit ${formatMoney(position.unrealisedProfit)} ${summary.currency}.`,
    );
  }
  for (const [currency, amount] of Object.entries(summary.feesByCurrency)) {
    if (currency !== summary.currency)
      notes.push(`Fees of ${formatAmount(amount)} ${currency} are not in the profit of the trades.`);
  }
  const refusals = Object.entries(summary.refusedByCode).map(([code, count]) => `${code} ${formatNumber(count, 0)}`);
  if (refusals.length > 0) notes.push(`Signals refused: ${refusals.join(', ')}.`);
  return [...notes, ...(report.notes ?? [])];
}
