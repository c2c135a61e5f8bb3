import { fileURLToPath } from 'node:url';
import { benchmarkEnvironment } from './command.ts';
import type { Contender } from './contender.ts';
import { LineProcess, lineContender, type Request } from './line-process.ts';

const SERVE = fileURLToPath(new URL('../product/serve.ts', import.meta.url));
/** What bin/tradewind.js sets before the program is compiled. */
const V8_FLAGS = ['--max-inlined-bytecode-size-cumulative=6000', '--max-inlined-bytecode-size=2000'];

/** The product in a fresh process, ready for jobs of benchmarks/product. */
export function startProduct(): LineProcess {
  const words = [...V8_FLAGS, '--disable-warning=ExperimentalWarning', SERVE];
  return new LineProcess(process.execPath, words, process.cwd(), benchmarkEnvironment());
}

/** A job of the product as a side of a comparison. */
export function product(request: Request): Contender {
  return lineContender('tradewind', startProduct(), request);
}
