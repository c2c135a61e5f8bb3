import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CannotRun, type Contender, type JobResult, type Sample } from './contender.ts';

export type Request = Readonly<Record<string, unknown>>;
export type Answer = Readonly<Record<string, unknown>>;

/**
 * A program that answers one JSON document a line to one JSON document a line, and greets with one when it is ready.
 * What it writes to standard error is kept for the message of a failure.
 */
export class LineProcess {
  /** Its first line. */
  readonly greeting: Promise<Answer>;
  readonly #child: ChildProcess;
  readonly #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = [];
  #complaints = '';
  #ended: Error | undefined;

  constructor(program: string, programArguments: readonly string[], cwd: string, env = process.env) {
    this.#child = spawn(program, [...programArguments], { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.greeting = this.#next();
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#take(line));
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-4_000);
    });
    this.#child.stdin!.on('error', () => {}); // told by the end of the process
    this.#child.on('error', (error) => this.#end(new CannotRun(`${program}: ${error.message}`)));
    this.#child.on('close', (code, signal) => this.#end(new CannotRun(this.#lastWords(code, signal))));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** @throws CannotRun when the program says that it can't, or ends, or takes longer than `limitMs` (it is killed then) */
  async ask(request: Request, limitMs = 600_000): Promise<Answer> {
    await this.greeting;
    const answer = this.#next();
    this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    const timer = setTimeout(() => {
      this.#end(new CannotRun(`no answer within ${limitMs / 1_000} s`));
      this.#child.kill('SIGKILL');
    }, limitMs);
    try {
      const got = await answer;
      if (typeof got.error === 'string') throw new CannotRun(got.error);
      return got;
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin!.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3_000);
    await closed;
    clearTimeout(timer);
  }

  #next(): Promise<Answer> {
    const next = new Promise<Answer>((resolve, reject) => {
      if (this.#ended) reject(this.#ended);
      else this.#waiting.push({ resolve, reject });
    });
    next.catch(() => {}); // whoever asked hears of it; a greeting may go unheard
    return next;
  }

  #take(line: string): void {
    const waiting = this.#waiting.shift();
    if (!waiting) return;
    try {
      waiting.resolve(JSON.parse(line) as Answer);
    } catch {
      waiting.reject(new CannotRun(`an answer that is no JSON: ${line.slice(0, 200)}`));
    }
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }

  #lastWords(code: number | null, signal: NodeJS.Signals | null): string {
    const last = this.#complaints.trim().split('\n').at(-1) ?? '';
    return `ended with ${signal ?? `code ${code}`}${last === '' ? '' : `: ${last}`}`;
  }
}

/** A job of a {@link LineProcess} as a side of a comparison. */
export function lineContender(name: string, process: LineProcess, request: Request): Contender {
  return {
    name,
    async run(): Promise<Sample> {
      const { milliseconds, result, peakMemoryBytes } = await process.ask(request);
      return {
        milliseconds: milliseconds as number,
        result: result as JobResult,
        ...(typeof peakMemoryBytes === 'number' && { peakMemoryBytes }),
      };
    },
    close: () => process.close(),
  };
}
