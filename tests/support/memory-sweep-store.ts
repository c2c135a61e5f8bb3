import { InvariantError } from '../../src/foundation/errors.ts';
import type { SweepChunk, SweepRecord, SweepStore } from '../../src/store/sweep-store.ts';

/** Sweeps in memory, with the promises of the port. */
export class MemorySweepStore implements SweepStore {
  readonly #sweeps = new Map<string, SweepRecord>();
  readonly #chunks = new Map<string, Map<number, Uint8Array>>();
  readonly #datasets = new Map<string, Uint8Array>();

  async createSweep(sweep: SweepRecord): Promise<void> {
    if (!this.#sweeps.has(sweep.id)) this.#sweeps.set(sweep.id, sweep);
  }

  async sweep(id: string): Promise<SweepRecord | undefined> {
    return this.#sweeps.get(id);
  }

  async sweeps(): Promise<readonly SweepRecord[]> {
    return [...this.#sweeps.values()].sort((a, b) => b.createdAt - a.createdAt);
  }

  async deleteSweep(id: string): Promise<void> {
    this.#sweeps.delete(id);
    this.#chunks.delete(id);
  }

  async cancelSweep(id: string, cancelled: boolean): Promise<void> {
    const sweep = this.#sweeps.get(id);
    if (sweep) this.#sweeps.set(id, { ...sweep, cancelled });
  }

  async saveChunk({ sweepId, number, rows }: SweepChunk): Promise<void> {
    const chunks = this.#chunks.get(sweepId) ?? new Map<number, Uint8Array>();
    this.#chunks.set(sweepId, chunks);
    const before = chunks.get(number);
    if (before !== undefined && Buffer.compare(before, rows) !== 0) {
      throw new InvariantError('The same points of a sweep gave other figures than before', { chunk: number });
    }
    chunks.set(number, rows.slice());
  }

  async chunksDone(id: string): Promise<readonly number[]> {
    return [...(this.#chunks.get(id)?.keys() ?? [])].sort((a, b) => a - b);
  }

  async chunks(id: string, from: number, to: number): Promise<readonly SweepChunk[]> {
    const found: SweepChunk[] = [];
    for (const number of await this.chunksDone(id)) {
      if (number >= from && number < to) found.push({ sweepId: id, number, rows: this.#chunks.get(id)!.get(number)! });
    }
    return found;
  }

  async saveDataset(hash: string, content: Uint8Array): Promise<void> {
    if (!this.#datasets.has(hash)) this.#datasets.set(hash, content.slice());
  }

  async dataset(hash: string): Promise<Uint8Array | undefined> {
    return this.#datasets.get(hash);
  }
}
