import { BlockList, isIP } from 'node:net';
import type { EventBus } from '../bus/event-bus.ts';
import type { Clock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import type { Logger } from '../foundation/logger.ts';
import type { PriceStatus } from '../protocol/answers.ts';
import type { LiveConnection } from '../protocol/live-view.ts';
import type { MarketMessage, SystemEvent, WirePrice } from '../protocol/wire.ts';
import type { Store } from '../store/store.ts';

/**
 * PORT: the latest prices. The server hands every message and event to it and asks it what holds then, so that the server
 * shows the very prices and ages that the trading processes go by.
 */
export interface PriceSource {
  /** False where the message tells no newer price. */
  take(message: MarketMessage): boolean;
  takeEvent(event: SystemEvent): void;
  price(symbol: string): WirePrice | null;
  status(symbol: string): PriceStatus;
  connections(): readonly LiveConnection[];
}

export interface ServerOptions {
  /** The address to listen on. Any but this machine's own (127.0.0.1, ::1, localhost) needs a token. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly bus: EventBus;
  readonly store: Store;
  /** One for this server alone, which feeds it. */
  readonly prices: PriceSource;
  /** What may be asked for: the symbols and bots of the configuration. */
  readonly symbols: readonly string[];
  readonly botIds: readonly string[];
  readonly logger: Logger;
  readonly clock: Clock;
  /** Other origins whose pages may read, such as `https://dashboard.example`. The server's own always may. */
  readonly allowedOrigins?: readonly string[];
  /** Where given, every request must carry it: `Authorization: Bearer …`, or as a subprotocol of a WebSocket. */
  readonly token?: string;
  readonly limits?: Partial<ServerLimits>;
}

/** Everything is bounded. */
export interface ServerLimits {
  /** WebSockets at the same time. Default 1,000. */
  readonly maximumClients: number;
  /** What may wait for one client to read. Default 1 MB. */
  readonly clientBufferBytes: number;
  /** What may wait for all clients together. Default 64 MB. */
  readonly totalBufferBytes: number;
  /** A client that has not answered a ping when the next is due is hung up on. Default 20 s. */
  readonly pingEveryMs: number;
  /** How long a client may take to send the head of a request. Default 10 s. */
  readonly headWithinMs: number;
  /** How long bus and store may take for one answer. Default 5 s. */
  readonly readWithinMs: number;
  /** Reads of the store at the same time; beyond, requests are told to come again (503). Default 64. */
  readonly maximumReads: number;
}

export const defaultLimits: ServerLimits = {
  maximumClients: 1_000,
  clientBufferBytes: 1_000_000,
  totalBufferBytes: 64_000_000,
  pingEveryMs: 20_000,
  headWithinMs: 10_000,
  readWithinMs: 5_000,
  maximumReads: 64,
};

/** What a token must look like: at least 32 characters, so that 128 bits fit whatever the alphabet, and none that needs quoting. */
const TOKEN = /^[A-Za-z0-9._~-]{32,256}$/;

/** Throws a UserError on options with which the server must not start. */
export function checkOptions({ host, port, token, allowedOrigins = [] }: ServerOptions): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new UserError(`The server's port is ${port}. Give a whole number from 0 to 65535; 0 takes any free port.`);
  }
  if (!/^[A-Za-z0-9.:-]{1,253}$/.test(host)) {
    throw new UserError(`The server's host ${JSON.stringify(host)} is not an address. Give one such as 127.0.0.1.`);
  }
  if (token !== undefined && !TOKEN.test(token)) {
    throw new UserError(
      "The server's token is too weak or has unusual characters. Give 32 to 256 letters, digits or . _ ~ - of pure chance, such as `openssl rand -hex 32` prints.",
    );
  }
  if (token === undefined && !isLoopback(host)) {
    throw new UserError(
      `The server would listen on ${host}, where other machines can reach it, without a token. Set a token for it, or host 127.0.0.1 to serve this machine only.`,
    );
  }
  for (const origin of allowedOrigins) {
    if (isOrigin(origin)) continue;
    throw new UserError(
      `The allowed origin ${JSON.stringify(origin)} is not one. Write scheme, host and port only, such as https://dashboard.example or http://localhost:5173.`,
    );
  }
}

/** Whether only programs on this machine can reach the address. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const family = isIP(host);
  return family !== 0 && loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** As a browser writes it (RFC 6454): `null`, paths and upper case are no origins. */
function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** The address of a host and port, for people and programs. */
export function addressOf(host: string, port: number): string {
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}
