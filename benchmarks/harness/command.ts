import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchmarkFolder } from '../data/generate.ts';
import { CannotRun } from './contender.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/tradewind.js', import.meta.url));
const REPORT_MEMORY = new URL('report-memory.ts', import.meta.url).href;
/** None of them should come near it. */
const LIMIT_MS = 300_000;

export interface CommandRun {
  /** From the start of the process to its end. */
  readonly milliseconds: number;
  readonly peakMemoryBytes: number;
  readonly output: string;
}

/** Where the product keeps what it caches during benchmarks: away from the user's own. */
export function benchmarkEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, XDG_CACHE_HOME: join(benchmarkFolder(), 'cache') };
}

/** The whole command, as a person runs it, in an empty folder. */
export async function runCommand(...words: readonly string[]): Promise<CommandRun> {
  return runNode(['--import', REPORT_MEMORY, PROGRAM, ...words]);
}

/** Node that does nothing: what no command can be faster than. */
export async function runNothing(): Promise<CommandRun> {
  return runNode(['--import', REPORT_MEMORY, '--eval', '0']);
}

async function runNode(words: readonly string[]): Promise<CommandRun> {
  const cwd = join(benchmarkFolder(), 'commands');
  mkdirSync(cwd, { recursive: true });
  const began = performance.now();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...words], {
    cwd,
    env: benchmarkEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  });
  const texts = ['', '', '', ''];
  for (const index of [1, 2, 3]) {
    child.stdio[index]!.on('data', (piece: Buffer) => {
      texts[index] += piece.toString();
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  const milliseconds = performance.now() - began;
  if (code !== 0) throw new CannotRun(`tradewind ${words.slice(3).join(' ')}: ${texts[2]!.trim().slice(-300)}`);
  return { milliseconds, peakMemoryBytes: Number(texts[3]) * 1024, output: texts[1]! };
}
