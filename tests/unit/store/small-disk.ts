import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Runs `body` with a disk of its own that has `megabytes` of space: a file system in memory. Anyone may write there. */
export async function withSmallDisk(megabytes: number, body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join('/tmp', 'tradewind-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
    chmodSync(folder, 0o777);
    try {
      await body(folder);
    } finally {
      execFileSync('umount', ['-l', folder]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What `test(name, { skip: … })` wants: the reason to skip where this user may not mount a disk, else `false`. */
export function skipUnlessMountable(): string | false {
  const folder = mkdtempSync(join('/tmp', 'tradewind-disk-'));
  try {
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status === 0) {
      if (spawnSync('umount', [folder]).status === 0) return false;
    }
    return 'this user may not mount a file system';
  } finally {
    rmSync(folder, { recursive: true });
  }
}
