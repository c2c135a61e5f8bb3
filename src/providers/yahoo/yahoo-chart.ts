import { z } from 'zod';
import type { Timeframe } from '../../domain/timeframe.ts';
import { failed, type Result, success } from '../../foundation/result.ts';
import { type EpochMs, epochMs, SECOND_MS } from '../../foundation/time.ts';
import type { CandleRow } from '../exchange/exchange-connection.ts';

/**
 * Yahoo's names of the timeframes that it has and that fit: the candles of its longer ones begin with each exchange's
 * session, at 09:30 in New York and 09:15 in Mumbai, not on the hour. All others are made of these.
 */
export const YAHOO_INTERVALS: Partial<Readonly<Record<Timeframe, string>>> = { '1m': '1m', '5m': '5m', '15m': '15m' };

/** An answer of the chart service, read. */
export interface YahooChart {
  readonly symbol: string;
  readonly currency: string;
  /** In rising open time; intervals without a trade are left out. */
  readonly rows: readonly CandleRow[];
  /** Of the last trade, and when it was. */
  readonly price: { readonly value: number; readonly time: EpochMs } | undefined;
  /** Decimals in which prices are shown. */
  readonly priceDecimals: number;
}

export interface YahooRefusal {
  /** `refused`: there is no such symbol or interval; `malformed`: it is no answer of the chart service. */
  readonly kind: 'refused' | 'malformed';
  readonly message: string;
}

const column = z.array(z.number().nullable()).optional();

const answerSchema = z.object({
  chart: z.object({
    result: z
      .array(
        z.object({
          meta: z.object({
            symbol: z.string(),
            currency: z.string().nullish(),
            regularMarketPrice: z.number().nullish(),
            regularMarketTime: z.number().nullish(),
            priceHint: z.number().int().min(0).max(12).nullish(),
          }),
          timestamp: z.array(z.number()).optional(),
          indicators: z.object({
            quote: z.array(z.object({ open: column, high: column, low: column, close: column, volume: column })),
          }),
        }),
      )
      .nullable(),
    error: z.object({ code: z.string(), description: z.string().nullish() }).nullable(),
  }),
});

type Answer = NonNullable<z.infer<typeof answerSchema>['chart']['result']>[number];

/**
 * Reads an answer of `/v8/finance/chart`. Times are seconds and the start of an interval; any value may be null, where
 * nobody traded; the last row is the running one, and its time may be that of the last trade instead.
 *
 * @param lengthMs of the interval that was asked for
 */
export function readYahooChart(answer: unknown, lengthMs: number): Result<YahooChart, YahooRefusal> {
  const checked = answerSchema.safeParse(answer);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    return failed({ kind: 'malformed', message: `${issue?.path.join('.')}: ${issue?.message}` });
  }
  const { result, error } = checked.data.chart;
  if (error !== null) return failed({ kind: 'refused', message: `${error.code}: ${error.description ?? ''}` });
  const [chart] = result ?? [];
  if (chart === undefined) return failed({ kind: 'malformed', message: 'an answer without a result' });
  const { symbol, currency, regularMarketPrice, regularMarketTime, priceHint } = chart.meta;
  return success({
    symbol,
    currency: currency ?? 'USD',
    rows: rowsOf(chart, lengthMs),
    price:
      typeof regularMarketPrice === 'number' && typeof regularMarketTime === 'number'
        ? { value: regularMarketPrice, time: epochMs(regularMarketTime * SECOND_MS) }
        : undefined,
    priceDecimals: priceHint ?? 2,
  });
}

function rowsOf({ timestamp = [], indicators, meta }: Answer, lengthMs: number): readonly CandleRow[] {
  const quote = indicators.quote[0] ?? {};
  const lastTrade = (meta.regularMarketTime ?? 0) * SECOND_MS;
  const rows: CandleRow[] = [];
  for (const [index, seconds] of timestamp.entries()) {
    const at = (values: z.infer<typeof column>): number | null => values?.[index] ?? null;
    const [open, high, low, close] = [at(quote.open), at(quote.high), at(quote.low), at(quote.close)];
    const openTime = seconds * SECOND_MS;
    if (open === null || high === null || low === null || close === null) continue;
    const volume = at(quote.volume) ?? 0;
    // It has closed when the market has gone on: to a later interval, or to a later trade.
    const isClosed = index < timestamp.length - 1 || lastTrade >= openTime + lengthMs;
    const raw = JSON.stringify([seconds, open, high, low, close, volume]);
    rows.push({ openTime: epochMs(openTime), open, high, low, close, volume, isClosed, raw });
  }
  return rows;
}
