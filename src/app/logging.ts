import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import type { Logger } from '../foundation/logger.ts';
import { redact } from '../foundation/redaction.ts';
import type { LoggingConfiguration } from './configuration.ts';

export interface OpenLog {
  readonly logger: Logger;
  close(): Promise<void>;
}

/** Never written, whoever logs them: addresses may hold a password. What is a secret by itself is hidden in every line. */
const SECRET_FIELDS = ['password', 'secret', 'apiKey', 'token', 'authorization', 'url', '*.url'];

/**
 * The log: JSON lines in `{folder}/tradewind.log`, or on standard error where no folder is set. What a person must know
 * the command line says in sentences of its own.
 */
export function openLogger({ level, folder }: LoggingConfiguration): OpenLog {
  const destinations: pino.StreamEntry[] = [];
  let file: ReturnType<typeof pino.destination> | undefined;
  if (folder === null) {
    destinations.push({ level, stream: pino.destination({ dest: 2, sync: true }) });
  } else {
    mkdirSync(folder, { recursive: true });
    file = pino.destination({ dest: join(folder, 'tradewind.log'), sync: false, mkdir: true });
    destinations.push({ level, stream: file });
  }
  const log = pino(
    {
      level,
      redact: { paths: SECRET_FIELDS, censor: '(hidden)' },
      hooks: { streamWrite: redact },
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.multistream(destinations),
  );
  const write =
    (at: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      log[at](fields, message);
    };
  return {
    logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    close: () =>
      new Promise((resolve) => {
        if (!file) return resolve();
        file.once('close', () => resolve());
        file.end();
      }),
  };
}
