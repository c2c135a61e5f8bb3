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

Exit code 0: the chain is whole. 1: it is broken, and the message says where.`;

export function auditCommand(context: CommandContext): Command {
  const audit = new Command('audit')
    .summary('check the record of everything that was decided and done')
    .description('The audit log is a chain: each entry carries the hash of the one before it.')
    .addHelpText('after', EXAMPLES);
  audit
    .command('verify')
    .description('Recomputes the hash of every entry of the audit log and tells the first that is wrong.')
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
  } else console.err(`The audit log is broken at entry ${verdict.index} (${verdict.reason}): ${verdict.message}\n`);
}
