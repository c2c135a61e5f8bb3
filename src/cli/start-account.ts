import { openAccount, roleTrades } from '../app/open-account.ts';
import type { SystemRequest } from '../app/system-request.ts';
import { systemClock } from '../foundation/clock.ts';
import type { Console } from './console.ts';
import { confirmLive } from './live-confirmation.ts';
import { SecretPrompt } from './secret-prompt.ts';
import type { StartOptions } from './start-options.ts';
import type { StartRequest } from './start-request.ts';

/** Finds the key of the account that orders go to, and for real money the permission; asks a person where it must. */
export async function openStartAccount(
  { live }: Pick<StartOptions, 'live'>,
  { configuration, role }: Pick<StartRequest, 'configuration' | 'role'>,
  console: Console,
): Promise<SystemRequest['account']> {
  if (configuration.trading.mode === 'paper' || !roleTrades(role)) return undefined;
  const asker = new SecretPrompt(process.stdin, console.err);
  try {
    const confirm = confirmLive(asker, console);
    return await openAccount({ configuration, live: live ?? false, asker, confirm, clock: systemClock });
  } finally {
    asker.close();
  }
}
