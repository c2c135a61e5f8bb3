import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { SUBPROTOCOL, tokenSubprotocol } from '../../src/protocol/messages.ts';
import type { Store } from '../../src/store/store.ts';
import { type Answer, serverUnderTest, UPGRADE } from './server-under-test.ts';

/** Every address of the server, each with what makes it a good request; and two that it does not have. */
const routes = [
  '/health',
  '/ready',
  '/api/status',
  '/api/bots',
  '/api/bots/alpha',
  '/api/bots/alpha/signals',
  '/api/bots/alpha/orders',
  '/api/bots/alpha/order-events',
  '/api/bots/alpha/fills',
  '/api/bots/alpha/equity',
  '/api/market/BTCUSDT/candles?timeframe=1m',
  '/api/audit/head',
  '/nowhere',
  '/%zz',
];
const channels = ['/ws/bot/alpha/status', '/ws/market/BTCUSDT', '/ws/portfolio/alpha'];
const token = 'canary-0123456789abcdef0123456789abcdef';

function mustBeGuarded(answer: Answer, about: string): void {
  const { headers } = answer;
  assert.equal(headers['cache-control'], 'no-store', about);
  assert.equal(headers['x-content-type-options'], 'nosniff', about);
  assert.equal(headers['content-security-policy'], "default-src 'none'; frame-ancestors 'none'", about);
  assert.equal(headers['referrer-policy'], 'no-referrer', about);
  assert.equal(headers['x-powered-by'], undefined, about);
}

test('another host name is refused everywhere: DNS rebinding', async (t) => {
  const { server, ask } = await serverUnderTest(t);
  const foreign = ['evil.example', `evil.example:${server.port}`, '127.0.0.1.evil.example', 'localhost.evil.example'];
  const others = ['0.0.0.0', `0.0.0.0:${server.port}`, '192.168.1.5', '[::2]', 'localhost.'];
  for (const host of [...foreign, ...others]) {
    for (const path of [...routes, ...channels]) {
      const upgrade = channels.includes(path) ? UPGRADE : {};
      const answer = await ask(path, { headers: { host, ...upgrade } });
      assert.equal(answer.status, 403, `${host} ${path}`);
      assert.match(answer.text, /"HOST_REFUSED"/);
      mustBeGuarded(answer, path);
    }
  }
  // Ports may be mapped on the way.
  for (const host of [
    'localhost',
    'LOCALHOST:9000',
    '127.0.0.1',
    `127.0.0.1:${server.port}`,
    '[::1]:80',
    '127.0.0.2',
  ]) {
    assert.equal((await ask('/health', { headers: { host } })).status, 200, host);
  }
  for (const host of [
    '',
    'a b',
    'user@127.0.0.1',
    '127.0.0.1:x',
    '127.0.0.1/path',
    '[::1',
    '127.0.0.1, evil.example',
  ]) {
    assert.equal((await ask('/health', { headers: { host } })).status, 400, host);
  }
});

test('requests with no Host, two, or an address of another server', async (t) => {
  const { send } = await serverUnderTest(t);
  const end = 'Connection: close\r\n\r\n';
  assert.match(await send(`GET /health HTTP/1.1\r\n${end}`), /^HTTP\/1\.1 400 /);
  assert.match(await send(`GET /health HTTP/1.0\r\n${end}`), /^HTTP\/1\.1 400 /);
  const twice = 'Host: 127.0.0.1\r\nHost: evil.example\r\n';
  assert.match(await send(`GET /health HTTP/1.1\r\n${twice}${end}`), /^HTTP\/1\.1 400 /);
  const absolute = await send(`GET http://evil.example/health HTTP/1.1\r\nHost: evil.example\r\n${end}`);
  assert.match(absolute, /^HTTP\/1\.1 403 /);
});

