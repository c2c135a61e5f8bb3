import type { WebSocket } from '@fastify/websocket';
import type { FastifyInstance } from 'fastify';
import type { CancelTimer } from '../../foundation/clock.ts';
import { BitvavoSession } from '../bitvavo/bitvavo-session.ts';
import type { ExchangeParts } from '../exchange-parts.ts';
import type { Fault } from '../faults/fault.ts';
import { SocketConnection, type Stream } from './socket-connection.ts';
import { StreamSession } from './stream-session.ts';
import { TradeSession } from './trade-session.ts';

const IDLE_CHECK_MS = 30_000;
const STREAMS: Readonly<Record<string, Stream>> = {
  '/v5/public/linear': { kind: 'public', category: 'linear' },
  '/v5/public/spot': { kind: 'public', category: 'spot' },
  // Listed by clients; nothing is traded there.
  '/v5/public/inverse': { kind: 'public', category: undefined },
  '/v5/public/option': { kind: 'public', category: undefined },
  '/v5/private': { kind: 'private' },
  '/v2': { kind: 'public', category: undefined, protocol: 'bitvavo' },
  '/v2/': { kind: 'public', category: undefined, protocol: 'bitvavo' },
  '/v5/trade': { kind: 'trade' },
};

export type SocketKind = Stream['kind'] | 'all';

/** The exchange's sockets, and the faults that strike connections. */
export class SocketServer {
  readonly #connections = new Set<SocketConnection>();
  readonly #parts: ExchangeParts;
  readonly #storms = new Map<Fault, CancelTimer>();
  readonly #stopIdleCheck: CancelTimer;
  #connected = 0;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    parts.faults.listen((fault, added) => this.#onFault(fault, added));
    this.#stopIdleCheck = parts.wallClock.every(IDLE_CHECK_MS, () => {
      for (const connection of this.#connections) if (connection.isIdle) connection.cut();
    });
  }

  addRoutes(app: FastifyInstance): void {
    for (const [path, stream] of Object.entries(STREAMS)) {
      app.get(path, { websocket: true }, (socket, request) => this.#accept(socket, stream, request.ip));
    }
  }

  /** How many sockets are open. */
  get openConnections(): number {
    return this.#connections.size;
  }

  /** Cuts every connection of a kind, without a farewell. */
  disconnect(kind: SocketKind = 'all'): void {
    for (const connection of this.#connections) if (isOf(connection, kind)) connection.cut();
  }

  stop(): void {
    this.#stopIdleCheck();
    for (const cancel of this.#storms.values()) cancel();
    this.disconnect();
  }

  #accept(socket: WebSocket, stream: Stream, address: string): void {
    const { faults, rateLimiter, counts } = this.#parts;
    this.#connected += 1;
    counts.add(`WS ${stream.kind} connect`);
    const connection = new SocketConnection(socket, stream, this.#parts, this.#connected);
    if (faults.find('outage') !== undefined || rateLimiter?.takeConnection(address) === false) {
      connection.cut();
      return;
    }
    this.#connections.add(connection);
    connection.onClose(() => this.#connections.delete(connection));
    if (stream.kind === 'trade') new TradeSession(connection, this.#parts);
    else if ('protocol' in stream) new BitvavoSession(connection, this.#parts);
    else new StreamSession(connection, this.#parts);
    if (faults.strike('half-open', ({ sockets }) => isOf(connection, sockets)) !== undefined) connection.deafen();
  }

  #onFault(fault: Fault, added: boolean): void {
    if (fault.kind === 'outage' && added) this.disconnect();
    if (fault.kind === 'half-open' && added) this.#deafenAll();
    if (fault.kind !== 'disconnect-storm') return;
    this.#storms.get(fault)?.();
    this.#storms.delete(fault);
    if (!added) return;
    const strike = (): void => {
      if (this.#parts.faults.strike('disconnect-storm', (one) => one === fault) !== undefined)
        this.disconnect(fault.sockets);
    };
    this.#storms.set(fault, this.#parts.clock.every(fault.everyMs, strike));
  }

  #deafenAll(): void {
    for (const connection of this.#connections) {
      const struck = this.#parts.faults.strike('half-open', ({ sockets }) => isOf(connection, sockets));
      if (struck !== undefined) connection.deafen();
    }
  }
}

function isOf({ stream }: SocketConnection, kind: SocketKind): boolean {
  return kind === 'all' || stream.kind === kind;
}
