import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Consumer, type EventBus, LOG_START, type LogEntry } from '../../src/bus/event-bus.ts';
import type { Log } from '../../src/bus/topics.ts';
import type { Json } from '../../src/foundation/json.ts';
import { type BusHarness, until, type WithBus } from './event-bus-harness.ts';
import { jsonLog, numbers, numbersLog } from './event-bus-payloads.ts';

/** A handler that keeps what it got. */
class Collector {
  readonly batches: number[][] = [];
  readonly deliveries: number[] = [];

  readonly handle = async (batch: readonly LogEntry<number>[]): Promise<void> => {
    this.batches.push(batch.map(({ entry }) => entry));
    this.deliveries.push(...batch.map(({ deliveries }) => deliveries));
  };

  get entries(): number[] {
    return this.batches.flat();
  }
}

/** A handler that takes a batch and never comes back by itself: a consumer that hangs or died. */
class Hanging {
  readonly entries: number[] = [];
  #release: () => void = () => {};
  readonly #released = new Promise<void>((resolve) => {
    this.#release = resolve;
  });

  readonly handle = async (batch: readonly LogEntry<number>[]): Promise<void> => {
    this.entries.push(...batch.map(({ entry }) => entry));
    await this.#released;
  };

  release(): void {
    this.#release();
  }
}

const options = { group: 'group', consumer: 'a', batchSize: 10 };

async function drained(harness: BusHarness, bus: EventBus, log: Log<number>, group = 'group'): Promise<void> {
  await until(harness, async () => (await bus.backlog(log, group)) === 0, `group ${group} at the end`);
}

export function groupContract(withBus: WithBus): void {
  deliveryContract(withBus);
  recoveryContract(withBus);
  rejectionContract(withBus);
}

