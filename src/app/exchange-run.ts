import { type RunningExchange, startExchange } from '../exchange/simulated-exchange.ts';
import { systemClock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import { DAY_MS, epochMs, MINUTE_MS, toIso } from '../foundation/time.ts';
import { acceleratedClock } from './exchange-clock.ts';
import { commonPeriod, loadRecordings } from './exchange-recordings.ts';
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
 * Loads what was recorded and opens the exchange.
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
    ...(request.historyMs !== undefined && { historyMs: request.historyMs }),
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

/** By whole days, so that longer candles begin where they began; by minutes where a moment is given or days do not fit. */
function shiftOf(now: number, at: number | undefined, from: number, to: number): number {
  if (at !== undefined) return Math.floor((now - at) / MINUTE_MS) * MINUTE_MS;
  const middle = (from + to) / 2;
  const days = (Math.floor(now / DAY_MS) - Math.floor(middle / DAY_MS)) * DAY_MS;
  if (now - days >= from && now - days < to) return days;
  return Math.floor((now - middle) / MINUTE_MS) * MINUTE_MS;
}
