import { type BacktestRequest, runBacktest } from '../../src/backtest/backtest.ts';
import { instrument } from '../../src/domain/instrument.ts';
import { MatchingEngine } from '../../src/execution/matching-engine.ts';
import { fixed, type Money } from '../../src/foundation/fixed-point.ts';
import type { CandleColumns } from '../../src/market/candle-columns.ts';
import { noLimits } from '../../src/risk/limits.ts';
import { checkParameters } from '../../src/strategy/check-parameters.ts';

import { type Job, type JobRequest, timed } from './jobs.ts';
import { readBars } from './read-bars.ts';
import stateCross from './state-cross.ts';

/** Tick and step so fine that float64 elsewhere and exact money here come to the same. */
const FINE = { baseCurrency: 'BTC', quoteCurrency: 'USDT', tickSize: '0.000000000001', stepSize: '0.000000000001' };

/** The cross of two averages, long or flat, all in at the next open, by the event-driven engine. */
export function crossRequest(bars: readonly CandleColumns[], { fast, slow, fee }: JobRequest): BacktestRequest {
  const parameters = checkParameters(stateCross, { fast, slow });
  if (!parameters.ok) throw parameters.error;
  const symbols = bars.map((_, index) => `S${index}USDT`);
  return {
    session: {
      botId: 'benchmark',
      definition: stateCross,
      parameters: parameters.value,
      symbols,
      timeframe: '1m',
      instruments: symbols.map((symbol) => instrument({ ...FINE, symbol })),
      currency: 'USDT',
      startingBalance: fixed<Money>('10000'),
      limits: noLimits,
      sizing: { kind: 'equity-fraction-at-fill', fraction: 1 },
      rates: new Map(),
    },
    columns: new Map(symbols.map((symbol, index) => [`${symbol}:1m`, bars[index]!])),
    venue: (instruments, account, emit) =>
      new MatchingEngine({
        instruments,
        costs: {
          spread: { kind: 'none' },
          slippage: { kind: 'none' },
          fees: { kind: 'percent', makerRate: fee, takerRate: fee },
        },
        latencyMs: 0,
        seed: 1,
        account,
        emit,
      }),
    record: 'lean',
  };
}

export const single: Job = async (request) => {
  const bars = readBars(request.file, request.bars);
  return () =>
    timed(request.repetitions, () => {
      const { equity, record } = runBacktest({ ...crossRequest([bars], request), record: 'lean' });
      const { fills, roundTrips } = record;
      return { finalEquity: equity.at(-1)!, entries: fills.length - roundTrips.length };
    });
};