function deliveryContract(withBus: WithBus): void {
  test(
    'a new group begins at the start, gets batches in order, one at a time, and then what comes',
    withBus(async (harness) => {
      const bus = await harness.open();
      const log = numbersLog(harness.unique('log'));
      await bus.append(log, numbers(95));
      const collector = new Collector();
      let running = 0;
      await bus.consume(log, options, async (batch) => {
        assert.equal(++running, 1);
        await collector.handle(batch);
        await Promise.resolve();
        running--;
      });
      await drained(harness, bus, log);
      await bus.append(log, numbers(5, 96));
      await drained(harness, bus, log);
      assert.deepEqual(collector.entries, numbers(100));
      assert.ok(collector.batches.every((batch) => batch.length <= 10));
      assert.ok(collector.deliveries.every((count) => count === 1));
    }),
  );

  test(
    'a log that nobody has written to can be consumed already',
    withBus(async (harness) => {
      const bus = await harness.open();
      const log = numbersLog(harness.unique('log'));
      const collector = new Collector();
      await bus.consume(log, options, collector.handle);
      await bus.append(log, [1]);
      await until(harness, () => collector.entries.length === 1, 'the entry');
    }),
  );

  test(
    'positions are those that append gave',
    withBus(async (harness) => {
      const bus = await harness.open();
      const log = numbersLog(harness.unique('log'));
      const positions = await bus.append(log, numbers(20));
      const seen: string[] = [];
      await bus.consume(log, options, async (batch) => {
        seen.push(...batch.map(({ position }) => position));
      });
      await until(harness, () => seen.length === 20, 'all entries');
      assert.deepEqual(seen, positions);
    }),
  );

  test(
    'each group gets everything; the consumers of one group share it',
    withBus(async (harness) => {
      const [bus, other] = [await harness.open(), await harness.open()];
      const log = numbersLog(harness.unique('log'));
      const [left, right, alone] = [new Collector(), new Collector(), new Collector()];
      // Each shares out: a batch is held until the other one has got one too.
      const shared = (mine: Collector, theirs: Collector) => async (batch: readonly LogEntry<number>[]) => {
        await mine.handle(batch);
        await until(harness, () => theirs.batches.length > 0, 'the other consumer');
      };
      await bus.consume(log, { ...options, consumer: 'left' }, shared(left, right));
      await other.consume(log, { ...options, consumer: 'right' }, shared(right, left));
      await bus.consume(log, { ...options, group: 'alone' }, alone.handle);
      for (const number of numbers(500)) await bus.append(log, [number]);
      await drained(harness, bus, log);
      await drained(harness, bus, log, 'alone');
      assert.deepEqual(alone.entries, numbers(500));
      assert.deepEqual(
        [...left.entries, ...right.entries].toSorted((a, b) => a - b),
        numbers(500),
      );
    }),
  );

  test(
    'the backlog counts what is not acknowledged, delivered or not',
    withBus(async (harness) => {
      const bus = await harness.open();
      const log = numbersLog(harness.unique('log'));
      assert.equal(await bus.backlog(log, 'group'), 0);
      await bus.append(log, numbers(25));
      assert.equal(await bus.backlog(log, 'group'), 0);
      const hanging = new Hanging();
      await bus.consume(log, options, hanging.handle);
      await until(harness, () => hanging.entries.length === 10, 'the first batch');
      assert.equal(await bus.backlog(log, 'group'), 25);
      await bus.append(log, numbers(5, 26));
      assert.equal(await bus.backlog(log, 'group'), 30);
      hanging.release();
      await drained(harness, bus, log);
    }),
  );

  test(
    'a group that is new on a trimmed log begins with what is left',
    withBus(async (harness) => {
      const bus = await harness.open();
      const log = numbersLog(harness.unique('log'));
      await bus.append(log, numbers(50));
      await bus.trim(log, 10);
      const collector = new Collector();
      await bus.consume(log, options, collector.handle);
      await until(harness, () => collector.entries.length === 10, 'what is left');
      await drained(harness, bus, log);
      await bus.append(log, numbers(3, 51));
      await drained(harness, bus, log);
      assert.deepEqual(collector.entries, numbers(13, 41));
    }),
  );

  test(
    'stop lets the batch in hand end and acknowledges it; the next consumer goes on after it',
    withBus(async (harness) => {
      const bus = await harness.open();
      const log = numbersLog(harness.unique('log'));
      await bus.append(log, numbers(30));
      const hanging = new Hanging();
      const consumer = await bus.consume(log, options, hanging.handle);
      await until(harness, () => hanging.entries.length === 10, 'the first batch');
      let stopped = false;
      const stopping = consumer.stop().then(() => {
        stopped = true;
      });
      await harness.pass(20);
      assert.equal(stopped, false);
      hanging.release();
      await until(harness, () => stopped, 'the stop');
      await stopping;
      assert.equal(await bus.backlog(log, 'group'), 20);
      const next = new Collector();
      await bus.consume(log, options, next.handle);
      await drained(harness, bus, log);
      assert.deepEqual([hanging.entries, next.entries], [numbers(10), numbers(20, 11)]);
      assert.ok(next.deliveries.every((count) => count === 1));
    }),
  );

  test(
    'a consumer that waits is stopped at once and gets nothing more',
    withBus(async (harness) => {
      const bus = await harness.open();
      const log = numbersLog(harness.unique('log'));
      const collector = new Collector();
      const consumer = await bus.consume(log, options, collector.handle);
      await bus.append(log, [1]);
      await drained(harness, bus, log);
      await harness.pass(20);
      await consumer.stop();
      await consumer.stop();
      await bus.append(log, [2]);
      await harness.pass(50);
      assert.deepEqual(collector.entries, [1]);
      assert.equal(await bus.backlog(log, 'group'), 1);
    }),
  );
}

