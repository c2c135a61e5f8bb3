import { invariant } from '../../foundation/errors.ts';
import type { CcxtExchange } from './ccxt-exchange.ts';

/** ccxt's exchange, as far as trading needs it. Requests that are called by their own path are looked up by name. */
export interface CcxtTrader extends CcxtExchange {
  apiKey: string;
  secret: string;
  /** The third part of some exchanges' keys. */
  password: string | undefined;
  enableRateLimit: boolean;
  timeout: number;
  milliseconds(): number;
  nonce(): number;
  enableDemoTrading(enable: boolean): void;
  setSandboxMode(enable: boolean): void;
  implodeHostname(url: string): string;
  /** Of the private stream: by its address, or by what is traded. */
  authenticate(stream: string | Readonly<Record<string, unknown>>): Promise<unknown>;
  watchTopics(url: string, hashes: readonly string[], topics: readonly string[]): Promise<unknown>;
  /** Every request passes here. */
  fetch(url: string, method: string, headers: unknown, body: unknown): Promise<unknown>;
  handleErrors(
    status: number,
    reason: string,
    url: string,
    method: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    answer: unknown,
    requestHeaders: unknown,
    requestBody: unknown,
  ): unknown;
  undiciRequest(url: string, request: Readonly<Record<string, unknown>>): Promise<unknown>;
}

export type RequestParameters = Readonly<Record<string, string | number | boolean>>;

/** One request by its path: ccxt makes a method of every path of an exchange, such as `privatePostV5OrderCreate`. */
export function requestOf(exchange: CcxtTrader, path: string, parameters: RequestParameters): Promise<unknown> {
  const request: unknown = Reflect.get(exchange, path);
  invariant(typeof request === 'function', 'ccxt has no such request', { path });
  return request.call(exchange, parameters) as Promise<unknown>;
}
