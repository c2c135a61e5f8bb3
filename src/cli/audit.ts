import { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { type StoreOptions, storeOverride } from './store-option.ts';

interface AuditOptions extends StoreOptions {
  readonly config?: string;
  readonly json?: true;
}

const EXAMPLES = `
Examples:
  $ tradewind audit verify                                 the store of tradewind.yaml, or the usual one
  $ tradewind audit verify --store .tradewind/tradewind.db
  $ tradewind audit verify --store postgres://user@host/database --json

Exit code 0: the log is whole. 1: it is not, and the message says where.`;

export function auditCommand(context: CommandContext): Command {
  const audit = new Command('audit')
    .summary('check the record of everything that was decided and done')
    .description('The audit log is a chain: each entry carries the hash of the one before it.')
    .addHelpText('after', EXAMPLES);
  audit
    .command('verify')
    .description(
      'Recomputes the hash of every entry of the audit log, holds signals, orders and fills against it, and tells what is wrong first.',
    )
    .option('--store <path or address>', 'file of the embedded store, or address of PostgreSQL')
    .option('-c, --config <file>', 'configuration file (default: tradewind.yaml where there is one)')
    .option('--json', 'print one JSON document instead of text')
    .addHelpText('after', EXAMPLES)
    .action((options: AuditOptions) => verify(options, context));
  return audit;
}

async function verify(options: AuditOptions, { console, cwd, finish }: CommandContext): Promise<void> {
  const [{ configurationPath, loadConfiguration }, { verifyAudit }] = await Promise.all([
    import('../app/config.ts'),
    import('../app/audit-verify.ts'),
  ]);
  const overrides = storeOverride(options, cwd);
  const configuration = await loadConfiguration(configurationPath(options.config, cwd), { cwd, overrides });
  const verdict = await verifyAudit(configuration);
  if (!verdict.ok) finish(1);
  if (options.json) console.out(`${JSON.stringify(verdict)}\n`);
  else if (verdict.ok) {
    const entries = `${verdict.count} ${verdict.count === 1 ? 'entry' : 'entries'}`;
    console.out(`The audit log is whole: ${entries}, the last hash is ${verdict.headHash}.\n`);
  } else {
    const place = 'index' in verdict ? `broken at entry ${verdict.index}` : 'not what the tables say';
    console.err(`The audit log is ${place} (${verdict.reason}): ${verdict.message}\n`);
  }
}
