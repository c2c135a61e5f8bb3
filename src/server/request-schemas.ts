import { z } from 'zod';
import { TIMEFRAMES } from '../protocol/wire.ts';
import { RequestRefused } from './refusal.ts';

/** What requests may say. Nothing else passes: no further parameter, no repeated one, no other notation. */

export const LARGEST_PAGE = 1_000;
const DEFAULT_PAGE = 100;
const DEFAULT_CANDLES = 500;
/** The last millisecond that ECMAScript's dates know. */
const LAST_TIME = 8_640_000_000_000_000;

function whole(minimum: number, maximum: number, standard: number) {
  const error = `a whole number from ${minimum} to ${maximum}`;
  return z
    .string({ error })
    .regex(/^\d{1,16}$/, { error })
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, { error })
    .default(standard);
}

const id = { error: 'a name of at most 64 letters, digits, - and _' };

/** As the configuration has them; so no path, no pattern of the bus and no control character is one. */
export const botParams = z.strictObject({ botId: z.string(id).regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, id) });

const symbol = { error: 'a symbol such as BTCUSDT' };

export const symbolParams = z.strictObject({
  symbol: z.string(symbol).regex(/^[A-Za-z0-9^][A-Za-z0-9._=^-]{0,39}$/, symbol),
});

export const noParameters = z.strictObject({});

export const pageQuery = z.strictObject({
  offset: whole(0, 1_000_000_000, 0),
  limit: whole(1, LARGEST_PAGE, DEFAULT_PAGE),
});

export const candlesQuery = z.strictObject({
  timeframe: z.enum(TIMEFRAMES, { error: `one of ${TIMEFRAMES.join(', ')}` }),
  count: whole(1, LARGEST_PAGE, DEFAULT_CANDLES),
  until: whole(0, LAST_TIME, LAST_TIME),
});

/** `given` as `schema` has it. Throws a {@link RequestRefused} (400) that says what is wanted, without repeating what was given. */
export function parsed<Schema extends z.ZodObject>(schema: Schema, given: unknown): z.output<Schema> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined || issue.code === 'unrecognized_keys') {
    const known = Object.keys(schema.shape).join(', ');
    throw new RequestRefused(400, 'BAD_PARAMETER', `Unknown parameter. Known here: ${known || 'none'}.`);
  }
  throw new RequestRefused(400, 'BAD_PARAMETER', `${String(issue.path[0])} must be ${issue.message}.`);
}
