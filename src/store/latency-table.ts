import type { HistogramJson } from '../foundation/histogram.ts';
import type { Json } from '../foundation/json.ts';
import type { EpochMs } from '../foundation/time.ts';
import type { LatencyStore, LatencyWindow } from './latency-store.ts';
import type { SqlDatabase } from './sql-database.ts';
import { storedJson, storedWhole } from './stored-values.ts';

/** Histograms of latencies, a row for each process, stage and window. */
export class LatencyTable implements LatencyStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async saveLatencies(windows: readonly LatencyWindow[]): Promise<void> {
    if (windows.length === 0) return;
    const rows = windows.map(({ process, stage, windowStart, histogram }) => ({
      process,
      stage,
      window_start: storedWhole(windowStart, 'windowStart'),
      histogram: storedJson(histogram as unknown as Json, 'histogram'),
    }));
    await this.#database.transaction(async ({ kysely }) => {
      await kysely
        .insertInto('latencies')
        .values(rows)
        .onConflict((conflict) =>
          conflict
            .columns(['process', 'stage', 'window_start'])
            .doUpdateSet((update) => ({ histogram: update.ref('excluded.histogram') })),
        )
        .execute();
    });
  }

  async latencies(since: EpochMs): Promise<readonly LatencyWindow[]> {
    const rows = await this.#database.read((kysely) =>
      kysely
        .selectFrom('latencies')
        .selectAll()
        .where('window_start', '>=', since)
        .orderBy('window_start')
        .orderBy('process')
        .orderBy('stage')
        .execute(),
    );
    return rows.map(({ process, stage, window_start, histogram }) => ({
      process,
      stage,
      windowStart: window_start as EpochMs,
      histogram: JSON.parse(histogram) as HistogramJson,
    }));
  }

  async forgetLatencies(before: EpochMs): Promise<void> {
    await this.#database.transaction(({ kysely }) =>
      kysely.deleteFrom('latencies').where('window_start', '<', before).execute(),
    );
  }
}
