import type { BotStatus } from '../domain/event.ts';
import type { Fill } from '../domain/fill.ts';
import type { EpochMs } from '../foundation/time.ts';

/** The running system at a glance: what the terminal view draws and what programs get. */
export interface LiveView {
  /** `replay`, or the provider's name. */
  readonly source: string;
  /** The account that orders go to; `null` on paper. */
  readonly account: LiveAccount | null;
  /** Market seconds per real second of a replay; `null` for the fastest possible; 1 for a real market. */
  readonly speed: number | null;
  /** 0 … 1 of a replay; `null` where there is no end. */
  readonly progress: number | null;
  /** The newest close time seen. */
  readonly marketTime: EpochMs | null;
  /** Real milliseconds since the start. */
  readonly elapsedMs: number;
  readonly prices: readonly LivePrice[];
  /** Of every provider that tells of it. */
  readonly connections: readonly LiveConnection[];
  readonly bots: readonly BotStatus[];
  /** Newest first. */
  readonly lastFills: readonly Fill[];
  /** Equity of all bots together, oldest first, thinned to a few hundred points. */
  readonly equity: readonly number[];
  /** Warnings and changes of state, newest first. */
  readonly events: readonly string[];
}

export interface LiveAccount {
  readonly name: string;
  /** Its money is real. */
  readonly isReal: boolean;
  /** Why nothing but exits is sent just now: it is not connected yet, say; `null` when all is well. */
  readonly trouble: string | null;
}

export interface LivePrice {
  readonly symbol: string;
  readonly price: number;
  /** `null` where the price is the close of a candle. */
  readonly bid: number | null;
  readonly ask: number | null;
  readonly source: string;
  /** `close`: a candle's, where the source tells no prices, or they are stale. */
  readonly kind: 'quote' | 'close';
  /** When the price was made, in the market's time. */
  readonly marketTime: EpochMs;
  /** Real milliseconds since it arrived; repeats of it do not count. */
  readonly ageMs: number;
  /** Milliseconds since it was made, on the venue's clock. */
  readonly exchangeAgeMs: number;
  /** One of its ages is above `market.updateTimeout`. */
  readonly isStale: boolean;
  /** Sample standard deviation of the log returns of the last 20 closed candles, for one bar; `null` before them. */
  readonly volatility: number | null;
  /** Change over the run so far, as a fraction. */
  readonly change: number;
  readonly candles: number;
}

/** How a provider is connected, as it told last. */
export interface LiveConnection {
  readonly source: string;
  /** `stream`: over sockets; `poll`: by requests alone. */
  readonly transport: 'stream' | 'poll';
  /** Every socket is live, or requests are answered; and it was told lately. */
  readonly isConnected: boolean;
  readonly sockets: number;
  readonly liveSockets: number;
  readonly reconnects: number;
  /** Subscriptions that bring nothing new. */
  readonly staleTopics: readonly string[];
  /** How late its prices are by nature, in milliseconds. */
  readonly delayMs: number;
  /** Milliseconds since it was told. */
  readonly toldAgeMs: number;
}
