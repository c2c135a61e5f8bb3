import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A line of a role's log. */
export interface LogLine {
  readonly process: string;
  /** Of the machine's wall clock. */
  readonly time: number;
  readonly level: number;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Where a process of this name logs. */
export function logFolder(folder: string, name: string): string {
  return join(folder, `logs-${name}`);
}

/** What a role logged, all its lives. */
export function readLog(folder: string, name: string): readonly LogLine[] {
  const file = join(logFolder(folder, name), 'tradewind.log');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((text) => {
      try {
        const { time, level, msg, ...fields } = JSON.parse(text) as Record<string, unknown>;
        return [{ process: name, time: Date.parse(String(time)), level: Number(level), message: String(msg), fields }];
      } catch {
        // A life that was killed wrote half a line.
        return [];
      }
    });
}
