import { measure } from '../engine.ts';
import type { Job } from './jobs.ts';
import { readBars } from './read-bars.ts';

/** The job of engine.c by the whole product path: four indicators, risk gate, matching with fee and slippage, ledger. */
export const engine: Job = async ({ file, bars: length, repetitions }) => {
  const columns = readBars(file, length);
  return async () => {
    const { milliseconds, result } = await measure({ bars: length, rounds: repetitions, columns });
    return { milliseconds, result: { finalEquity: result.finalEquity, roundTrips: result.roundTrips } };
  };
};
