import type { Json } from '../foundation/json.ts';
import type { EpochMs } from '../foundation/time.ts';

/**
 * The part of the {@link Store} that keeps sweeps. A sweep is known by the hash of its plan, its points are computed in
 * chunks of fixed bounds, and a chunk is written under (sweep, number): writing one again changes nothing, so that a
 * repeated job, a killed worker and a resumed run can neither lose nor double a result.
 */
export interface SweepStore {
  /** Writes the plan of a sweep; one that is there already is left alone. */
  createSweep(sweep: SweepRecord): Promise<void>;
  sweep(id: string): Promise<SweepRecord | undefined>;
  /** Newest first. */
  sweeps(): Promise<readonly SweepRecord[]>;
  /** Forgets a sweep with its chunks; data sets stay. One that is not there is no error. */
  deleteSweep(id: string): Promise<void>;
  /** Asks all who work on it to stop, or takes that back. What is done is kept. */
  cancelSweep(id: string, cancelled: boolean): Promise<void>;
  /**
   * Keeps a chunk's encoded rows. One that is there already with the same bytes is left alone; with other bytes it is a
   * broken invariant, as the same points give the same bits: throws an InvariantError.
   */
  saveChunk(chunk: SweepChunk): Promise<void>;
  /** The numbers of the chunks that are done, rising. */
  chunksDone(id: string): Promise<readonly number[]>;
  /** Chunks with number in [from, to), by number. */
  chunks(id: string, from: number, to: number): Promise<readonly SweepChunk[]>;
  /** Keeps a data set by the hash of its content; one that is there is left alone. */
  saveDataset(hash: string, content: Uint8Array): Promise<void>;
  dataset(hash: string): Promise<Uint8Array | undefined>;
}

export interface SweepRecord {
  /** SHA-256 of the plan's canonical JSON, hexadecimal. */
  readonly id: string;
  readonly plan: Json;
  readonly chunks: number;
  readonly createdAt: EpochMs;
  readonly cancelled: boolean;
}

export interface SweepChunk {
  readonly sweepId: string;
  /** 0 … chunks − 1. */
  readonly number: number;
  readonly rows: Uint8Array;
}
