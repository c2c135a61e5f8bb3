import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOG_START, type LogPosition } from '../../src/bus/event-bus.ts';
import { logs } from '../../src/bus/topics.ts';
import type { JournalEntry } from '../../src/domain/event.ts';
import { epochMs } from '../../src/foundation/time.ts';
import { until, type WithBus } from './event-bus-harness.ts';
import { exactFill, exactTerms, jsonLog, numbers, numbersLog } from './event-bus-payloads.ts';

export function logContract(withBus: WithBus): void {
  test(
    'entries are read in the order of appending, from any position, page by page',
    withBus(async (harness) => {
      const [writer, reader] = [await harness.open(), await harness.open()];
      const log = numbersLog(harness.unique('log'));
      assert.deepEqual(await reader.read(log, LOG_START, 10), []);
      assert.equal(await reader.oldest(log), undefined);
      const positions = [...(await writer.append(log, numbers(2_500))), ...(await writer.append(log, [2_501]))];
      assert.equal(new Set(positions).size, 2_501);
      assert.equal(await reader.oldest(log), positions[0]);
      const read: number[] = [];
      for (let position: LogPosition = LOG_START; ; ) {
        const page = await reader.read(log, position, 1_000);
        if (page.length === 0) break;
        assert.ok(page.length <= 1_000);
        for (const entry of page) assert.equal(entry.position, positions[entry.entry - 1]);
        read.push(...page.map(({ entry }) => entry));
        position = page.at(-1)!.position;
      }
      assert.deepEqual(read, numbers(2_501));
      assert.deepEqual(
        (await reader.read(log, positions[2_498]!, 10)).map(({ entry }) => entry),
        [2_500, 2_501],
      );
    }),
  );

  test(
    'appends that nobody awaits keep their order',
    withBus(async (harness) => {
      const bus = await harness.open();
      const log = numbersLog(harness.unique('log'));
      const calls = numbers(300).map((number) => bus.append(log, [number * 10, number * 10 + 1]));
      const positions = (await Promise.all(calls)).flat();
      const read = await bus.read(log, LOG_START, 1_000);
      assert.deepEqual(
        read.map(({ entry }) => entry),
        numbers(300).flatMap((number) => [number * 10, number * 10 + 1]),
      );
      assert.deepEqual(
        read.map(({ position }) => position),
        positions,
      );
    }),
  );

  test(
    'appending nothing is nothing',
    withBus(async (harness) => {
      const bus = await harness.open();
      const log = numbersLog(harness.unique('log'));
      assert.deepEqual(await bus.append(log, []), []);
      assert.equal(await bus.oldest(log), undefined);
    }),
  );

  test(
    'fills and order terms come back exact',
    withBus(async (harness) => {
      const bus = await harness.open();
      const journal = { name: harness.unique('journal'), codec: logs.journal.codec };
      const time = epochMs(1_750_761_060_000);
      const entries: JournalEntry[] = [
        { eventId: 'f', time, kind: 'fill', fill: exactFill },
        ...exactTerms.map((terms, index) => ({ eventId: `${index}`, time, kind: 'order-intent' as const, terms })),
        {
          eventId: 'e',
          time,
          kind: 'order-event',
          event: {
            kind: 'filled',
            clientOrderId: 'x-1',
            botId: 'bot',
            symbol: 'BTCUSDT',
            time,
            fill: exactFill,
            complete: true,
          },
        },
      ];
      await bus.append(journal, entries);
      const read = await bus.read(journal, LOG_START, 100);
      assert.deepEqual(
        read.map(({ entry }) => entry),
        entries,
      );
    }),
  );

  test(
    'what was appended is not the writer’s object',
    withBus(async (harness) => {
      const bus = await harness.open();
      const log = jsonLog(harness.unique('log'));
      const original = { list: [1] };
      const appended = bus.append(log, [original]);
      original.list.push(2);
      await appended;
      const [first] = await bus.read(log, LOG_START, 1);
      (first!.entry as { list: number[] }).list.push(3);
      assert.deepEqual((await bus.read(log, LOG_START, 1))[0]!.entry, { list: [1] });
    }),
  );

  test(
    'trim without a group keeps the newest',
    withBus(async (harness) => {
      const bus = await harness.open();
      const log = numbersLog(harness.unique('log'));
      assert.equal(await bus.trim(log, 5), 0);
      const positions = await bus.append(log, numbers(20));
      assert.equal(await bus.trim(log, 5), 15);
      assert.equal(await bus.oldest(log), positions[15]);
      assert.equal(await bus.trim(log, 5), 0);
      // A reader whose place is gone goes on with what is left.
      assert.deepEqual(
        (await bus.read(log, positions[3]!, 10)).map(({ entry }) => entry),
        numbers(5, 16),
      );
      assert.equal(await bus.trim(log, 0), 5);
      assert.equal(await bus.oldest(log), undefined);
      assert.deepEqual(await bus.read(log, LOG_START, 10), []);
    }),
  );

  test(
    'trim keeps what any group has not acknowledged, delivered or not',
    withBus(async (harness) => {
      const bus = await harness.open();
      const log = numbersLog(harness.unique('log'));
      const positions = await bus.append(log, numbers(100));
      const fast = { group: 'fast', consumer: 'a', batchSize: 100 };
      const done: number[] = [];
      const consumer = await bus.consume(log, fast, async (batch) => {
        done.push(...batch.map(({ entry }) => entry));
      });
      await until(harness, () => done.length === 100, 'the fast group');
      await consumer.stop();
      // This one acknowledges 1 to 30 and then holds 31 to 40 in hand.
      let release = (): void => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      let holding = false;
      const slow = await bus.consume(log, { group: 'slow', consumer: 'a', batchSize: 10 }, async (batch) => {
        if (batch[0]!.entry !== 31) return;
        holding = true;
        await held;
      });
      await until(harness, () => holding, 'the slow group at 31');
      assert.equal(await bus.trim(log, 30), 0);
      assert.equal(await bus.trim(log, 5), 25);
      assert.equal(await bus.oldest(log), positions[25]);
      assert.equal(await bus.trim(log, 0), 5);
      assert.equal(await bus.oldest(log), positions[30]);
      assert.equal(await bus.backlog(log, 'slow'), 70);
      assert.equal(await bus.backlog(log, 'fast'), 0);
      release();
      await until(harness, async () => (await bus.backlog(log, 'slow')) === 0, 'the slow group');
      await slow.stop();
      assert.equal(await bus.trim(log, 10), 60);
      assert.equal(await bus.oldest(log), positions[90]);
    }),
  );
}
