import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { messageOf, UserError } from '../../foundation/errors.ts';
import { LEAST_SHARED_BYTES, startPieceThreads } from './piece-threads.ts';
import { readSingleZipEntry } from './zip-entry.ts';

/** What a history file holds, recognised by its first bytes and never by its name. */
export type FileContent =
  | { readonly kind: 'parquet' }
  | {
      readonly kind: 'text';
      readonly bytes: Buffer;
      /** Where the text begins, after a byte order mark. */
      readonly start: number;
      /** The name of the file, or of the one inside a zip archive. */
      readonly name: string;
    };

const unpackGzip = promisify(gunzip);

/** Unpacks the bytes of a file. Throws a UserError that says what is wrong with it and how to mend that. */
export async function fileContentOf(bytes: Buffer, path: string): Promise<FileContent> {
  if (bytes.length === 0) throw new UserError(`${path}: the file is empty.`);
  if (startsWith(bytes, 'PAR1')) return { kind: 'parquet' };
  const name = path.split(/[\\/]/).at(-1)!;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return textContent(await unpack(bytes, path), name, path);
  if (startsWith(bytes, 'PK\x03\x04')) {
    const entry = await readSingleZipEntry(bytes, path);
    return textContent(entry.bytes, entry.name, path);
  }
  return textContent(bytes, name, path);
}

/** All of a file. Throws a UserError where it can't be read. */
export async function readBytes(path: string): Promise<Buffer> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw new UserError(`${path}: is a folder; give the path of a file.`);
    if (stats.isFile() && stats.size >= LEAST_SHARED_BYTES) return readLarge(path, stats.size);
    // In one go: in pieces, as the other way has it, a large file takes twice as long.
    return readFileSync(path);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new UserError(`${path}: there is no such file.`);
    if (code === 'EACCES' || code === 'EPERM') throw new UserError(`${path}: may not be read; check its permissions.`);
    if (code === 'ERR_FS_FILE_TOO_LARGE') {
      throw new UserError(`${path}: is larger than 2 GiB; split it, or convert it to Parquet.`);
    }
    throw new UserError(`${path}: can't be read (${messageOf(error)}).`);
  }
}

/** Into memory that other threads see, which are then on their way, where they may have something to do. */
function readLarge(path: string, size: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(4);
    readSync(file, head, 0, head.length, 0);
    if (isPacked(head) || !startPieceThreads()) return readFileSync(file);
    const bytes = Buffer.from(new SharedArrayBuffer(size));
    let length = 0;
    while (length < size) {
      const read = readSync(file, bytes, length, size - length, length);
      if (read === 0) break;
      length += read;
    }
    // What has grown or shrunk meanwhile is read as it comes.
    return length === size && readSync(file, head, 0, 1, size) === 0 ? bytes : readFileSync(path);
  } finally {
    closeSync(file);
  }
}

async function unpack(bytes: Buffer, path: string): Promise<Buffer> {
  try {
    return await unpackGzip(bytes);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') throw new UserError(`${path}: the gzip file is cut off; fetch it again.`);
    throw new UserError(`${path}: the gzip file is damaged (${messageOf(error)}); fetch it again.`);
  }
}

function textContent(bytes: Buffer, name: string, path: string): FileContent {
  if (bytes.length === 0) throw new UserError(`${path}: the file is empty.`);
  if (startsWith(bytes, 'PAR1')) throw new UserError(`${path}: holds a packed Parquet file; unpack it first.`);
  if (startsWith(bytes, 'ARROW1')) {
    throw new UserError(`${path}: is a Feather (Arrow) file; convert it to CSV or Parquet.`);
  }
  const head = bytes.subarray(0, 4_096);
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    throw new UserError(`${path}: is UTF-16 text; save it as UTF-8.`);
  }
  if (head.includes(0)) throw new UserError(`${path}: is neither CSV text (plain, gzip or zip) nor Parquet.`);
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  return { kind: 'text', bytes, start, name };
}

function isPacked(head: Buffer): boolean {
  return (head[0] === 0x1f && head[1] === 0x8b) || startsWith(head, 'PK\x03\x04') || startsWith(head, 'PAR1');
}

function startsWith(bytes: Buffer, magic: string): boolean {
  return bytes.toString('latin1', 0, magic.length) === magic;
}
