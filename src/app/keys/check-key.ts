import type { ClockOffset, KeyRights } from '../../execution/order-gateway.ts';
import type { Clock } from '../../foundation/clock.ts';
import { UserError } from '../../foundation/errors.ts';
import type { Logger } from '../../foundation/logger.ts';
import { EXCHANGES } from '../builtin-providers.ts';
import { accountUrlFault } from '../config-account.ts';
import { findApiKey } from './find-api-key.ts';
import type { KeyFile } from './key-file.ts';
import type { SecretAsker } from './secret-asker.ts';

export interface KeyCheckRequest {
  /** The name of the account's keys. */
  readonly account: string;
  /** By default the exchange that the account's name begins with. */
  readonly exchange?: string | undefined;
  /** Whether it is a demo account; by default where its name ends with `-demo`. */
  readonly demo?: boolean | undefined;
  /** In place of the exchange's own hosts. */
  readonly url?: string | undefined;
  readonly file: KeyFile;
  readonly asker: SecretAsker;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What an exchange said of a key, and whether `start` would trade with it. */
export interface KeyCheck {
  readonly account: string;
  readonly exchange: string;
  /** The exchange's name for people. */
  readonly title: string;
  readonly mode: 'demo' | 'live';
  readonly url: string | null;
  readonly fingerprint: string;
  /** `the environment`, or the path of the key file. */
  readonly source: string;
  /** `null` where the exchange can't be asked, or does not accept the key. */
  readonly rights: KeyRights | null;
  readonly clockOffset: ClockOffset | null;
  /** Why the key is not fit for trading, as a sentence; `null` when it is. */
  readonly unfit: string | null;
}

/**
 * Asks the exchange what the key of an account may do. Sends no order, and could not.
 *
 * @throws UserError when there is no such key, or it is not said at which exchange
 */
export async function checkKey(request: KeyCheckRequest): Promise<KeyCheck> {
  const { account, url = null, file, asker, clock, logger } = request;
  const fault = url === null ? undefined : accountUrlFault(url);
  if (fault !== undefined) throw new UserError(`--url ${fault}.`);
  const exchange = exchangeOf(request);
  const [{ ORDER_VENUES }, { readKeyRights }] = await Promise.all([
    import('../../providers/ccxt/order-venues.ts'),
    import('../../providers/ccxt/ccxt-key-rights.ts'),
  ]);
  const venue = ORDER_VENUES.find((one) => one.id === exchange);
  if (venue === undefined) {
    throw new UserError(
      `Keys of ${exchange} can't be checked in this version, and no orders go there: it knows ${ORDER_VENUES.map((one) => one.id).join(', ')}.`,
    );
  }
  const mode = (request.demo ?? account.endsWith('-demo')) ? 'demo' : 'live';
  const { apiKey, fingerprint, source } = await findApiKey(account, file, asker);
  const access = { exchange, account, url, mode, apiKey } as const;
  // Orders go to perpetuals only (`open-gateway.ts`).
  const answer = await readKeyRights({ venue, access, kind: 'perpetual', clock, logger });
  return {
    ...{ account, exchange, title: venue.title, mode, url, fingerprint, source },
    ...(answer.ok ? answer.value : { rights: null, clockOffset: null, unfit: answer.error }),
  };
}

function exchangeOf({ account, exchange }: KeyCheckRequest): string {
  const meant = exchange ?? EXCHANGES.find((one) => account === one || account.startsWith(`${one}-`));
  if (meant !== undefined) return meant;
  throw new UserError(
    `Which exchange is the account ${account} at? Its name does not begin with one: add --exchange ${EXCHANGES[0]}.`,
  );
}
