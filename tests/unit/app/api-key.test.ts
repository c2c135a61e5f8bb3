import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { keyVariables, readAccountName } from '../../../src/app/keys/account-name.ts';
import { findApiKey } from '../../../src/app/keys/find-api-key.ts';
import { KeyFile, WrongPasswordError } from '../../../src/app/keys/key-file.ts';
import { apiKeyOf, fingerprintOf } from '../../../src/app/keys/key-text.ts';
import type { SecretAsker } from '../../../src/app/keys/secret-asker.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { UserError } from '../../../src/foundation/errors.ts';
import { Secret } from '../../../src/foundation/secret.ts';

const PASSWORD = 'correct horse battery';

let folder: string;
let file: KeyFile;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-api-key-'));
  file = new KeyFile(join(folder, 'keys.json'), systemClock);
  await file.add(
    'bybit-demo',
    apiKeyOf({ key: 'key-in-file', secret: 'secret-in-file' }, 'a test'),
    new Secret(PASSWORD),
  );
});
after(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('TRADEWIND_')) delete process.env[name];
});

/** Answers as it was told to, and keeps what it was asked. */
function asker(answers: readonly string[], isTerminal = true): SecretAsker & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    isTerminal,
    asked,
    async ask(question) {
      const answer = answers[asked.push(question) - 1];
      if (answer === undefined) throw new UserError('Nobody answers.');
      return new Secret(answer);
    },
  };
}

test('names of accounts and of their variables belong together one to one', () => {
  for (const name of ['bybit', 'bybit-demo', 'a', 'my-2nd-account'])
    assert.deepEqual(readAccountName(name), { ok: true, value: name });
  for (const name of ['', 'Bybit', 'a_b', '-a', 'a-', 'a b', 'ä', '__proto__', 'a'.repeat(65)]) {
    assert.equal(readAccountName(name).ok, false, name);
  }
  assert.deepEqual(keyVariables('bybit-demo'), {
    key: 'TRADEWIND_BYBIT_DEMO_KEY',
    secret: 'TRADEWIND_BYBIT_DEMO_SECRET',
    passphrase: 'TRADEWIND_BYBIT_DEMO_PASSPHRASE',
  });
});

test('a key in the environment goes before the file, and asks for no password', async () => {
  process.env.TRADEWIND_BYBIT_DEMO_KEY = 'key-in-environment';
  process.env.TRADEWIND_BYBIT_DEMO_SECRET = 'secret-in-environment';
  const nobody = asker([]);
  const found = await findApiKey('bybit-demo', file, nobody);
  assert.equal(found.apiKey.key.reveal(), 'key-in-environment');
  assert.equal(found.apiKey.secret.reveal(), 'secret-in-environment');
  assert.equal(found.apiKey.passphrase, undefined);
  assert.equal(found.source, 'the environment');
  assert.deepEqual(nobody.asked, []);
  process.env.TRADEWIND_BYBIT_DEMO_PASSPHRASE = 'third part';
  assert.equal((await findApiKey('bybit-demo', file, nobody)).apiKey.passphrase?.reveal(), 'third part');
});

test('half a key in the environment is a mistake, not a reason to look elsewhere', async () => {
  process.env.TRADEWIND_BYBIT_DEMO_SECRET = 'canary-secret';
  await assert.rejects(findApiKey('bybit-demo', file, asker([PASSWORD])), (thrown: Error) => {
    assert.match(thrown.message, /^TRADEWIND_BYBIT_DEMO_SECRET is set, but TRADEWIND_BYBIT_DEMO_KEY is not/);
    assert.doesNotMatch(thrown.message, /canary/);
    return thrown instanceof UserError;
  });
});

test('the password of the file is asked for, of a person three times', async () => {
  const second = asker(['wrong password', PASSWORD]);
  const found = await findApiKey('bybit-demo', file, second);
  assert.equal(found.apiKey.key.reveal(), 'key-in-file');
  assert.equal(found.fingerprint, fingerprintOf(found.apiKey));
  assert.equal(found.source, file.path);
  assert.equal(second.asked.length, 2);
  assert.match(second.asked[1]!, /^Not that one/);
  const stubborn = asker(['wrong 1', 'wrong 2', 'wrong 3', PASSWORD]);
  await assert.rejects(findApiKey('bybit-demo', new KeyFile(file.path, systemClock), stubborn), WrongPasswordError);
  assert.equal(stubborn.asked.length, 3);
  const pipe = asker(['wrong 4', PASSWORD], false);
  await assert.rejects(findApiKey('bybit-demo', new KeyFile(file.path, systemClock), pipe), WrongPasswordError);
  assert.equal(pipe.asked.length, 1);
});

test('the password may come from the environment, and is used once then', async () => {
  process.env.TRADEWIND_KEYS_PASSWORD = PASSWORD;
  const nobody = asker([]);
  const again = new KeyFile(file.path, systemClock);
  assert.equal((await findApiKey('bybit-demo', again, nobody)).apiKey.key.reveal(), 'key-in-file');
  process.env.TRADEWIND_KEYS_PASSWORD = 'not this one';
  await assert.rejects(findApiKey('bybit-demo', again, asker([PASSWORD])), WrongPasswordError);
});

test('a key that is nowhere is told before anybody is asked', async () => {
  const person = asker([PASSWORD]);
  await assert.rejects(findApiKey('okx', file, person), {
    message:
      /^There is no key of the account okx in .*: it has bybit-demo\. Add it with "tradewind keys add okx", or set TRADEWIND_OKX_KEY and TRADEWIND_OKX_SECRET in the environment\.$/,
  });
  assert.deepEqual(person.asked, []);
});

test('a key is taken as it was meant, and what can be none is refused without being repeated', () => {
  assert.equal(apiKeyOf({ key: '  abc \n', secret: 'x' }, 'x').key.reveal(), 'abc');
  const pem = '-----BEGIN EC PRIVATE KEY-----\\nAAAA\\n-----END EC PRIVATE KEY-----\\n';
  assert.equal(apiKeyOf({ key: 'k', secret: pem }, 'x').secret.reveal().split('\n').length, 4);
  const wrong = [' ', 'canary\u0000', 'canary\u001b[A', `canary${'x'.repeat(9_000)}`];
  for (const secret of wrong) {
    assert.throws(
      () => apiKeyOf({ key: 'k', secret }, 'okx'),
      (thrown: Error) =>
        thrown instanceof UserError && /secret of okx/.test(thrown.message) && !/canary/.test(thrown.message),
    );
  }
});
