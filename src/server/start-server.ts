import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { UserError } from '../foundation/errors.ts';
import { AccessGuard } from './access-guard.ts';
import { ClientRoster } from './client-roster.ts';
import { addHttpRoutes } from './http-routes.ts';
import { httpServer } from './http-server.ts';
import { LiveViews } from './live-views.ts';
import { readiness } from './readiness.ts';
import { addressOf, checkOptions, defaultLimits, type ServerOptions } from './server-options.ts';
import { addSocketRoutes } from './socket-routes.ts';
import { StoreReader } from './store-reader.ts';

export interface RunningServer {
  readonly port: number;
  /** `http://127.0.0.1:8420` */
  readonly url: string;
  /** Says good-bye to its clients, and stops. Bus and store stay open. */
  close(): Promise<void>;
}

/**
 * The server role: shows what the system does, over HTTP and WebSockets. It reads bus and store and changes nothing; it
 * does not know the bots.
 *
 * Throws a UserError when the port is taken or the address is not this machine's, and when other machines could reach
 * the server and no token is set.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  checkOptions(options);
  const { host, port, bus, clock, logger, token } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const reader = new StoreReader({ ...options, limits });
  const views = new LiveViews(options, reader);
  const roster = new ClientRoster({ clock, logger, limits });
  const guard = new AccessGuard({ host, token, allowedOrigins: new Set(options.allowedOrigins) });
  let stopping = false;
  const app = await httpServer({ guard, logger, limits, isStopping: () => stopping });
  addHttpRoutes(app, { reader, views, clock, ready: readiness(options), version: readVersion() });
  addSocketRoutes(app, views, roster);

  const cleanUp = new AsyncDisposableStack();
  try {
    for (const unsubscribe of await views.start(bus)) cleanUp.defer(unsubscribe);
    cleanUp.defer(() => app.close());
    await listen(app, host, port);
    cleanUp.defer(() => roster.close());
    cleanUp.defer(
      clock.every(limits.pingEveryMs, () => {
        roster.checkAlive();
        void views.repair();
      }),
    );
  } catch (thrown) {
    await cleanUp.disposeAsync();
    throw thrown;
  }
  const bound = (app.server.address() as AddressInfo).port;
  const url = addressOf(host, bound);
  logger.info('The server listens', { url, token: token === undefined ? 'none' : 'needed' });
  let closed: Promise<void> | undefined;
  return {
    port: bound,
    url,
    close() {
      stopping = true;
      closed ??= cleanUp.disposeAsync();
      return closed;
    },
  };
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    // The name stands for two addresses, the second of which would get no WebSockets.
    await app.listen({ host: host.toLowerCase() === 'localhost' ? '127.0.0.1' : host, port });
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    const problem = code === undefined ? undefined : listenProblems[code]?.(host, port);
    throw problem === undefined ? thrown : new UserError(problem);
  }
}

const listenProblems: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) =>
    `Port ${port} of ${host} is in use already, perhaps by a server of this program that still runs. Set server.port to another one, or to 0 for any free port.`,
  EACCES: (host, port) =>
    `This user may not listen on port ${port} of ${host}. Set server.port to one above 1023, or to 0 for any free port.`,
  EADDRNOTAVAIL: notOurs,
  ENOTFOUND: notOurs,
  EAI_AGAIN: notOurs,
};

function notOurs(host: string): string {
  return `The server can not listen on ${host}: this machine has no such address. Set server.host to one that it has, such as 127.0.0.1.`;
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
