import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BufferBudget, ClientOutbox, type Frame, type OutgoingSocket } from '../../src/server/client-outbox.ts';

/** The far end of a WebSocket: takes what it is given, and passes it on when it is told to. */
class SlowSocket implements OutgoingSocket {
  bufferedAmount = 0;
  readonly read: string[] = [];
  readonly #sent: { readonly data: Uint8Array; readonly done: (error?: Error) => void }[] = [];

  send(data: Uint8Array, _: unknown, done: (error?: Error) => void): void {
    this.bufferedAmount += data.length;
    this.#sent.push({ data, done });
  }

  /** Reads up to `count` frames. */
  readFrames(count: number): void {
    for (const { data, done } of this.#sent.splice(0, count)) {
      this.bufferedAmount -= data.length;
      this.read.push(Buffer.from(data).toString().trim());
      done();
    }
  }

  get isEmpty(): boolean {
    return this.#sent.length === 0;
  }
}

function frame(text: string, key?: string, size = 0): Frame {
  return { data: Buffer.from(text.padEnd(size)), key };
}

test('a client that reads gets every frame', () => {
  const socket = new SlowSocket();
  const outbox = new ClientOutbox(socket, 1_000_000, new BufferBudget(1_000_000));
  for (let index = 0; index < 1_000; index++) {
    assert.ok(outbox.offer(frame(`${index}`, 'price')));
    socket.readFrames(1);
  }
  assert.deepEqual(
    socket.read,
    Array.from({ length: 1_000 }, (_, index) => `${index}`),
  );
  assert.equal(outbox.bytes, 0);
});

test('one that does not: prices give way to newer ones, the rest adds up until there is no room', () => {
  const socket = new SlowSocket();
  const budget = new BufferBudget(10_000_000);
  const outbox = new ClientOutbox(socket, 1_000_000, budget);
  // 16,000 bytes lie in the socket, where nothing can give way any more.
  for (let index = 0; index < 10_000; index++) assert.ok(outbox.offer(frame(`price ${index}`, 'price', 1_000)));
  assert.equal(outbox.bytes, 17_000);
  let fills = 0;
  while (outbox.offer(frame(`fill ${fills}`, undefined, 1_000))) fills += 1;
  assert.equal(fills, 983);
  assert.equal(outbox.bytes, 1_000_000);
  assert.equal(budget.used, 984_000);
  while (!socket.isEmpty) socket.readFrames(1);
  const expected = [...Array.from({ length: 16 }, (_, index) => `price ${index}`), 'price 9999'];
  assert.deepEqual(socket.read, [...expected, ...Array.from({ length: fills }, (_, index) => `fill ${index}`)]);
  assert.deepEqual([outbox.bytes, budget.used], [0, 0]);
});

test('all clients together have a bound too, and who leaves gives back', () => {
  const budget = new BufferBudget(100_000);
  const outboxes = [1, 2, 3].map(() => new ClientOutbox(new SlowSocket(), 1_000_000, budget));
  for (const outbox of outboxes) while (outbox.bytes < 16_000) outbox.offer(frame('x', undefined, 1_000));
  let held = 0;
  while (outboxes[held % 3]!.offer(frame('x', undefined, 1_000))) held += 1;
  assert.equal(held, 100);
  outboxes[0]!.close();
  assert.equal(budget.used, 66_000);
  assert.ok(outboxes[0]!.offer(frame('x', undefined, 1_000)), 'a closed one is not asked to hang up again');
  assert.equal(budget.used, 66_000);
});

test('a frame larger than the socket holds goes out when its turn comes', () => {
  const socket = new SlowSocket();
  const outbox = new ClientOutbox(socket, 1_000_000, new BufferBudget(1_000_000));
  for (const text of ['a', 'b', 'c']) outbox.offer(frame(text, undefined, 200_000));
  while (!socket.isEmpty) socket.readFrames(1);
  assert.deepEqual(socket.read, ['a', 'b', 'c']);
});

test('whatever the pace: within bounds, in order, and nothing lost but what a newer one replaces', () => {
  const step = fc.record({
    key: fc.constantFrom(undefined, 'price', 'status'),
    size: fc.integer({ min: 10, max: 9_000 }),
    reads: fc.integer({ min: 0, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 300 }), (steps) => {
      const socket = new SlowSocket();
      const budget = new BufferBudget(1_000_000);
      const outbox = new ClientOutbox(socket, 200_000, budget);
      const offered: { readonly number: number; readonly key: string | undefined }[] = [];
      for (const [number, { key, size, reads }] of steps.entries()) {
        if (!outbox.offer(frame(`${number}`, key, size))) break;
        offered.push({ number, key });
        assert.ok(outbox.bytes <= 200_000);
        socket.readFrames(reads);
      }
      while (!socket.isEmpty) socket.readFrames(1);
      const read = socket.read.map(Number);
      assert.deepEqual(
        read,
        [...read].sort((a, b) => a - b),
      );
      for (const { number, key } of offered) {
        const isReplaced = key !== undefined && offered.some((one) => one.key === key && one.number > number);
        assert.ok(isReplaced || read.includes(number) || offered.length < steps.length, `frame ${number} is missing`);
        if (key === undefined) assert.ok(read.includes(number), `frame ${number} is missing`);
      }
      assert.deepEqual([outbox.bytes, budget.used], [0, 0]);
    }),
    { numRuns: 500 },
  );
});
