import { Command } from 'commander';
import { EXCHANGES } from '../app/builtin-providers.ts';
import type { CommandContext } from './command-context.ts';
import type { KeyCheckOptions, KeysOptions } from './keys-options.ts';
import { oneOf, readText, value } from './option-values.ts';

const EXAMPLES = `
Examples:
  $ tradewind keys add bybit-demo                     asks for key, secret and password; nothing is shown
  $ tradewind keys list                               names and fingerprints
  $ tradewind keys check bybit-demo                   what the exchange says that the key may do
  $ tradewind keys remove bybit-demo

Keys lie encrypted in .tradewind/keys.json, under a password that is asked for, or that the variable
TRADEWIND_KEYS_PASSWORD of the environment gives. A key in the environment goes before the file's: for the account
bybit-demo the variables are TRADEWIND_BYBIT_DEMO_KEY, TRADEWIND_BYBIT_DEMO_SECRET and, where the exchange has one,
TRADEWIND_BYBIT_DEMO_PASSPHRASE. Keys are never taken from the command line. See docs/keys.md.`;

const ADD_EXAMPLES = `
Examples:
  $ tradewind keys add bybit-demo                     in a terminal
  $ printf '%s\\n' "$KEY" "$SECRET" | TRADEWIND_KEYS_PASSWORD=… tradewind keys add bybit-demo
                                                      from a pipe: a line for the key, one for the secret and, where the
                                                      exchange has one, one for the passphrase

The account's name is yours to choose; start looks for EXCHANGE-demo in the mode demo and for EXCHANGE in the mode live,
unless account.name says another. Make the key without the right to withdraw: start refuses one that has it.`;

const LIST_EXAMPLES = `
Examples:
  $ tradewind keys list
  $ tradewind keys list --json | jq '.[].account'

A fingerprint is the beginning of a hash of the key's public half: it tells two keys apart, and says nothing else.`;

const CHECK_EXAMPLES = `
Examples:
  $ tradewind keys check bybit-demo                   a demo account, as its name says
  $ tradewind keys check bybit --json                 one JSON document
  $ tradewind keys check mine --exchange bybit --demo
  $ tradewind keys check bybit-demo --url http://127.0.0.1:8080    a simulated exchange

Nothing is traded: what it asks with can send no order, so that it needs no permission for real money.

Exit code 0: the key is fit for trading. 1: it is not, and the message says why.`;

const REMOVE_EXAMPLES = `
Examples:
  $ tradewind keys remove bybit-demo

What is removed here still opens the account: delete the key at the exchange as well.`;

export function keysCommand(context: CommandContext): Command {
  const keys = new Command('keys')
    .summary('keep the API keys of exchanges, encrypted, and check them')
    .description('Keeps the API keys of accounts at exchanges in an encrypted file.')
    .addHelpText('after', EXAMPLES);
  const sub = (name: string, description: string, examples: string): Command =>
    keys
      .command(name)
      .description(description)
      .option('-f, --file <file>', 'key file (default: .tradewind/keys.json)', value(readText))
      .addHelpText('after', examples);
  sub('add', 'Asks for the key of an account, and keeps it.', ADD_EXAMPLES)
    .argument('<account>', 'name of the account, such as bybit-demo')
    // A key that was given on the command line must not be repeated in an error.
    .allowExcessArguments()
    .action(async (account: string, options: KeysOptions, command: Command) => {
      const { addKey } = await import('./keys-run.ts');
      await addKey(account, command.args.length - 1, options, context);
    });
  sub('list', 'Lists the accounts whose keys are kept. Needs no password.', LIST_EXAMPLES)
    .option('--json', 'print one JSON document instead of text')
    .action(async (options: KeysOptions) => {
      const { listKeys } = await import('./keys-run.ts');
      await listKeys(options, context);
    });
  sub('check', 'Asks the exchange what the key of an account may do. Trades nothing.', CHECK_EXAMPLES)
    .argument('<account>', 'name of the account (see "tradewind keys list")')
    .option(
      '--exchange <name>',
      'exchange of the account (default: what its name begins with)',
      value(oneOf(EXCHANGES)),
    )
    .option('--demo', 'it is a demo account (default: where its name ends with -demo)')
    .option('--url <address>', "in place of the exchange's own address: a simulated exchange", value(readText))
    .option('--json', 'print one JSON document instead of text')
    .action(async (account: string, options: KeyCheckOptions) => {
      const { checkAccountKey } = await import('./keys-check.ts');
      await checkAccountKey(account, options, context);
    });
  sub('remove', 'Forgets the key of an account. Needs no password.', REMOVE_EXAMPLES)
    .argument('<account>', 'name of the account (see "tradewind keys list")')
    .action(async (account: string, options: KeysOptions) => {
      const { removeKey } = await import('./keys-run.ts');
      await removeKey(account, options, context);
    });
  return keys;
}
