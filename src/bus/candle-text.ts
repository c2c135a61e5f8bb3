import type { CandleMessage, MarketLogEntry, MarketMessage } from '../domain/event.ts';

/** The candles that were written last, each with its text: a collector writes each of them three times in a row. */
const REMEMBERED = 16;
const lastCandles: (CandleMessage | undefined)[] = new Array(REMEMBERED).fill(undefined);
const lastTexts: string[] = new Array(REMEMBERED).fill('');
let next = 0;

/** The JSON of a candle, made once for its own topic, its market's and the log. Candles are never changed. */
export function candleText(candle: CandleMessage): string {
  const known = lastCandles.indexOf(candle);
  if (known >= 0) return lastTexts[known]!;
  const text = JSON.stringify(candle);
  lastCandles[next] = candle;
  lastTexts[next] = text;
  next = (next + 1) % REMEMBERED;
  return text;
}

export function marketMessageText(message: MarketMessage): string {
  return message.kind === 'candle'
    ? `{"kind":"candle","candle":${candleText(message.candle)}}`
    : JSON.stringify(message);
}

export function marketEntryText(entry: MarketLogEntry): string {
  if (entry.kind !== 'candle') return JSON.stringify(entry);
  const { index, candle, raw } = entry;
  return `{"kind":"candle","index":${index},"candle":${candleText(candle)},"raw":${JSON.stringify(raw)}}`;
}
