import type { Reading } from '../config-values.ts';

/**
 * The name under which an account's keys are kept: `bybit-demo`. Small letters, digits and hyphens only, so that two names
 * never mean the same variable of the environment.
 */
export function readAccountName(text: string): Reading<string> {
  return /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/.test(text)
    ? { ok: true, value: text }
    : { ok: false, error: 'a name of small letters, digits and hyphens such as bybit-demo' };
}

/** The variables of the environment that may hold the keys of an account: `TRADEWIND_BYBIT_DEMO_KEY` and its like. */
export function keyVariables(account: string): Readonly<Record<'key' | 'secret' | 'passphrase', string>> {
  const stem = `TRADEWIND_${account.toUpperCase().replaceAll('-', '_')}`;
  return { key: `${stem}_KEY`, secret: `${stem}_SECRET`, passphrase: `${stem}_PASSPHRASE` };
}
