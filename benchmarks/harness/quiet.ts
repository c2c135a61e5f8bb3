import { cpus } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';

/** Share of all cores that was busy over the next `windowMs`, with everything that runs on the machine. 0 … 1. */
export async function busyShare(windowMs = 150): Promise<number> {
  const before = total();
  await pause(windowMs);
  const after = total();
  const all = after.all - before.all;
  return all > 0 ? 1 - (after.idle - before.idle) / all : 0;
}

function total(): { all: number; idle: number } {
  let all = 0;
  let idle = 0;
  for (const { times } of cpus()) {
    all += times.user + times.nice + times.sys + times.idle + times.irq;
    idle += times.idle;
  }
  return { all, idle };
}

export interface QuietOptions {
  /** Goes on when no more than this is busy. */
  readonly busyAtMost: number;
  /** Goes on all the same after this long. */
  readonly patienceMs: number;
}

/** Waits for a quiet moment, within reason. Resolves to the share that was busy when it went on. */
export async function quietMoment({ busyAtMost, patienceMs }: QuietOptions): Promise<number> {
  for (let waited = 0; ; waited += 300) {
    const busy = await busyShare();
    if (busy <= busyAtMost || waited >= patienceMs) return busy;
    await pause(150);
  }
}
