import { HttpProxy } from '../proxy/http-proxy.ts';
import type { LinkMode } from '../proxy/link-mode.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';

export interface Ports {
  readonly exchange: number;
  readonly redis: number;
  readonly postgres: number;
}

export type Service = keyof Ports;

/** The lines of one process to the exchange, to Redis and to PostgreSQL, each of which can fail by itself. */
export class Edges {
  readonly exchange: TcpProxy;
  /** Behind the line to the exchange: what happens to single requests. */
  readonly requests: HttpProxy;
  readonly redis: TcpProxy;
  readonly postgres: TcpProxy;

  private constructor(exchange: TcpProxy, requests: HttpProxy, redis: TcpProxy, postgres: TcpProxy) {
    this.exchange = exchange;
    this.requests = requests;
    this.redis = redis;
    this.postgres = postgres;
  }

  static async start(ports: Ports, seed: number): Promise<Edges> {
    const requests = await HttpProxy.start(ports.exchange, seed);
    return new Edges(
      await TcpProxy.start(requests.port, seed),
      requests,
      await TcpProxy.start(ports.redis, seed),
      await TcpProxy.start(ports.postgres, seed),
    );
  }

  async setMode(service: Service, mode: LinkMode): Promise<void> {
    await this[service].setMode(mode);
  }

  async heal(): Promise<void> {
    this.requests.heal();
    await Promise.all([this.exchange.heal(), this.redis.heal(), this.postgres.heal()]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.exchange.stop(), this.redis.stop(), this.postgres.stop()]);
    await this.requests.stop();
  }
}
