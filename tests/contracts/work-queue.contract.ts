import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { WorkJob, WorkProgress, WorkQueue } from '../../src/bus/work-queue.ts';
import { sleep, systemClock } from '../../src/foundation/clock.ts';

/** A queue of its own for one test, tried three times at intervals of 50 ms. */
export interface WorkQueueBench {
  /** Opens it, once more each time, as another process would. */
  open(): Promise<WorkQueue>;
  dispose(): Promise<void>;
}

type Body = (queue: WorkQueue, bench: WorkQueueBench) => Promise<void>;

/** What every work queue does, whatever it is made of. */
export function workQueueContract(name: string, makeBench: () => Promise<WorkQueueBench>): void {
  const queueTest = (title: string, body: Body): void => {
    test(title, { timeout: 30_000 }, async () => {
      const bench = await makeBench();
      try {
        await body(await bench.open(), bench);
      } finally {
        await bench.dispose();
      }
    });
  };
  describe(`${name}: work`, () => workContract(queueTest));
  describe(`${name}: failures`, () => failureContract(queueTest));
  describe(`${name}: cancelling and closing`, () => endContract(queueTest));
}

function workContract(queueTest: (title: string, body: Body) => void): void {
  queueTest('every job is handed out once, oldest first, and forgotten when it is done', async (queue) => {
    await queue.add(jobs('a', 0, 30));
    assert.deepEqual((await sorted(queue, 'a')).waiting, range(0, 30));
    const handled: number[] = [];
    queue.work({ concurrency: 1 }, async ({ group, number }) => {
      assert.equal(group, 'a');
      handled.push(number);
    });
    await until(() => handled.length === 30);
    await isEmpty(queue, 'a');
    assert.deepEqual(handled, range(0, 30));
  });

  queueTest('a worker waits for jobs', async (queue) => {
    const handled: number[] = [];
    queue.work({ concurrency: 2 }, async ({ number }) => void handled.push(number));
    for (const number of [5, 7]) {
      await queue.add([{ group: 'a', number }]);
      await until(() => handled.includes(number));
    }
    assert.deepEqual(handled, [5, 7]);
  });

  queueTest('a job that waits or runs is not added again; one that is done is', async (queue) => {
    const gate = new Gate();
    const handled: number[] = [];
    await queue.add(jobs('a', 0, 3));
    await queue.add(jobs('a', 0, 5));
    queue.work({ concurrency: 2 }, async ({ number }) => {
      handled.push(number);
      await gate.opened;
    });
    await until(() => handled.length === 2);
    await queue.add(jobs('a', 0, 5));
    const { running, waiting } = await sorted(queue, 'a');
    assert.deepEqual(
      [running, waiting],
      [
        [0, 1],
        [2, 3, 4],
      ],
    );
    gate.open();
    await until(() => handled.length === 5);
    await isEmpty(queue, 'a');
    await queue.add([{ group: 'a', number: 1 }]);
    await until(() => handled.length === 6);
    assert.deepEqual(handled, [0, 1, 2, 3, 4, 1]);
  });

  queueTest('no more run at a time than the worker has room for', async (queue) => {
    let running = 0;
    let most = 0;
    let done = 0;
    await queue.add(jobs('a', 0, 20));
    queue.work({ concurrency: 4 }, async () => {
      running += 1;
      most = Math.max(most, running);
      await sleep(systemClock, 5);
      running -= 1;
      done += 1;
    });
    await until(() => done === 20);
    assert.equal(most, 4);
  });

  queueTest('workers of several processes share the jobs', async (queue, bench) => {
    const other = await bench.open();
    const handled: string[] = [];
    for (const [name, one] of [
      ['first', queue],
      ['second', other],
    ] as const) {
      one.work({ concurrency: 1 }, async ({ number }) => {
        handled.push(`${name} ${number}`);
        await sleep(systemClock, 10);
      });
    }
    await queue.add(jobs('a', 0, 20));
    await until(() => handled.length === 20);
    const numbers = handled.map((one) => Number(one.split(' ')[1]));
    assert.deepEqual(
      numbers.toSorted((a, b) => a - b),
      range(0, 20),
    );
    assert.equal(new Set(handled.map((one) => one.split(' ')[0])).size, 2);
  });

  queueTest('groups are counted apart', async (queue) => {
    await queue.add([...jobs('a', 0, 2), ...jobs('ab', 0, 3)]);
    assert.deepEqual((await sorted(queue, 'a')).waiting, [0, 1]);
    assert.deepEqual((await sorted(queue, 'ab')).waiting, [0, 1, 2]);
    assert.deepEqual(await sorted(queue, 'b'), { waiting: [], running: [], failed: [] });
    await queue.add([]);
  });
}

