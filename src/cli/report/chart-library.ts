import { readFileSync } from 'node:fs';
import { UserError } from '../../foundation/errors.ts';

/**
 * The source of TradingView's Lightweight Charts (Apache-2.0) as one script, with its licence at the top; the HTML report
 * carries it along. Throws a `UserError` when the package isn't installed.
 */
export function loadChartLibrary(): string {
  try {
    const entry = import.meta.resolve('lightweight-charts');
    return readFileSync(new URL('./lightweight-charts.standalone.production.js', entry), 'utf8');
  } catch {
    throw new UserError(
      'The HTML report draws its charts with the package lightweight-charts, which is not installed; run "npm install".',
    );
  }
}
