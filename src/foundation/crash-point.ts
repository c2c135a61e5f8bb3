import { invariant } from './errors.ts';

/** The places in the life of an order, a commit and a process at which a crash would hurt most. */
export const CRASH_POINTS = [
  'before-intent-commit',
  'after-intent-commit',
  'after-send',
  'after-reply',
  'before-fill-commit',
  'after-fill-commit',
  'before-bus-acknowledgement',
  'after-bus-acknowledgement',
  'in-cancel',
  'in-reconcile',
  'in-snapshot',
  'in-migration',
  'in-shutdown',
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];

interface ArmedPoint {
  readonly point: CrashPoint;
  readonly crash: () => void;
  /** How often it may still be passed. */
  left: number;
}

let armed: ArmedPoint | undefined;

/** Marks a named place. Nothing happens there, unless somebody armed it to see what a crash at this place leaves behind. */
export function crashPoint(point: CrashPoint): void {
  if (armed === undefined || armed.point !== point) return;
  armed.left -= 1;
  if (armed.left > 0) return;
  const { crash } = armed;
  armed = undefined;
  crash();
}

/**
 * The `hit`-th time that `point` is passed, `crash` is called, once: it ends the process as kill -9 would. Arming another
 * point disarms the first.
 */
export function armCrashPoint(point: CrashPoint, hit: number, crash: () => void): void {
  invariant(Number.isSafeInteger(hit) && hit >= 1, 'A crash happens at the first pass or a later one', { hit });
  armed = { point, crash, left: hit };
}

export function disarmCrashPoint(): void {
  armed = undefined;
}
