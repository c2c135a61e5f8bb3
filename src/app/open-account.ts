import type { AccountAccess, AccountPlace } from '../execution/account-access.ts';
import type { Clock } from '../foundation/clock.ts';
import { invariant } from '../foundation/errors.ts';
import type { Configuration } from './configuration.ts';
import { findApiKey } from './keys/find-api-key.ts';
import { KeyFile } from './keys/key-file.ts';
import type { SecretAsker } from './keys/secret-asker.ts';
import { armLive, type ConfirmLive, checkLiveAsked } from './live-arming.ts';
import type { SystemRole } from './system-request.ts';

/** Whether this process trades. Others see no key. */
export function roleTrades(role: SystemRole): boolean {
  return role === 'all' || role === 'bots';
}

export interface AccountRequest {
  readonly configuration: Configuration;
  /** Whether the command line has `--live`. */
  readonly live: boolean;
  readonly asker: SecretAsker;
  readonly confirm: ConfirmLive;
  readonly clock: Clock;
}

/**
 * What the gateway to the configuration's account needs: its key, and for real money the permission. `undefined` on paper.
 *
 * @throws UserError when there is no key, or no permission
 */
export async function openAccount(request: AccountRequest): Promise<AccountAccess | undefined> {
  const { configuration, live, asker, confirm, clock } = request;
  const { mode } = configuration.trading;
  if (mode === 'paper') return undefined;
  // Before anybody is asked for a password.
  if (mode === 'live') checkLiveAsked(configuration, live);
  const place = placeOf(configuration);
  const found = await findApiKey(place.account, new KeyFile(configuration.account.keyFile, clock), asker);
  const { apiKey } = found;
  if (mode === 'demo') return { ...place, mode, apiKey };
  const armed = await armLive({ configuration, asked: live, place, key: found, confirm, clock });
  return { ...place, mode, apiKey, armed };
}

/**
 * Holds what is handed to a process that trades to its configuration: a mode without its account would trade on paper
 * unseen, and a permission is for one place.
 */
export function checkAccess({ trading }: Configuration, access: AccountAccess | undefined): void {
  const mode = access?.mode ?? 'paper';
  invariant(mode === trading.mode, 'The account is not that of the mode', { mode, configured: trading.mode });
  if (access?.mode !== 'live') return;
  const { armed, exchange, account, url } = access;
  const isSame = armed.exchange === exchange && armed.account === account && armed.url === url;
  invariant(isSame, 'The permission is for another account', { account, armed: armed.account });
}

function placeOf({ account }: Configuration): AccountPlace {
  const { exchange, name, url } = account;
  invariant(exchange !== null && name !== null, 'A mode that needs an exchange without one', { exchange, name });
  return { exchange, account: name, url };
}
