import assert from 'node:assert/strict';
import fc from 'fast-check';
import { InvariantError } from '../../src/foundation/errors.ts';
import { fixed, type Money, type Price, type Quantity } from '../../src/foundation/fixed-point.ts';
import { epochMs } from '../../src/foundation/time.ts';
import type { BotCommit, Store } from '../../src/store/store.ts';
import { lease, type StoreBench, type StoreTest } from './store-bench.ts';
import {
  START,
  sampleCommit,
  sampleEntry,
  sampleFill,
  sampleIntent,
  sampleOrderEvents,
  sampleSignal,
  sampleStatus,
} from './store-samples.ts';

/** A commit with two of everything. */
async function fullCommit(store: Store, expectedRevision = 0, overrides: Partial<BotCommit> = {}): Promise<BotCommit> {
  const first = expectedRevision * 2 + 1;
  const both = [first, first + 1];
  return sampleCommit('bot', await lease(store), expectedRevision, {
    signals: both.map((index) => sampleSignal('bot', index)),
    intents: both.map((index) => sampleIntent('bot', index)),
    orderEvents: both.flatMap((index) => sampleOrderEvents('bot', index)),
    fills: both.map((index) => sampleFill('bot', index)),
    equity: both.map((index) => ({ time: epochMs(START + index), equity: 10_000 + index / 3 })),
    outbox: both.map((index) => sampleEntry(index)),
    ...overrides,
  });
}

const tablesOfCommits = ['signals', 'order_intents', 'order_events', 'fills', 'equity', 'outbox'] as const;
const everyTable = [...tablesOfCommits, 'bot_checkpoints', 'bot_status'] as const;

async function rowCounts(bench: StoreBench): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of everyTable) {
    counts[table] = Number((await bench.query(`select count(*) as count from ${table}`))[0]!.count);
  }
  return counts;
}

