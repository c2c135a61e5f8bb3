import { closeSync, fstatSync, openSync, read, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { failed, type Result } from '../../foundation/result.ts';
import { CandleColumns } from '../../market/candle-columns.ts';
import { assembleDataset, type Dataset, type DatasetDefect, datasetExtent } from '../../market/dataset.ts';

/** More is not read or written in one call: some systems take no more than 2 GiB. */
const MOST_BYTES = 2 ** 28;
/** Enough for the description of nearly every dataset, so that one call reads all before the columns. */
const USUAL_HEAD = 1_024;

/** What the names of encoded datasets end with. */
export const DATASET_ENDING = '.bars';

let written = 0;

/**
 * Reads an encoded dataset, its columns straight into shared memory, and checks all of it. Its beginning is read before
 * this returns, the columns beside whatever else this thread does: also while it loads modules, which lets nothing
 * through that has more than one step.
 *
 * @param trailer what must follow the dataset, byte for byte
 * @returns the defect when the file is not whole; `undefined` when there is none of that name
 * @throws what Node throws when the file can't be read
 */
export async function readDatasetFile(
  path: string,
  trailer: string,
): Promise<Result<Dataset, DatasetDefect> | undefined> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return await readParts(file, Buffer.from(trailer));
  } finally {
    closeSync(file);
  }
}

async function readParts(file: number, trailer: Buffer): Promise<Result<Dataset, DatasetDefect>> {
  const { size } = fstatSync(file);
  const start = readNow(file, Math.min(size, USUAL_HEAD), 0);
  const extent = datasetExtent(start);
  if (!extent.ok) return extent;
  const { bars, columnsStart, end } = extent.value;
  // Before memory is taken for what a damaged beginning may claim.
  if (size !== end + trailer.length) {
    const kind = size < end + trailer.length ? 'cut off' : 'damaged';
    return failed({ kind, message: `it has ${size} bytes where ${end + trailer.length} are wanted` });
  }
  if (!trailer.equals(readNow(file, trailer.length, end))) {
    return failed({ kind: 'damaged', message: 'it is of something else' });
  }
  const head = columnsStart <= start.length ? start.subarray(0, columnsStart) : readNow(file, columnsStart, 0);
  const columns = new SharedArrayBuffer(CandleColumns.byteLength(bars));
  await readInto(new Uint8Array(columns), file, columnsStart);
  return assembleDataset(head, columns);
}

/** What the file does not have stays 0. */
function readNow(file: number, length: number, position: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const count = readSync(file, bytes, done, length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return bytes;
}

async function readInto(target: Uint8Array, file: number, position: number): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const count = await readPart(target, done, file, position + done);
    if (count === 0) break;
    done += count;
  }
}

function readPart(target: Uint8Array, offset: number, file: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(file, target, offset, Math.min(MOST_BYTES, target.length - offset), position, (error, count) => {
      if (error) reject(error);
      else resolve(count);
    });
  });
}

/** Writes a file so that whoever reads it sees all of it or none. Throws what Node throws. */
export function writeWhole(path: string, parts: readonly Uint8Array[]): void {
  written++;
  const temporary = `${path}.${process.pid}-${written}.tmp`;
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      for (const part of parts) {
        for (let done = 0; done < part.length; ) {
          done += writeSync(file, part, done, Math.min(MOST_BYTES, part.length - done));
        }
      }
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
