import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../foundation/clock.ts';
import { InvariantError } from '../foundation/errors.ts';
import { CandleColumns } from '../market/candle-columns.ts';
import type { SweepStore } from '../store/sweep-store.ts';

/**
 * The bars of a feed as bytes whose SHA-256 is their hash in a plan (see `columnsHash`): a line that says their number and
 * interval, then the memory of the columns.
 */
export function columnsToContent(columns: CandleColumns): Uint8Array {
  const head = new TextEncoder().encode(`columns 1 ${columns.length} ${columns.intervalMs}\n`);
  const content = new Uint8Array(head.length + columns.buffer.byteLength);
  content.set(head);
  content.set(new Uint8Array(columns.buffer), head.length);
  return content;
}

/** Reads what {@link columnsToContent} wrote, into shared memory. */
export function columnsFromContent(content: Uint8Array): CandleColumns {
  const headLength = content.indexOf(0x0a) + 1;
  const head = new TextDecoder().decode(content.subarray(0, headLength));
  const [, length, intervalMs] = /^columns 1 (\d+) (\d+)\n$/.exec(head) ?? [];
  if (length === undefined) throw new InvariantError('These bytes are no bars of a feed', { begin: head.slice(0, 80) });
  const columns = new CandleColumns(Number(length), Number(intervalMs));
  new Uint8Array(columns.buffer).set(content.subarray(headLength));
  return columns;
}

export function contentHash(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** What was not used for so long is removed from the folder. */
const KEPT_MS = 30 * 24 * 3_600_000;

/** What sweeps need besides their plans, by the SHA-256 of its bytes: from the store once, then from a folder of this machine. */
export class ContentCache {
  readonly #folder: string;
  readonly #store: SweepStore;
  readonly #clock: Clock;

  constructor(folder: string, store: SweepStore, clock: Clock) {
    this.#folder = folder;
    this.#store = store;
    this.#clock = clock;
  }

  /** Removes what was not used for a month. */
  async tidy(): Promise<void> {
    for (const first of await readdir(this.#folder).catch(() => [])) {
      for (const hash of await readdir(join(this.#folder, first)).catch(() => [])) {
        const folder = join(this.#folder, first, hash);
        const used = await stat(folder).catch(() => undefined);
        if (used && this.#clock.now() - used.mtimeMs > KEPT_MS) await rm(folder, { recursive: true, force: true });
      }
    }
  }

  /** Where the content of a hash is kept, under a name of one's choice. */
  pathOf(hash: string, name = 'content'): string {
    return join(this.#folder, hash.slice(0, 2), hash, name);
  }

  /**
   * The content of a hash. What is damaged in the folder is fetched anew.
   *
   * @throws InvariantError when the store does not have it, or has other bytes
   */
  async content(hash: string, name?: string): Promise<Uint8Array> {
    const path = this.pathOf(hash, name);
    const kept = await readFile(path).catch(() => undefined);
    if (kept && contentHash(kept) === hash) {
      const now = this.#clock.now() / 1_000;
      await utimes(dirname(path), now, now).catch(() => {});
      return kept;
    }
    const content = await this.#store.dataset(hash);
    if (!content) throw new InvariantError('The store does not have what a sweep needs', { hash });
    if (contentHash(content) !== hash) throw new InvariantError('The store has other bytes under a hash', { hash });
    await writeWhole(path, content);
    return content;
  }
}

/** All or nothing, for others read the same folder: under another name first. */
async function writeWhole(path: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}.part`;
  try {
    await writeFile(unfinished, content);
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
