import { type ExchangeOptions, type RunningExchange, startExchange } from '../../src/exchange/simulated-exchange.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { fixed } from '../../src/foundation/fixed-point.ts';
import { DAY_MS } from '../../src/foundation/time.ts';
import { bundledBars } from './bundled-bars.ts';
import { RECORD_START, TEST_KEY } from './exchange-under-test.ts';

const DAYS = 16;

/** The shift by whole days that puts the present into the ninth of the bundled days. */
export function shiftToNow(): number {
  const today = Math.floor(systemClock.now() / DAY_MS) * DAY_MS;
  return today - (RECORD_START + 8 * DAY_MS);
}

/** The exchange on a free port, on the machine's clock, with the bundled bars as its market. */
export function liveExchange(options: Partial<ExchangeOptions> = {}): Promise<RunningExchange> {
  return startExchange({
    clock: systemClock,
    recordings: [
      { symbol: 'BTCUSDT', columns: bundledBars('BTCUSDT', DAYS * 1_440), priceDecimals: 1 },
      { symbol: 'ETHUSDT', columns: bundledBars('ETHUSDT', DAYS * 1_440), priceDecimals: 2 },
    ],
    shiftMs: shiftToNow(),
    printsPerMinute: 240,
    keys: [TEST_KEY],
    funds: { USDT: fixed('100000'), BTC: fixed('2') },
    ...options,
  });
}
