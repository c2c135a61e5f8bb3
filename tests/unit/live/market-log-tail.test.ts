import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventBus, LogEntry } from '../../../src/bus/event-bus.ts';
import { LOG_START } from '../../../src/bus/event-bus.ts';
import { InProcessBus } from '../../../src/bus/in-process-bus.ts';
import { logs } from '../../../src/bus/topics.ts';
import type { MarketLogEntry } from '../../../src/domain/event.ts';
import { nextTurn, VirtualClock } from '../../../src/foundation/clock.ts';
import { epochMs } from '../../../src/foundation/time.ts';
import { MarketLogTail } from '../../../src/live/market-log-tail.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const PAGE = 10;

function bench() {
  const bus = new InProcessBus({ clock: new VirtualClock(), logger: new RecordingLogger() });
  const reads = { count: 0, decoded: 0 };
  const counting: EventBus = Object.assign(Object.create(bus) as EventBus, {
    append: bus.append.bind(bus),
    read: async (...given: Parameters<EventBus['read']>) => {
      reads.count += 1;
      const entries = await bus.read(...given);
      reads.decoded += entries.length;
      await nextTurn();
      return entries;
    },
  });
  let index = 0;
  const append = async (count: number): Promise<void> => {
    const entries = Array.from({ length: count }, (): MarketLogEntry => {
      index += 1;
      return { kind: 'watermark', index, watermark: epochMs(index), end: false };
    });
    await bus.append(logs.market, entries);
  };
  return { tail: new MarketLogTail(counting, PAGE), append, reads };
}

type Read = readonly LogEntry<MarketLogEntry>[];
const indices = (entries: Read): number[] => entries.map(({ entry }) => entry.index);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** Reads to the end, page by page. */
async function readAll(tail: MarketLogTail, from: string): Promise<{ all: number[]; position: string }> {
  const all: number[] = [];
  let position = from;
  for (;;) {
    const page = await tail.read(position);
    all.push(...indices(page));
    position = page.at(-1)?.position ?? position;
    if (page.length < PAGE) return { all, position };
  }
}

describe('the tail of the market log', () => {
  test('gives all readers the same, and reads it once', async () => {
    const { tail, append, reads } = bench();
    await append(35);
    const { position } = await readAll(tail, LOG_START);
    reads.count = 0;
    reads.decoded = 0;
    await append(3);
    const pages = await Promise.all(Array.from({ length: 100 }, () => tail.read(position)));
    for (const page of pages) assert.deepEqual(indices(page), [36, 37, 38]);
    assert.ok(reads.count <= 2, `${reads.count} readings`);
    assert.equal(reads.decoded, 3);
  });

  test('a reader who comes later, from the beginning, gets everything', async () => {
    const { tail, append } = bench();
    await append(35);
    assert.deepEqual((await readAll(tail, LOG_START)).all, range(1, 35));
    await append(7);
    assert.deepEqual((await readAll(tail, LOG_START)).all, range(1, 42));
  });

  test('what was appended before the call is never missed, also while another reading is under way', async () => {
    const { tail, append } = bench();
    await append(1);
    const { position } = await readAll(tail, LOG_START);
    const early = tail.read(position);
    await append(1);
    const late = tail.read(position);
    await early;
    assert.deepEqual(indices(await late), [2]);
  });

  test('readers at different places go on without a hole, however much comes', async () => {
    const { tail, append } = bench();
    const seen: number[][] = [[], [], []];
    const positions: string[] = [LOG_START, LOG_START, LOG_START];
    for (let round = 0; round < 200; round++) {
      await append((round * 7) % 23);
      for (const [reader, every] of [1, 3, 50].entries()) {
        if (round % every !== 0) continue;
        const { all, position } = await readAll(tail, positions[reader]!);
        seen[reader]!.push(...all);
        positions[reader] = position;
      }
    }
    for (const [reader, all] of seen.entries()) {
      all.push(...(await readAll(tail, positions[reader]!)).all);
      assert.deepEqual(all, range(1, all.length));
    }
    assert.equal(new Set(seen.map((all) => all.length)).size, 1);
  });

  test('keeps no more than it must', async () => {
    const { tail, append } = bench();
    await append(5);
    let { position } = await readAll(tail, LOG_START);
    for (let round = 0; round < 50; round++) {
      await append(1_000);
      ({ position } = await readAll(tail, position));
    }
    assert.deepEqual((await readAll(tail, LOG_START)).all, range(1, 50_005));
  });
});
