import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { AccountPlace, Armed } from '../execution/account-access.ts';
import type { Clock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import type { Json } from '../foundation/json.ts';
import { describeConfiguration } from './config-describe.ts';
import type { Configuration } from './configuration.ts';
import type { FoundKey } from './keys/find-api-key.ts';

/** What a person is about to set going with real money. */
export interface LiveTerms {
  readonly place: AccountPlace;
  /** By which the key is told, and where it came from. */
  readonly key: Pick<FoundKey, 'fingerprint' | 'source'>;
  readonly configuration: Configuration;
  /** Of everything that decides what is traded, where and within which limits. */
  readonly fingerprint: string;
  /** What has to be typed. */
  readonly phrase: string;
}

/** Shows the terms to a person, or finds what was confirmed before; gives what was typed. */
export type ConfirmLive = (terms: LiveTerms) => Promise<string>;

export interface ArmingRequest {
  readonly configuration: Configuration;
  /** Whether the command line has `--live`. */
  readonly asked: boolean;
  readonly place: AccountPlace;
  readonly key: Pick<FoundKey, 'fingerprint' | 'source'>;
  readonly confirm: ConfirmLive;
  readonly clock: Clock;
}

/** @throws UserError unless configuration and command line both ask for real money */
export function checkLiveAsked({ trading }: Configuration, asked: boolean): void {
  if (!trading.allowLive) {
    throw new UserError(
      'Trading with real money must be allowed in the configuration: trading.allowLive: true. The command line can not do it.',
    );
  }
  if (!asked) {
    throw new UserError(
      'Trading with real money must be asked for on the command line as well: add --live, or choose --mode paper.',
    );
  }
}

/**
 * The only maker of {@link Armed}: where the configuration allows it, the command line asks for it, and a person has typed
 * the words that belong to this very configuration.
 *
 * @throws UserError when one of the three is missing
 */
export async function armLive({ configuration, asked, place, key, confirm, clock }: ArmingRequest): Promise<Armed> {
  checkLiveAsked(configuration, asked);
  const fingerprint = await liveFingerprint(configuration, place, key.fingerprint);
  const phrase = `trade real money on ${place.account} ${fingerprint}`;
  const typed = await confirm({ place, key, configuration, fingerprint, phrase });
  if (typed.trim() !== phrase) throw new UserError('That is not the phrase that was shown: nothing was started.');
  return { ...place, fingerprint, at: clock.now() } as Armed;
}

/** So much of a hash that nobody meets another configuration's phrase by chance, and that can be typed. */
const FINGERPRINT_LENGTH = 8;

/**
 * A hash of what decides about orders: the account and its key, market, bots with the text of their strategy files, limits.
 * What a strategy file imports is not in it, nor the program itself.
 */
async function liveFingerprint(configuration: Configuration, place: AccountPlace, key: string): Promise<string> {
  const { trading, market, bots, risk } = describeConfiguration(configuration);
  const { data: _files, speed: _speed, ...feed } = market as Readonly<Record<string, Json>>;
  const paths = [configuration.market.provider, ...configuration.bots.map((bot) => bot.strategy)].filter(isAbsolute);
  const files = await Promise.all(paths.map(async (path) => [path, sha256(await readFile(path))] as const));
  const decisive = { place: { ...place }, key, trading, market: feed, bots, risk, files: Object.fromEntries(files) };
  return sha256(JSON.stringify(decisive, sortedKeys)).slice(0, FINGERPRINT_LENGTH);
}

/** The order in which a file says its settings means nothing. */
function sortedKeys(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
