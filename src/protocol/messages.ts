import type { WireBotStatus, WireCandleMessage, WireFill, WirePortfolio, WirePrice, WireSignal } from './wire.ts';

/**
 * What the server tells over its WebSockets, as JSON text, one message a frame:
 *
 *     /ws/bot/{botId}/status    BotChannelMessage
 *     /ws/market/{symbol}       MarketChannelMessage
 *     /ws/portfolio/{botId}     PortfolioChannelMessage
 *
 * The first message is a `snapshot`: the whole picture at that moment. All that follow are updates to it. The server
 * only speaks: a client that sends a message is hung up on.
 */
export const PROTOCOL_VERSION = 1;

/** The WebSocket subprotocol to offer. A token goes beside it, as a second one: {@link tokenSubprotocol}. */
export const SUBPROTOCOL = `tradewind.v${PROTOCOL_VERSION}`;

const TOKEN_PREFIX = 'bearer.';

/**
 * The subprotocol that carries the token, for browsers, which can't set an Authorization header on a WebSocket:
 * `new WebSocket(url, [SUBPROTOCOL, tokenSubprotocol(token)])`. The server never chooses it, so it is never echoed.
 */
export function tokenSubprotocol(token: string): string {
  return TOKEN_PREFIX + token;
}

/** The token among the subprotocols of a `Sec-WebSocket-Protocol` header. */
export function tokenOfSubprotocols(header: string): string | undefined {
  const found = header.split(',').find((one) => one.trim().startsWith(TOKEN_PREFIX));
  return found?.trim().slice(TOKEN_PREFIX.length);
}

interface MessageBase {
  readonly version: typeof PROTOCOL_VERSION;
  /**
   * Of the channel; a snapshot has that of the last update it includes, and each later update one more. A jump says
   * that updates were merged into newer ones, because this client read too slowly: nothing but superseded values is
   * missing.
   */
  readonly sequence: number;
  /** The server's clock. */
  readonly sentAt: number;
}

export type BotChannelMessage = MessageBase & BotUpdate;
export type BotUpdate =
  /** `bot` is `null` while the bot has not said anything yet. The last signals, oldest first. */
  | { readonly type: 'snapshot'; readonly bot: WireBotStatus | null; readonly signals: readonly WireSignal[] }
  | { readonly type: 'status'; readonly bot: WireBotStatus }
  | { readonly type: 'signal'; readonly signal: WireSignal };

export type MarketChannelMessage = MessageBase & MarketUpdate;
export type MarketUpdate =
  /** The latest price, and the newest confirmed candle of each timeframe. */
  | { readonly type: 'snapshot'; readonly price: WirePrice | null; readonly candles: readonly WireCandleMessage[] }
  | { readonly type: 'price'; readonly price: WirePrice }
  /** A confirmed candle. Its own `sequence` counts within its feed: a jump there is a candle to be fetched. */
  | { readonly type: 'candle'; readonly candle: WireCandleMessage };

export type PortfolioChannelMessage = MessageBase & PortfolioUpdate;
export type PortfolioUpdate =
  /** The last fills, oldest first. */
  | { readonly type: 'snapshot'; readonly portfolio: WirePortfolio | null; readonly fills: readonly WireFill[] }
  | { readonly type: 'portfolio'; readonly portfolio: WirePortfolio }
  | { readonly type: 'fill'; readonly fill: WireFill };

export type ChannelUpdate = BotUpdate | MarketUpdate | PortfolioUpdate;
export type ChannelMessage = MessageBase & ChannelUpdate;

/** Puts the envelope around an update. */
export function channelMessage(update: ChannelUpdate, sequence: number, sentAt: number): ChannelMessage {
  return { version: PROTOCOL_VERSION, sequence, sentAt, ...update };
}

/** Why the server hangs up: the code of the WebSocket's close frame. 4000 and above are ours. */
export const closeCodes = {
  /** The server stops. Come again. */
  stopping: 1001,
  /** The client said something; these channels only speak. */
  clientSpoke: 1008,
  /** There are too many clients, or the store does not answer. Come again later. */
  tryLater: 1013,
  /** No such bot or symbol here. */
  unknown: 4404,
  /** The client read too slowly, and its buffer ran over. */
  tooSlow: 4408,
} as const;
