import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { oneOf, readAssignment, readCount, readSeed, readText, value, values } from './option-values.ts';
import { withMarketOptions, withTermsOptions } from './run-options.ts';
import type { SweepOptions } from './sweep-options.ts';

const PATHS = ['auto', 'event', 'columns'] as const;

const EXAMPLES = `
Examples:
  Every pair of two lengths, on all cores; bars of BTCUSDT come with the program:
  $ tradewind sweep moving-average-cross --symbol BTCUSDT --timeframe 15m \\
      --set fast=5:60:5 --set slow=20:240:10 --where 'fast*2 <= slow'

  Your own bars, ranked by return over drawdown, with a page to look at and all results in a file:
  $ tradewind sweep donchian-breakout --data ./SOLUSDT-1h.csv.gz --set entryPeriod=10:100:5 --set exitPeriod=5:50:5 \\
      --rank calmar --report sweep.html --out sweep.parquet

  A thousand points of a grid that is too large, the same ones for the same seed:
  $ tradewind sweep bollinger-reversion --symbol ETHUSDT --timeframe 5m --set period=10:200 \\
      --set entryDeviations=1:4:0.05 --random 1000 --seed 7

  Your own strategy; choices and flags are swept too, and a parameter can be held at a value:
  $ tradewind sweep ./my-strategy.ts --data GOOG.csv --set type=sma,ema --set short=true,false --set length=20

  On many machines, each with "tradewind start --role worker" for the same Redis and PostgreSQL:
  $ tradewind sweep moving-average-cross --symbol BTCUSDT --set fast=2:60 --set slow=20:400:2 --cluster \\
      --bus redis://host:6379 --store postgres://user@host/tradewind

--set takes from:to:step, from:to (whole numbers), a,b,c or one value. --where takes comparisons of parameters with
+ - * / %, and, or, not, parentheses. Points are ranked by one of sharpe, return, drawdown, calmar, sortino, profit-factor,
win-rate, trades, profit, annual-return, volatility, fees, …

Ctrl+C keeps what is done: the same command goes on from there, --fresh begins again. The table does not depend on the
number of workers, and a point's figures are those of "tradewind backtest" with its parameters. Costs, sizing and limits
are said as for "tradewind backtest".`;

export function sweepCommand(context: CommandContext): Command {
  const command = new Command('sweep')
    .summary('run a strategy with many parameters and rank them')
    .description('Runs a strategy over history with every combination of parameters, on all cores, and ranks them.')
    .argument('[strategy]', 'name of a built-in strategy (see "tradewind strategies"), or path of a strategy file')
    .option('--set <parameter=values>', 'from:to:step, a,b,c or a value; several times', values(readAssignment))
    .option('--where <condition>', "what points must meet, such as 'fast < slow'; several times", values(readText))
    .option('--random <count>', 'draw so many points of the grid instead of all', value(readCount))
    .option('--seed <number>', 'seed of --random (default: 1) and of random slippage', value(readSeed))
    .option('--rank <figure>', 'what the best points are best by', value(readText), 'sharpe')
    .option('--top <count>', 'how many of the best to show', value(readCount), 20)
    .option('--workers <count>', 'how many threads', value(readCount), availableParallelism())
    .option('--cluster', 'compute on the machines that run "tradewind start --role worker" instead of here')
    .option('--cancel <id>', 'stop the workers of a sweep with --cluster; what is done is kept', value(readText))
    .option('--store <path or address>', 'where results are kept; PostgreSQL for --cluster', value(readText))
    .option('--bus <address>', 'address of the Redis that hands out the jobs of --cluster', value(readText));
  withMarketOptions(command);
  return withTermsOptions(command)
    .option('--fresh', 'begin again, whatever is done already')
    .option('-y, --yes', 'do not ask about a grid of more than a million points')
    .option('--memory <megabytes>', "most memory of a worker's own", value(readCount), 1024)
    .option(
      '--path <path>',
      'how points are computed, for comparing: auto, event, columns',
      value(oneOf(PATHS)),
      'auto',
    )
    .option('-c, --config <file>', 'configuration file (default: tradewind.yaml where there is one)')
    .option('-r, --report <file.html>', 'write a page with a map of the parameters and the best curves too')
    .option('-o, --out <file>', 'write all points to a file: .parquet, .csv or .csv.gz', value(readText))
    .option('--json', 'print one JSON document instead of text')
    .option('--all', 'all points in the JSON document, not only the best')
    .addHelpText('after', EXAMPLES)
    .action(async (strategy: string | undefined, options: SweepOptions) => {
      if (options.cancel !== undefined) {
        const { runSweepCancelCommand } = await import('./sweep-cancel.ts');
        await runSweepCancelCommand(options.cancel, options, context);
        return;
      }
      const { runSweepCommand } = await import('./sweep-run.ts');
      await runSweepCommand(strategy, options, context);
    });
}
