import { type Recording, type RunningExchange, startExchange } from '../exchange/simulated-exchange.ts';
import { systemClock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import { DAY_MS, epochMs, MINUTE_MS, toIso } from '../foundation/time.ts';
import { loadCandles } from '../providers/files/load-candles.ts';
import { resolveSources } from './backtest-sources.ts';
import { BUNDLED_SYMBOLS } from './config-defaults.ts';
import { acceleratedClock } from './exchange-clock.ts';
import { type ExchangeRequest, SIMULATED_KEYS } from './exchange-request.ts';

/** A running exchange, and where in its recording it is. */
export interface OpenedExchange {
  readonly exchange: RunningExchange;
  readonly symbols: readonly string[];
  /** The recorded moment that is now, and the one at which the recording ends. */
  readonly at: number;
  readonly end: number;
}

/**
 * Loads the recorded bars and opens the exchange.
 *
 * @throws UserError when the bars are no minutes, the moment lies outside of them, a fault is none, or the port is taken
 */
export async function openExchange(request: ExchangeRequest): Promise<OpenedExchange> {
  const recordings = await loadRecordings(request);
  const { from, to } = commonPeriod(recordings);
  const clock = request.speed === 1 ? systemClock : acceleratedClock(request.speed);
  const now = clock.now();
  const shiftMs = shiftOf(now, request.at, from, to);
  const at = now - shiftMs;
  if (at < from || at >= to) {
    throw new UserError(
      `The recorded moment ${toIso(epochMs(at))} is not in the bars, which go from ${toIso(epochMs(from))} to ${toIso(epochMs(to))}; give another one with --at.`,
    );
  }
  const options = {
    clock,
    wallClock: systemClock,
    recordings,
    shiftMs,
    printsPerMinute: request.tradesPerMinute,
    keys: SIMULATED_KEYS,
    funds: { USDT: request.usdt },
    clientIds: request.clientIds,
    rateLimits: request.rateLimits,
    seed: request.seed,
  };
  const exchange = await startExchange(options, request.port, request.host).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== 'EADDRINUSE') throw thrown;
    throw new UserError(`Port ${request.port} is taken; give another one with --port, or 0 for any that is free.`);
  });
  try {
    for (const fault of request.faults) exchange.faults.add(fault);
  } catch (thrown) {
    await exchange.close();
    throw thrown;
  }
  return { exchange, symbols: recordings.map(({ symbol }) => symbol), at, end: to };
}

async function loadRecordings({ data, symbols, cwd }: ExchangeRequest): Promise<readonly Recording[]> {
  const wanted = data.length === 0 && symbols.length === 0 ? BUNDLED_SYMBOLS : symbols;
  const sources = await resolveSources({ data, symbols: wanted, configured: new Map(), cwd });
  return Promise.all(
    sources.map(async ({ symbol, path }) => {
      const { columns, decimals, timeframe } = await loadCandles({ path, symbol });
      if (timeframe !== '1m') {
        throw new UserError(`${path}: has bars of ${timeframe}; the simulated exchange plays bars of one minute (1m).`);
      }
      return { symbol, columns, priceDecimals: decimals.price };
    }),
  );
}

/** From when to when every symbol is recorded. */
function commonPeriod(recordings: readonly Recording[]): { readonly from: number; readonly to: number } {
  const from = Math.max(...recordings.map(({ columns }) => columns.openTime[0]!));
  const to = Math.min(...recordings.map(({ columns }) => columns.openTime[columns.length - 1]! + MINUTE_MS));
  if (from < to) return { from, to };
  throw new UserError('The files have no time in common; the simulated exchange plays all of them at once.');
}

/** By whole days, so that longer candles begin where they began; by minutes where a moment is given or days do not fit. */
function shiftOf(now: number, at: number | undefined, from: number, to: number): number {
  if (at !== undefined) return Math.floor((now - at) / MINUTE_MS) * MINUTE_MS;
  const middle = (from + to) / 2;
  const days = (Math.floor(now / DAY_MS) - Math.floor(middle / DAY_MS)) * DAY_MS;
  if (now - days >= from && now - days < to) return days;
  return Math.floor((now - middle) / MINUTE_MS) * MINUTE_MS;
}
