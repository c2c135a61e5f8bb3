/**
 * Why a store can't do its work now:
 *
 * - `FULL`: no space is left on the disk (or for the database). What was acknowledged is whole, and can be read.
 * - `NOT_WRITABLE`: the file or folder can't be made or written, or the database takes no writes (a replica).
 * - `BUSY`: another process held the store for longer than the time allowed.
 * - `UNREACHABLE`: the database does not answer. Whether the write in hand was done is unknown; repeat it.
 * - `FAILED_IO`: the disk refused to read or write for another reason.
 * - `DAMAGED`: the file is not a database, or is corrupt.
 */
export type StoreFault = 'FULL' | 'NOT_WRITABLE' | 'BUSY' | 'UNREACHABLE' | 'FAILED_IO' | 'DAMAGED';

const remedies: Readonly<Record<StoreFault, string>> = {
  FULL: 'No space is left for it; what was stored before is whole. Free some space, and it goes on.',
  NOT_WRITABLE: 'It cannot be written. Give a path or a database that this user may write to.',
  BUSY: 'Another process held it for too long. Look whether one hangs, and try again.',
  UNREACHABLE: 'It does not answer. Look whether it runs and can be reached from here.',
  FAILED_IO: 'The disk refused to read or write. Look at the disk, its quotas and the limits of the process.',
  DAMAGED: 'It is not a database of this program, or is damaged. Restore it from a backup, or give another.',
};

/**
 * The store can't do its work at present, for a reason outside this program. Nothing of the transaction in hand was
 * written, unless `code` is `UNREACHABLE`, where that is unknown (and every write may be repeated without harm).
 */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  readonly code: StoreFault;
  /** The file, or `host:port/database`; never a password. */
  readonly place: string;

  constructor(code: StoreFault, place: string, cause: unknown) {
    const said = cause instanceof Error ? cause.message : String(cause);
    super(`The store ${place} is not available (${code}: ${said}). ${remedies[code]}`, { cause });
    this.code = code;
    this.place = place;
  }

  /** Whether waiting may mend it, without anyone doing anything here. */
  get isPassing(): boolean {
    return this.code === 'UNREACHABLE' || this.code === 'BUSY';
  }
}

/** The fault that an error of the operating system's file calls stands for; `undefined` for any other error. */
export function fileFault(error: unknown): StoreFault | undefined {
  switch ((error as { code?: unknown } | null)?.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'FULL';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'EISDIR':
    case 'EEXIST':
    case 'ENOENT':
      return 'NOT_WRITABLE';
    case 'EIO':
    case 'EFBIG':
      return 'FAILED_IO';
    default:
      return undefined;
  }
}
