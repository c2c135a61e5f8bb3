import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { EXCHANGES, REPLAY } from './builtin-providers.ts';
import type { Complain } from './config-bots.ts';
import { DEFAULT_KEY_FILE } from './config-defaults.ts';
import type { WrittenConfiguration } from './config-schema.ts';
import type { AccountConfiguration, MarketConfiguration, TradingMode } from './configuration.ts';

/** From where paths count. */
export interface Folders {
  /** Of what is written in the file. */
  readonly written: string;
  /** Of defaults. */
  readonly working: string;
}

interface AccountSurroundings {
  readonly mode: TradingMode;
  readonly market: MarketConfiguration;
  readonly folders: Folders;
}

/**
 * Where orders go. Where nothing is said it is the exchange that the market comes from, at the same address: prices and
 * orders of one exchange belong together.
 */
export function completeAccount(
  written: NonNullable<WrittenConfiguration['account']>,
  { mode, market, folders }: AccountSurroundings,
  complain: Complain,
): AccountConfiguration {
  const own = EXCHANGES.find((exchange) => exchange === market.provider);
  const exchange = written.exchange ?? own ?? null;
  const usualUrl = exchange !== null && exchange === own ? market.url : null;
  const url = written.url === undefined ? usualUrl : written.url;
  const usualName = exchange === null ? null : mode === 'demo' ? `${exchange}-demo` : exchange;
  if (mode !== 'paper') checkPlace({ mode, market, exchange, url }, complain);
  return {
    exchange,
    name: written.name ?? usualName,
    url,
    keyFile:
      written.keyFile === undefined
        ? join(folders.working, DEFAULT_KEY_FILE)
        : resolve(folders.written, written.keyFile),
  };
}

interface Place {
  readonly mode: TradingMode;
  readonly market: MarketConfiguration;
  readonly exchange: string | null;
  readonly url: string | null;
}

function checkPlace({ mode, market, exchange, url }: Place, complain: Complain): void {
  if (market.provider === REPLAY) {
    complain(
      ['market', 'provider'],
      `the mode ${mode} sends orders to an exchange, but the market is a replay: set market.provider to ${EXCHANGES.join(', ')}, or trade on paper`,
    );
  } else if (exchange === null) {
    complain(
      ['account', 'exchange'],
      `the mode ${mode} sends orders to an exchange: set account.exchange to ${EXCHANGES.join(', ')}`,
    );
  }
  const fault = url === null ? undefined : accountUrlFault(url);
  if (fault !== undefined) complain(['account', 'url'], `account.url ${fault}`);
}

/** What is wrong with an address that signed requests are to go to, as the rest of a sentence. */
export function accountUrlFault(url: string): string | undefined {
  const parts = URL.parse(url);
  if (parts === null || !['http:', 'https:'].includes(parts.protocol)) {
    return 'must be an address such as http://127.0.0.1:8080';
  }
  const { protocol, hostname, username, password, search } = parts;
  if (username !== '' || password !== '' || search !== '') {
    return 'must be an address alone, without a user, a password or a query';
  }
  // Signed orders over an open network could be read, and held back.
  return protocol === 'http:' && !isThisMachine(hostname)
    ? 'must begin with https://, but for an exchange on this machine'
    : undefined;
}

function isThisMachine(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '[::1]') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}
