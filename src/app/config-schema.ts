import { z } from 'zod';
import { EXCHANGES } from './builtin-providers.ts';
import {
  type Reading,
  readDuration,
  readFees,
  readLatency,
  readSizing,
  readSlippage,
  readSpeed,
  readSpread,
  readSymbol,
  readTimeframe,
  readTrigger,
} from './config-values.ts';
import { LOG_LEVELS, TRADING_MODES } from './configuration.ts';
import { readAccountName } from './keys/account-name.ts';

/*
 * The shape of `tradewind.yaml`. Everything may be left out. Each message is what is wanted, as the rest of a sentence
 * that ends in "must be …".
 */

const text = (wanted: string) => z.string({ error: wanted }).min(1, { error: wanted });
function isHttp(address: string): boolean {
  return URL.canParse(address) && ['http:', 'https:'].includes(new URL(address).protocol);
}

const flag = z.boolean({ error: 'true or false' });
const name = <const Choice extends string>(choices: readonly Choice[]) =>
  z.enum(choices, { error: `one of ${choices.join(', ')}` });

function number(wanted: string, holds: (value: number) => boolean) {
  return z.number({ error: wanted }).refine(holds, { error: wanted });
}

const between = (minimum: number, maximum: number) =>
  number(`a number from ${minimum} to ${maximum}`, (value) => value >= minimum && value <= maximum);

const whole = (minimum: number, maximum: number) =>
  number(
    `a whole number from ${minimum.toLocaleString('en')} to ${maximum.toLocaleString('en')}`,
    (value) => Number.isInteger(value) && value >= minimum && value <= maximum,
  );

const wholeOr = <const Word extends string>(words: readonly Word[], minimum: number, maximum: number) => {
  const range = `from ${minimum.toLocaleString('en')} to ${maximum.toLocaleString('en')}`;
  const error = `${words.join(', ')}, or a whole number ${range}`;
  const isWhole = (value: number) => Number.isInteger(value) && value >= minimum && value <= maximum;
  return z
    .union([z.enum(words), z.number()], { error })
    .refine((value) => typeof value === 'string' || isWhole(value), { error });
};

const above = (minimum: number) => number(`a number above ${minimum}`, (value) => value > minimum);

/** A limit that can be lifted. */
const orNone = <Schema extends z.ZodType>(schema: Schema, wanted: string) =>
  z.union([schema, z.null()], { error: `${wanted}, or null for no limit` });

/** A value in the short notation of the command line. Numbers are taken as if they were written as text. */
function notation<Value>(read: (given: string) => Reading<Value>) {
  return z.union([z.string(), z.number()], { error: wantedBy(read) }).transform((given, context): Value => {
    const reading = read(String(given).trim());
    if (reading.ok) return reading.value;
    context.addIssue({ code: 'custom', message: reading.error });
    return z.NEVER;
  });
}

function wantedBy(read: (given: string) => Reading<unknown>): string {
  const reading = read('');
  return reading.ok ? 'a text' : reading.error;
}

const list = <Schema extends z.ZodType>(schema: Schema, wanted: string) => z.array(schema, { error: wanted });

function section<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, { error: 'a section with settings below it' }).partial();
}

const symbols = list(notation(readSymbol), 'a list such as [BTCUSDT, ETHUSDT]').min(1, {
  error: 'a list of at least one symbol',
});

const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'a number, a text, true or false' });

const share = between(0, 1);
const ratio = number('a number above 0 and at most 1', (value) => value > 0 && value <= 1);

export const riskSchema = section({
  maximumPositionSize: above(0),
  maximumRiskPerTrade: ratio,
  assumedAdverseMove: ratio,
  minimumCashReserve: share,
  leverage: between(1, 1_000),
  dailyLossLimit: orNone(above(0), 'a number above 0'),
  maximumTradesPerDay: orNone(whole(0, 1_000_000), 'a whole number from 0 up'),
  priceCollar: ratio,
  maximumOrderValue: orNone(above(0), 'a number above 0'),
  maximumOrderQuantity: orNone(above(0), 'a number above 0'),
  maximumOpenOrders: orNone(whole(1, 1_000_000), 'a whole number from 1 up'),
  maximumOrdersPerMinute: orNone(whole(1, 1_000_000), 'a whole number from 1 up'),
  maximumPriceAge: orNone(notation(readDuration), 'a length of time such as 30s'),
});

