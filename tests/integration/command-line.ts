import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The launcher: what people start. */
export const launcher = fileURLToPath(new URL('../../bin/tradewind.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  readonly pid: number;
  /** Resolves when standard output has shown `text`; rejects when the program ended before. */
  shown(text: string): Promise<void>;
  readonly ended: Promise<Ended>;
}

/**
 * Starts the program as a person would, with nothing of the surrounding terminal.
 *
 * @param input what a pipe gives it
 */
export function start(
  parameters: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
  input?: string,
): Started {
  const child = spawn(process.execPath, [launcher, ...parameters], {
    cwd,
    // A group of its own, so that a test can signal launcher and program together as a terminal does.
    detached: true,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE_TEST_CONTEXT: undefined,
      NO_COLOR: undefined,
      TRADEWIND_DEBUG: undefined,
      ...environment,
    },
  });
  child.stdin?.end(input);
  const text = { out: '', err: '' };
  child.stdout!.setEncoding('utf8').on('data', (part: string) => {
    text.out += part;
  });
  child.stderr!.setEncoding('utf8').on('data', (part: string) => {
    text.err += part;
  });
  const closed = once(child, 'close');
  const ended = closed.then(([code, signal]): Ended => ({ code, signal, ...text }));
  return {
    pid: child.pid!,
    ended,
    async shown(wanted) {
      while (!text.out.includes(wanted)) {
        const over = await Promise.race([once(child.stdout!, 'data').then(() => false), closed.then(() => true)]);
        if (over && !text.out.includes(wanted))
          throw new Error(`It ended without "${wanted}":\n${text.out}\n${text.err}`);
      }
    },
  };
}

export function run(
  parameters: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
  input?: string,
): Promise<Ended> {
  return start(parameters, cwd, environment, input).ended;
}
