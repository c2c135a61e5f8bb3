import { environmentVariable } from '../app/config.ts';
import type { BotConfiguration } from '../app/configuration.ts';
import type { ConfirmLive, LiveTerms } from '../app/live-arming.ts';
import { UserError } from '../foundation/errors.ts';
import { formatFixed } from '../foundation/fixed-point.ts';
import type { Console } from './console.ts';
import type { SecretPrompt } from './secret-prompt.ts';
import { plain } from './terminal-text.ts';

/** Where a service, which has no terminal, has the phrase that a person was shown for the same configuration. */
const CONFIRMATION_VARIABLE = 'TRADEWIND_LIVE_CONFIRMATION';

/** Shows a person what real money is about to do, and asks for the phrase. Nobody there: the environment's, or none. */
export function confirmLive(prompt: SecretPrompt, console: Console): ConfirmLive {
  return async (terms) => {
    console.err(`${liveSummary(terms)}\n`);
    const given = environmentVariable(CONFIRMATION_VARIABLE);
    if (given !== undefined) {
      if (given.trim() === terms.phrase) return given;
      throw new UserError(
        `${CONFIRMATION_VARIABLE} is not the phrase of this configuration: account, key, bots or limits have changed since it was shown. Unset it, start in a terminal, and read what is shown there.`,
      );
    }
    if (!prompt.isTerminal || !console.errors.isTerminal) {
      throw new UserError(
        `Trading with real money is confirmed by a person in a terminal, and there is none. Start the same command in one to see the phrase; a service gets it as ${CONFIRMATION_VARIABLE}.`,
      );
    }
    return prompt.askOpenly(`\nTo go on, type: ${terms.phrase}\n> `);
  };
}

/** What a person must know before real money moves. */
export function liveSummary({ place, key, configuration }: LiveTerms): string {
  const { bots, market } = configuration;
  return [
    'REAL MONEY. The orders of this run go to an exchange and can not be taken back.',
    '',
    `  exchange   ${place.exchange}, ${place.url ?? 'its own address'}`,
    `  account    ${place.account}: key ${key.fingerprint} from ${key.source}`,
    `  prices     ${market.provider}, ${market.url ?? 'its own address'}`,
    ...bots.flatMap(botLines),
  ]
    .map(plain)
    .join('\n');
}

function botLines({ id, definition, symbols, timeframe, startingBalance, limits }: BotConfiguration): string[] {
  const { maximumPositionSize, leverage, dailyLossLimit, maximumTradesPerDay, maximumOrderValue } = limits;
  const rules = [
    `positions up to ${percent(maximumPositionSize)} of equity each`,
    `all together up to ${leverage} times equity`,
    dailyLossLimit === null ? 'NO limit of the daily loss' : `daily loss up to ${dailyLossLimit}`,
    maximumTradesPerDay === null ? 'any number of entries a day' : `up to ${maximumTradesPerDay} entries a day`,
    ...(maximumOrderValue === null ? [] : [`orders up to ${maximumOrderValue}`]),
  ];
  return [
    `  bot        ${id}: ${definition.name} on ${symbols.join(', ')} ${timeframe}, with ${formatFixed(startingBalance)}`,
    `             ${rules.join(', ')}`,
  ];
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))} %`;
}
