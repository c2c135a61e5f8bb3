import { SWEEP_FIGURES } from '../backtest/sweep-point.ts';
import { messageOf, UserError } from '../foundation/errors.ts';
import { type Cell, type CellKind, type TableColumn, writeTable } from '../providers/files/write-table.ts';
import type { SweepStore } from '../store/sweep-store.ts';
import type { ParameterSpec } from '../strategy/parameters.ts';
import type { PreparedSweep } from './sweep-prepare.ts';
import { storedChunks } from './sweep-run.ts';

const KINDS: Readonly<Record<ParameterSpec['type'], CellKind>> = {
  integer: 'whole',
  decimal: 'number',
  choice: 'text',
  flag: 'truth',
};
const OWN = new Set<string>(['point', 'error', ...SWEEP_FIGURES]);

/**
 * Writes all points of a sweep to a file, in the order of the grid: `point`, a column for each parameter (`parameter_…`
 * where its name is also a figure's), one for each figure, and `error`. Parquet or CSV by its ending.
 *
 * @throws UserError when it can't be written
 */
export async function writeSweepFile(prepared: PreparedSweep, store: SweepStore, path: string): Promise<void> {
  const parameters = Object.entries(prepared.definition.parameters);
  const columns: readonly TableColumn[] = [
    { name: 'point', kind: 'whole' },
    ...parameters.map(([name, { type }]) => ({ name: OWN.has(name) ? `parameter_${name}` : name, kind: KINDS[type] })),
    ...SWEEP_FIGURES.map((name): TableColumn => ({ name, kind: 'number' })),
    { name: 'error', kind: 'text' },
  ];
  try {
    await writeTable(path, columns, cells(prepared, store));
  } catch (error) {
    throw new UserError(`The results can't be written to ${path}: ${messageOf(error)}.`);
  }
}

async function* cells(prepared: PreparedSweep, store: SweepStore): AsyncGenerator<readonly Cell[]> {
  for await (const { rows } of storedChunks(prepared, store)) {
    for (const { point, outcome } of rows) {
      const figures = outcome.ok ? Array.from(outcome.figures) : SWEEP_FIGURES.map(() => null);
      const values = Object.values(prepared.space.parameters(point));
      yield [point, ...values, ...figures, outcome.ok ? null : outcome.message];
    }
  }
}
