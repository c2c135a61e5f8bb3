import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readCsv } from '../../../src/providers/files/csv-reader.ts';
import { readBytes } from '../../../src/providers/files/file-content.ts';
import { loadCandlesWithSource } from '../../../src/providers/files/load-candles.ts';
import { LEAST_SHARED_BYTES, startPieceThreads } from '../../../src/providers/files/piece-threads.ts';
import { temporaryFile } from './temporary-file.ts';

const HEADER = 'timestamp,open,high,low,close,volume\n';
const start = Date.parse('2026-01-01T00:00:00Z');

function contentOf(text: string, shared: boolean) {
  const own = Buffer.from(text);
  if (!shared) return { kind: 'text', bytes: own, start: 0, name: 'a.csv' } as const;
  const bytes = Buffer.from(new SharedArrayBuffer(own.length));
  own.copy(bytes);
  return { kind: 'text', bytes, start: 0, name: 'a.csv' } as const;
}

/** All that is known of the rows of a text. */
function read(text: string, pieceBytes?: number) {
  const file = readCsv(contentOf(text, pieceBytes !== undefined), 'a.csv', undefined, undefined, pieceBytes);
  const { rows, decimals } = file;
  const positions = Array.from({ length: rows.length }, (_, row) => rows.positionOf(row));
  return {
    decimals,
    told: rows.told,
    defects: rows.defects,
    kinds: rows.kinds,
    spacing: rows.regularSpacing,
    zeroVolumes: rows.zeroVolumes,
    times: [...rows.times],
    columns: Buffer.from(rows.build(60_000).buffer),
    positions,
    lines: positions.map((position) => file.rawLine(position)),
  };
}

interface Line {
  readonly step: number;
  readonly price: number;
  readonly decimals: number;
  readonly volume: number;
  readonly whole: string | undefined;
}

const sound = fc.record<Line>({
  step: fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 1, 1, 2),
  price: fc.integer({ min: 1, max: 10 ** 9 }),
  decimals: fc.integer({ min: 0, max: 4 }),
  volume: fc.constantFrom(0, 1, 12.5, 0.25),
  whole: fc.constant(undefined),
});
const odd = fc.record<Line>({
  step: fc.constantFrom(-1, 0, 0.5, 1),
  price: fc.integer({ min: 0, max: 100 }),
  decimals: fc.constant(9),
  volume: fc.constantFrom(-1, 1),
  whole: fc.constantFrom(undefined, undefined, '', '1,2', '"a,\n', '1767225600000,"2",2,2,2,1'),
});

function textOf(lines: readonly Line[], crlf: boolean, ended: boolean): string {
  let time = start;
  const written = lines.map(({ step, price, decimals, volume, whole }) => {
    time += step * 60_000;
    const shown = (price / 10 ** decimals).toFixed(decimals);
    return whole ?? `${time},${shown},${shown},${shown},${shown},${volume}`;
  });
  return (HEADER + written.join('\n') + (ended ? '\n' : '')).replaceAll('\n', crlf ? '\r\n' : '\n');
}

test('read in pieces of any size a file gives the same to the last bit: bars, decimals, defects, lines', () => {
  const soundLines = fc.array(sound, { minLength: 1, maxLength: 60 });
  const someOdd = fc.array(fc.oneof({ weight: 30, arbitrary: sound }, { weight: 1, arbitrary: odd }), {
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(
    fc.property(
      fc.oneof(soundLines, someOdd),
      fc.integer({ min: 1, max: 3_000 }),
      fc.boolean(),
      fc.boolean(),
      (lines, pieceBytes, crlf, ended) => {
        const text = textOf(lines, crlf, ended);
        assert.deepEqual(read(text, pieceBytes), read(text));
      },
    ),
    { numRuns: 3_000 },
  );
});

test('threads beside this one change nothing', () => {
  const lines = Array.from({ length: 60_000 }, (_, row): Line => {
    return {
      step: row === 30_000 ? 3 : 1,
      price: 1_000 + (row % 977),
      decimals: row % 3,
      volume: row % 5,
      whole: undefined,
    };
  });
  const defect: Line = { ...lines[0]!, volume: -1 };
  for (const at of [undefined, 0, 41_000]) {
    const text = textOf(at === undefined ? lines : lines.with(at, defect), false, true);
    startPieceThreads();
    assert.deepEqual(read(text, 4_096), read(text));
  }
});

test('a large file is read into shared memory, and its bars stand for its lines', async () => {
  const count = Math.ceil(LEAST_SHARED_BYTES / 40);
  const line = (row: number): string => `${start + row * 60_000},100.25,101.5,99.75,100.5,${1 + (row % 7)}`;
  const text = `${HEADER}${Array.from({ length: count }, (_, row) => line(row)).join('\n')}\n`;
  const path = temporaryFile('LARGE.csv', text);
  assert.ok(text.length >= LEAST_SHARED_BYTES);
  assert.equal((await readBytes(path)).equals(Buffer.from(text)), true);
  const { loaded, rawLine } = await loadCandlesWithSource({ path });
  assert.deepEqual([loaded.columns.length, loaded.decimals], [count, { price: 2, quantity: 0 }]);
  assert.equal(rawLine(123_456), line(123_456));
  assert.equal(loaded.columns.volume[123_456], 1 + (123_456 % 7));
});
