import { z } from 'zod';
import { UserError } from '../../foundation/errors.ts';
import { parseFixed } from '../../foundation/fixed-point.ts';
import type { ExchangeParts } from '../exchange-parts.ts';
import { CATEGORIES, INSTRUMENT_STATUSES, type InstrumentSpec } from '../market/instruments.ts';
import { type Account, KEY_STATES } from '../trading/account.ts';

/*
 * What commands of `/admin` are made of. Amounts are decimals as text. `account` is the key of one; left out, it is the
 * first.
 */

const decimal = z.string().transform((text, context): bigint => {
  const value = parseFixed(text);
  if (value !== undefined) return value;
  context.addIssue({ code: 'custom', message: 'is no decimal' });
  return z.NEVER;
});
const account = z.string().optional();
const symbol = z.string();
const category = z.enum(CATEGORIES).default('linear');

export const fundsSchema = z.strictObject({ account, coin: z.string(), amount: decimal });
export const keySchema = z.strictObject({ account, state: z.enum(KEY_STATES) });
export const liquidationSchema = z.strictObject({ account, symbol });
export const cancelSchema = z.strictObject({
  account,
  category,
  symbol: z.string().optional(),
  orderId: z.string().optional(),
});
export const historySchema = z.strictObject({ ms: z.number().min(0).nullable() });
export const instrumentSchema = z.strictObject({
  symbol,
  category,
  status: z.enum(INSTRUMENT_STATUSES).optional(),
  tickSize: decimal.optional(),
  quantityStep: decimal.optional(),
  minimumQuantity: decimal.optional(),
  maximumQuantity: decimal.optional(),
  minimumNotional: decimal.optional(),
});

/** @throws UserError on a command that there is not */
export function readBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(jsonOf(body));
  if (!parsed.success) throw new UserError(`Not a command of the simulated exchange: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

export function jsonOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body !== 'string' || body === '') return {};
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

/** @throws UserError where none is meant */
export function accountNamed({ accounts }: ExchangeParts, key: unknown): Account {
  const found = key === undefined ? [...accounts.values()][0] : accounts.get(String(key));
  if (found !== undefined) return found;
  throw new UserError(`Which account? There are ${[...accounts.keys()].join(', ')}.`);
}

/** @throws UserError where there is none */
export function specNamed(
  { venue }: ExchangeParts,
  wanted: Pick<InstrumentSpec, 'category' | 'symbol'>,
): InstrumentSpec {
  const spec = venue.spec(wanted.category, wanted.symbol);
  if (spec !== undefined) return spec;
  throw new UserError(`There is no ${wanted.category} ${wanted.symbol}.`);
}
