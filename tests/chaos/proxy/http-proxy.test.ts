import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, test } from 'node:test';
import { sleep, systemClock } from '../../../src/foundation/clock.ts';
import { HttpProxy } from './http-proxy.ts';

let server: Server;
let proxy: HttpProxy;
let done: string[] = [];

beforeEach(async () => {
  done = [];
  server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString();
    done.push(`${request.method} ${request.url} ${body}`);
    response.writeHead(200, { 'content-type': 'application/json', 'x-limit': '9' });
    response.end(JSON.stringify({ count: done.length, padding: 'x'.repeat(100) }));
  }).listen(0, '127.0.0.1');
  server.on('upgrade', (request, socket) => {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\n`,
    );
    socket.on('data', (bytes) => socket.write(`heard ${bytes}`));
  });
  await once(server, 'listening');
  proxy = await HttpProxy.start((server.address() as AddressInfo).port, 3);
});

afterEach(async () => {
  await proxy.stop();
  server.closeAllConnections();
  server.close();
});

const post = (body: string, options: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${proxy.port}/v5/order/create?a=1`, { method: 'POST', body, ...options });

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 500, `waited in vain for ${what}`);
    await sleep(systemClock, 10);
  }
}

test('without a rule requests and answers pass as they are', async () => {
  const answer = await post('one');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('x-limit'), '9');
  assert.equal(((await answer.json()) as { count: number }).count, 1);
  assert.deepEqual(done, ['POST /v5/order/create?a=1 one']);
  assert.deepEqual([proxy.requests, proxy.struck.length], [1, 0]);
});

test('a swallowed answer: it was done, and nobody hears of it', async () => {
  proxy.add({ matches: /order\/create/, fault: { kind: 'swallow-answer', end: 'reset' }, count: 1 });
  await assert.rejects(post('lost'));
  assert.deepEqual(done, ['POST /v5/order/create?a=1 lost']);
  assert.deepEqual(proxy.struck, [{ kind: 'swallow-answer', call: 'POST /v5/order/create', body: 'lost' }]);
  assert.equal((await post('two')).status, 200);
  proxy.add({ matches: /order\/create/, fault: { kind: 'swallow-answer', end: 'silence' } });
  await assert.rejects(post('silent', { signal: AbortSignal.timeout(200) }), { name: 'TimeoutError' });
  assert.equal(done.length, 3);
});

test('a held request arrives after its sender has given up', async () => {
  proxy.add({ matches: /^POST/, fault: { kind: 'hold', ms: 250 } });
  await assert.rejects(post('late', { signal: AbortSignal.timeout(50) }), { name: 'TimeoutError' });
  assert.deepEqual(done, []);
  await until(() => done.length === 1, 'the late request');
});

test('a doubled request arrives twice, and one of the answers is given', async () => {
  for (const [give, count] of [
    ['first', 1],
    ['second', 4],
  ] as const) {
    proxy.heal();
    proxy.add({ matches: /^POST/, fault: { kind: 'duplicate', give } });
    const answer = (await (await post('twin')).json()) as { count: number };
    assert.equal(answer.count, count);
  }
  assert.deepEqual(done, Array(4).fill('POST /v5/order/create?a=1 twin'));
});

test('another answer, after it was done or without', async () => {
  proxy.add({ matches: /^POST/, count: 1, fault: { kind: 'answer', status: 502, body: '<html>', forward: true } });
  assert.equal((await post('done')).status, 502);
  assert.equal(done.length, 1);
  proxy.add({ matches: /^POST/, count: 1, fault: { kind: 'answer', status: 429, body: '{}', forward: false } });
  assert.equal((await post('not done')).status, 429);
  assert.equal(done.length, 1);
});

test('half an answer is an answer that can not be read', async () => {
  proxy.add({ matches: /^POST/, fault: { kind: 'half-answer' } });
  await assert.rejects(post('half').then((answer) => answer.json()));
  assert.equal(done.length, 1);
});

test('a rule strikes what it matches, as often as its probability says, the same for the same seed', async () => {
  proxy.add({ matches: /cancel/, fault: { kind: 'answer', status: 500, body: '', forward: false } });
  proxy.add({
    matches: /create/,
    probability: 0.3,
    fault: { kind: 'answer', status: 503, body: '', forward: false },
  });
  const statuses: number[] = [];
  for (let at = 0; at < 60; at++) statuses.push((await post(`${at}`)).status);
  const struck = statuses.filter((status) => status === 503).length;
  assert.ok(struck > 8 && struck < 30 && !statuses.includes(500), `${struck}`);
  proxy.heal();
  assert.equal((await post('healed')).status, 200);
});

test('a socket passes through both ways, and its end with it', async () => {
  const socket = connect(proxy.port, '127.0.0.1');
  let heard = '';
  socket.on('data', (bytes) => {
    heard += bytes.toString();
  });
  socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n');
  await until(() => heard.includes('101'), 'the upgrade');
  socket.write('hello');
  await until(() => heard.includes('heard hello'), 'the echo');
  const closed = once(socket, 'close');
  await proxy.stop();
  await closed;
});
