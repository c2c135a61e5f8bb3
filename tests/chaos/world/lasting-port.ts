import { once } from 'node:events';
import { createServer } from 'node:net';
import { Random } from '../../../src/foundation/random.ts';

/** Below the ports that systems give to outgoing connections: what is free there stays free while its server is killed. */
const LOWEST = 20_000;
const HIGHEST = 29_999;

/** A port on which nothing listens, and which no outgoing connection takes meanwhile. */
export async function lastingPort(seed: number): Promise<number> {
  const random = new Random(seed, `port of ${process.pid}`);
  for (let tries = 0; tries < 100; tries++) {
    const port = random.integer(LOWEST, HIGHEST);
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${LOWEST} to ${HIGHEST} is free`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    server.close();
    return true;
  } catch {
    return false;
  }
}
