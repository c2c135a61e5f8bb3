import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'tradewind-files-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The path of `name` in a folder that is gone after this file's tests. */
export function temporaryPath(name: string): string {
  return join(folder, name);
}

/** Writes a file there and returns its path. */
export function temporaryFile(name: string, content: string | Uint8Array): string {
  const path = temporaryPath(name);
  writeFileSync(path, content);
  return path;
}
