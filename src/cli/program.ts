import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { auditCommand } from './audit.ts';
import { backtestCommand } from './backtest.ts';
import type { CommandContext } from './command-context.ts';
import { processConsole } from './console.ts';
import { dataCommand } from './data.ts';
import { exchangeCommand } from './exchange.ts';
import { describeFailure, wantsDebug } from './failure.ts';
import { keysCommand } from './keys.ts';
import { parityCommand } from './parity.ts';
import { startCommand } from './start.ts';
import { statusCommand } from './status.ts';
import { strategiesCommand } from './strategies.ts';
import { sweepCommand } from './sweep.ts';

const EXAMPLES = `
Examples:
  $ tradewind start                                   three paper bots on a replay of real bars
  $ tradewind start --until-end --speed max --json    the same, to its end, for a program
  $ tradewind backtest moving-average-cross --symbol BTCUSDT --timeframe 5m --set fast=10 --set slow=30
  $ tradewind sweep moving-average-cross --set fast=5:60:5 --set slow=20:240:10 --where 'fast<slow'
  $ tradewind strategies show donchian-breakout       the parameters of a strategy
  $ tradewind data check BTCUSDT-1m.csv.gz            can these bars be trusted?

Every command has its own examples: tradewind <command> --help`;

/** Runs the command line and gives the exit code: 0 well, 1 failed, 2 wrong input. */
export async function runProgram(parameters: readonly string[]): Promise<number> {
  const console = processConsole(!parameters.includes('--no-color'));
  ignoreClosedPipe();
  let exitCode = 0;
  const finish = (code: number): void => {
    exitCode = code;
  };
  const program = makeProgram({ cwd: process.cwd(), console, finish });
  try {
    if (parameters.length === 0) program.outputHelp();
    else await program.parseAsync(parameters, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && (thrown.exitCode === 0 || thrown.code === 'commander.help')) return 0;
    const failure = describeFailure(thrown, wantsDebug(parameters), commandNames(program));
    console.err(`${failure.text}\n`);
    return failure.exitCode;
  }
}

function makeProgram(context: CommandContext): Command {
  const program = new Command('tradewind')
    .description('Test a trading strategy, then run the very same thing on a live or replayed market.')
    .version(readVersion(), '-V, --version', 'print the version')
    .option('--debug', 'show stack traces of failures (also by TRADEWIND_DEBUG=1)')
    .option('--no-color', 'no colours (also by NO_COLOR=1)')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', EXAMPLES);
  for (const make of [
    startCommand,
    backtestCommand,
    sweepCommand,
    parityCommand,
    strategiesCommand,
    dataCommand,
    auditCommand,
    exchangeCommand,
    keysCommand,
    statusCommand,
  ]) {
    program.addCommand(make(context));
  }
  for (const command of allCommands(program)) {
    command.exitOverride().configureOutput({
      writeOut: context.console.out,
      // What commander writes as an error is its help for a group of commands without one; its errors are told below.
      writeErr: context.console.out,
      outputError: () => {},
      getOutHelpWidth: context.console.output.width,
      getOutHasColors: () => context.console.output.colour,
    });
  }
  return program;
}

function commandNames(program: Command): readonly string[] {
  return program.commands.map((command) => command.name());
}

function allCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** `tradewind … | head` is no failure. */
function ignoreClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
}
