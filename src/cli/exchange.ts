import { Command } from 'commander';
import { type Reading, readDuration, readMoment, readSpeed, readSymbol } from '../app/config-values.ts';
import type { CommandContext } from './command-context.ts';
import type { ExchangeCommandOptions } from './exchange-options.ts';
import { oneOf, readCount, readMoney, readSeed, readText, value, valueList, values } from './option-values.ts';

function readPort(text: string): Reading<number> {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? { ok: true, value: port } : { ok: false, error: 'a port from 0 to 65535' };
}

/** Faster than any machine is no speed here: clients live in real time. */
function readPace(text: string): Reading<number> {
  const speed = readSpeed(text);
  if (speed.ok && speed.value !== null) return { ok: true, value: speed.value };
  return { ok: false, error: 'a number above 0, such as 1 or 60' };
}

const EXAMPLES = `
Examples:
  $ tradewind exchange                                  the bars that come along, on http://127.0.0.1:8080
  $ tradewind exchange --data BTCUSDT=btc-1m.csv.gz --port 9000
                                                        your own bars of one minute
  $ tradewind exchange --speed 60                       an hour of market in a minute
  $ tradewind exchange --faults '[{"kind":"drop","topic":"kline.*","probability":0.1}]'
                                                        every tenth candle message is lost

It speaks Bybit's v5 protocol: point a client at its address, for REST and sockets (/v5/public/linear, /v5/public/spot,
/v5/private, /v5/trade). Accounts are opened by the keys that are printed at the start. Faults can also be set while it
runs, by POST /admin/faults. See docs/exchange.md.`;

export function exchangeCommand(context: CommandContext): Command {
  return new Command('exchange')
    .summary('a simulated exchange that client libraries can trade on')
    .description(
      'Plays recorded bars as a market, and speaks the protocol of Bybit v5: with orders, a ledger and faults.',
    )
    .option('-d, --data <[SYMBOL=]FILE>', 'bars of one minute: a file for each symbol', values(readText))
    .option('--trades <SYMBOL=FILE>', 'recorded trades, in place of bars: CSV or Parquet', values(readText))
    .option('--funding <SYMBOL=FILE>', 'recorded funding rates of a symbol', values(readText))
    .option('--symbols <symbols>', 'which symbols, with commas between', valueList(readSymbol))
    .option('-p, --port <port>', 'where it listens; 0 for any free port', value(readPort), 8_080)
    .option('--host <address>', 'address it listens at', value(readText), '127.0.0.1')
    .option('--speed <number>', 'market seconds per second', value(readPace), 1)
    .option('--at <moment>', 'the recorded moment that is now (default: in the middle)', value(readMoment))
    .option('--trades-per-minute <count>', 'trades by which a bar is told', value(readCount), 60)
    .option(
      '--client-ids <rule>',
      'when a client id may come again',
      value(oneOf(['always-unique', 'unique-among-open'])),
    )
    .option('--no-rate-limits', 'nobody is refused for asking too often')
    .option('--funds <usdt>', 'what each account begins with', value(readMoney))
    .option('--history <duration>', 'how long look-ups know of closed orders (default: for ever)', value(readDuration))
    .option('--faults <file or JSON>', 'a list of faults to begin with', value(readText))
    .option('--seed <number>', 'chance of the faults', value(readSeed), 1)
    .option('--json', 'print one JSON line when it listens')
    .addHelpText('after', EXAMPLES)
    .action(async (options: ExchangeCommandOptions) => {
      const { runExchangeCommand } = await import('./exchange-run.ts');
      await runExchangeCommand(options, context);
    });
}
