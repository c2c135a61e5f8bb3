import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { benchmarkFolder } from '../data/generate.ts';
import { CannotRun } from '../harness/contender.ts';
import { findCompiler } from '../harness/yardstick.ts';
import type { Latencies } from './latencies.ts';

const SOURCE = fileURLToPath(new URL('chain.c', import.meta.url));
const WARM_UP = 500;

export interface ChainJob {
  /** A port on this machine, or the path of a Unix socket. */
  readonly place: string;
  readonly symbols: number;
  readonly candleBytes: number;
  readonly orderBytes: number;
  readonly count: number;
  /** 0: one candle at a time. */
  readonly perSecond: number;
}

/**
 * The program of chain.c.
 *
 * @throws CannotRun where there is no C compiler, or no hiredis to build it with
 */
export function compileChain(): string {
  const compiler = findCompiler();
  if (!compiler) throw new CannotRun('There is no C compiler, so the chain is not compared with C.');
  const folder = join(benchmarkFolder(), 'limits');
  mkdirSync(folder, { recursive: true });
  const program = join(folder, 'chain');
  try {
    execFileSync(compiler.program, ['-O3', '-march=native', '-o', program, SOURCE, '-lhiredis'], { stdio: 'pipe' });
  } catch {
    throw new CannotRun(
      `${compiler.program} could not build chain.c: it needs hiredis (apt-get install libhiredis-dev).`,
    );
  }
  return program;
}

/** One round of the chain in C: a bot and a market, two processes of their own. */
export async function runChain(program: string, job: ChainJob): Promise<Latencies> {
  const { place, symbols, candleBytes, orderBytes, count, perSecond } = job;
  const bot = spawn(program, ['bot', place, `${symbols}`, `${orderBytes}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await new Promise((resolve, reject) => {
      bot.stdout.once('data', resolve);
      bot.once('close', () => reject(new CannotRun('The bot in C did not start.')));
    });
    const words = ['market', place, symbols, candleBytes, WARM_UP, count, perSecond].map(String);
    const { stdout } = await promisify(execFile)(program, words, { timeout: 120_000 });
    return JSON.parse(stdout) as Latencies;
  } finally {
    bot.kill();
  }
}
