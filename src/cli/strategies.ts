import { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { painter } from './terminal-text.ts';
import { textTable, wrap } from './text-table.ts';

interface StrategiesOptions {
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ tradewind strategies                              the strategies that come with the program
  $ tradewind strategies show moving-average-cross    what it does, and its parameters
  $ tradewind strategies show ./my-strategy.ts        the same for your own`;

export function strategiesCommand(context: CommandContext): Command {
  const strategies = new Command('strategies')
    .summary('list strategies, or show one with its parameters')
    .description('Lists the strategies that come with the program, or shows one.')
    .argument('[strategy]', 'name of a built-in strategy, or path of a strategy file')
    .option('--json', 'print one JSON document instead of text')
    .addHelpText('after', EXAMPLES)
    .action((name: string | undefined, options: StrategiesOptions) =>
      name === undefined ? list(options, context) : show(name, options, context),
    );
  strategies
    .command('list')
    .description('Lists the strategies that come with the program.')
    .action((_options: unknown, command: Command) => list(command.optsWithGlobals<StrategiesOptions>(), context));
  strategies
    .command('show')
    .description('Shows what a strategy does, and its parameters.')
    .argument('<strategy>', 'name of a built-in strategy, or path of a strategy file')
    .addHelpText('after', EXAMPLES)
    .action((name: string, _options: unknown, command: Command) =>
      show(name, command.optsWithGlobals<StrategiesOptions>(), context),
    );
  return strategies;
}

async function list(options: StrategiesOptions, { console, cwd }: CommandContext): Promise<void> {
  const { builtinNames, strategyHelp } = await import('../app/strategy-help.ts');
  const strategies = await Promise.all(builtinNames.map(async (name) => (await strategyHelp(name, cwd)).definition));
  if (options.json) {
    const rows = strategies.map(({ name, title, description }) => ({ name, title, description }));
    console.out(`${JSON.stringify(rows, undefined, 2)}\n`);
    return;
  }
  const paint = painter(console.output.colour);
  const rows = strategies.map(({ name, description }) => [name, description]);
  const table = textTable(rows, {
    width: console.output.width(),
    paint: (text, column) => (column === 0 ? paint('bold', text) : text),
  });
  console.out(`${table}\n\nParameters: tradewind strategies show <strategy>\n`);
}

async function show(name: string, options: StrategiesOptions, { console, cwd }: CommandContext): Promise<void> {
  const { strategyHelp } = await import('../app/strategy-help.ts');
  const { definition, reference, symbols, parameters: help } = await strategyHelp(name, cwd);
  if (options.json) {
    const { title, description, parameters } = definition;
    const document = { name: definition.name, reference, title, description, symbols, parameters };
    console.out(`${JSON.stringify(document, undefined, 2)}\n`);
    return;
  }
  const { colour } = console.output;
  const width = console.output.width();
  const paint = painter(colour);
  const count = symbols.minimum === symbols.maximum ? `${symbols.minimum}` : `${symbols.minimum} to ${symbols.maximum}`;
  const head = `${paint('bold', definition.title)} (${definition.name})\n${wrap(definition.description, width)}`;
  const traded = `Trades ${count} ${symbols.maximum === 1 ? 'symbol' : 'symbols'}.`;
  const rows = help.map((row) => [row.name, row.default, row.range, row.description]);
  const table =
    rows.length === 0
      ? 'It has no parameters.'
      : textTable(rows, {
          width,
          heads: ['Parameter', 'Default', 'Range', 'Meaning'],
          paint: (text, column, isHead) => (isHead ? paint('dim', text) : column === 0 ? paint('bold', text) : text),
        });
  console.out(`${head}\n${traded}\n\n${table}\n`);
}
