import { checkKey, type KeyCheck } from '../app/keys/check-key.ts';
import { systemClock } from '../foundation/clock.ts';
import { silentLogger } from '../foundation/logger.ts';
import { toIso } from '../foundation/time.ts';
import type { CommandContext } from './command-context.ts';
import type { KeyCheckOptions } from './keys-options.ts';
import { checkName, keyFile } from './keys-run.ts';
import { SecretPrompt } from './secret-prompt.ts';
import { textTable } from './text-table.ts';

/** `keys check`: exit code 1, and a sentence, for a key that `start` would not trade with. */
export async function checkAccountKey(
  account: string,
  options: KeyCheckOptions,
  { console, cwd, finish }: CommandContext,
): Promise<void> {
  checkName(account);
  const { exchange, demo, url } = options;
  const asker = new SecretPrompt(process.stdin, console.err);
  try {
    const file = keyFile(options, cwd);
    const asked = { account, exchange, demo, url, file, asker, clock: systemClock, logger: silentLogger };
    const check = await checkKey(asked);
    if (check.unfit !== null) finish(1);
    if (options.json) {
      const fit = check.unfit === null;
      console.out(`${JSON.stringify({ format: 'tradewind.key', version: 1, fit, ...check })}\n`);
    } else {
      console.out(`${textTable(keyRows(check), { width: console.output.width() })}\n`);
      if (check.unfit === null) console.out('The key is fit for trading.\n');
      else console.err(`${check.unfit}\n`);
    }
  } finally {
    asker.close();
  }
}

/** The check as rows of a name and what is there. */
export function keyRows(check: KeyCheck): readonly (readonly [name: string, told: string])[] {
  const { account, title, mode, url, fingerprint, source, rights, clockOffset } = check;
  const place = `${title}, ${mode === 'demo' ? 'a demo account' : 'real money'}, ${url ?? 'its own address'}`;
  const rows: (readonly [string, string])[] = [
    ['account', `${account}: key ${fingerprint} from ${source}`],
    ['exchange', place],
  ];
  if (rights !== null) {
    const { canTrade, canWithdraw, isBoundToAddress, expiresAt, isTold } = rights;
    if (isTold) {
      rows.push(
        ['may trade', yesOrNo(canTrade)],
        ['may withdraw', yesOrNo(canWithdraw)],
        ['addresses', isBoundToAddress ? 'bound to certain ones' : 'any: bind it to your own at the exchange'],
        ['expires', expiresAt === null ? 'not said' : toIso(expiresAt)],
      );
    } else rows.push(['rights', `${title} lets the key in, and tells nothing of what keys of demo accounts may do`]);
  }
  if (clockOffset !== null) rows.push(['clock', clockText(clockOffset)]);
  return rows;
}

function yesOrNo(is: boolean): string {
  return is ? 'yes' : 'no';
}

/** @param clockOffset the exchange's clock minus this machine's */
function clockText({ offsetMs, uncertaintyMs }: NonNullable<KeyCheck['clockOffset']>): string {
  const sure = `give or take ${uncertaintyMs} ms`;
  if (offsetMs === 0) return `as the exchange's, ${sure}`;
  return `${Math.abs(offsetMs)} ms ${offsetMs > 0 ? 'behind' : 'ahead of'} the exchange's, ${sure}`;
}
