import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clientCommand, parseRedisAddress, startCommand, withCredentials } from '../../../src/bus/redis-address.ts';
import { UserError } from '../../../src/foundation/errors.ts';

describe('the address of a Redis', () => {
  test('over TCP: host, port, database and credentials', () => {
    const address = parseRedisAddress('redis://ada:p%40ss@example.org:7000/3');
    assert.deepEqual(address, {
      label: 'example.org:7000',
      place: { kind: 'tcp', host: 'example.org', port: 7000, secure: false },
      username: 'ada',
      password: 'p@ss',
      database: 3,
    });
    assert.equal(startCommand(address), 'redis-server --port 7000 --appendonly yes');
    assert.equal(withCredentials(address), 'redis://user:password@example.org:7000');
    assert.equal(clientCommand(address.label), 'redis-cli -h example.org -p 7000');
  });

  test('what is left out is usual: port 6379, database 0, nobody in particular', () => {
    const { label, username, password, database } = parseRedisAddress('rediss://example.org');
    assert.deepEqual(
      { label, username, password, database },
      { label: 'example.org:6379', username: undefined, password: undefined, database: 0 },
    );
  });

  test('rediss:// is over TLS; an IPv6 address loses its brackets on the way to the socket', () => {
    const { place, label } = parseRedisAddress('rediss://[::1]:7000');
    assert.deepEqual(place, { kind: 'tcp', host: '::1', port: 7000, secure: true });
    assert.equal(label, '[::1]:7000');
  });

  test('a Unix socket, by two names', () => {
    for (const scheme of ['unix', 'redis+unix']) {
      const address = parseRedisAddress(`${scheme}:///run/redis%20one/redis.sock?db=2`);
      assert.deepEqual(address.place, { kind: 'unix', path: '/run/redis one/redis.sock' });
      assert.deepEqual([address.label, address.database], ['/run/redis one/redis.sock', 2]);
    }
    const secret = parseRedisAddress('unix://:sesame@localhost/run/redis.sock');
    assert.deepEqual([secret.password, secret.label], ['sesame', '/run/redis.sock']);
    assert.equal(startCommand(secret), 'redis-server --port 0 --unixsocket /run/redis.sock --appendonly yes');
    assert.equal(clientCommand(secret.label), 'redis-cli -s /run/redis.sock');
    assert.equal(withCredentials(secret), 'unix://user:password@localhost/run/redis.sock');
  });

  test('anything else is refused, without its password', () => {
    for (const url of ['', 'localhost:6379', 'http://h', 'redis://', 'unix://', 'redis://:sesame@h/first']) {
      assert.throws(
        () => parseRedisAddress(url),
        (error) => error instanceof UserError && !error.message.includes('sesame'),
        url,
      );
    }
  });
});
