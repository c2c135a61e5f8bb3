import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type OpenSweep, openSweep, type SweepPath } from '../backtest/sweep-chunk.ts';
import type { PlannedStrategy, SweepPlan } from '../backtest/sweep-plan.ts';
import { UserError } from '../foundation/errors.ts';
import type { CandleColumns } from '../market/candle-columns.ts';
import { strategyFailure } from './strategy-failure.ts';
import { type ResolvedStrategy, resolveStrategy } from './strategy-registry.ts';

/**
 * A sweep ready for `runChunk` in this thread or process: loads the strategy that the plan names, which must be the one
 * that it was planned with.
 *
 * @param columns the bars of the plan's feeds, by feed name
 * @throws UserError when the strategy is not there any more, or has changed
 */
export async function openPlannedSweep(
  plan: SweepPlan,
  columns: ReadonlyMap<string, CandleColumns>,
  path: SweepPath = 'auto',
): Promise<OpenSweep> {
  const strategy = await resolveStrategy(plan.strategy.reference, { cwd: '.' });
  const found = await plannedStrategy(strategy);
  if (found.contentHash !== plan.strategy.contentHash) {
    throw new UserError(`The strategy file ${strategy.reference} has changed since the sweep began: begin it again.`);
  }
  const { definition, reference } = strategy;
  // A point has the same words on every machine, wherever the strategy's file lies there.
  const explain = (thrown: unknown): string =>
    strategyFailure(definition.name, reference, thrown).message.replaceAll(`${reference}:`, 'line ');
  return openSweep(plan, { definition, columns, explain, path });
}

/** A strategy as a plan names it: one in a file by what is in the file. */
export async function plannedStrategy({ definition, reference }: ResolvedStrategy): Promise<PlannedStrategy> {
  const { name } = definition;
  if (reference === name) return { name, reference, contentHash: null };
  const contentHash = createHash('sha256')
    .update(await readFile(reference))
    .digest('hex');
  return { name, reference, contentHash };
}
