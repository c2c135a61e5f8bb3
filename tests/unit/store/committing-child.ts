import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { epochMs } from '../../../src/foundation/time.ts';
import { openEmbeddedStore } from '../../../src/store/embedded-store.ts';
import { StoreUnavailableError } from '../../../src/store/store-error.ts';
import { sampleCandle, sampleCommit, sampleEntry, sampleFill } from '../../contracts/store-samples.ts';

/**
 * A program that commits without end, for tests that kill it or take its disk away: `node committing-child.ts <path>`.
 * It writes `commit <revision>` once that revision was acknowledged; when the store is not available it writes
 * `fault <code> <revision read>`, waits for a line on its input, and goes on with the same commit.
 */
const store = await openEmbeddedStore({ path: process.argv[2]! });
await store.migrate();
const lease = (await store.acquireLease('bot', `process-${process.pid}`, 60_000, epochMs(process.pid * 100_000)))!;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
let revision = (await store.checkpoint('bot'))?.revision ?? 0;
// A kill between a commit and its audit left the last one in the outbox.
await store.appendAudit(await store.outbox('bot'), epochMs(revision));

for (;;) {
  const next = revision + 1;
  try {
    await store.recordMarket([{ candle: sampleCandle(next), raw: `raw ${next} ${'x'.repeat(500)}` }]);
    const outcome = await store.commitBot(
      sampleCommit('bot', lease, revision, {
        state: { revision: next, ballast: 'y'.repeat(2_000) },
        fills: [sampleFill('bot', next)],
        equity: Array.from({ length: 20 }, (_, index) => ({ time: epochMs(next * 100 + index), equity: next })),
        outbox: [sampleEntry(next)],
      }),
    );
    if (!outcome.ok) throw new Error(outcome.error.message);
    await store.appendAudit([sampleEntry(next)], epochMs(next));
    revision = next;
    say(`commit ${revision}`);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    const readable = (await store.checkpoint('bot'))!.revision;
    say(`fault ${error.code} ${readable}`);
    await lines.next();
  }
}

/** At once, so that what was acknowledged has been said when a kill comes. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}
