/** Loaded before a command that is measured: tells the most memory that it had, in kilobytes, on file descriptor 3. */
import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

// Threads load this too, and their memory is the process's.
if (isMainThread) process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)));
