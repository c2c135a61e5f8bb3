import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { UserError } from '../../foundation/errors.ts';

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const STORED = 0;
const DEFLATED = 8;
const inflate = promisify(inflateRaw);

/** The only file of a zip archive, such as the downloads of data.binance.vision. */
export interface ZipEntry {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Unpacks a zip archive of one file, and checks its sum. Layout: PKWARE APPNOTE 6.3, sections 4.3.7 to 4.3.16.
 *
 * @param path for the message of the UserError when the archive holds another number of files, or is cut off or damaged
 */
export async function readSingleZipEntry(archive: Buffer, path: string): Promise<ZipEntry> {
  const damaged = (): UserError => new UserError(`${path}: the zip archive is cut off or damaged; fetch it again.`);
  try {
    const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
    if (end < 0 || archive.readUInt32LE(end) !== END_OF_DIRECTORY) throw damaged();
    const entries = filesOf(archive, archive.readUInt32LE(end + 16), archive.readUInt16LE(end + 10));
    const [entry] = entries;
    if (entry === undefined || entries.length > 1) {
      const names = entries.map(({ name }) => name).join(', ');
      throw new UserError(`${path}: wants a zip archive of one file, this one holds ${entries.length} (${names}).`);
    }
    const bytes = await unpack(archive, entry, path);
    if (crc32(bytes) !== entry.crc) throw damaged();
    return { name: entry.name, bytes };
  } catch (error) {
    throw error instanceof UserError ? error : damaged();
  }
}

interface DirectoryEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly offset: number;
}

function filesOf(archive: Buffer, start: number, count: number): DirectoryEntry[] {
  const entries: DirectoryEntry[] = [];
  let at = start;
  for (let index = 0; index < count; index++) {
    if (archive.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new RangeError('no directory entry');
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength);
    if (!name.endsWith('/')) {
      entries.push({
        name,
        method: archive.readUInt16LE(at + 10),
        crc: archive.readUInt32LE(at + 16),
        packedSize: archive.readUInt32LE(at + 20),
        offset: archive.readUInt32LE(at + 42),
      });
    }
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return entries;
}

async function unpack(archive: Buffer, entry: DirectoryEntry, path: string): Promise<Buffer> {
  const { offset, method, packedSize } = entry;
  const start = offset + 30 + archive.readUInt16LE(offset + 26) + archive.readUInt16LE(offset + 28);
  const packed = archive.subarray(start, start + packedSize);
  if (method === STORED) return packed;
  if (method === DEFLATED) return inflate(packed);
  throw new UserError(`${path}: the zip archive is packed in a way that is not known (${method}); unpack it first.`);
}