function recoveryContract(withBus: WithBus): void {
  test(
    'a consumer that comes back first gets what it had in hand, then new entries',
    withBus(async (harness) => {
      const [dying, bus] = [await harness.open(), await harness.open()];
      const log = numbersLog(harness.unique('log'));
      await bus.append(log, numbers(5));
      const hanging = new Hanging();
      await dying.consume(log, options, hanging.handle);
      await until(harness, () => hanging.entries.length === 5, 'the batch');
      await bus.append(log, numbers(5, 6));
      const reborn = new Collector();
      await bus.consume(log, options, reborn.handle);
      await drained(harness, bus, log);
      assert.deepEqual(reborn.entries, numbers(10));
      assert.deepEqual(reborn.deliveries, [2, 2, 2, 2, 2, 1, 1, 1, 1, 1]);
      hanging.release();
    }),
  );

  test(
    'what a consumer left behind another one takes over, after its time and not before',
    withBus(async (harness) => {
      const [dying, bus] = [await harness.open(), await harness.open()];
      const log = numbersLog(harness.unique('log'));
      await bus.append(log, numbers(5));
      const hanging = new Hanging();
      await dying.consume(log, options, hanging.handle);
      await until(harness, () => hanging.entries.length === 5, 'the batch');
      const heir = new Collector();
      await bus.consume(log, { ...options, consumer: 'b', reclaimAfterMs: 1_500 }, heir.handle);
      await bus.append(log, [6]);
      await until(harness, () => heir.entries.length === 1, 'the new entry');
      await harness.pass(200);
      assert.deepEqual(heir.entries, [6]);
      await drained(harness, bus, log);
      assert.deepEqual(heir.entries, [6, 1, 2, 3, 4, 5]);
      assert.deepEqual(heir.deliveries, [1, 2, 2, 2, 2, 2]);
      hanging.release();
    }),
  );

  test(
    'close stops consumers; a handler that does not come back is left, its batch unacknowledged',
    withBus(async (harness) => {
      const [closing, bus] = [await harness.open({ closeWithinMs: 100 }), await harness.open()];
      const [log, hungLog] = [numbersLog(harness.unique('log')), numbersLog(harness.unique('hung'))];
      const collector = new Collector();
      const hanging = new Hanging();
      await closing.consume(log, options, collector.handle);
      await closing.consume(hungLog, options, hanging.handle);
      await bus.append(log, [1]);
      await bus.append(hungLog, [1]);
      await until(harness, () => collector.entries.length === 1 && hanging.entries.length === 1, 'both entries');
      let closed = false;
      const closings = closing.close().then(() => {
        closed = true;
      });
      await until(harness, () => closed, 'the close');
      await closings;
      hanging.release();
      await bus.append(log, [2]);
      await bus.append(hungLog, [2]);
      await harness.pass(50);
      assert.deepEqual([collector.entries, hanging.entries], [[1], [1]]);
      assert.equal(await bus.backlog(log, 'group'), 1);
      assert.equal(await bus.backlog(hungLog, 'group'), 2);
      await assert.rejects(closing.append(log, [3]), /closed/);
      await assert.rejects(closing.read(log, LOG_START, 1), /closed/);
      await assert.rejects(closing.consume(log, options, collector.handle), /closed/);
    }),
  );
}

