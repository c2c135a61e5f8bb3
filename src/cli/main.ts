import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Compiled code is kept beside the packages, so that the next start finds it. Where that can't be written, it is not.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/tradewind', import.meta.url)));

// The launcher was killed: nobody could stop us any more, so it counts as its last signal.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();

const { tellCrashes } = await import('./crash.ts');
tellCrashes();

const { runProgram } = await import('./program.ts');
process.exitCode = await runProgram(process.argv.slice(2));
