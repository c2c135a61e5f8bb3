import type { Instrument } from '../domain/instrument.ts';
import type { SessionSpec } from '../engine/open-session.ts';
import type { AccountAccess } from '../execution/account-access.ts';
import type { OrderGateway } from '../execution/order-gateway.ts';
import { UserError } from '../foundation/errors.ts';
import { Random } from '../foundation/random.ts';
import { holdingsOfStatus } from '../live/bot-report.ts';
import { AccountLink, type AccountLinkParts } from '../live/orders/account-link.ts';
import type { Store } from '../store/store.ts';
import type { Configuration } from './configuration.ts';

export interface GatewaySurroundings extends Omit<AccountLinkParts, 'gateway' | 'holdingsBesides'> {
  readonly processName: string;
  readonly instruments: readonly Instrument[];
}

/**
 * The gateway to an account. Nothing is connected yet.
 *
 * @throws UserError for an exchange, or a kind of market, that orders can't go to
 */
async function openGateway(
  access: AccountAccess,
  { market }: Configuration,
  { clock, logger, processName, instruments }: GatewaySurroundings,
): Promise<OrderGateway> {
  const { CcxtGateway } = await import('../providers/ccxt/ccxt-gateway.ts');
  const { ORDER_VENUES } = await import('../providers/ccxt/order-venues.ts');
  const venue = ORDER_VENUES.find((one) => one.id === access.exchange);
  if (venue === undefined) {
    throw new UserError(
      `Orders can't go to ${access.exchange} in this version: set account.exchange to ${ORDER_VENUES.map((one) => one.id).join(', ')}, or trade on paper.`,
    );
  }
  if (market.kind === 'spot') {
    throw new UserError(
      'Orders go to perpetuals only in this version, as spot fees are taken from what was bought: set market.kind: perpetual, or trade on paper.',
    );
  }
  return new CcxtGateway({
    venue,
    access,
    kind: 'perpetual',
    symbols: instruments.map((one) => one.symbol),
    clock,
    logger,
    random: new Random(clock.now(), `${processName}/orders`),
  });
}

/** The account that the bots of this process trade on. */
export async function openAccountLink(
  access: AccountAccess,
  configuration: Configuration,
  bots: readonly SessionSpec[],
  store: Store,
  surroundings: GatewaySurroundings,
): Promise<AccountLink> {
  for (const { botId, sizing } of bots) {
    if (sizing.kind !== 'equity-fraction-at-fill') continue;
    throw new UserError(
      `The bot "${botId}" is sized all-in, at the price of the fill, which only a simulated venue can do: choose another sizing, such as percent:10.`,
    );
  }
  const gateway = await openGateway(access, configuration, surroundings);
  return new AccountLink(bots, {
    ...surroundings,
    gateway,
    async holdingsBesides(present) {
      const absent = new Map(bots.filter((one) => !present.has(one.botId)).map((one) => [one.botId, one.currency]));
      if (absent.size === 0) return [];
      const statuses = await store.botStatuses();
      return statuses
        .filter(({ botId }) => absent.has(botId))
        .map((status) => holdingsOfStatus(status, absent.get(status.botId)!));
    },
  });
}