const botSchema = z
  .strictObject(
    {
      id: notation(
        (given): Reading<string> =>
          /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(given)
            ? { ok: true, value: given }
            : { ok: false, error: 'a name of letters, digits, - and _' },
      ),
      strategy: text('the name of a strategy or the path of a strategy file'),
      symbols,
      timeframe: notation(readTimeframe).optional(),
      parameters: z.record(z.string(), scalar, { error: 'settings such as fast: 10' }).optional(),
      startingBalance: above(0).optional(),
      sizing: notation(readSizing).optional(),
      trigger: notation(readTrigger).optional(),
      risk: riskSchema.optional(),
    },
    { error: 'a bot with id, strategy and symbols' },
  )
  .readonly();

/** The section of the seeds' documents (S4-64…73). Each setting is another name for one of ours. */
const liveTradingSchema = section({
  enabled: flag,
  paper_trade: flag,
  interval: notation(readTimeframe),
  buffer_size: whole(1, 1_000_000),
  update_timeout: above(0),
  max_position_size: above(0),
  max_portfolio_risk: ratio,
  min_cash_reserve: share,
  daily_loss_limit: orNone(above(0), 'a number above 0'),
  max_trades_per_day: orNone(whole(0, 1_000_000), 'a whole number from 0 up'),
});

export const configurationSchema = section({
  trading: section({ mode: name(TRADING_MODES), allowLive: flag, timeframe: notation(readTimeframe) }),
  account: section({
    exchange: name(EXCHANGES),
    name: notation(readAccountName),
    url: z.union([z.null(), text('an address such as http://127.0.0.1:8080').refine(isHttp)], {
      error: "an address such as http://127.0.0.1:8080, or null for the exchange's own",
    }),
    keyFile: text('the path of a file'),
  }),
  market: section({
    provider: text('the name of a provider or the path of a provider file'),
    url: text('an address such as http://127.0.0.1:8080').refine(isHttp, {
      error: 'an address such as http://127.0.0.1:8080',
    }),
    kind: name(['spot', 'perpetual']),
    history: wholeOr(['auto'], 0, 50_000),
    transport: name(['stream', 'poll']),
    symbolsPerSocket: wholeOr(['shared', 'dedicated'], 1, 1_000),
    authority: name(['stream', 'history']),
    compareTrades: flag,
    symbols,
    timeframe: notation(readTimeframe),
    speed: notation(readSpeed),
    data: z.union([text('a folder'), z.record(z.string(), text('the path of a file'))], {
      error: 'bundled, a folder, or a file for each symbol such as BTCUSDT: btc.csv',
    }),
    bufferSize: whole(1, 1_000_000),
    updateTimeout: notation(readDuration),
  }),
  bots: list(botSchema, 'a list of bots, each with id, strategy and symbols').min(1, {
    error: 'a list of at least one bot',
  }),
  risk: riskSchema,
  costs: section({
    fees: notation(readFees),
    spread: notation(readSpread),
    slippage: notation(readSlippage),
    latency: notation(readLatency),
    seed: whole(0, 4_294_967_295),
    path: name(['adverse-first', 'nearest-first']),
    limitFill: name(['touch', 'through']),
    maximumVolumeShare: orNone(ratio, 'a number above 0 and at most 1'),
  }),
  store: section({
    path: text('the path of a file'),
    url: text('an address such as postgres://user@host/database'),
    schema: text('the name of a PostgreSQL schema'),
  }),
  bus: section({
    url: text('an address such as redis://localhost:6379/0, or in-process'),
    keyPrefix: z.string({ error: 'a text' }),
    allowUnsafeRedis: flag,
  }),
  server: section({
    host: text('a host name or address'),
    port: whole(0, 65_535),
    token: text('a text of at least 32 letters and digits, best from the environment'),
    allowedOrigins: list(text('an origin such as https://dashboard.example'), 'a list of origins'),
  }),
  record: section({ raw: flag, csv: z.union([z.null(), text('a folder')], { error: 'a folder, or null for none' }) }),
  logging: section({
    level: name(LOG_LEVELS),
    folder: z.union([z.null(), text('a folder')], { error: 'a folder, or null for none' }),
  }),
  live_trading: liveTradingSchema,
  /** Of the learning agent: read by it alone. */
  agent: z.record(z.string(), z.unknown(), { error: 'a section with settings below it' }),
});

export type WrittenConfiguration = z.infer<typeof configurationSchema>;
export type WrittenBot = z.infer<typeof botSchema>;
