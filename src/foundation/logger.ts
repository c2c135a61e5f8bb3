/** Where log lines go. Structured: a message that never varies, and fields that do. Never a secret in either. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

const ignore = (): void => {};

/** Says nothing: for tests, and for runs whose output is for programs. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
