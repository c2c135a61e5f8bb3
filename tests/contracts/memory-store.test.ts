import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { InvariantError } from '../../src/foundation/errors.ts';
import { fixed } from '../../src/foundation/fixed-point.ts';
import { Random } from '../../src/foundation/random.ts';
import { epochMs } from '../../src/foundation/time.ts';
import { openEmbeddedStore } from '../../src/store/embedded-store.ts';
import type { BotCommit, Lease, LeaseStore, TradingStore } from '../../src/store/store.ts';
import { MemoryStore } from '../support/order-path/memory-store.ts';
import {
  START,
  sampleCommit,
  sampleEntry,
  sampleFill,
  sampleIntent,
  sampleOrderEvents,
  sampleSignal,
} from './store-samples.ts';

type BotStore = TradingStore & LeaseStore;
type Step = (store: BotStore) => Promise<unknown>;

const BOTS = ['ant', 'bee'];
const NAMES = ['bot/ant', 'bot/bee'];
const OWNERS = ['p1', 'p2', 'p3'];

/** What processes do to a store, well and badly: leases of old, revisions of old, the same again, the same id with other words. */
class Steps {
  readonly #random: Random;
  #now = START;
  #index = 0;
  #last: BotCommit | undefined;

  constructor(seed: number) {
    this.#random = new Random(seed, 'steps');
  }

  next(): Step {
    this.#now += this.#random.integer(0, 3_000);
    const draw = this.#random.next();
    if (draw < 0.4) return this.#leaseStep();
    if (draw < 0.55 && this.#last) return this.#again(this.#last);
    return this.#commitStep();
  }

  #leaseStep(): Step {
    const name = this.#one(NAMES);
    const owner = this.#one(OWNERS);
    const token = this.#random.integer(1, 4);
    const now = epochMs(this.#now);
    const steps: readonly Step[] = [
      (store) => store.acquireLease(name, owner, 5_000, now),
      (store) => store.renewLease({ name, owner, token }, 5_000, now),
      (store) => store.releaseLease({ name, owner, token }),
    ];
    return this.#one([steps[0]!, steps[0]!, ...steps]);
  }

  #commitStep(): Step {
    const botId = this.#one(BOTS);
    const lease: Lease = { name: `bot/${botId}`, owner: this.#one(OWNERS), token: this.#random.integer(1, 3) };
    const isUsual = this.#random.next() < 0.8;
    const index = this.#random.next() < 0.3 ? this.#random.integer(1, 5) : 100 + this.#index++;
    const fill = sampleFill(botId, index, this.#random.next() < 0.3 ? { price: fixed('1') } : {});
    const parts: Partial<BotCommit> = {
      state: { at: this.#index, text: 'ü' },
      signals: [sampleSignal(botId, index)],
      intents: [sampleIntent(botId, index)],
      orderEvents: sampleOrderEvents(botId, index),
      fills: [fill],
      equity: [{ time: epochMs(this.#now), equity: index / 3 }],
      outbox: [sampleEntry(this.#index, { eventId: `${botId}/${this.#index}` })],
    };
    const strange = this.#random.integer(0, 9);
    return async (store) => {
      const present = (await store.checkpoint(botId))?.revision ?? 0;
      // The lease of the moment, most times: found by asking for it anew, which changes nothing for its owner.
      const held = isUsual ? await heldLease(store, lease, epochMs(this.#now)) : lease;
      const commit = sampleCommit(botId, held, isUsual ? present : strange, parts);
      this.#last = commit;
      return store.commitBot(commit);
    };
  }

  #again(commit: BotCommit): Step {
    const changed = this.#random.next() < 0.3 ? { ...commit, state: { changed: true } } : commit;
    return (store) => store.commitBot(changed);
  }

  #one<Value>(values: readonly Value[]): Value {
    return values[this.#random.integer(0, values.length - 1)]!;
  }
}

async function heldLease(store: BotStore, wished: Lease, now: ReturnType<typeof epochMs>): Promise<Lease> {
  for (const owner of OWNERS) {
    const held = await store.acquireLease(wished.name, owner, 5_000, now);
    if (held) return held;
  }
  return wished;
}

/** What came of a step, in words that two stores share. */
async function outcomeOf(store: BotStore, step: Step): Promise<unknown> {
  try {
    const outcome = (await step(store)) as { ok?: boolean; error?: { code: string } } | undefined;
    return outcome?.ok === false ? outcome.error!.code : outcome;
  } catch (thrown) {
    if (thrown instanceof InvariantError) return 'broken invariant';
    throw thrown;
  }
}

async function contents(store: BotStore): Promise<unknown> {
  const all = [];
  for (const botId of BOTS) {
    all.push(
      await store.checkpoint(botId),
      await store.signals(botId),
      await store.orderIntents(botId, { offset: 1, limit: 4 }),
      await store.orderEvents(botId),
      await store.fills(botId),
      await store.equity(botId),
      await store.outbox(botId),
    );
  }
  return [...all, (await store.botStatuses()).map(({ botId }) => botId).sort()];
}

test('the store in memory that simulations use says and keeps what the embedded store does', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-memory-'));
  const seen = new Map<string, number>();
  context.after(() => rmSync(folder, { recursive: true }));
  for (let round = 1; round <= 8; round++) {
    const embedded = await openEmbeddedStore({ path: join(folder, `${round}.db`), synchronous: 'NORMAL' });
    await embedded.migrate();
    const memory = new MemoryStore();
    const [forMemory, forEmbedded] = [new Steps(round), new Steps(round)];
    for (let step = 0; step < 60; step++) {
      const outcome = await outcomeOf(memory, forMemory.next());
      assert.deepEqual(outcome, await outcomeOf(embedded, forEmbedded.next()), `round ${round}, step ${step}`);
      const kind = typeof outcome === 'object' && outcome !== null && 'ok' in outcome ? 'committed' : String(outcome);
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }
    assert.deepEqual(await contents(memory), await contents(embedded), `round ${round}`);
    await embedded.close();
  }
  for (const kind of ['committed', 'LEASE_LOST', 'REVISION_CONFLICT', 'broken invariant', 'true', 'false']) {
    assert.ok((seen.get(kind) ?? 0) > 0, `${kind} came ${seen.get(kind) ?? 0} times`);
  }
});
