import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../../foundation/clock.ts';
import { InvariantError, messageOf } from '../../foundation/errors.ts';
import type { CallKind, RequestBudget } from './ccxt-gateway-budget.ts';
import { AnswerLost, NotSent, type RefusalCodes, VenueRefused } from './ccxt-gateway-failures.ts';
import type { CcxtTrader } from './ccxt-gateway-trader.ts';
import { reasonText, SenselessMessage } from './ccxt-gateway-words.ts';
import { isFields } from './venue-message.ts';

/** The connection was never made. */
class NeverConnected extends Error {}

/** What left this machine for one call. */
interface Departure {
  readonly kind: CallKind;
  hasLeft: boolean;
  changes: number;
  isOver: boolean;
}

export interface VenueCallOptions {
  readonly exchange: CcxtTrader;
  readonly codes: RefusalCodes;
  readonly budget: RequestBudget;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** The exchange's clock, for the times in its headers. */
  readonly venueNow: () => number;
  /** Told of what puts the key or the clock in doubt. */
  readonly onDoubt: (kind: 'key' | 'clock', reason: string) => void;
}

const CONNECT_FAILURES = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
];
const RETRY_MS = 1_000;
/** Where an exchange shuts an address out without saying for how long. */
const BAN_MS: Readonly<Record<number, number>> = { 403: 600_000, 418: 120_000, 429: 2_000 };

/**
 * The calls of a ccxt exchange, each with an outcome that is certain or called uncertain. It listens where ccxt hands a
 * request to the network and where the answer comes in, so that nothing has to be guessed from the texts of errors; and it
 * lets one call make one request that changes something, whatever the library would do.
 */
export class VenueCalls {
  readonly #options: VenueCallOptions;
  readonly #departures = new AsyncLocalStorage<Departure>();

  constructor(options: VenueCallOptions) {
    this.#options = options;
    this.#hook(options.exchange);
  }

  /** @throws NotSent, AnswerLost, VenueRefused */
  async run(kind: CallKind, call: () => Promise<unknown>): Promise<unknown> {
    const { budget } = this.#options;
    const wait = await budget.take(kind);
    if (wait > 0) throw new NotSent(`no request of this kind may be made for ${wait} ms`, wait, true);
    const departure: Departure = { kind, hasLeft: false, changes: 0, isOver: false };
    try {
      return await this.#within(departure, call);
    } catch (thrown) {
      throw this.#told(thrown, departure);
    } finally {
      departure.isOver = true;
    }
  }

  /** The same, for what only reads: what fails on the way is asked once more. */
  async ask(call: () => Promise<unknown>): Promise<unknown> {
    try {
      return await this.run('query', call);
    } catch (thrown) {
      if (!(thrown instanceof AnswerLost)) throw thrown;
      return await this.run('query', call);
    }
  }

  #within(departure: Departure, call: () => Promise<unknown>): Promise<unknown> {
    const { clock, timeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      // ccxt's own timer does not cover the body of an answer.
      const cancel = clock.after(timeoutMs, () => {
        departure.isOver = true;
        reject(new AnswerLost(`no answer within ${timeoutMs} ms`));
      });
      this.#departures
        .run(departure, async () => call())
        .then(resolve, reject)
        .finally(cancel);
    });
  }

  /** What was thrown, as one of three failures; a row that makes no sense stays what it is. */
  #told(thrown: unknown, { kind, hasLeft }: Departure): Error {
    if (thrown instanceof VenueRefused) return this.#refused(thrown, kind);
    if (thrown instanceof SenselessMessage || thrown instanceof NotSent || thrown instanceof InvariantError)
      return thrown;
    const reason = reasonText(messageOf(thrown));
    return hasLeft ? new AnswerLost(reason) : new NotSent(reason, RETRY_MS);
  }

  #refused(refused: VenueRefused, kind: CallKind): Error {
    const { codes, budget, onDoubt } = this.#options;
    const limited = codes.limitOf(refused);
    if (limited !== undefined) {
      const wait = refused.retryAfterMs ?? BAN_MS[refused.status] ?? RETRY_MS;
      budget.pause(limited === 'all' ? ['order', 'cancel', 'query'] : [kind], wait);
      return new NotSent(refused.message, wait, true);
    }
    if (codes.isKeyDenied(refused.code)) onDoubt('key', refused.message);
    if (codes.isClockRefused(refused.code)) onDoubt('clock', refused.message);
    return refused;
  }

  #hook(exchange: CcxtTrader): void {
    const { undiciRequest } = exchange;
    exchange.undiciRequest = async (url, request) => {
      const departure = this.#departures.getStore();
      if (departure !== undefined) depart(departure, request.method);
      const leftBefore = departure?.hasLeft ?? false;
      if (departure !== undefined) departure.hasLeft = true;
      try {
        return await undiciRequest.call(exchange, url, request);
      } catch (thrown) {
        if (!isConnectFailure(thrown)) throw thrown;
        if (departure !== undefined) departure.hasLeft = leftBefore;
        throw new NeverConnected(`no connection: ${codeOf(thrown)}`);
      }
    };
    exchange.handleErrors = (status, _reason, _url, _method, headers, body, answer) => {
      if (status >= 500) throw new AnswerLost(`HTTP ${status}`);
      const refusal = this.#options.codes.refusalIn(answer);
      if (refusal === undefined && status < 400) return undefined;
      const code = refusal?.code ?? `HTTP ${status}`;
      throw new VenueRefused(code, refusal?.message ?? body.slice(0, 100), status, this.#retryAfterMs(headers));
    };
  }

  /** `Retry-After` in seconds, or Bybit's moment of the next allowance. */
  #retryAfterMs(headers: Readonly<Record<string, string>>): number | undefined {
    const seconds = Number(headers['Retry-After'] ?? Number.NaN);
    if (seconds >= 0 && seconds <= 86_400) return Math.max(seconds * 1_000, 50);
    const resetAt = Number(headers['X-Bapi-Limit-Reset-Timestamp'] ?? Number.NaN);
    const wait = resetAt - this.#options.venueNow();
    return wait >= 0 && wait <= 60_000 ? Math.max(wait, 50) : undefined;
  }
}

/** @throws NotSent for what would be a second order, or would leave when nobody waits for it any more */
function depart(departure: Departure, method: unknown): void {
  if (departure.isOver) throw new NotSent('given up before it left', RETRY_MS);
  if (method === 'GET') return;
  if (departure.changes > 0 && departure.kind === 'order') throw new Error('a second request that changes something');
  departure.changes += 1;
}

function isConnectFailure(thrown: unknown): boolean {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return thrown.errors.every(isConnectFailure);
  return CONNECT_FAILURES.includes(codeOf(thrown));
}

function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return '';
  const { code } = thrown as Error & { readonly code?: unknown };
  if (typeof code === 'string') return code;
  return isFields(thrown.cause) && typeof thrown.cause.code === 'string' ? thrown.cause.code : '';
}
