import { fileURLToPath } from 'node:url';
import { messageOf, UserError } from '../foundation/errors.ts';

/**
 * A strategy of the user that threw, as one sentence for the person who wrote it, with the line where it happened.
 *
 * @param reference as `resolveStrategy` gives it: the name of a built-in strategy or the path of a file
 */
export function strategyFailure(name: string, reference: string, thrown: unknown): UserError {
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
  const place = placeIn(reference, cause);
  const where = place === undefined ? '' : ` (${place})`;
  return new UserError(`The strategy ${name} failed${where}: ${messageOf(thrown).replace(/\.$/, '')}.`, {
    cause: thrown,
  });
}

/** `/folder/strategy.ts:12` of the innermost frame that lies in the strategy's own file. */
function placeIn(reference: string, thrown: unknown): string | undefined {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  for (const [, address, line] of stack.matchAll(/^\s+at (?:.*\()?((?:file:|\/|[A-Za-z]:\\).*?):(\d+):\d+\)?$/gm)) {
    const plain = address!.replace(/\?.*$/, '');
    const path = plain.startsWith('file:') ? fileURLToPath(plain) : plain;
    if (path === reference) return `${path}:${line}`;
  }
  return undefined;
}
