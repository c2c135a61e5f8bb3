import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
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
 * Reads an encoded dataset, its columns straight into shared memory, and checks all of it. The reading itself goes on
 * beside whatever else this thread does.
 *
 * @param trailer what must follow the dataset, byte for byte
 * @returns the defect when the file is not whole; `undefined` when there is none of that name
 * @throws what Node throws when the file can't be read
 */
export async function readDatasetFile(
  path: string,
  trailer: string,
): Promise<Result<Dataset, DatasetDefect> | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return await readParts(file, Buffer.from(trailer));
  } finally {
    await file.close();
  }
}

async function readParts(file: FileHandle, trailer: Buffer): Promise<Result<Dataset, DatasetDefect>> {
  const { size } = await file.stat();
  const start = await readAt(file, new Uint8Array(Math.min(size, USUAL_HEAD)), 0);
  const extent = datasetExtent(start);
  if (!extent.ok) return extent;
  const { bars, columnsStart, end } = extent.value;
  // Before memory is taken for what a damaged beginning may claim.
  if (size !== end + trailer.length) {
    const kind = size < end + trailer.length ? 'cut off' : 'damaged';
    return failed({ kind, message: `it has ${size} bytes where ${end + trailer.length} are wanted` });
  }
  if (!trailer.equals(await readAt(file, new Uint8Array(trailer.length), end))) {
    return failed({ kind: 'damaged', message: 'it is of something else' });
  }
  const isWhole = columnsStart <= start.length;
  const head = isWhole ? start.subarray(0, columnsStart) : await readAt(file, new Uint8Array(columnsStart), 0);
  const columns = new SharedArrayBuffer(CandleColumns.byteLength(bars));
  await readAt(file, new Uint8Array(columns), columnsStart);
  return assembleDataset(head, columns);
}

/** Fills `target` from a place of the file; what the file does not have stays 0. */
async function readAt(file: FileHandle, target: Uint8Array, position: number): Promise<Uint8Array> {
  for (let done = 0; done < target.length; ) {
    const { bytesRead } = await file.read(target, done, Math.min(MOST_BYTES, target.length - done), position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return target;
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
