import { isTimeframe, type Timeframe } from '../domain/timeframe.ts';
import { invariant } from '../foundation/errors.ts';
import { failed, type Result, success } from '../foundation/result.ts';
import { type EpochMs, epochMs } from '../foundation/time.ts';
import { CandleColumns } from './candle-columns.ts';
import { CHECKSUM_WORDS, checksum } from './dataset-checksum.ts';

/** A series of bars with what is known of it, apart from where it came from. */
export interface Dataset {
  /** Where the source names one. */
  readonly symbol?: string;
  readonly timeframe: Timeframe;
  readonly columns: CandleColumns;
  /** The most decimals in prices and in volumes, to tell tick and step by. */
  readonly decimals: Decimals;
  /** What the source was recognised as, in words. */
  readonly format: string;
  readonly quality: DatasetQuality;
}

/** The most decimals seen, trailing zeros not counted. */
export interface Decimals {
  readonly price: number;
  readonly quantity: number;
}

/** What is not there in a series of bars. Nights and weekends of a stock count too: nothing here knows of sessions. */
export interface Gaps {
  /** How many times bars are missing between one bar and the next. */
  readonly gaps: number;
  /** How many bars would fill them all. */
  readonly missingBars: number;
  readonly largestGap: { readonly after: EpochMs; readonly missingBars: number } | undefined;
}

/** What is known about the quality of a source. Gaps are counted, not filled. */
export interface DatasetQuality extends Gaps {
  /** Bars of the source's own timeframe. */
  readonly rows: number;
  readonly first: EpochMs;
  /** The close time of the last bar. */
  readonly last: EpochMs;
  readonly zeroVolumeBars: number;
  /** Unsound rows that were left out, and the first few of them in words. */
  readonly droppedRows: number;
  readonly defects: readonly string[];
  /** The source's own timeframe, when the bars were made of it. */
  readonly aggregatedFrom: Timeframe | undefined;
  /** How many of the aggregated bars lack some of their smaller ones. */
  readonly lackingBars: number;
}

/** Why bytes are no dataset that can be trusted. `foreign`: never were; `version`: of another release of the format. */
export interface DatasetDefect {
  readonly kind: 'foreign' | 'version' | 'cut off' | 'damaged';
  readonly message: string;
}

/** Raised whenever the layout or the meaning of anything in it changes. */
export const DATASET_VERSION = 1;
/** The bytes that say how long the rest is. */
export const PREFIX_BYTES = 64;
const ALIGNMENT = 64;
/** `TWDATA\r\n`, which a transfer as text would spoil. */
const MAGIC = [0x41445754, 0x0a0d4154] as const;
const MOST_BARS = 2 ** 31;
const [MAGIC_AT, VERSION_AT, BARS_AT, DESCRIPTION_AT, PREFIX_SUM_AT, SUM_AT] = [0, 2, 3, 4, 8, 12] as const;

/** The words in front are read as they lie in memory, and so are the columns. */
const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** How long the parts of an encoded dataset are, in bytes from its start; said by its prefix. */
export interface DatasetExtent {
  readonly bars: number;
  /** The description lies in [{@link PREFIX_BYTES}, columnsStart), the columns in [columnsStart, end). */
  readonly columnsStart: number;
  readonly end: number;
}

/**
 * A dataset as bytes, the same for the same dataset on every machine:
 *
 * | bytes | what |
 * | --- | --- |
 * | 0–63 | sixteen words of 32 bits: magic (2), version, number of bars, length of the description in bytes, 0, 0, 0, checksum of these eight and of the description (4), checksum of the columns (4) |
 * | 64– | the description: JSON in UTF-8, filled up with blanks to a multiple of 64 bytes |
 * | then | the memory of {@link CandleColumns}: six float64 columns, each filled up to a multiple of 64 bytes |
 *
 * Everything is little-endian. The columns keep every bit: NaN with its payload, and −0.
 */
export function encodeDataset(dataset: Dataset): Uint8Array {
  const { columns } = dataset;
  const description = new TextEncoder().encode(descriptionOf(dataset));
  const columnsStart = alignedEnd(PREFIX_BYTES + description.length);
  const bytes = new Uint8Array(columnsStart + columns.buffer.byteLength);
  bytes.fill(0x20, PREFIX_BYTES, columnsStart);
  bytes.set(description, PREFIX_BYTES);
  bytes.set(new Uint8Array(columns.buffer), columnsStart);
  const words = wordsOf(bytes.buffer, 0, columnsStart);
  words.set(MAGIC, MAGIC_AT);
  words[VERSION_AT] = DATASET_VERSION;
  words[BARS_AT] = columns.length;
  words[DESCRIPTION_AT] = columnsStart - PREFIX_BYTES;
  words.set(checksum(wordsOf(columns.buffer, 0, columns.buffer.byteLength)), SUM_AT);
  words.set(headSum(words), PREFIX_SUM_AT);
  return bytes;
}

/** The dataset of encoded bytes, its columns copied into shared memory of their own. Not a byte of it is taken on trust. */
export function decodeDataset(bytes: Uint8Array): Result<Dataset, DatasetDefect> {
  const extent = datasetExtent(bytes);
  if (!extent.ok) return extent;
  const { bars, columnsStart, end } = extent.value;
  if (bytes.length !== end) return ofAnotherLength(bytes.length, end);
  const buffer = new SharedArrayBuffer(CandleColumns.byteLength(bars));
  new Uint8Array(buffer).set(bytes.subarray(columnsStart, end));
  return assembleDataset(bytes.slice(0, columnsStart), buffer);
}

