import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { benchmarkFolder } from '../data/generate.ts';
import { CannotRun, type Contender, type JobResult } from './contender.ts';
import { median } from './statistics.ts';

export type YardstickName = 'single' | 'engine' | 'sweep' | 'csv' | 'read';

export interface Compiler {
  readonly program: string;
  readonly version: string;
}

const SOURCES = fileURLToPath(new URL('../limits/', import.meta.url));
const COMPILERS = ['gcc', 'cc', 'clang'];
const FLAGS = ['-O3', '-march=native'];

/** The first C compiler that answers. */
export function findCompiler(): Compiler | undefined {
  for (const program of COMPILERS) {
    try {
      const text = execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      return { program, version: `${text.split('\n')[0]!.trim()} ${FLAGS.join(' ')}` };
    } catch {
      // the next one
    }
  }
  return undefined;
}

/**
 * A C program as a side of a comparison: each sample is a process that warms up by itself and does the job
 * `repetitions` times. Compiled into the temporary folder when its source is newer.
 *
 * @throws CannotRun when there is no C compiler, or it refuses the source
 */
export function yardstick(
  name: YardstickName,
  job: {
    readonly file: string;
    readonly bars: number;
    readonly repetitions: number;
    readonly more?: readonly string[];
  },
): Contender {
  const program = compile(name);
  const programArguments = [job.file, String(job.bars), String(job.repetitions), ...(job.more ?? [])];
  return {
    name: `C (${name})`,
    async run() {
      const { stdout } = await promisify(execFile)(program, programArguments);
      const { milliseconds, ...result } = JSON.parse(stdout) as { milliseconds: number[] } & Record<string, number>;
      return { milliseconds: median(milliseconds), result: result as JobResult };
    },
    close: async () => {},
  };
}

function compile(name: YardstickName): string {
  const compiler = findCompiler();
  if (!compiler)
    throw new CannotRun(`There is no C compiler (${COMPILERS.join(', ')}), so nothing is compared with C.`);
  const folder = join(benchmarkFolder(), 'limits');
  mkdirSync(folder, { recursive: true });
  const source = join(SOURCES, `${name}.c`);
  const program = join(folder, name);
  if (isNewer(program, [source, join(SOURCES, 'bars.h')])) return program;
  try {
    execFileSync(compiler.program, [...FLAGS, '-o', program, source, '-lm', '-lpthread'], { stdio: 'pipe' });
  } catch (error) {
    throw new CannotRun(`${compiler.program} could not compile ${name}.c: ${String((error as Error).message)}`);
  }
  return program;
}

function isNewer(made: string, sources: readonly string[]): boolean {
  try {
    const { mtimeMs } = statSync(made);
    return sources.every((source) => statSync(source).mtimeMs < mtimeMs) && readFileSync(made).length > 0;
  } catch {
    return false;
  }
}
