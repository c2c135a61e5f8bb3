import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Timeframe, timeframeMs } from '../domain/timeframe.ts';
import { UserError } from '../foundation/errors.ts';
import { type Dataset, decodeDataset, encodeDataset } from '../market/dataset.ts';
import { DATASET_ENDING, writeWhole } from '../providers/files/dataset-file.ts';
import { DEFAULT_DATA_FOLDER } from './config-defaults.ts';

/** A dataset of the library. */
export interface LibraryEntry {
  readonly name: string;
  readonly path: string;
  /** In bytes. */
  readonly size: number;
}

export interface LibraryDataset extends LibraryEntry {
  readonly dataset: Dataset;
  /** SHA-256 of the encoded dataset. */
  readonly hash: string;
}

/** Imported bars, each series under a name such as `BTCUSDT-1m`, in a folder below the one that the program is started in. */
export class DataLibrary {
  readonly folder: string;

  /** @param cwd the folder from which paths count */
  constructor(cwd: string) {
    this.folder = join(cwd, DEFAULT_DATA_FOLDER);
  }

  /** By name. */
  entries(): readonly LibraryEntry[] {
    let names: string[];
    try {
      names = readdirSync(this.folder);
    } catch {
      return [];
    }
    return names
      .filter((name) => name.endsWith(DATASET_ENDING))
      .sort()
      .map((name) => this.#entry(name.slice(0, -DATASET_ENDING.length)));
  }

  /** The dataset of a name; `undefined` where there is none. */
  find(name: string): LibraryEntry | undefined {
    return this.entries().find((entry) => entry.name === name);
  }

  /** The dataset of a symbol with the shortest bars, of which longer ones can be made. */
  findSymbol(symbol: string): LibraryEntry | undefined {
    const stem = `${safeName(symbol)}-`;
    const lengthOf = ({ name }: LibraryEntry): number => timeframeMs(name.slice(stem.length) as Timeframe);
    return this.entries()
      .filter(({ name }) => name.startsWith(stem) && !name.slice(stem.length).includes('-'))
      .sort((one, other) => lengthOf(one) - lengthOf(other))[0];
  }

  /** @throws UserError when it is damaged */
  async open(entry: LibraryEntry): Promise<LibraryDataset> {
    const bytes = await readFile(entry.path);
    const decoded = decodeDataset(bytes);
    if (decoded.ok) return { ...entry, dataset: decoded.value, hash: await hashOf(bytes) };
    throw new UserError(`${entry.path}: ${decoded.error.message}; import ${entry.name} again.`);
  }

  /**
   * Keeps a dataset under the name of its symbol and timeframe.
   *
   * @returns what is kept, and whether the very same was there before
   * @throws UserError when other bars are there under that name, unless they may be replaced
   */
  async add(
    dataset: Dataset & { readonly symbol: string },
    replace: boolean,
  ): Promise<LibraryDataset & { readonly isNew: boolean }> {
    const name = `${safeName(dataset.symbol)}-${dataset.timeframe}`;
    const encoded = encodeDataset(dataset);
    const hash = await hashOf(encoded);
    const before = this.find(name);
    if (before !== undefined) {
      const isSame = (await hashOf(await readFile(before.path))) === hash;
      if (isSame) return { ...before, dataset, hash, isNew: false };
      if (!replace) {
        throw new UserError(
          `${name} is there already with other bars: give --replace to have them replaced, or another --symbol.`,
        );
      }
    }
    mkdirSync(this.folder, { recursive: true });
    writeWhole(join(this.folder, name + DATASET_ENDING), [encoded]);
    return { ...this.#entry(name), dataset, hash, isNew: true };
  }

  #entry(name: string): LibraryEntry {
    const path = join(this.folder, name + DATASET_ENDING);
    return { name, path, size: statSync(path, { throwIfNoEntry: false })?.size ?? 0 };
  }
}

/** Hashing takes a while to load, and who only looks for a name does without. */
async function hashOf(encoded: Uint8Array): Promise<string> {
  const { datasetHash } = await import('../providers/files/dataset-hash.ts');
  return datasetHash(encoded);
}

/** `BTC/USDT:USDT` is no name of a file. */
function safeName(symbol: string): string {
  return symbol.replaceAll(/[^A-Za-z0-9.=^_-]/g, '_');
}