test('pages of other origins are refused, over HTTP and WebSocket', async (t) => {
  const friend = 'https://dashboard.example';
  const { server, ask, logger } = await serverUnderTest(t, { allowedOrigins: [friend] });
  const own = `http://127.0.0.1:${server.port}`;
  const foreign = [
    'https://evil.example',
    'null',
    'http://127.0.0.1:1',
    'http://localhost',
    own.replace('http', 'https'),
  ];
  const crooked = [`${own}.evil.example`, `${own}, https://evil.example`, 'https://dashboard.example.evil.example', ''];
  for (const origin of [...foreign, ...crooked]) {
    for (const path of routes) {
      const answer = await ask(path, { headers: { origin } });
      assert.equal(answer.status, 403, `${origin} ${path}`);
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
    }
    for (const path of channels) {
      assert.equal((await ask(path, { headers: { ...UPGRADE, origin } })).status, 403, `${origin} ${path}`);
    }
  }
  for (const path of channels) {
    for (const headers of [{}, { origin: own }, { origin: friend }]) {
      assert.equal((await ask(path, { headers: { ...UPGRADE, ...headers } })).status, 101, path);
    }
  }
  // Without CORS a page sends no Origin: images, scripts, forms. The browser says where it comes from all the same.
  for (const site of ['cross-site', 'same-site']) {
    const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };
    assert.equal((await ask('/api/status', { headers })).status, 403);
    const framed = { ...headers, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' };
    assert.equal((await ask('/api/status', { headers: framed })).status, 403);
    const followed = { ...headers, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    assert.equal((await ask('/api/status', { headers: followed })).status, 200);
  }
  const mine = await ask('/api/status', { headers: { origin: own, 'sec-fetch-site': 'same-origin' } });
  assert.deepEqual([mine.status, mine.headers['access-control-allow-origin']], [200, undefined]);
  const friends = await ask('/api/status', { headers: { origin: friend, 'sec-fetch-site': 'cross-site' } });
  assert.deepEqual([friends.status, friends.headers['access-control-allow-origin']], [200, friend]);
  assert.equal(friends.headers.vary, 'origin');
  const preflight = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' };
  const may = await ask('/api/status', { method: 'OPTIONS', headers: { origin: friend, ...preflight } });
  assert.equal(may.status, 204);
  assert.equal(may.headers['access-control-allow-headers'], 'authorization');
  const mayNot = await ask('/api/status', {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example', ...preflight },
  });
  assert.deepEqual([mayNot.status, mayNot.headers['access-control-allow-headers']], [403, undefined]);
  assert.deepEqual(logger.of('error'), []);
});

test('with a token set, nothing is answered without it', async (t) => {
  const { server, ask, open, logger } = await serverUnderTest(t, { token });
  const wrong: Record<string, string>[] = [
    {},
    { authorization: 'Bearer' },
    { authorization: 'Bearer ' },
    { authorization: `Bearer ${token.slice(0, -1)}` },
    { authorization: `Bearer ${token}x` },
    { authorization: `Bearer ${token.toUpperCase()}` },
    { authorization: token },
    { authorization: `Basic ${Buffer.from(`user:${token}`).toString('base64')}` },
    { authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.' },
    { cookie: `token=${token}` },
    { 'x-api-key': token },
    // Only where a browser can't do otherwise.
    { 'sec-websocket-protocol': tokenSubprotocol(token) },
  ];
  const separator = (path: string) => (path.includes('?') ? '&' : '?');
  for (const path of routes) {
    for (const headers of wrong) {
      const answer = await ask(path, { headers });
      assert.equal(answer.status, 401, `${path} ${JSON.stringify(headers)}`);
      assert.equal(answer.headers['www-authenticate'], 'Bearer');
      assert.deepEqual((answer.json() as { error: { code: string } }).error.code, 'UNAUTHORISED');
      mustBeGuarded(answer, path);
    }
    const inAddress = await ask(`${path}${separator(path)}token=${token}&access_token=${token}`);
    assert.equal(inAddress.status, 401);
    const right = await ask(path, { headers: { authorization: `Bearer ${token}` } });
    assert.ok([200, 400, 404].includes(right.status), `${path} ${right.status}`);
  }
  for (const path of channels) {
    for (const headers of wrong.slice(0, -1)) {
      assert.equal((await ask(path, { headers: { ...UPGRADE, ...headers } })).status, 401, path);
    }
    const guess = { 'sec-websocket-protocol': `${SUBPROTOCOL}, ${tokenSubprotocol('x'.repeat(40))}` };
    assert.equal((await ask(path, { headers: { ...UPGRADE, ...guess } })).status, 401);
    assert.equal((await ask(`${path}?token=${token}`, { headers: UPGRADE })).status, 401);
    const bearer = { authorization: `Bearer ${token}` };
    assert.equal((await ask(path, { headers: { ...UPGRADE, ...bearer } })).status, 101);
  }
  const reader = open('/ws/market/BTCUSDT', [SUBPROTOCOL, tokenSubprotocol(token)]);
  assert.equal((await reader.next()).type, 'snapshot');
  assert.equal(reader.socket.protocol, SUBPROTOCOL);
  await reader.leave();
  // A preflight carries no token, and tells nothing.
  const preflight = { origin: `http://127.0.0.1:${server.port}`, 'access-control-request-method': 'GET' };
  assert.equal((await ask('/api/status', { method: 'OPTIONS', headers: preflight })).status, 204);
  assert.ok(!JSON.stringify(logger.lines).includes('canary'), 'the token is in the log');
});

test('with a token a server may be reached from elsewhere, by its addresses but not by any name', async (t) => {
  const { ask, server } = await serverUnderTest(t, {
    host: '0.0.0.0',
    token,
    allowedOrigins: ['https://dashboard.example'],
  });
  const authorization = `Bearer ${token}`;
  for (const host of [`192.168.1.5:${server.port}`, 'localhost', '[2001:db8::1]', 'dashboard.example']) {
    assert.equal((await ask('/health', { headers: { host, authorization } })).status, 200, host);
  }
  assert.equal((await ask('/health', { headers: { host: 'evil.example', authorization } })).status, 403);
});

const crooked = [
  '..',
  '.',
  '../alpha',
  '..%2f..%2fetc%2fpasswd',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '%252e%252e%252f',
  '..%5c..%5cwindows',
  '%2fetc%2fpasswd',
  'C:%5cwindows',
  'alpha%00',
  'alpha%0d%0aset-cookie:x',
  'alpha%20',
  '*',
  'al*',
  '__proto__',
  'constructor',
  'toString',
  'alpha;drop%20table%20fills',
  "alpha'%20or%20'1'='1",
  '=cmd|calc',
  '<script>',
  '%F0%9F%98%80',
  'alpha%2Ffills',
  '-alpha',
  'a'.repeat(65),
  'a'.repeat(129),
];

test('names that are none never reach the store', async (t) => {
  const asked: unknown[] = [];
  const { store: stored } = await serverUnderTest(t);
  const store = new Proxy(stored, {
    get(target, name: keyof Store) {
      return (...given: never[]) => {
        asked.push(...given);
        return (target[name] as (...given: never[]) => unknown).apply(target, given);
      };
    },
  });
  const { ask, logger } = await serverUnderTest(t, { store });
  await ask('/api/bots/alpha/fills?limit=9');
  assert.deepEqual(asked.splice(0), ['alpha', { offset: 0, limit: 10 }]);
  const shapes = [
    (name: string) => `/api/bots/${name}`,
    (name: string) => `/api/bots/${name}/fills`,
    (name: string) => `/api/market/${name}/candles?timeframe=1m`,
    (name: string) => `/api/market/BTCUSDT/candles?timeframe=${name}`,
    (name: string) => `/api/bots/alpha/fills?limit=${name}`,
    (name: string) => `/api/bots/alpha/fills?${name}=1`,
    (name: string) => `/${name}`,
  ];
  for (const name of crooked) {
    for (const shape of shapes) {
      const path = shape(name);
      // Node's client sends these as they are, but will not send a blank or a control character.
      const answer = await ask(path);
      assert.ok([400, 404, 414].includes(answer.status), `${path} ${answer.status} ${answer.text}`);
      assert.ok(!answer.text.includes('passwd') && !answer.text.includes('script'), answer.text);
      mustBeGuarded(answer, path);
    }
    for (const path of [`/ws/bot/${name}/status`, `/ws/market/${name}`, `/ws/portfolio/${name}`]) {
      const { status } = await ask(path, { headers: UPGRADE });
      // A sound name that nobody has is told by a close code; the rest gets no WebSocket.
      const isSound = /^(constructor|toString)$/.test(name) || (path.includes('market') && /^[A-Za-z=]/.test(name));
      assert.ok(
        isSound ? [101, 400, 404, 414].includes(status) : [400, 404, 414].includes(status),
        `${path} ${status}`,
      );
    }
  }
  assert.deepEqual(logger.of('error'), []);
  assert.deepEqual(asked, []);
  assert.equal(Object.keys(Object.prototype).length, 0);
});

test('generated addresses: never a failure inside, never anything but JSON', async (t) => {
  const { ask, logger } = await serverUnderTest(t);
  const piece = fc.oneof(
    fc.constantFrom(
      'api',
      'bots',
      'alpha',
      'fills',
      'ws',
      'market',
      'BTCUSDT',
      'candles',
      '..',
      '%2e',
      '%00',
      '__proto__',
    ),
    fc.webSegment(),
  );
  const key = fc.constantFrom(
    'limit',
    'offset',
    'timeframe',
    'count',
    'until',
    '__proto__',
    'constructor[prototype]',
    'a[]',
  );
  const value = fc.oneof(
    fc.webQueryParameters(),
    fc.constantFrom('1', '1000', '1m', '-0', 'NaN', '1e9', '0x10', '%E0%A4'),
  );
  const address = fc
    .tuple(fc.array(piece, { maxLength: 6 }), fc.array(fc.tuple(key, value), { maxLength: 4 }))
    .map(([pieces, query]) => `/${pieces.join('/')}?${query.map((pair) => pair.join('=')).join('&')}`);
  await fc.assert(
    fc.asyncProperty(address, fc.boolean(), async (path, isUpgrade) => {
      const answer = await ask(path, isUpgrade ? { headers: UPGRADE } : {});
      assert.ok([101, 200, 400, 404, 414, 426].includes(answer.status), `${answer.status} ${path}`);
      if (answer.status === 101) return;
      answer.json();
      mustBeGuarded(answer, path);
    }),
    { numRuns: 1_000 },
  );
  assert.deepEqual(logger.of('error'), []);
  assert.equal(Object.keys(Object.prototype).length, 0);
});

test('bodies, long addresses and many headers are refused unread', async (t) => {
  const { ask, send } = await serverUnderTest(t);
  const head = 'Host: 127.0.0.1\r\n';
  for (const body of ['Content-Length: 1000000000\r\n\r\n', 'Transfer-Encoding: chunked\r\n\r\nFFFFFFF\r\nxxxx']) {
    for (const [method, path, status] of [
      ['GET', '/api/status', 413],
      ['POST', '/api/status', 405],
      ['POST', '/nowhere', 404],
    ] as const) {
      // `send` resolves when the server has hung up: it does not wait for the rest.
      const said = await send(`${method} ${path} HTTP/1.1\r\n${head}Content-Type: application/json\r\n${body}`);
      assert.match(said, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.match(said, /cache-control: no-store/i);
    }
  }
  assert.equal((await ask(`/api/status?${'x'.repeat(2_100)}`)).status, 414);
  const many = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x-${index}`, '1']));
  assert.equal((await ask('/health', { headers: many })).status, 431);
  const large = await ask('/health', { headers: { 'x-large': 'x'.repeat(17_000) } });
  assert.equal(large.status, 431);
  mustBeGuarded(large, 'large header');
  // So many that Node would silently drop the last, were it not told otherwise: the foreign Origin would go unseen.
  const tiny = Array.from({ length: 2_100 }, () => 'a:\r\n').join('');
  assert.match(
    await send(`GET /health HTTP/1.1\r\n${head}${tiny}Origin: https://evil.example\r\nConnection: close\r\n\r\n`),
    /^HTTP\/1\.1 431 /,
  );
});

test('what is not HTTP, or comes in drops, is hung up on', async (t) => {
  const { send, ask, server } = await serverUnderTest(t, { limits: { headWithinMs: 300 } });
  for (const bytes of ['\x16\x03\x01\x02\x00\x01', 'hello\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', '\0'.repeat(100)]) {
    const said = await send(bytes);
    assert.match(said, /^HTTP\/1\.1 400 Bad Request\r\ncache-control: no-store/);
    assert.match(said, /"code":"BAD_REQUEST"/);
  }
  assert.match(await send('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: '), /^HTTP\/1\.1 408 /);
  const silent = connect(server.port, '127.0.0.1').resume();
  await once(silent, 'close');
  // HTTP/2 is not spoken; who offers it is served as if it had not.
  const offer = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' };
  assert.equal((await ask('/health', { headers: offer })).status, 200);
});
