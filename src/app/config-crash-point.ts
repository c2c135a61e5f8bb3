import { writeSync } from 'node:fs';
import { armCrashPoint, CRASH_POINTS, type CrashPoint } from '../foundation/crash-point.ts';
import { UserError } from '../foundation/errors.ts';
import { environmentVariable } from './config.ts';

/** For trials of what a crash leaves behind: `after-intent-commit:3` ends the process at the third pass of that point. */
const VARIABLE = 'TRADEWIND_CRASH_AT';
const STANDARD_ERROR = 2;

/**
 * Arms the crash point that the environment names, if it names one.
 *
 * @throws UserError when it names none that there is
 */
export function armCrashPointOfEnvironment(given: string | undefined = environmentVariable(VARIABLE)): void {
  if (given === undefined) return;
  const { point, hit } = readCrashPoint(given);
  armCrashPoint(point, hit, () => {
    // Straight to the file descriptor: nothing else of this process will be written any more.
    writeSync(STANDARD_ERROR, `crash point ${point}, pass ${hit}\n`);
    process.kill(process.pid, 'SIGKILL');
  });
}

/** @throws UserError */
export function readCrashPoint(given: string): { readonly point: CrashPoint; readonly hit: number } {
  const [, name, count = '1'] = /^([a-z-]+)(?::([1-9]\d{0,8}))?$/.exec(given) ?? [];
  const point = CRASH_POINTS.find((one) => one === name);
  if (point !== undefined) return { point, hit: Number(count) };
  throw new UserError(
    `${VARIABLE} is "${given}": give one of ${CRASH_POINTS.join(', ')}, and after a colon at which pass to crash; leave it out to trade.`,
  );
}
