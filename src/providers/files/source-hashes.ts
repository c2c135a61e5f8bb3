import { type BigIntStats, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../foundation/clock.ts';
import { textChecksum } from '../../market/dataset-checksum.ts';
import { writeWhole } from './dataset-file.ts';

/** What changes when a file does. All are texts: nanoseconds and inode numbers go beyond 2⁵³. */
interface Stamp {
  readonly device: string;
  readonly inode: string;
  readonly size: string;
  /** In nanoseconds. */
  readonly modified: string;
  readonly changed: string;
}

interface HashedSource extends Stamp {
  readonly path: string;
  /** SHA-256 of the content, hexadecimal. */
  readonly hash: string;
}

/** No file system stamps coarser than this (FAT: 2 s). */
const STAMP_GRAIN_MS = 2_000;

/**
 * Remembers the hash of a file's content by its stamp, so that an unchanged file need not be read to be known.
 *
 * A stamp is trusted when device, inode, size, time of modification and time of change are all the same to the
 * nanosecond, and both times lay more than two seconds back when the content was hashed: within the grain of its stamps
 * a file can change without a new one (the "racy" files of Git's index). The time of change can't be set at will,
 * unlike that of modification, so that even a file that was given its old times is noticed. Only a machine whose clock
 * was set back, or a disk that was written to beside the file system, can deceive it.
 */
export class SourceHashes {
  readonly #folder: string;
  readonly #clock: Clock;

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** The hash of a file's content where it is known for certain. */
  known(path: string): string | undefined {
    const stamp = stampOf(path);
    const source = stamp && this.#read(path);
    const same =
      source?.path === path && (Object.keys(stamp!) as (keyof Stamp)[]).every((key) => source[key] === stamp![key]);
    return same ? source.hash : undefined;
  }

  /**
   * Reads a file, and remembers the hash of what was read where its stamp is worth it.
   *
   * @throws what `read` throws, and what Node throws when the hash can't be written
   */
  async hash<Content extends Uint8Array>(
    path: string,
    read: () => Promise<Content>,
  ): Promise<{ readonly content: Content; readonly hash: string; remember(): void }> {
    const before = stampOf(path);
    const hashedAt = this.#clock.now();
    const content = await read();
    // Takes a while to load, and who knows the file does without.
    const { createHash } = await import('node:crypto');
    const hash = createHash('sha256').update(content).digest('hex');
    const after = stampOf(path);
    const remember = (): void => {
      if (before === undefined || JSON.stringify(before) !== JSON.stringify(after)) return;
      if (newestMs(before) + STAMP_GRAIN_MS >= hashedAt) return;
      writeWhole(this.#fileOf(path), [Buffer.from(JSON.stringify({ path, ...before, hash } satisfies HashedSource))]);
    };
    return { content, hash, remember };
  }

  #read(path: string): HashedSource | undefined {
    try {
      return JSON.parse(readFileSync(this.#fileOf(path), 'utf8')) as HashedSource;
    } catch {
      // Absent or spoilt: the file is hashed again.
      return undefined;
    }
  }

  #fileOf(path: string): string {
    return join(this.#folder, `${textChecksum(path)}.json`);
  }
}

function stampOf(path: string): Stamp | undefined {
  let stats: BigIntStats;
  try {
    stats = statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return {
    device: String(dev),
    inode: String(ino),
    size: String(size),
    modified: String(mtimeNs),
    changed: String(ctimeNs),
  };
}

function newestMs({ modified, changed }: Stamp): number {
  return Math.max(Number(modified), Number(changed)) / 1e6;
}
