import type { ChildProcess } from 'node:child_process';

const owned = new Set<ChildProcess>();

process.once('exit', () => {
  for (const child of owned) child.kill('SIGKILL');
});

/** A process that must not outlive this one. */
export function own(child: ChildProcess): void {
  owned.add(child);
  child.once('exit', () => owned.delete(child));
}
