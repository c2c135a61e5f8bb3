import { InvariantError, invariant } from '../foundation/errors.ts';
import type { PointOutcome, SweepFigures } from './sweep-point.ts';
import { SWEEP_FIGURES } from './sweep-point.ts';

/** A point of the grid with what became of it. */
export interface SweepRow {
  readonly point: number;
  readonly outcome: PointOutcome;
}

/** What a chunk has to say: rows by rising point, and how many entries were no points. */
export interface ChunkRows {
  readonly rows: readonly SweepRow[];
  readonly leftOutByWhere: number;
  readonly leftOutByCheck: number;
}

const MAGIC = 0x31535754; // "TWS1" in little-endian order
const HEAD_BYTES = 24;
const FIGURES = SWEEP_FIGURES.length;

/**
 * The rows of a chunk as bytes, the same for the same rows. Little-endian: magic, rows, left out by where, left out by
 * check, bytes of the messages, 0 (each 32 bits); for each row its point and its figures (float64; every NaN is the one
 * quiet NaN); then the messages of the rows without figures as JSON, [row, message] each.
 */
export function encodeRows({ rows, leftOutByWhere, leftOutByCheck }: ChunkRows): Uint8Array {
  const messages: [number, string][] = [];
  for (const [index, { outcome }] of rows.entries()) if (!outcome.ok) messages.push([index, outcome.message]);
  const text = new TextEncoder().encode(messages.length === 0 ? '' : JSON.stringify(messages));
  const rowBytes = (1 + FIGURES) * 8;
  const bytes = new Uint8Array(HEAD_BYTES + rows.length * rowBytes + text.length);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of [MAGIC, rows.length, leftOutByWhere, leftOutByCheck, text.length, 0].entries()) {
    view.setUint32(index * 4, word, true);
  }
  let at = HEAD_BYTES;
  for (const { point, outcome } of rows) {
    view.setFloat64(at, point, true);
    at += 8;
    for (let figure = 0; figure < FIGURES; figure++, at += 8) {
      writeFigure(view, at, outcome.ok ? outcome.figures[figure]! : Number.NaN);
    }
  }
  bytes.set(text, at);
  return bytes;
}

/** Reads what {@link encodeRows} wrote. Throws an InvariantError on anything else. */
export function decodeRows(bytes: Uint8Array): ChunkRows {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  invariant(bytes.length >= HEAD_BYTES && view.getUint32(0, true) === MAGIC, 'No rows of a sweep', {
    bytes: bytes.length,
  });
  const count = view.getUint32(4, true);
  const textBytes = view.getUint32(16, true);
  const end = HEAD_BYTES + count * (1 + FIGURES) * 8;
  invariant(bytes.length === end + textBytes, 'Rows of a sweep of another length', {
    rows: count,
    bytes: bytes.length,
  });
  const messages = new Map(messagesOf(bytes.subarray(end)));
  const rows: SweepRow[] = [];
  let at = HEAD_BYTES;
  for (let index = 0; index < count; index++) {
    const point = view.getFloat64(at, true);
    at += 8;
    const figures: SweepFigures = new Float64Array(FIGURES);
    for (let figure = 0; figure < FIGURES; figure++, at += 8) figures[figure] = view.getFloat64(at, true);
    const message = messages.get(index);
    rows.push({ point, outcome: message === undefined ? { ok: true, figures } : { ok: false, message } });
  }
  return { rows, leftOutByWhere: view.getUint32(8, true), leftOutByCheck: view.getUint32(12, true) };
}

function writeFigure(view: DataView, at: number, value: number): void {
  if (!Number.isNaN(value)) {
    view.setFloat64(at, value, true);
    return;
  }
  // NaN has many bit patterns, and which one comes of a computation is left open by the language.
  view.setUint32(at, 0, true);
  view.setUint32(at + 4, 0x7ff80000, true);
}

function messagesOf(text: Uint8Array): readonly (readonly [number, string])[] {
  if (text.length === 0) return [];
  try {
    return JSON.parse(new TextDecoder().decode(text)) as [number, string][];
  } catch (cause) {
    throw new InvariantError('The messages in the rows of a sweep are no JSON', { cause: String(cause) });
  }
}