export function commitContract(storeTest: StoreTest): void {
  storeTest('everything of a commit comes back as it was, in order', async (store) => {
    const commits = [await fullCommit(store, 0), await fullCommit(store, 1), await fullCommit(store, 2)];
    for (const [index, commit] of commits.entries()) {
      assert.deepEqual(await store.commitBot(commit), { ok: true, value: index + 1 });
    }
    const all = <Part extends keyof BotCommit>(part: Part) => commits.flatMap((commit) => commit[part] as unknown[]);
    assert.deepEqual(await store.signals('bot'), all('signals'));
    assert.deepEqual(await store.orderIntents('bot'), all('intents'));
    assert.deepEqual(await store.orderEvents('bot'), all('orderEvents'));
    assert.deepEqual(await store.fills('bot'), all('fills'));
    assert.deepEqual(await store.equity('bot'), all('equity'));
    assert.deepEqual(await store.outbox('bot'), all('outbox'));
    assert.deepEqual(await store.checkpoint('bot'), { revision: 3, state: { slices: 2 } });
    assert.deepEqual(await store.botStatuses(), [sampleStatus('bot')]);
    assert.equal(await store.countRows('order_events'), 48);
    assert.equal(await store.countRows('order_intents'), 6);
    assert.deepEqual(await store.fills('another'), []);
  });

  storeTest('exact numbers come back to the last unit', async (store) => {
    const largest = 10n ** 38n - 1n;
    const number = fc.oneof(
      fc.bigInt({ min: -largest, max: largest }),
      fc.constantFrom(1n, -1n, 0n, largest, -largest, 10n ** 12n, 123_456_789_012_345_678_901_234_567_890n),
    );
    const held = await lease(store);
    let revision = 0;
    let index = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(number, number, number), { minLength: 1, maxLength: 20 }), async (list) => {
        const offset = index;
        const fills = list.map(([price, quantity, fee]) =>
          sampleFill('bot', ++index, { price: price as Price, quantity: quantity as Quantity, fee: fee as Money }),
        );
        const intents = fills.map(({ price, quantity }, place) =>
          sampleIntent('bot', offset + place + 1, {
            quantity: { kind: 'units', quantity },
            execution: { type: 'stop', triggerPrice: price, limitPrice: -price as Price },
          }),
        );
        const outcome = await store.commitBot(sampleCommit('bot', held, revision++, { fills, intents }));
        assert.ok(outcome.ok);
        assert.deepEqual(await store.fills('bot', { offset }), fills);
        assert.deepEqual(await store.orderIntents('bot', { offset }), intents);
      }),
      { numRuns: 25 },
    );
  });

  storeTest('float64 numbers and texts come back to the last bit and character', async (store, bench) => {
    const float = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u0000', "'; drop table signals; --", '🚀"\\'),
    );
    const held = await lease(store);
    let revision = 0;
    let index = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(float, float, text), { minLength: 1, maxLength: 20 }), async (list) => {
        const offset = index;
        const signals = list.map(([price, limit, reason]) =>
          sampleSignal('bot', ++index, {
            price,
            priceAgeMs: Math.abs(limit),
            priceSource: reason,
            signal: { kind: 'enter', side: 'short', symbol: 'BTCUSDT', limitPrice: limit, reason },
            outcome: { kind: 'refused', code: 'MAXIMUM_ORDER_VALUE', message: reason },
          }),
        );
        const equity = list.map(([value], place) => ({ time: epochMs(START + place), equity: value }));
        const state = { text: list.map(([, , one]) => one), numbers: list.map(([one]) => one) };
        const outcome = await store.commitBot(sampleCommit('bot', held, revision++, { signals, equity, state }));
        assert.ok(outcome.ok);
        assert.deepEqual(await store.signals('bot', { offset }), signals);
        assert.deepEqual(await store.equity('bot', { offset }), equity);
        assert.deepEqual((await store.checkpoint('bot'))?.state, state);
        const prices = await bench.query(`select price from signals where revision = ${revision} order by place`);
        assert.deepEqual(
          prices.map((row) => row.price),
          list.map(([price]) => price),
        );
      }),
      { numRuns: 25 },
    );
  });

  storeTest('what people ask about is in columns', async (store, bench) => {
    await store.commitBot(await fullCommit(store));
    const [signal] = await bench.query('select * from signals where place = 0');
    assert.equal(signal!.reason, 'the fast average crossed the slow one');
    assert.equal(signal!.price_source, 'candle:BTCUSDT:1m');
    assert.deepEqual([signal!.kind, signal!.side, signal!.outcome], ['enter', 'long', 'executed']);
    const [intent] = await bench.query('select * from order_intents where place = 0');
    assert.match(String(intent!.limit_price), /^64999\.90*$/);
    assert.deepEqual([intent!.type, intent!.time_in_force, intent!.trigger_price], ['limit', 'GTD', null]);
    const events = await bench.query(
      'select kind, code, fill_id from order_events where place in (3, 6) order by place',
    );
    assert.deepEqual(
      events.map((row) => [row.kind, row.code, row.fill_id]),
      [
        ['filled', null, 'bot-o1/1'],
        ['rejected', 'NOTIONAL_MINIMUM', null],
      ],
    );
  });

  storeTest('a part that can’t be stored keeps the whole commit out', async (store, bench) => {
    const good = await fullCommit(store);
    const bad: Partial<BotCommit>[] = [
      { equity: [{ time: epochMs(START), equity: Number.NaN }] },
      { state: { equity: Number.POSITIVE_INFINITY } },
      { status: sampleStatus('bot', { equity: Number.NaN }) },
      { signals: [sampleSignal('bot', 1, { price: Number.NaN })] },
      {
        signals: [sampleSignal('bot', 1, { signal: { kind: 'target', symbol: 'A', reason: '', weight: Number.NaN } })],
      },
      { fills: [sampleFill('bot', 1, { price: (10n ** 38n) as Price })] },
      { fills: [sampleFill('another', 1)] },
      { fills: [sampleFill('bot', 1), sampleFill('bot', 1, { price: fixed('1') })] },
      { intents: [sampleIntent('bot', 1), sampleIntent('bot', 1, { side: 'sell' })] },
      { outbox: [sampleEntry(1), sampleEntry(2, { eventId: 'event-1' })] },
    ];
    for (const part of bad) {
      await assert.rejects(store.commitBot({ ...good, ...part }), InvariantError);
      assert.deepEqual(await rowCounts(bench), Object.fromEntries(everyTable.map((table) => [table, 0])));
    }
    assert.equal((await store.commitBot(good)).ok, true);
  });

  storeTest(
    'a row that is stored already is passed over when it says the same, and else refused',
    async (store, bench) => {
      const first = await fullCommit(store);
      await store.commitBot(first);
      const before = await rowCounts(bench);
      const { signals, intents, fills, outbox } = first;
      const again = sampleCommit('bot', first.lease, 1, { signals, intents, fills: [...fills, ...fills], outbox });
      assert.deepEqual(await store.commitBot(again), { ok: true, value: 2 });
      assert.deepEqual(await rowCounts(bench), before);
      const changed = { ...fills[1]!, fee: fixed<Money>('9') };
      const third = sampleCommit('bot', first.lease, 2, { fills: [sampleFill('bot', 7), changed] });
      await assert.rejects(
        store.commitBot(third),
        /A row is stored already and says something else .*bot-o2\/1.*column="fee"/,
      );
      assert.deepEqual(await rowCounts(bench), before);
      assert.equal((await store.checkpoint('bot'))?.revision, 2);
      const other = sampleCommit('bot-2', first.lease, 0, { fills: [sampleFill('bot-2', 1, { fillId: 'bot-o1/1' })] });
      assert.equal((await store.commitBot({ ...other, status: sampleStatus('bot-2') })).ok, true);
    },
  );

  storeTest('a commit from another revision is refused and writes nothing', async (store, bench) => {
    const first = await fullCommit(store);
    await store.commitBot(first);
    const before = await rowCounts(bench);
    for (const expectedRevision of [0, 2, 7]) {
      const refused = await store.commitBot(await fullCommit(store, expectedRevision, { state: 'another' }));
      assert.ok(!refused.ok);
      assert.equal(refused.error.code, 'REVISION_CONFLICT');
      assert.match(refused.error.message, /at revision 1, not at/);
    }
    assert.deepEqual(await rowCounts(bench), before);
    const early = await store.commitBot(sampleCommit('new-bot', first.lease, 3, { status: sampleStatus('new-bot') }));
    assert.ok(!early.ok && early.error.code === 'REVISION_CONFLICT');
  });

  storeTest('the very same commit again is acknowledged again and doubles nothing', async (store, bench) => {
    for (const revision of [0, 1]) {
      const commit = await fullCommit(store, revision);
      assert.deepEqual(await store.commitBot(commit), { ok: true, value: revision + 1 });
      const before = await rowCounts(bench);
      assert.deepEqual(await store.commitBot(commit), { ok: true, value: revision + 1 });
      assert.deepEqual(await rowCounts(bench), before);
    }
  });

  storeTest('of two writers that contend for a bot exactly one wins each revision', async (store, bench) => {
    const held = await lease(store);
    const writers = await Promise.all([bench.open(), bench.open(), bench.open()]);
    for (let revision = 0; revision < 10; revision++) {
      const outcomes = await Promise.all(
        writers.map((writer, index) =>
          writer.commitBot(
            sampleCommit('bot', held, revision, {
              state: { writer: index },
              fills: [sampleFill('bot', revision * 10 + index)],
            }),
          ),
        ),
      );
      const winner = outcomes.findIndex((outcome) => outcome.ok);
      assert.deepEqual(
        outcomes.map((outcome) => (outcome.ok ? 'won' : outcome.error.code)),
        writers.map((_, index) => (index === winner ? 'won' : 'REVISION_CONFLICT')),
      );
      assert.deepEqual(await store.checkpoint('bot'), { revision: revision + 1, state: { writer: winner } });
      const fills = await store.fills('bot');
      assert.equal(fills.length, revision + 1);
      assert.equal(fills.at(-1)!.fillId, sampleFill('bot', revision * 10 + winner).fillId);
    }
  });

  storeTest('the outbox gives what is not in the audit log yet, oldest first', async (store) => {
    const held = await lease(store);
    const ids = async () => (await store.outbox('bot')).map((entry) => entry.eventId);
    const entries = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => sampleEntry(from + i));
    await store.commitBot(sampleCommit('bot', held, 0, { outbox: entries(1, 701).reverse() }));
    await store.commitBot(sampleCommit('bot', held, 1, { outbox: entries(701, 703) }));
    const all = [...entries(1, 701).reverse(), ...entries(701, 703)];
    const expected = all.map((entry) => entry.eventId);
    assert.deepEqual(await ids(), expected);
    await store.appendAudit(all.slice(0, 699), epochMs(START));
    await store.appendAudit(all.slice(0, 699), epochMs(START));
    assert.deepEqual(await ids(), expected.slice(699));
    await store.appendAudit([all[701]!], epochMs(START));
    assert.deepEqual(await ids(), expected.slice(699, 701));
    assert.equal((await store.auditRows(0, 1_000)).length, 700);
  });

  storeTest('rows are read in pages', async (store) => {
    const held = await lease(store);
    const point = (index: number) => ({ time: epochMs(START + index), equity: index });
    for (let revision = 0; revision < 12; revision++) {
      const equity = Array.from({ length: 10 }, (_, place) => point(revision * 10 + place));
      await store.commitBot(sampleCommit('bot', held, revision, { equity }));
    }
    const values = async (page?: { offset?: number; limit?: number }) =>
      (await store.equity('bot', page)).map((one) => one.equity);
    const all = Array.from({ length: 120 }, (_, index) => index);
    assert.deepEqual(await values(), all);
    assert.deepEqual(await values({ offset: 95 }), all.slice(95));
    assert.deepEqual(await values({ limit: 7 }), all.slice(0, 7));
    assert.deepEqual(await values({ offset: 8, limit: 5 }), all.slice(8, 13));
    assert.deepEqual(await values({ offset: 500 }), []);
    assert.deepEqual(await values({ limit: 0 }), []);
  });

  storeTest('the last status of every bot', async (store) => {
    const held = await lease(store);
    const commit = (botId: string, revision: number, slices: number) =>
      store.commitBot(sampleCommit(botId, held, revision, { status: sampleStatus(botId, { slices }) }));
    await commit('zebra', 0, 1);
    await commit('Bot', 0, 5);
    await commit('ant', 0, 2);
    await commit('zebra', 1, 3);
    assert.deepEqual(
      (await store.botStatuses()).map((status) => [status.botId, status.slices]),
      [
        ['Bot', 5],
        ['ant', 2],
        ['zebra', 3],
      ],
    );
  });

  storeTest('many rows in one commit', async (store) => {
    const held = await lease(store);
    const count = 12_000;
    const equity = Array.from({ length: count }, (_, index) => ({ time: epochMs(START + index), equity: index / 3 }));
    const signals = Array.from({ length: 500 }, (_, index) => sampleSignal('bot', index));
    await store.commitBot(sampleCommit('bot', held, 0, { equity, signals }));
    assert.deepEqual(await store.equity('bot'), equity);
    assert.deepEqual(await store.signals('bot'), signals);
  });
}
