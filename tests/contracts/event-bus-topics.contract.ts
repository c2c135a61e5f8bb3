import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Message } from '../../src/bus/event-bus.ts';
import { topicPatterns, topics } from '../../src/bus/topics.ts';
import type { Fill } from '../../src/domain/fill.ts';
import { InvariantError } from '../../src/foundation/errors.ts';
import type { Json } from '../../src/foundation/json.ts';
import { until, type WithBus } from './event-bus-harness.ts';
import { exactFill, jsonTopic, numbers, numbersTopic } from './event-bus-payloads.ts';

export function topicContract(withBus: WithBus): void {
  test(
    'every subscriber gets every message of a channel, in the order of publishing',
    withBus(async (harness) => {
      const [sender, first, second] = [await harness.open(), await harness.open(), await harness.open()];
      const topic = numbersTopic(harness.unique('ticks'));
      const received: number[][] = [[], [], []];
      await first.subscribe(topic, ({ payload }) => received[0]!.push(payload));
      await second.subscribe(topic, ({ payload }) => received[1]!.push(payload));
      await second.subscribe(topic, ({ payload }) => received[2]!.push(payload));
      await Promise.all(numbers(2_000).map((number) => sender.publish(topic, number)));
      await until(harness, () => received.every((list) => list.length >= 2_000), 'all messages');
      for (const list of received) assert.deepEqual(list, numbers(2_000));
    }),
  );

  test(
    'a pattern gets the whole family and is told the channel',
    withBus(async (harness) => {
      const bus = await harness.open();
      const family = harness.unique('data');
      const messages: Message<number>[] = [];
      await bus.subscribe(numbersTopic(`${family}:*:1m`), (message) => messages.push(message));
      const channels = [`${family}:BTC:1m`, `${family}:BTC:5m`, `${family}:ETH/USD?[x]:1m`, `x${family}:BTC:1m`];
      for (const [index, channel] of channels.entries()) await bus.publish(numbersTopic(channel), index);
      await bus.publish(numbersTopic(`${family}::1m`), 9);
      await until(harness, () => messages.some(({ payload }) => payload === 9), 'the last message');
      assert.deepEqual(messages, [
        { channel: channels[0], payload: 0 },
        { channel: channels[2], payload: 2 },
        { channel: `${family}::1m`, payload: 9 },
      ]);
    }),
  );

  test(
    'nothing but * is special in a pattern',
    withBus(async (harness) => {
      const bus = await harness.open();
      const family = harness.unique('data');
      const received: string[] = [];
      await bus.subscribe(numbersTopic(`${family}[ab]?\\^*`), ({ channel }) => received.push(channel));
      for (const name of ['axx', '[ab]xx', '[ab]?\\^', '[ab]?\\^1']) {
        await bus.publish(numbersTopic(family + name), 1);
      }
      await until(harness, () => received.includes(`${family}[ab]?\\^1`), 'the last message');
      assert.deepEqual(received, [`${family}[ab]?\\^`, `${family}[ab]?\\^1`]);
    }),
  );

  test(
    'the built-in patterns get what the built-in topics send',
    withBus(async (harness) => {
      const bus = await harness.open();
      const received: Message<Fill>[] = [];
      const botId = harness.unique('bot');
      await bus.subscribe(topicPatterns.tradeUpdates, (message) => {
        if (message.channel.endsWith(botId)) received.push(message);
      });
      await bus.publish(topics.tradeUpdates(botId), exactFill);
      await until(harness, () => received.length > 0, 'the fill');
      assert.deepEqual(received, [{ channel: `trade_updates:${botId}`, payload: exactFill }]);
    }),
  );

  test(
    'nobody listening is no error',
    withBus(async (harness) => {
      const bus = await harness.open();
      await bus.publish(numbersTopic(harness.unique('silence')), 1);
      assert.deepEqual(harness.logger.of('error'), []);
    }),
  );

  test(
    'publishing on a pattern is refused',
    withBus(async (harness) => {
      const bus = await harness.open();
      await assert.rejects(bus.publish(numbersTopic('data:*'), 1), InvariantError);
    }),
  );

  test(
    'nobody holds the publisher’s object, nor another subscriber’s',
    withBus(async (harness) => {
      const bus = await harness.open();
      const topic = jsonTopic(harness.unique('objects'));
      const received: { list: number[] }[] = [];
      const take = ({ payload }: Message<Json>) => {
        const mine = payload as unknown as { list: number[] };
        mine.list.push(received.length);
        received.push(mine);
      };
      await bus.subscribe(topic, take);
      await bus.subscribe(topic, take);
      const original = { list: [7] };
      const published = bus.publish(topic, original);
      original.list.push(8);
      await published;
      await until(harness, () => received.length === 2, 'both messages');
      assert.deepEqual(received, [{ list: [7, 0] }, { list: [7, 1] }]);
      assert.deepEqual(original, { list: [7, 8] });
    }),
  );

  test(
    'handlers are never called inside publish',
    withBus(async (harness) => {
      const bus = await harness.open();
      const topic = numbersTopic(harness.unique('async'));
      let inside = false;
      const calledInside: boolean[] = [];
      await bus.subscribe(topic, ({ payload }) => {
        calledInside.push(inside);
        // Nor where a handler publishes.
        if (payload < 3) {
          inside = true;
          void bus.publish(topic, payload + 1);
          inside = false;
        }
      });
      inside = true;
      const published = bus.publish(topic, 1);
      inside = false;
      await published;
      await until(harness, () => calledInside.length === 3, 'three messages');
      assert.deepEqual(calledInside, [false, false, false]);
    }),
  );

  test(
    'a handler that throws or rejects hurts nobody, and is reported',
    withBus(async (harness) => {
      const bus = await harness.open();
      const topic = numbersTopic(harness.unique('throwing'));
      const received: number[] = [];
      await bus.subscribe(topic, () => {
        throw new Error('thrown by a handler');
      });
      await bus.subscribe(topic, async () => {
        throw new Error('rejected by a handler');
      });
      await bus.subscribe(topic, ({ payload }) => received.push(payload));
      await bus.publish(topic, 1);
      await bus.publish(topic, 2);
      await until(harness, () => received.length === 2, 'both messages');
      await until(harness, () => harness.logger.of('error').length === 4, 'four reports');
      const reports = harness.logger.of('error').map(({ fields }) => `${fields.channel}: ${fields.error}`);
      assert.deepEqual(reports.toSorted(), [
        `${topic.channel}: rejected by a handler`,
        `${topic.channel}: rejected by a handler`,
        `${topic.channel}: thrown by a handler`,
        `${topic.channel}: thrown by a handler`,
      ]);
    }),
  );

  test(
    'a message that cannot be read is reported and dropped',
    withBus(async (harness) => {
      const bus = await harness.open();
      const channel = harness.unique('unreadable');
      const received: number[] = [];
      const decode = (json: Json): number => {
        if (typeof json !== 'number') throw new Error('not a number');
        return json;
      };
      await bus.subscribe({ channel, codec: { encode: (value) => value, decode } }, ({ payload }) => {
        received.push(payload);
      });
      await bus.publish(jsonTopic(channel), 'text');
      await bus.publish(jsonTopic(channel), 5);
      await until(harness, () => received.length === 1, 'the readable message');
      assert.deepEqual(received, [5]);
      assert.equal(harness.logger.of('error')[0]?.fields.error, 'not a number');
    }),
  );

  test(
    'after unsubscribing nothing comes; others of the same channel go on',
    withBus(async (harness) => {
      const bus = await harness.open();
      const topic = numbersTopic(harness.unique('leave'));
      const [gone, stays]: [number[], number[]] = [[], []];
      const unsubscribe = await bus.subscribe(topic, ({ payload }) => gone.push(payload));
      const unsubscribeOther = await bus.subscribe(topic, ({ payload }) => stays.push(payload));
      await bus.publish(topic, 1);
      await until(harness, () => stays.length === 1 && gone.length === 1, 'the first message');
      await unsubscribe();
      await unsubscribe();
      await bus.publish(topic, 2);
      await until(harness, () => stays.length === 2, 'the second message');
      await unsubscribeOther();
      await bus.publish(topic, 3);
      const again: number[] = [];
      await bus.subscribe(topic, ({ payload }) => again.push(payload));
      await bus.publish(topic, 4);
      await until(harness, () => again.length === 1, 'the fourth message');
      assert.deepEqual([gone, stays, again], [[1], [1, 2], [4]]);
    }),
  );

  test(
    'close ends all subscriptions of this bus and none of another; publishing on it is then lost quietly',
    withBus(async (harness) => {
      const [closing, other] = [await harness.open(), await harness.open()];
      const topic = numbersTopic(harness.unique('close'));
      const [mine, theirs]: [number[], number[]] = [[], []];
      await closing.subscribe(topic, ({ payload }) => mine.push(payload));
      await other.subscribe(topic, ({ payload }) => theirs.push(payload));
      await other.publish(topic, 1);
      await until(harness, () => mine.length === 1 && theirs.length === 1, 'the first message');
      await closing.close();
      await closing.close();
      await closing.publish(topic, 2);
      await other.publish(topic, 3);
      await until(harness, () => theirs.length === 2, 'the third message');
      assert.deepEqual([mine, theirs], [[1], [1, 3]]);
      await assert.rejects(
        closing.subscribe(topic, () => {}),
        /closed/,
      );
    }),
  );

  test(
    'any finite float64 and any text come back with the same bits, but −0 as 0',
    withBus(async (harness) => {
      const bus = await harness.open();
      const topic = jsonTopic(harness.unique('bits'));
      const waiting: ((json: Json) => void)[] = [];
      await bus.subscribe(topic, ({ payload }) => waiting.shift()!(payload));
      const through = (payload: Json): Promise<Json> => {
        const answer = new Promise<Json>((resolve) => waiting.push(resolve));
        void bus.publish(topic, payload);
        return answer;
      };
      const value = fc.tuple(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.string({ unit: 'binary' }),
        fc.constantFrom(0.1 + 0.2, 5e-324, 1.7976931348623157e308, -1e-7, 2 ** 53 + 2),
      );
      await fc.assert(
        fc.asyncProperty(value, async ([number, text, special]) => {
          const back = (await through([number, text, special])) as [number, string, number];
          assert.ok(Object.is(back[0], Object.is(number, -0) ? 0 : number), `${number} became ${back[0]}`);
          assert.equal(back[1], text);
          assert.ok(Object.is(back[2], special));
        }),
        { numRuns: 300 },
      );
      assert.ok(Object.is(await through(-0), 0));
    }),
  );
}
