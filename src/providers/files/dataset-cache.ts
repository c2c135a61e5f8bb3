import { mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Timeframe } from '../../domain/timeframe.ts';
import type { Clock } from '../../foundation/clock.ts';
import { messageOf } from '../../foundation/errors.ts';
import { DATASET_VERSION, type Dataset, encodeDataset } from '../../market/dataset.ts';
import { textChecksum } from '../../market/dataset-checksum.ts';
import { readDatasetFile, writeWhole } from './dataset-file.ts';
import { readBytes } from './file-content.ts';
import type { LoadOptions } from './load-candles.ts';
import { SourceHashes } from './source-hashes.ts';

/** Raised whenever reading the same file could give other bars than before: what was kept is then read anew. */
const READING_VERSION = 1;
/** Smaller files are read from their source about as fast. */
const LEAST_SOURCE_BYTES = 262_144;
/** A line on each file that was read; the oldest are forgotten. */
const MOST_SOURCES = 2_000;
/** A file that a process left half written when it was killed. */
const STALE_MS = 3_600_000;

export interface DatasetCacheOptions {
  readonly folder: string;
  /** All datasets together; those that were not used for longest go first. */
  readonly mostBytes: number;
  readonly clock: Clock;
  /** Told in one sentence when something kept is damaged, or can't be kept. */
  readonly onNotice: (sentence: string) => void;
}

/** What decides which bars come of a file. A file whose bars depend on the wanted symbol too is not kept. */
export type KeptReading = Pick<LoadOptions, 'onDefect' | 'timestampMeans'>;

/** A file as the cache knows it. A dataset without a timeframe is of the file's own; else it was made of that. */
export interface CachedSource {
  /** The bytes of the file, where they had to be read to know it. */
  readonly bytes: Buffer | undefined;
  find(reading: KeptReading, timeframe: Timeframe | undefined): Promise<Dataset | undefined>;
  keep(reading: KeptReading, timeframe: Timeframe | undefined, dataset: Dataset): void;
}

/**
 * Keeps the bars of files as encoded datasets, so that the second reading is that of plain columns. What is kept is known
 * by the SHA-256 of the file's content, its name (which may say day and symbol) and the way of reading; never by its
 * path or age alone. Many processes may use one folder: files appear whole or not at all, and one that another process
 * has thrown out meanwhile is simply read from its source. Nothing is trusted: each file carries checksums of all its
 * bytes and the key that it was kept under.
 */
export class DatasetCache {
  readonly #options: DatasetCacheOptions;
  readonly #hashes: SourceHashes;
  readonly #folder: string;
  #tellsFailures = true;

  constructor(options: DatasetCacheOptions) {
    this.#options = options;
    this.#folder = join(options.folder, 'datasets');
    this.#hashes = new SourceHashes(join(options.folder, 'sources'), options.clock);
  }

  /**
   * Looks a file up; `undefined` for one that is not worth keeping.
   *
   * @param path absolute
   * @throws UserError when the file has to be read and can't be
   */
  async source(path: string): Promise<CachedSource | undefined> {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size < LEAST_SOURCE_BYTES) return undefined;
    const known = this.#hashes.known(path);
    if (known !== undefined) return this.#source(path, known, undefined, () => {});
    const { content, hash, remember } = await this.#hashes.hash(path, () => readBytes(path));
    return this.#source(path, hash, content, remember);
  }

  #source(path: string, hash: string, bytes: Buffer | undefined, remember: () => void): CachedSource {
    return {
      bytes,
      find: async (reading, timeframe) => {
        const found = await this.#read(path, keyOf(hash, path, reading, timeframe));
        if (found !== undefined) this.#try(remember);
        return found;
      },
      keep: (reading, timeframe, dataset) => this.#keep(keyOf(hash, path, reading, timeframe), dataset, remember),
    };
  }

  async #read(path: string, key: string): Promise<Dataset | undefined> {
    const file = this.#fileOf(key);
    try {
      const read = await readDatasetFile(file, key);
      if (read === undefined) return undefined;
      if (read.ok) {
        touch(file, this.#options.clock);
        return read.value;
      }
      this.#options.onNotice(
        `What was kept of ${path} is not sound (${file}: ${read.error.message}): it is read anew from its source.`,
      );
      rmSync(file, { force: true });
    } catch (error) {
      this.#options.onNotice(`What was kept of ${path} can't be read (${messageOf(error)}): it is read anew.`);
    }
    return undefined;
  }

  #keep(key: string, dataset: Dataset, remember: () => void): void {
    if (dataset.columns.buffer.byteLength > this.#options.mostBytes) return;
    this.#try(() => {
      for (const name of ['datasets', 'sources']) {
        mkdirSync(join(this.#options.folder, name), { recursive: true, mode: 0o700 });
      }
      writeWhole(this.#fileOf(key), [encodeDataset(dataset), Buffer.from(key)]);
      remember();
      this.#makeRoom();
    });
  }

  /** To keep nothing is no failure of the run. */
  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (this.#tellsFailures) {
        this.#options.onNotice(
          `Bars can't be kept in ${this.#options.folder} (${messageOf(error)}): the files are read anew each time. --no-cache does without.`,
        );
      }
      this.#tellsFailures = false;
    }
  }

  /** Throws out what was not used for longest, and what killed processes left behind. */
  #makeRoom(): void {
    const { clock, mostBytes, folder } = this.#options;
    let total = 0;
    for (const { path, size, used } of newestFirst(this.#folder)) {
      const isStale = path.endsWith('.tmp') && used < clock.now() - STALE_MS;
      total += size;
      if (total > mostBytes || isStale) rmSync(path, { force: true });
    }
    for (const { path } of newestFirst(join(folder, 'sources')).slice(MOST_SOURCES)) rmSync(path, { force: true });
  }

  #fileOf(key: string): string {
    return join(this.#folder, `${textChecksum(key)}.bars`);
  }
}

/** All that the bars of a file depend on. */
function keyOf(hash: string, path: string, reading: KeptReading, timeframe: Timeframe | undefined): string {
  const { onDefect = 'refuse', timestampMeans = 'open' } = reading;
  const parts = [READING_VERSION, DATASET_VERSION, hash, basename(path), onDefect, timestampMeans, timeframe];
  return JSON.stringify(parts);
}

function newestFirst(folder: string): { readonly path: string; readonly size: number; readonly used: number }[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const path = join(folder, name);
      // Another process may have thrown it out by now.
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats === undefined ? [] : [{ path, size: stats.size, used: stats.mtimeMs }];
    })
    .sort((left, right) => right.used - left.used);
}

/** What was used last is thrown out last. */
function touch(path: string, clock: Clock): void {
  try {
    utimesSync(path, clock.now() / 1_000, clock.now() / 1_000);
  } catch {
    // Thrown out by another process, or not ours to touch.
  }
}
