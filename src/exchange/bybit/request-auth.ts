import { createHmac, timingSafeEqual } from 'node:crypto';
import { failed, type Result, success } from '../../foundation/result.ts';
import type { Account } from '../trading/account.ts';
import { type Refusal, refuse } from '../trading/refusals.ts';

/** What a signed request brings along. */
export interface SignedRequest {
  readonly key: string | undefined;
  readonly timestamp: string | undefined;
  readonly receiveWindow: string | undefined;
  readonly signature: string | undefined;
  /** The query exactly as sent, or the bytes of the body. */
  readonly payload: string;
}

const DEFAULT_WINDOW_MS = 5_000;
const AHEAD_MS = 1_000;

/**
 * Bybit's check (v5 "Integration guidance"): `server_time - recv_window <= timestamp < server_time + 1000`, and the
 * HMAC-SHA256 of `timestamp + key + recv_window + payload`.
 *
 * @param serverTimes the exchange's time; a second one where its market runs at another speed than the world
 */
export function authenticate(
  request: SignedRequest,
  accountOf: (key: string) => Account | undefined,
  serverTimes: readonly number[],
): Result<Account, Refusal> {
  const account = request.key === undefined ? undefined : accountOf(request.key);
  if (account === undefined) return failed(refuse.apiKey());
  const state = keyRefusal(account);
  if (state !== undefined) return failed(state);
  const timestamp = Number(request.timestamp);
  const window = request.receiveWindow === undefined ? DEFAULT_WINDOW_MS : Number(request.receiveWindow);
  const inTime = serverTimes.some((now) => now - window <= timestamp && timestamp < now + AHEAD_MS);
  if (!inTime) return failed(refuse.timestamp(lateMessage(request.timestamp, serverTimes[0]!, window)));
  const { key, secret } = account.apiKey;
  const signed = `${request.timestamp}${key}${request.receiveWindow ?? ''}${request.payload}`;
  if (!isSignature(request.signature, signed, secret)) return failed(refuse.signature(signed));
  return success(account);
}

/** `args` of a socket's `auth`: key, expiry in ms, HMAC-SHA256 of `GET/realtime` and the expiry. */
export function authenticateSocket(
  [key, expires, signature]: readonly unknown[],
  accountOf: (key: string) => Account | undefined,
  serverTimes: readonly number[],
): Result<Account, Refusal> {
  const account = typeof key === 'string' ? accountOf(key) : undefined;
  if (account === undefined) return failed(refuse.apiKey());
  const state = keyRefusal(account);
  if (state !== undefined) return failed(state);
  if (!serverTimes.some((now) => Number(expires) > now)) return failed(refuse.timestamp('Params Error'));
  const isSound = isSignature(
    typeof signature === 'string' ? signature : undefined,
    `GET/realtime${expires}`,
    account.apiKey.secret,
  );
  return isSound ? success(account) : failed({ code: 10004, message: 'Invalid sign' });
}

/** Why a key that was good is so no more. A connection that was let in before is not asked again, but for orders. */
export function keyRefusal({ keyState }: Account): Refusal | undefined {
  switch (keyState) {
    case 'revoked':
      return refuse.apiKey();
    case 'expired':
      return refuse.keyExpired();
    case 'secret-changed':
      return refuse.signature('');
    case 'other-address':
      return refuse.unmatchedAddress();
    case 'no-permission':
      return refuse.permission();
    default:
      return undefined;
  }
}

export function signatureOf(text: string, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

function isSignature(given: string | undefined, text: string, secret: string): boolean {
  const expected = Buffer.from(signatureOf(text, secret));
  const actual = Buffer.from(given ?? '');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

function lateMessage(timestamp: string | undefined, now: number, window: number): string {
  return (
    'invalid request, please check your server timestamp or recv_window param. ' +
    `req_timestamp[${timestamp}],server_timestamp[${now}],recv_window[${window}]`
  );
}
