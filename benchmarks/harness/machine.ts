import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Machine } from './document.ts';
import { findCompiler } from './yardstick.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** What a figure must be read with. */
export function describeMachine(): Machine {
  const all = cpus();
  return {
    processor: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    v8: process.versions.v8,
    compiler: findCompiler()?.version ?? 'none',
  };
}

/** The commit that is measured, with `+` when files differ from it. */
export function describeCommit(): string {
  try {
    const commit = git('rev-parse', '--short=10', 'HEAD');
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', 'src', 'benchmarks', 'bin');
    return changed === '' ? commit : `${commit}+`;
  } catch {
    return 'unknown';
  }
}

function git(...words: readonly string[]): string {
  return execFileSync('git', [...words], {
    cwd: PROJECT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}