/**
 * What the first {@link PREFIX_BYTES} say of the length of the rest, for whoever reads the columns straight to their
 * place. A damaged prefix may say anything sensible: what is true is known by {@link assembleDataset}.
 */
export function datasetExtent(prefix: Uint8Array): Result<DatasetExtent, DatasetDefect> {
  invariant(IS_LITTLE_ENDIAN, 'Datasets are read on little-endian machines only');
  if (prefix.length < PREFIX_BYTES) return ofAnotherLength(prefix.length, PREFIX_BYTES);
  const words = wordsOf(prefix.slice(0, PREFIX_BYTES).buffer, 0, PREFIX_BYTES);
  if (words[MAGIC_AT] !== MAGIC[0] || words[MAGIC_AT + 1] !== MAGIC[1]) {
    return failed({ kind: 'foreign', message: 'it is no dataset of this program' });
  }
  const version = words[VERSION_AT]!;
  if (version !== DATASET_VERSION) {
    return failed({ kind: 'version', message: `it is of version ${version}, and ${DATASET_VERSION} is wanted` });
  }
  const bars = words[BARS_AT]! >>> 0;
  const description = words[DESCRIPTION_AT]! >>> 0;
  if (bars >= MOST_BARS || description % ALIGNMENT !== 0) return damaged('its beginning says impossible lengths');
  const columnsStart = PREFIX_BYTES + description;
  return success({ bars, columnsStart, end: columnsStart + CandleColumns.byteLength(bars) });
}

/**
 * A dataset of its two parts, each checked against its sum.
 *
 * @param head the bytes before the columns
 * @param buffer the columns; the dataset keeps it
 */
export function assembleDataset(head: Uint8Array, buffer: SharedArrayBuffer): Result<Dataset, DatasetDefect> {
  const extent = datasetExtent(head);
  if (!extent.ok) return extent;
  const { bars, columnsStart } = extent.value;
  if (head.length !== columnsStart) return ofAnotherLength(head.length, columnsStart);
  const words = wordsOf(head.slice().buffer, 0, columnsStart);
  if (!isSum(words, PREFIX_SUM_AT, headSum(words))) return damaged('its description has changed');
  if (buffer.byteLength !== CandleColumns.byteLength(bars)) return ofAnotherLength(buffer.byteLength, bars);
  if (!isSum(words, SUM_AT, checksum(wordsOf(buffer, 0, buffer.byteLength)))) {
    return damaged('its columns have changed');
  }
  return success(described(head.subarray(PREFIX_BYTES), bars, buffer));
}

/** Always the same text for the same dataset: the keys in this order. */
function descriptionOf({ symbol, timeframe, columns, decimals, format, quality }: Dataset): string {
  const { largestGap } = quality;
  return JSON.stringify({
    ...(symbol !== undefined && { symbol }),
    timeframe,
    intervalMs: columns.intervalMs,
    decimals: { price: decimals.price, quantity: decimals.quantity },
    format,
    quality: {
      gaps: quality.gaps,
      missingBars: quality.missingBars,
      ...(largestGap && { largestGap: { after: largestGap.after, missingBars: largestGap.missingBars } }),
      rows: quality.rows,
      first: quality.first,
      last: quality.last,
      zeroVolumeBars: quality.zeroVolumeBars,
      droppedRows: quality.droppedRows,
      defects: quality.defects,
      ...(quality.aggregatedFrom && { aggregatedFrom: quality.aggregatedFrom }),
      lackingBars: quality.lackingBars,
    },
  });
}

interface Description extends Omit<Dataset, 'columns'> {
  readonly intervalMs: number;
}

/** Its sum is right, so this program of this version wrote it. */
function described(text: Uint8Array, bars: number, buffer: SharedArrayBuffer): Dataset {
  const { intervalMs, quality, ...same } = JSON.parse(new TextDecoder().decode(text)) as Description;
  invariant(isTimeframe(same.timeframe), 'A dataset of an unknown timeframe', { timeframe: same.timeframe });
  return {
    ...same,
    columns: new CandleColumns(bars, intervalMs, buffer),
    quality: {
      ...quality,
      largestGap: quality.largestGap && { ...quality.largestGap, after: epochMs(quality.largestGap.after) },
      aggregatedFrom: quality.aggregatedFrom,
    },
  };
}

/** Of the head without its sum of itself; the sum of the columns is part of it. */
function headSum(words: Int32Array): Int32Array {
  const summed = words.slice();
  summed.fill(0, PREFIX_SUM_AT, PREFIX_SUM_AT + CHECKSUM_WORDS);
  return checksum(summed);
}

function isSum(words: Int32Array, at: number, sum: Int32Array): boolean {
  return sum.every((word, index) => word === words[at + index]);
}

function wordsOf(buffer: ArrayBufferLike, from: number, to: number): Int32Array {
  return new Int32Array(buffer, from, (to - from) / Int32Array.BYTES_PER_ELEMENT);
}

function alignedEnd(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

function ofAnotherLength(length: number, wanted: number): Result<never, DatasetDefect> {
  const message = `it has ${length} bytes where ${wanted} are wanted`;
  return failed({ kind: length < wanted ? 'cut off' : 'damaged', message });
}

function damaged(message: string): Result<never, DatasetDefect> {
  return failed({ kind: 'damaged', message });
}
