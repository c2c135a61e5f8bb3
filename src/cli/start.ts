import { Command, Option } from 'commander';
import { type Reading, readDuration, readSpeed, readSymbol } from '../app/config-values.ts';
import { TRADING_MODES } from '../app/configuration.ts';
import { START_ROLES } from '../app/system-request.ts';
import type { CommandContext } from './command-context.ts';
import { oneOf, readCount, readText, value, valueList, values } from './option-values.ts';
import type { StartOptions } from './start-options.ts';

/** Commander takes `null` for no value at all, so that the fastest has a name here. */
function readPace(text: string): Reading<number | 'max'> {
  const speed = readSpeed(text);
  return speed.ok && speed.value === null ? { ok: true, value: 'max' } : (speed as Reading<number>);
}

/** For runs of the whole system on a simulated exchange: docs/exchange.md tells about it. */
function clockSpeed(): Option {
  const read = (text: string): Reading<number> => {
    const speed = readSpeed(text);
    if (speed.ok && speed.value !== null) return { ok: true, value: speed.value };
    return { ok: false, error: "the simulated exchange's --speed, such as 60" };
  };
  return new Option('--clock-speed <number>').argParser(value(read)).hideHelp();
}

const EXAMPLES = `
Examples:
  $ tradewind start                                        paper bots on a replay of the bars that come along
  $ tradewind start --speed max --until-end                the whole replay as fast as can be
  $ tradewind start --for 30s --json                       half a minute, and a JSON document of the results
  $ tradewind start --config tradewind.yaml                your own bots, markets, limits and costs
  $ tradewind start --data BTCUSDT=btc-1m.csv --speed 60   your own bars
  $ tradewind start --provider bybit --symbols BTCUSDT,ETHUSDT
                                                           paper bots on the live market of an exchange
  $ tradewind start --provider bybit --symbols BTCUSDT,ETHUSDT --mode demo
                                                           the same bots with orders on its demo account (docs/trading.md)
  $ tradewind start --role collector --bus redis://localhost:6379 --store postgres://user@localhost/tradewind
                                                           one part of the system; the others as processes of their own
  $ tradewind start --role worker --bus redis://host:6379 --store postgres://user@host/tradewind
                                                           this machine's cores for sweeps with --cluster

Paper trading is the default: no order leaves this machine. --mode demo needs the key of an exchange's demo account; real money
needs trading.allowLive: true in the configuration, --live, and a phrase that you type (docs/keys.md). Ctrl+C stops gracefully
and prints the final statistics; pressed again it stops at once. A run goes on where the last one with the same store ended;
--fresh begins anew. What is not given comes from tradewind.yaml, or is as in tradewind.example.yaml.`;

export function startCommand(context: CommandContext): Command {
  return new Command('start')
    .summary('run bots on a live or replayed market')
    .description('Runs bots on a market: feed, collector, bus, strategies, risk, orders, fills, store, statistics.')
    .option('-c, --config <file>', 'configuration file (default: tradewind.yaml where there is one)')
    .option('--mode <mode>', 'where orders go: paper (default), demo or live', value(oneOf(TRADING_MODES)))
    .option('--live', 'trade with real money, where the configuration allows it and you confirm it')
    .option('--speed <number|max>', 'market seconds per second of a replay, or max', value(readPace))
    .option('--for <duration>', 'stop after this long: 30s, 5m, 1h', value(readDuration))
    .option('--until-end', 'stop when the replay has ended (with --for: whichever comes first)')
    .option(
      '--provider <name|file>',
      'where the market comes from: replay (default), bybit, yahoo, ./my-own.ts …',
      value(readText),
    )
    .option('--url <address>', "in place of the provider's own address: a simulated exchange", value(readText))
    .option('--symbols <symbols>', 'what is collected, with commas between', valueList(readSymbol))
    .option('-d, --data <[SYMBOL=]FILE>', 'bars to replay: a file for each symbol, or a folder', values(readText))
    .option('--store <path or address>', 'file of the embedded store, or address of PostgreSQL', value(readText))
    .option('--bus <address>', 'in-process, or address of Redis', value(readText))
    .option(
      '--role <role>',
      `what this process does: ${START_ROLES.join(', ')} (default: all)`,
      value(oneOf(START_ROLES)),
    )
    .option('--threads <number>', 'of --role worker (default: as many as this machine has cores)', value(readCount))
    .option('--fresh', 'begin with an empty store')
    .option('--resume <bots>', 'let bots trade again that were halted, with commas between', valueList(readText))
    .addOption(clockSpeed())
    .option('--json', 'print one JSON document of final statistics instead of a live view')
    .addHelpText('after', EXAMPLES)
    .action(async (options: StartOptions) => {
      if (options.role === 'worker') {
        const { runWorkerCommand } = await import('./start-worker.ts');
        await runWorkerCommand(options, context);
        return;
      }
      const { runStartCommand } = await import('./start-run.ts');
      await runStartCommand(options, context);
    });
}
