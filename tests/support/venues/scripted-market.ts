import type { Candle } from '../../../src/domain/candle.ts';
import { type EpochMs, epochMs, MINUTE_MS } from '../../../src/foundation/time.ts';

/** Where every script begins: a Monday, long ago, so that no test leans on the machine's clock. */
export const SCRIPT_START = epochMs(Date.UTC(2025, 5, 2));

/** So far into its minute the running candle of a script is. */
const INTO_THE_MINUTE_MS = 5_000;

/** One-minute candles that are all different, with decimals that a float64 keeps. */
export function scriptedCandles(count: number, level: number, start: EpochMs = SCRIPT_START): Candle[] {
  return Array.from({ length: count }, (_, index) => {
    const open = level + ((index * 7) % 11) / 4;
    const close = level + (((index + 1) * 7) % 11) / 4;
    const openTime = start + index * MINUTE_MS;
    return {
      openTime: epochMs(openTime),
      closeTime: epochMs(openTime + MINUTE_MS),
      open,
      high: Math.max(open, close) + 0.5,
      low: Math.min(open, close) - 0.25,
      close,
      volume: 1.5 + (index % 5),
    };
  });
}

/** A market whose candles are known beforehand; its time moves when it is told to. */
export class ScriptedMarket {
  readonly symbols: readonly string[];
  readonly script: ReadonlyMap<string, readonly Candle[]>;
  now: EpochMs;
  #closed: number;

  /** @param already how many candles have closed at the beginning */
  constructor(symbols: readonly string[], length: number, already: number) {
    this.symbols = symbols;
    this.script = new Map(symbols.map((symbol, index) => [symbol, scriptedCandles(length, 100 * (index + 1))]));
    this.#closed = already;
    this.now = epochMs(SCRIPT_START + already * MINUTE_MS + INTO_THE_MINUTE_MS);
  }

  /** How many candles have closed. */
  get closed(): number {
    return this.#closed;
  }

  candle(symbol: string, index: number): Candle {
    return this.script.get(symbol)![index]!;
  }

  /** The running candle, as far as it has come: none of its values but the open is the last. */
  forming(symbol: string): Candle {
    const { open, low, ...rest } = this.candle(symbol, this.#closed);
    return { ...rest, open, low: Math.min(open, low), high: open + 0.125, close: open + 0.125, volume: 0.5 };
  }

  /** The running candle ends. */
  endMinute(): void {
    this.#closed += 1;
    this.now = epochMs(SCRIPT_START + this.#closed * MINUTE_MS + 200);
  }

  settleIntoMinute(): void {
    this.now = epochMs(SCRIPT_START + this.#closed * MINUTE_MS + INTO_THE_MINUTE_MS);
  }

  /** What a history has: closed candles and the running one, from `from` on, at most `limit`, oldest first. */
  rows(symbol: string, from: number, limit: number): readonly Candle[] {
    const closed = this.script.get(symbol)!.slice(0, this.#closed);
    return [...closed, this.forming(symbol)].filter(({ openTime }) => openTime >= from).slice(0, limit);
  }
}
