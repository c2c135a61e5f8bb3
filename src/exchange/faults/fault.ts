import { z } from 'zod';

/*
 * What can be made to go wrong. Every fault may be limited: `probability` that it strikes where it could (default 1), and
 * `count` of times until it is gone (default: until it is taken away). `topic`, `path` and `symbol` are patterns in which
 * `*` stands for anything.
 */

const milliseconds = z.number().min(0).max(86_400_000);
const limits = { probability: z.number().min(0).max(1).default(1), count: z.number().int().min(1).optional() };
const message = { topic: z.string().default('*'), ...limits };
const sockets = z.enum(['public', 'private', 'trade', 'all']).default('all');

/** Messages of sockets. */
const messageFaults = [
  z.strictObject({ kind: z.literal('drop'), ...message }),
  z.strictObject({ kind: z.literal('duplicate'), ...message }),
  z.strictObject({ kind: z.literal('delay'), ms: milliseconds, ...message }),
  /** Each message waits for a time of its own, up to `ms`. */
  z.strictObject({ kind: z.literal('reorder'), ms: milliseconds.default(1_000), ...message }),
  /** The text ends in the middle. */
  z.strictObject({ kind: z.literal('truncate'), ...message }),
  /** The topic is silent, the connection is well. */
  z.strictObject({ kind: z.literal('freeze'), ...message }),
  /** The first message that it meets is sent in place of all that follow. */
  z.strictObject({ kind: z.literal('repeat'), ...message }),
] as const;

/** Connections. */
const socketFaults = [
  /** Nothing is answered and nothing is sent, and nothing is closed. */
  z.strictObject({ kind: z.literal('half-open'), sockets, ...limits }),
  z.strictObject({ kind: z.literal('disconnect-storm'), sockets, everyMs: milliseconds.min(1), ...limits }),
  /** An `auth` request is never answered and changes nothing. */
  z.strictObject({ kind: z.literal('ignore-auth'), ...limits }),
  z.strictObject({ kind: z.literal('refuse-subscription'), silently: z.boolean().default(false), ...message }),
] as const;

/** Candles that are not what they seem. */
const candleFaults = [
  /** A running candle is sent with `confirm: true`. */
  z.strictObject({ kind: z.literal('forming-as-closed'), symbol: z.string().default('*'), ...limits }),
  /** `ms` after its end a closed candle is sent again with another close, and look-ups give it so from then on. */
  z.strictObject({
    kind: z.literal('revised-candle'),
    symbol: z.string().default('*'),
    ms: milliseconds.default(1_000),
    ticks: z.number().int().default(5),
    ...limits,
  }),
] as const;

/** Where values are false: in messages of a `topic`, in answers of a `path`, or both; of `closed` candles alone. */
const places = { topic: z.string().optional(), path: z.string().optional(), closed: z.boolean().default(false) };

export const IMPOSSIBLE_CANDLES = [
  'high-below-low',
  'close-outside',
  'negative-volume',
  'wrong-end',
  'off-the-grid',
  'seconds',
  'microseconds',
] as const;

/** Messages that are well formed and wrong. */
const falseValueFaults = [
  /** A `field` has this value; without one it is missing; `bare`: written without quotes, such as `1e400` or `NaN`. */
  z.strictObject({
    kind: z.literal('false-value'),
    field: z.string().min(1),
    value: z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]).optional(),
    bare: z.boolean().default(false),
    ...places,
    ...limits,
  }),
  /** Prices are `factor` times what they are. A candle's close is, and its extreme goes with it. */
  z.strictObject({
    kind: z.literal('spike'),
    factor: z.number().positive().max(1_000_000).default(100),
    ...places,
    ...limits,
  }),
  z.strictObject({
    kind: z.literal('impossible-candle'),
    how: z.enum(IMPOSSIBLE_CANDLES),
    ...places,
    ...limits,
  }),
] as const;

/** Requests over HTTP. `when`: before anything was done, or after the order was accepted and done. */
const requestFaults = [
  z.strictObject({
    kind: z.literal('answer'),
    path: z.string().default('*'),
    /** An HTTP status; or no answer at all; the connection reset; the body cut off. */
    with: z.union([z.number().int().min(400).max(599), z.enum(['nothing', 'reset', 'half'])]),
    when: z.enum(['before', 'after']).default('after'),
    ...limits,
  }),
  z.strictObject({
    kind: z.literal('slow'),
    path: z.string().default('*'),
    ms: milliseconds,
    when: z.enum(['before', 'after']).default('before'),
    ...limits,
  }),
  /** Look-ups of orders, executions, positions and wallet tell what was true `ms` ago. */
  z.strictObject({ kind: z.literal('lagging-look-ups'), ms: milliseconds.max(110_000), ...limits }),
  /** The exchange's clock, as far as requests can see it, is ahead of ours (or behind). */
  z.strictObject({ kind: z.literal('clock-skew'), ms: z.number().min(-86_400_000).max(86_400_000) }),
  /** Every request gets 503; sockets are closed and none is let in. */
  z.strictObject({ kind: z.literal('outage') }),
] as const;

export const faultSchema = z.discriminatedUnion('kind', [
  ...messageFaults,
  ...socketFaults,
  ...candleFaults,
  ...falseValueFaults,
  ...requestFaults,
]);

export type Fault = z.output<typeof faultSchema>;
/** A fault as it is asked for: what has a default may be left out. */
export type FaultRequest = z.input<typeof faultSchema>;
export type FaultKind = Fault['kind'];
export type FaultOf<Kind extends FaultKind> = Extract<Fault, { readonly kind: Kind }>;

/** Whether `text` fits a pattern in which `*` stands for anything. */
export function fits(pattern: string, text: string): boolean {
  if (pattern === '*' || pattern === text) return true;
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}
