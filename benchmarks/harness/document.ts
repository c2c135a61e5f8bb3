import { z } from 'zod';

/** The results of one run of the benchmarks, as they are kept in benchmarks/results/. */

const spread = z.strictObject({ median: z.number(), low: z.number(), high: z.number() });
const result = z.record(z.string(), z.number());

const machine = z.strictObject({
  processor: z.string(),
  cores: z.int(),
  memoryGigabytes: z.number(),
  system: z.string(),
  node: z.string(),
  v8: z.string(),
  compiler: z.string(),
});

const side = z.strictObject({
  name: z.string(),
  /** One of each round. */
  milliseconds: z.array(z.number().positive()),
  result,
  peakMemoryBytes: z.number().optional(),
});

/** How a figure stands to what it is meant to reach: `minimum`, and what would be superb. */
const target = z.strictObject({ minimum: z.number(), stretch: z.number().optional(), unit: z.string() });

const figure = z.strictObject({
  name: z.string(),
  title: z.string(),
  /** In one sentence, what both sides did. */
  job: z.string(),
  /** The product first, then what it is measured against. */
  own: side,
  other: side,
  /** Speed of the product as a multiple of the other's, of alternating rounds. */
  ratio: spread,
  target: target.optional(),
  /** Units of work (bars, points) of one repetition, for rates. */
  work: z.strictObject({ count: z.number(), unit: z.string() }),
  /** Largest relative difference between the compared results; each difference larger than rounding has its note. */
  equality: z.strictObject({ compared: z.array(z.string()), largestDifference: z.number() }),
  busy: spread.optional(),
  notes: z.array(z.string()),
});

/** A number with a target that is no ratio of speeds: scaling, memory, a start time. */
const measure = z.strictObject({
  name: z.string(),
  title: z.string(),
  value: spread,
  unit: z.string(),
  target: z.strictObject({ kind: z.enum(['at least', 'at most']), value: z.number() }).optional(),
  notes: z.array(z.string()),
});

const peer = z.strictObject({
  name: z.string(),
  version: z.string(),
  runtime: z.string(),
  job: z.string(),
  bars: z.number(),
  points: z.number().optional(),
  /** Absent when it can't; `failure` says why. */
  warmMilliseconds: spread.optional(),
  /** From the start of the process to its first result. */
  coldMilliseconds: z.number().optional(),
  peakMemoryBytes: z.number().optional(),
  result: result.optional(),
  /** What the product had on the same bars, in the same rounds. */
  own: z.strictObject({ way: z.string(), milliseconds: spread, result }).optional(),
  /** How many times as fast the product is. */
  ratio: spread.optional(),
  failure: z.string().optional(),
  notes: z.array(z.string()),
});

const series = z.strictObject({
  name: z.string(),
  title: z.string(),
  x: z.strictObject({ label: z.string(), values: z.array(z.number()), logarithmic: z.boolean() }),
  y: z.strictObject({ label: z.string(), logarithmic: z.boolean() }),
  lines: z.array(z.strictObject({ label: z.string(), values: z.array(z.number()) })),
});

const failure = z.strictObject({ name: z.string(), reason: z.string() });

export const benchmarkDocument = z.strictObject({
  format: z.literal(1),
  date: z.iso.date(),
  commit: z.string(),
  quick: z.boolean(),
  seconds: z.number(),
  /** What a reader must know of this run besides. */
  remarks: z.array(z.string()).optional(),
  machine,
  figures: z.array(figure),
  measures: z.array(measure),
  peers: z.array(peer),
  series: z.array(series),
  /** What could not be measured, and why. */
  failures: z.array(failure),
});

export type BenchmarkDocument = z.infer<typeof benchmarkDocument>;
export type Machine = z.infer<typeof machine>;
export type Side = z.infer<typeof side>;
export type Figure = z.infer<typeof figure>;
export type Measure = z.infer<typeof measure>;
export type PeerFigure = z.infer<typeof peer>;
export type Series = z.infer<typeof series>;
export type Failure = z.infer<typeof failure>;
