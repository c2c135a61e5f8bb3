import type { CrashPoint } from '../../../src/foundation/crash-point.ts';

/** Those that an order passes on its way, and a process that trades on its own. */
export const ORDER_POINTS: readonly CrashPoint[] = [
  'before-intent-commit',
  'after-intent-commit',
  'after-send',
  'after-reply',
  'before-fill-commit',
  'after-fill-commit',
  'in-cancel',
  'in-reconcile',
  'in-snapshot',
];
