import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { sleep, systemClock } from '../../../src/foundation/clock.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** What the far end was sent, and what it sends back: the same, twice over. */
class Echo {
  readonly sockets: Socket[] = [];
  received = '';
  readonly server = createServer({ allowHalfOpen: true }, (socket) => {
    this.sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      this.received += bytes.toString();
      socket.write(bytes.toString().repeat(2));
    });
    socket.on('end', () => socket.end());
  }).listen(0, '127.0.0.1');

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }
}

class Client {
  readonly socket: Socket;
  received = '';
  ended = false;
  error = '';

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (bytes) => {
      this.received += bytes.toString('latin1');
    });
    this.socket.on('end', () => {
      this.ended = true;
    });
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? '';
    });
  }

  async got(text: string): Promise<void> {
    await until(() => this.received.includes(text), `${text}, not ${this.received}`);
  }
}

let echo: Echo;
let proxy: TcpProxy;
const clients: Client[] = [];

beforeEach(async () => {
  echo = new Echo();
  await once(echo.server, 'listening');
  proxy = await TcpProxy.start(echo.port, 7);
});

afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  for (const socket of echo.sockets) socket.destroy();
  await proxy.stop();
  echo.server.close();
});

function client(): Client {
  const made = new Client(proxy.port);
  clients.push(made);
  return made;
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 500, `waited in vain for ${what}`);
    await sleep(systemClock, 10);
  }
}

test('bytes and ends pass both ways', async () => {
  const one = client();
  one.socket.write('abc');
  await one.got('abcabc');
  one.socket.end('x');
  await until(() => one.ended, 'the end');
  assert.equal(echo.received, 'abcx');
  await until(() => proxy.openLinks === 0, 'the link to close');
});

test('a delay keeps order, and takes its time', async () => {
  await proxy.setMode({ kind: 'delay', ms: 80, jitterMs: 40 });
  const one = client();
  const began = systemClock.monotonic();
  for (const letter of 'abcdefgh') one.socket.write(letter);
  await until(() => one.received.length === 16, 'everything');
  assert.ok(systemClock.monotonic() - began >= 160, 'there and back');
  assert.equal(echo.received, 'abcdefgh');
});

test('a stall holds everything back, and gives it when it heals', async () => {
  const one = client();
  one.socket.write('a');
  await one.got('aa');
  await proxy.setMode({ kind: 'stall' });
  one.socket.write('b');
  const two = client();
  two.socket.write('c');
  await sleep(systemClock, 60);
  assert.deepEqual([one.received, two.received, echo.received], ['aa', '', 'a']);
  await proxy.heal();
  await one.got('aabb');
  await two.got('cc');
});

test('what was in a black hole stays silent for ever, without an end; what comes later is well', async () => {
  const one = client();
  one.socket.write('a');
  await one.got('aa');
  await proxy.setMode({ kind: 'black-hole' });
  one.socket.write('b');
  await proxy.heal();
  one.socket.write('c');
  echo.sockets[0]!.end();
  const two = client();
  two.socket.write('d');
  await two.got('dd');
  await sleep(systemClock, 50);
  assert.deepEqual([one.received, one.ended, one.error, echo.received], ['aa', false, '', 'ad']);
});

test('a reset reaches both ends', async () => {
  const one = client();
  one.socket.write('a');
  await one.got('aa');
  const [far] = echo.sockets;
  proxy.resetAll();
  await until(() => one.error !== '' && far!.destroyed, 'the resets');
  assert.equal(one.error, 'ECONNRESET');
});

test('new connections are refused, those that are open go on, and after healing the port is the same', async () => {
  const one = client();
  one.socket.write('a');
  await one.got('aa');
  await proxy.setMode({ kind: 'refuse' });
  const two = client();
  await until(() => two.error !== '', 'the refusal');
  assert.equal(two.error, 'ECONNREFUSED');
  one.socket.write('b');
  await one.got('bb');
  await proxy.heal();
  const three = client();
  three.socket.write('c');
  await three.got('cc');
});

test('a connection ends after the bytes it is given', async () => {
  const one = client();
  one.socket.write('a');
  await one.got('aa');
  await proxy.setMode({ kind: 'truncate', bytes: 3 });
  one.socket.write('bcd');
  await until(() => one.ended, 'the end');
  assert.equal(one.received, 'aabcd');
});

test('a throttled link is as slow as it says', async () => {
  await proxy.setMode({ kind: 'throttle', bytesPerSecond: 10_000 });
  const one = client();
  const began = systemClock.monotonic();
  one.socket.write('x'.repeat(1_000));
  await until(() => one.received.length === 2_000, 'everything');
  const took = systemClock.monotonic() - began;
  // A tenth of a second up, and two tenths down.
  assert.ok(took >= 290, `${took} ms`);
});

test('a corrupted piece has one byte that is another, the same for the same seed', async () => {
  await proxy.setMode({ kind: 'corrupt', probability: 1 });
  const one = client();
  one.socket.write('aaaaaaaa');
  await until(() => one.received.length === 16, 'everything');
  assert.equal([...one.received].filter((letter) => letter !== 'a').length, 1);
  assert.equal(echo.received, 'aaaaaaaa');
});

test('an end that dies without a word is an end that resets', async () => {
  const one = client();
  one.socket.write('a');
  await one.got('aa');
  echo.sockets[0]!.resetAndDestroy();
  await until(() => one.error !== '', 'the reset');
  assert.equal(one.error, 'ECONNRESET');
});
