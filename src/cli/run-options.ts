import type { Command } from 'commander';
import {
  readFees,
  readLatency,
  readMoment,
  readSizing,
  readSlippage,
  readSpread,
  readSymbol,
  readTimeframe,
} from '../app/config-values.ts';
import { oneOf, readMoney, readText, value, valueList, values } from './option-values.ts';

/** The options that every command has which runs a strategy over history: the same words mean the same in all of them. */

const ON_DEFECT = ['refuse', 'drop'] as const;
const TIMES = ['open', 'close'] as const;
const END_NAMES = ['keep', 'close', 'close-at-open'] as const;

/** Which bars, and how their files are read. */
export function withMarketOptions(command: Command): Command {
  return command
    .option('-d, --data <[SYMBOL=]FILE>', 'file of bars; several times for several symbols', values(readText))
    .option('-s, --symbol <symbol>', 'what is traded; several with commas', valueList(readSymbol))
    .option(
      '-t, --timeframe <timeframe>',
      "length of a bar, made of the file's own (default: the file's)",
      value(readTimeframe),
    )
    .option('--on-defect <what>', 'unsound rows of a file: refuse (default) or drop', value(oneOf(ON_DEFECT)))
    .option('--timestamp-means <time>', "a file's times are of open (default) or close", value(oneOf(TIMES)))
    .option('--no-cache', 'read files from their source, and keep nothing of them')
    .option('--from <time>', 'use only bars that open then or later, in UTC', value(readMoment))
    .option('--to <time>', 'use only bars that close then or earlier, in UTC', value(readMoment));
}

/** What is traded with, and what trading costs. */
export function withTermsOptions(command: Command): Command {
  return command
    .option('--cash <amount>', 'money to begin with (default: 10000)', value(readMoney))
    .option('--sizing <size>', 'how large an entry is (default: percent:10)', value(readSizing))
    .option('--no-limits', 'lift all risk limits: for comparing with other backtesters')
    .option('--fees <fees>', 'fees of a venue, or maker:taker', value(readFees))
    .option('--spread <spread>', 'distance from bid to ask: none, 2 ticks, 1bp', value(readSpread))
    .option('--slippage <slippage>', 'none, 1bp, impact:10bp, linear:10bp, random:0-2bp', value(readSlippage))
    .option('--latency <duration>', 'time from an order to its effect, such as 50ms', value(readLatency))
    .option('--end <what>', 'positions open at the end: keep (default), close, close-at-open', value(oneOf(END_NAMES)));
}
