import { redact } from './redaction.ts';

/**
 * A user's mistake: bad input, a missing file, a wrong option. The message is one clear sentence that says what is
 * wrong, where, and how to mend it. The command line prints it without a stack trace and exits with code 2.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/**
 * A broken invariant: a defect in this program or corrupt data that got past the edge. Trading on would be worse than
 * stopping, so it is thrown at once, with the numbers.
 */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(`${message} ${describe(details)}`.trimEnd());
    this.details = details;
  }
}

/** Throws an {@link InvariantError} unless `condition` holds. */
export function invariant(
  condition: boolean,
  message: string,
  details?: Readonly<Record<string, unknown>>,
): asserts condition {
  if (!condition) throw new InvariantError(message, details);
}

/** The message of anything thrown, without keys and signatures: client libraries put whole requests into theirs. */
export function messageOf(thrown: unknown): string {
  return redact(thrown instanceof Error ? thrown.message : String(thrown));
}

function describe(details: Readonly<Record<string, unknown>>): string {
  return Object.entries(details)
    .map(([key, value]) => `${key}=${show(value)}`)
    .join(' ');
}

/** Never throws: it is called while something else is going wrong. JSON would write NaN as null. */
function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