function rejectionContract(withBus: WithBus): void {
  const impatient = { ...options, retryDelayMs: 20, maximumDeliveries: 3 };

  test(
    'a rejected batch comes again, entry by entry, in order and before anything new',
    withBus(async (harness) => {
      const bus = await harness.open();
      const log = numbersLog(harness.unique('log'));
      await bus.append(log, numbers(12));
      const collector = new Collector();
      let rejections = 0;
      await bus.consume(log, impatient, async (batch) => {
        if (batch.some(({ entry, deliveries }) => entry === 4 && deliveries < 3)) {
          rejections++;
          throw new Error('not now');
        }
        await collector.handle(batch);
      });
      await drained(harness, bus, log);
      assert.equal(rejections, 2);
      assert.deepEqual(collector.entries, numbers(12));
      assert.deepEqual(collector.deliveries, [2, 2, 2, 3, 2, 2, 2, 2, 2, 2, 1, 1]);
      assert.ok(collector.batches.slice(0, 10).every((batch) => batch.length === 1));
      assert.deepEqual(await bus.read({ ...log, name: `${log.name}:dead` }, LOG_START, 10), []);
    }),
  );

  test(
    'it comes again after the delay and not before',
    withBus(async (harness) => {
      const bus = await harness.open();
      const log = numbersLog(harness.unique('log'));
      let calls = 0;
      await bus.consume(log, { ...options, retryDelayMs: 1_000 }, async () => {
        if (++calls === 1) throw new Error('not now');
      });
      await bus.append(log, [1]);
      await until(harness, () => calls === 1, 'the first call');
      await harness.pass(150);
      assert.equal(calls, 1);
      await drained(harness, bus, log);
      assert.equal(calls, 2);
    }),
  );

  test(
    'what is rejected time and again goes to the dead-letter log, alone, and the group goes on',
    withBus(async (harness) => {
      const bus = await harness.open();
      const log = numbersLog(harness.unique('log'));
      const positions = await bus.append(log, numbers(8));
      const collector = new Collector();
      const dead: { position: string; error: string }[] = [];
      let attempts = 0;
      const onDeadLetter = (position: string, error: string) => dead.push({ position, error });
      await bus.consume(log, { ...impatient, onDeadLetter }, async (batch) => {
        if (batch.some(({ entry }) => entry === 4)) {
          attempts++;
          throw new Error('poison');
        }
        await collector.handle(batch);
      });
      await drained(harness, bus, log);
      assert.equal(attempts, 3);
      assert.deepEqual(dead, [{ position: positions[3], error: 'poison' }]);
      assert.deepEqual(
        collector.entries,
        numbers(8).filter((number) => number !== 4),
      );
      const letters = await bus.read({ ...log, name: `${log.name}:dead` }, LOG_START, 10);
      assert.deepEqual(
        letters.map(({ entry }) => entry),
        [4],
      );
      assert.ok(harness.logger.of('error').some(({ fields }) => fields.position === positions[3]));
    }),
  );

  test(
    'an entry that cannot be read goes to the dead-letter log at once; the rest of its batch does not wait',
    withBus(async (harness) => {
      const bus = await harness.open();
      const name = harness.unique('log');
      const raw = jsonLog(name);
      const decode = (json: Json): number => {
        if (typeof json !== 'number') throw new Error('not a number');
        return json;
      };
      const log: Log<number> = { name, codec: { encode: (value) => value, decode } };
      await bus.append(raw, [1, 'two', 3]);
      const collector = new Collector();
      await bus.consume(log, impatient, collector.handle);
      await drained(harness, bus, log);
      assert.deepEqual(collector.batches, [[1, 3]]);
      const letters = await bus.read({ ...raw, name: `${name}:dead` }, LOG_START, 10);
      assert.deepEqual(
        letters.map(({ entry }) => entry),
        ['two'],
      );
    }),
  );

  test(
    'an entry on which consumers die time and again is not delivered for ever',
    withBus(async (harness) => {
      const bus = await harness.open();
      const log = numbersLog(harness.unique('log'));
      await bus.append(log, [1, 2]);
      const hangings: Hanging[] = [];
      const consumers: Consumer[] = [];
      for (const _ of numbers(3)) {
        const hanging = new Hanging();
        hangings.push(hanging);
        const dying = await harness.open({ closeWithinMs: 10 });
        consumers.push(await dying.consume(log, { ...impatient, batchSize: 1 }, hanging.handle));
        await until(harness, () => hanging.entries.length === 1, 'the delivery');
      }
      const dead: string[] = [];
      const collector = new Collector();
      const last = { ...impatient, batchSize: 1, onDeadLetter: (_: string, error: string) => dead.push(error) };
      await bus.consume(log, last, collector.handle);
      await drained(harness, bus, log);
      assert.deepEqual(dead, ['delivered 3 times and never acknowledged']);
      assert.deepEqual(collector.entries, [2]);
      for (const hanging of hangings) hanging.release();
      for (const consumer of consumers) await consumer.stop();
    }),
  );
}
