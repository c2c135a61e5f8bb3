import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

/**
 * Makes a thread ready to run the engine, as bin/tradewind.js does for the main one: V8's inlining flags, and the cache of
 * compiled code, with which it starts in a third of the time. To be called before anything of the engine is loaded.
 */
export function prepareEngineThread(): void {
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=6000');
  setFlagsFromString('--max-inlined-bytecode-size=2000');
  enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/tradewind', import.meta.url)));
}
