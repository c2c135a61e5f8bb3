import type { ErrorAnswer, ErrorCode } from '../protocol/answers.ts';

/** A request that is not served, and why, in words that may be told to anyone. */
export interface Refusal {
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown where a handler refuses. */
export class RequestRefused extends Error implements Refusal {
  override readonly name = 'RequestRefused';
  readonly status: number;
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: ErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export function errorAnswer({ code, message }: Refusal): ErrorAnswer {
  return { error: { code, message } };
}

/**
 * On every answer. It is data for programs: not to be kept, guessed at, framed, or run; and it tells no other site where
 * a reader came from.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** An answer on a bare socket, for requests that never became one. */
export function rawAnswer(statusLine: string, refusal: Refusal): string {
  const body = JSON.stringify(errorAnswer(refusal));
  const headers = {
    ...securityHeaders,
    'content-type': 'application/json; charset=utf-8',
    'content-length': `${Buffer.byteLength(body)}`,
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${statusLine}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}
