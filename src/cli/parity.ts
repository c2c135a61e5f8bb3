import { Command } from 'commander';
import { readSymbol, readTimeframe } from '../app/config-values.ts';
import type { CommandContext } from './command-context.ts';
import { readCount, readText, value, valueList, values } from './option-values.ts';
import type { ParityOptions } from './parity-options.ts';

const EXAMPLES = `
Examples:
  $ tradewind parity                                       every built-in strategy: backtest against the live pipeline
  $ tradewind parity moving-average-cross --symbol BTCUSDT --timeframe 5m
  $ tradewind parity ./my-strategy.ts --data BTCUSDT=btc-1m.csv --bars 20000
  $ tradewind parity --bus redis://localhost:6379 --store postgres://user@localhost/tradewind
                                                           and through Redis and PostgreSQL as well

Exit code 0: the same signals, orders, fills and equity, bit for bit. 1: not, and the first difference is shown.`;

export function parityCommand(context: CommandContext): Command {
  return new Command('parity')
    .summary('prove that backtest and live pipeline trade alike')
    .description('Runs strategies in the backtester and through the live pipeline, and compares all that they did.')
    .argument('[strategies...]', 'names of built-in strategies or paths of strategy files (default: all built-in ones)')
    .option(
      '-s, --symbol <symbol>',
      'what is traded; several with commas (default: all that come along)',
      valueList(readSymbol),
    )
    .option('-d, --data <[SYMBOL=]FILE>', 'file of bars; several times for several symbols', values(readText))
    .option('-t, --timeframe <timeframe>', 'length of a bar (default: 5m)', value(readTimeframe))
    .option('--bars <number>', 'use only so many bars of each file, from its beginning', value(readCount))
    .option('--bus <address>', 'address of a Redis; with --store, a third way is compared', value(readText))
    .option('--store <address>', 'address of a PostgreSQL', value(readText))
    .option(
      '-c, --config <file>',
      'configuration file for limits and costs (default: tradewind.yaml where there is one)',
    )
    .option('--json', 'print one JSON document instead of text')
    .addHelpText('after', EXAMPLES)
    .action(async (strategies: readonly string[], options: ParityOptions) => {
      const { runParityCommand } = await import('./parity-run.ts');
      await runParityCommand(strategies, options, context);
    });
}