function failureContract(queueTest: (title: string, body: Body) => void): void {
  queueTest('a job that failed is tried again', async (queue) => {
    let tries = 0;
    await queue.add(jobs('a', 0, 1));
    queue.work({ concurrency: 1 }, async () => {
      tries += 1;
      if (tries < 3) throw new Error(`attempt ${tries}`);
    });
    await until(() => tries === 3);
    await isEmpty(queue, 'a');
  });

  queueTest('one that fails each time is failed, with its last error, and is left alone', async (queue) => {
    const tried: number[] = [];
    await queue.add(jobs('a', 0, 3));
    queue.work({ concurrency: 1 }, async ({ number }) => {
      tried.push(number);
      if (number === 1) throw new Error(`error ${tried.filter((one) => one === 1).length} of chunk 1`);
    });
    await until(async () => (await queue.progress('a')).failed.length === 1);
    await queue.add(jobs('a', 1, 2));
    assert.deepEqual(await sorted(queue, 'a'), {
      waiting: [],
      running: [],
      failed: [{ number: 1, message: 'error 3 of chunk 1' }],
    });
    assert.equal(tried.length, 5);
  });

  queueTest('one that waits for its next attempt counts as waiting', async (queue) => {
    let tries = 0;
    await queue.add(jobs('a', 0, 1));
    queue.work({ concurrency: 1 }, async () => {
      tries += 1;
      throw new Error('no');
    });
    await until(() => tries === 1);
    await until(async () => (await queue.progress('a')).running.length === 0);
    await until(async () => (await queue.progress('a')).failed.length === 1);
    assert.equal(tries, 3);
  });

  queueTest('failed jobs are forgotten on demand, and then tried anew', async (queue) => {
    let isMended = false;
    const handled: number[] = [];
    await queue.add([...jobs('a', 0, 2), ...jobs('b', 0, 1)]);
    queue.work({ concurrency: 1 }, async ({ number }) => {
      if (!isMended) throw new Error('no');
      handled.push(number);
    });
    await until(async () => (await queue.progress('a')).failed.length === 2);
    await until(async () => (await queue.progress('b')).failed.length === 1);
    isMended = true;
    await queue.forgetFailed('a');
    await queue.add(jobs('a', 0, 3));
    await until(() => handled.length === 3);
    assert.equal((await queue.progress('b')).failed.length, 1);
  });

  queueTest('a failed job that was cancelled can be added again', async (queue) => {
    let tries = 0;
    await queue.add(jobs('a', 0, 1));
    queue.work({ concurrency: 1 }, async () => {
      tries += 1;
      if (tries <= 3) throw new Error('no');
    });
    await until(async () => (await queue.progress('a')).failed.length === 1);
    await queue.cancel('a');
    await queue.allow('a');
    await queue.add(jobs('a', 0, 1));
    await until(() => tries === 4);
    await isEmpty(queue, 'a');
  });
}

function endContract(queueTest: (title: string, body: Body) => void): void {
  queueTest('cancelling takes back what waits and aborts what runs, in all processes', async (queue, bench) => {
    const other = await bench.open();
    const aborted: unknown[] = [];
    let begun = 0;
    await queue.add([...jobs('a', 0, 50), ...jobs('b', 0, 1)]);
    for (const one of [queue, other]) {
      one.work({ concurrency: 1 }, async ({ group }, signal) => {
        if (group === 'b') return;
        begun += 1;
        await abortOf(signal);
        aborted.push(signal.reason);
        throw new Error('aborted');
      });
    }
    await until(() => begun === 2);
    const asked = systemClock.monotonic();
    await (await bench.open()).cancel('a');
    await until(() => aborted.length === 2);
    assert.ok(systemClock.monotonic() - asked < 1_000, 'within a second');
    await isEmpty(queue, 'a');
    await isEmpty(queue, 'b');
    assert.deepEqual([begun, aborted], [2, ['cancelled', 'cancelled']]);
  });

  queueTest('what is added to a cancelled group is dropped, until it is allowed again', async (queue) => {
    const handled: string[] = [];
    queue.work({ concurrency: 1 }, async ({ group, number }) => void handled.push(`${group}${number}`));
    await queue.cancel('a');
    await queue.add([...jobs('a', 0, 3), ...jobs('b', 0, 1)]);
    await until(() => handled.length === 1);
    await isEmpty(queue, 'a');
    await queue.allow('a');
    await queue.add(jobs('a', 2, 3));
    await until(() => handled.length === 2);
    assert.deepEqual(handled, ['b0', 'a2']);
  });

  queueTest('a worker that closes lets end what it runs and takes no more', async (queue) => {
    const gate = new Gate();
    const handled: number[] = [];
    await queue.add(jobs('a', 0, 5));
    const worker = queue.work({ concurrency: 1 }, async ({ number }, signal) => {
      await gate.opened;
      assert.equal(signal.aborted, false);
      handled.push(number);
    });
    await until(async () => (await queue.progress('a')).running.length === 1);
    const closed = worker.close(10_000);
    gate.open();
    await closed;
    assert.deepEqual(handled, [0]);
    assert.deepEqual(await sorted(queue, 'a'), { waiting: [1, 2, 3, 4], running: [], failed: [] });
  });

  queueTest('what does not end in time is aborted and given back, as often as it takes', async (queue) => {
    await queue.add(jobs('a', 0, 1));
    for (let life = 0; life < 4; life++) {
      let begun = false;
      const worker = queue.work({ concurrency: 1 }, async (_, signal) => {
        begun = true;
        await abortOf(signal);
        assert.equal(signal.reason, 'closing');
        throw new Error('given up');
      });
      await until(() => begun);
      await worker.close(20);
      assert.deepEqual((await queue.progress('a')).waiting, [0]);
    }
    let done = false;
    queue.work({ concurrency: 1 }, async () => {
      done = true;
    });
    await until(() => done);
    await isEmpty(queue, 'a');
  });
}

/** Waits, in real time, until `condition` holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = systemClock.monotonic() + 20_000;
  while (!(await condition())) {
    if (systemClock.monotonic() > deadline) throw new Error('It did not come to be within 20 s');
    await sleep(systemClock, 5);
  }
}

export function jobs(group: string, from: number, to: number): WorkJob[] {
  return range(from, to).map((number) => ({ group, number }));
}

async function isEmpty(queue: WorkQueue, group: string): Promise<void> {
  await until(async () => Object.values(await queue.progress(group)).every((numbers) => numbers.length === 0));
}

async function sorted(queue: WorkQueue, group: string): Promise<WorkProgress> {
  const { waiting, running, failed } = await queue.progress(group);
  const rising = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);
  return { waiting: rising(waiting), running: rising(running), failed };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

class Gate {
  readonly opened: Promise<void>;
  open!: () => void;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}
