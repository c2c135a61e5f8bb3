import type { Console } from './console.ts';

/** What a command may use. */
export interface CommandContext {
  /** The folder from which paths count. */
  readonly cwd: string;
  readonly console: Console;
  /** Sets the exit code of a command that has ended well but has bad news. */
  readonly finish: (exitCode: number) => void;
}
