import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { serialize } from 'node:v8';
import { InvariantError, messageOf } from '../../../src/foundation/errors.ts';
import { redact } from '../../../src/foundation/redaction.ts';
import { hideSecrets, Secret } from '../../../src/foundation/secret.ts';

const TEXT = 'canary/"quoted"+pass=1';
const secret = new Secret(TEXT);

test('a secret shows itself nowhere, and gives its text when it is asked for it', () => {
  assert.equal(secret.reveal(), TEXT);
  const shown = [
    String(secret),
    `${secret}`,
    // biome-ignore lint/style/useTemplate: the other way of joining texts
    'a ' + secret,
    JSON.stringify({ secret, list: [secret] }),
    inspect({ secret }, { showHidden: true, depth: 9 }),
    inspect(secret, { customInspect: false, showHidden: true, getters: true }),
    JSON.stringify(Object.entries(secret)),
    JSON.stringify({ ...secret }),
    new InvariantError('Broken', { secret }).message,
  ];
  for (const text of shown) assert.doesNotMatch(text, /canary/);
  assert.equal(JSON.stringify({ secret }), '{"secret":"[secret]"}');
  assert.equal(inspect(secret), '[secret]');
});

test('a secret does not cross to another thread, nor get lost on the way there', () => {
  assert.throws(() => structuredClone(secret), { name: 'DataCloneError' });
  assert.throws(() => structuredClone({ deep: [secret] }), { name: 'DataCloneError' });
  assert.throws(() => serialize(secret));
});

test('secrets are taken out of any text, however they are written in it', () => {
  const json = JSON.stringify({ TEXT });
  const forms = [TEXT, json, JSON.stringify({ json }), encodeURIComponent(TEXT)];
  for (const form of forms) {
    assert.match(hideSecrets(`before ${form} after`), /^before .*\[secret\].* after$/);
    assert.doesNotMatch(hideSecrets(`before ${form} after`), /canary/);
  }
  assert.equal(messageOf(new Error(`bad key ${TEXT}`)), 'bad key [secret]');
});

test('a secret that is a part of another leaves nothing of it', () => {
  for (const text of ['canary-part', 'canary-part-and-the-rest']) new Secret(text).reveal();
  assert.equal(hideSecrets('x canary-part-and-the-rest y canary-part z'), 'x [secret] y [secret] z');
});

test('what is as short as a word is not taken out of sentences', () => {
  const short = new Secret('candle');
  assert.equal(hideSecrets('a candle'), 'a candle');
  assert.equal(String(short), '[secret]');
});

test('credentials of requests are hidden by their names', () => {
  const cases: readonly (readonly [text: string, shown: string])[] = [
    [
      'bybit GET https://x/v5/order?symbol=BTC&api_key=AAA&sign=BBB&signature=deadbeef 503',
      'bybit GET https://x/v5/order?symbol=BTC&api_key=(hidden)&sign=(hidden)&signature=(hidden) 503',
    ],
    [
      JSON.stringify({ level: 30, 'X-BAPI-SIGN': 'A', nested: { apiSecret: 'a"b\\', symbol: 'B' } }),
      JSON.stringify({ level: 30, 'X-BAPI-SIGN': '(hidden)', nested: { apiSecret: '(hidden)', symbol: 'B' } }),
    ],
    [
      JSON.stringify({ error: JSON.stringify({ 'X-BAPI-API-KEY': 'AAA', retCode: 10003 }) }),
      JSON.stringify({ error: JSON.stringify({ 'X-BAPI-API-KEY': '(hidden)', retCode: 10003 }) }),
    ],
    [
      "{ 'X-BAPI-SIGN': 'abc', 'X-MBX-APIKEY': 'def', Accept: 'text' }",
      "{ 'X-BAPI-SIGN': '(hidden)', 'X-MBX-APIKEY': '(hidden)', Accept: 'text' }",
    ],
    ['Authorization: Bearer abc.def.ghi', 'Authorization: (hidden)'],
    ['OK-ACCESS-PASSPHRASE: hello', 'OK-ACCESS-PASSPHRASE: (hidden)'],
  ];
  for (const [text, shown] of cases) assert.equal(redact(text), shown);
});

test('a sentence that only speaks of such things stays as it is', () => {
  for (const sentence of [
    'server.token must be a text of at least 32 letters and digits.',
    'store.url must be an address such as postgres://user:password@host:5432/database.',
    'The key file has 3 keys: bybit, bybit-demo, okx.',
    'keyPrefix=a designs=3 "token":123 "sides":"Buy"',
  ]) {
    assert.equal(redact(sentence), sentence);
  }
});

test('looking through a long text takes time that grows with its length only', () => {
  const parts = ['secret-token_', 'x-sign-', '"secret":"', '\\"token\\":\\"', 'cookie: ', ' ', 'sign=', '\\'];
  for (const part of parts) {
    const began = process.cpuUsage().user;
    redact(`"${part.repeat(100_000)}`);
    const took = process.cpuUsage().user - began;
    assert.ok(took < 2_000_000, `${JSON.stringify(part)}: ${took} µs`);
  }
});
