import { join } from 'node:path';
import type { Timeframe } from '../domain/timeframe.ts';
import { systemClock } from '../foundation/clock.ts';
import { type CachedSource, DatasetCache } from '../providers/files/dataset-cache.ts';
import type { LoadedCandles, LoadOptions, OwnCandles } from '../providers/files/load-candles.ts';
import { userCacheFolder } from './config.ts';

/** How files are read; what is not said is as `loadCandles` has it. */
export type Reading = Pick<LoadOptions, 'onDefect' | 'timestampMeans'>;

/** Which bars are wanted. */
export interface Wanted {
  /** Absolute. */
  readonly path: string;
  readonly symbol?: string | undefined;
  /** Default: the file's own. */
  readonly timeframe?: Timeframe | undefined;
  readonly reading?: Reading | undefined;
  readonly onProgress?: LoadOptions['onProgress'] | undefined;
}

/** All that is kept of this user's files together. */
const MOST_CACHED_BYTES = 4 * 2 ** 30;

export interface DataReaderOptions {
  /** False: every file is read from its source. */
  readonly cache: boolean;
  /** Told in one sentence when the cache is damaged or can't be written. */
  readonly onNotice: (sentence: string) => void;
}

/**
 * Reads the bars of files for one run: each file once, longer bars made of the file's own, and both from the cache where
 * it has them.
 */
export class DataReader {
  readonly #options: DataReaderOptions;
  readonly #files = new Map<string, Promise<FileBars>>();

  constructor(options: DataReaderOptions = { cache: false, onNotice: () => {} }) {
    this.#options = options;
  }

  /** @throws UserError when the file is missing or unsound, or no bars of the timeframe can be made of it */
  async load(wanted: Wanted): Promise<LoadedCandles> {
    const { symbol, timeframe, onProgress } = wanted;
    const file = await this.#file(wanted);
    const bars = await file.load(symbol, timeframe, onProgress);
    return symbol === undefined ? bars : { ...bars, symbol };
  }

  /**
   * Has the cache read what will be loaded soon, while the program still gets ready; resolves when that is under way.
   * What is wrong with a file is told when it is loaded.
   */
  async prefetch(wanted: Wanted): Promise<void> {
    if (!this.#options.cache) return;
    try {
      const file = await this.#file(wanted);
      file.prefetch(wanted.timeframe).catch(() => {});
    } catch {
      // The file can't be read; it is told when it is loaded.
    }
  }

  #file({ path, reading = {} }: Wanted): Promise<FileBars> {
    const key = JSON.stringify([path, reading.onDefect, reading.timestampMeans]);
    const known = this.#files.get(key);
    if (known !== undefined) return known;
    const file = this.#cached(path).then((cached) => new FileBars(path, reading, cached));
    this.#files.set(key, file);
    return file;
  }

  async #cached(path: string): Promise<CachedSource | undefined> {
    // A dataset is as it would be kept.
    if (!this.#options.cache || path.endsWith('.bars')) return undefined;
    const folder = join(userCacheFolder(), 'tradewind');
    const { onNotice } = this.#options;
    return new DatasetCache({ folder, mostBytes: MOST_CACHED_BYTES, clock: systemClock, onNotice }).source(path);
  }
}

/** One file, read in one way. */
class FileBars {
  readonly #path: string;
  readonly #reading: Reading;
  readonly #cached: CachedSource | undefined;
  #own: OwnCandles | undefined;
  /** By timeframe; without one, the file's own. */
  readonly #made = new Map<Timeframe | undefined, LoadedCandles>();
  readonly #kept = new Map<Timeframe | undefined, Promise<LoadedCandles | undefined>>();

  constructor(path: string, reading: Reading, cached: CachedSource | undefined) {
    this.#path = path;
    this.#reading = reading;
    this.#cached = cached;
  }

  async load(
    symbol: string | undefined,
    timeframe: Timeframe | undefined,
    onProgress: LoadOptions['onProgress'],
  ): Promise<LoadedCandles> {
    if (this.#own?.dependsOnSymbol && this.#own.loaded.symbol !== symbol) {
      this.#own = undefined;
      this.#made.clear();
    }
    const made = await this.#find(timeframe);
    if (made !== undefined) return made;
    const own =
      (timeframe !== undefined && (await this.#find(undefined))) || (await this.#read(symbol, timeframe, onProgress));
    if (timeframe === undefined || timeframe === own.timeframe) return own;
    const { inTimeframe } = await import('../providers/files/longer-candles.ts');
    const longer = inTimeframe(own, timeframe);
    this.#keep(timeframe, longer);
    return longer;
  }

  async prefetch(timeframe: Timeframe | undefined): Promise<void> {
    if ((await this.#find(timeframe)) === undefined) await this.#find(undefined);
  }

  /** Bars that were read before, in this run or an earlier one. */
  async #find(timeframe: Timeframe | undefined): Promise<LoadedCandles | undefined> {
    const made = this.#made.get(timeframe);
    if (made !== undefined || this.#cached === undefined) return made;
    let kept = this.#kept.get(timeframe);
    if (kept === undefined) {
      kept = this.#cached.find(this.#reading, timeframe).then((set) => set && { ...set, path: this.#path });
      this.#kept.set(timeframe, kept);
    }
    return kept;
  }

  async #read(
    symbol: string | undefined,
    timeframe: Timeframe | undefined,
    onProgress: LoadOptions['onProgress'],
  ): Promise<LoadedCandles> {
    const { loadOwnCandles } = await import('../providers/files/load-candles.ts');
    const bytes = this.#cached?.bytes;
    this.#own = await loadOwnCandles({
      path: this.#path,
      ...this.#reading,
      ...(symbol !== undefined && { symbol }),
      ...(timeframe !== undefined && { timeframe }),
      ...(bytes !== undefined && { bytes }),
      ...(onProgress && { onProgress }),
    });
    this.#keep(undefined, this.#own.loaded);
    return this.#own.loaded;
  }

  #keep(timeframe: Timeframe | undefined, bars: LoadedCandles): void {
    this.#made.set(timeframe, bars);
    if (this.#own?.dependsOnSymbol) return;
    const { path: _path, symbol: _symbol, ...dataset } = bars;
    const symbol = this.#own === undefined ? bars.symbol : this.#own.ownSymbol;
    this.#cached?.keep(this.#reading, timeframe, { ...dataset, ...(symbol !== undefined && { symbol }) });
  }
}
