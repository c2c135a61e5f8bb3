import { writeSync } from 'node:fs';
import { describeFailure } from './failure.ts';

/**
 * What nobody caught ends the process at once, as it would without this; but what is said of it, stack and all, has no
 * secret in it. Node itself would print the error as it is.
 */
export function tellCrashes(): void {
  process.on('uncaughtException', (thrown) => {
    const { text, exitCode } = describeFailure(thrown, true);
    try {
      writeSync(process.stderr.fd, `${text}\n`);
    } finally {
      process.exit(exitCode);
    }
  });
}
