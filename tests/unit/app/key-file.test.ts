import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { KeyFile, WrongPasswordError } from '../../../src/app/keys/key-file.ts';
import { apiKeyOf, fingerprintOf } from '../../../src/app/keys/key-text.ts';
import { VirtualClock } from '../../../src/foundation/clock.ts';
import { UserError } from '../../../src/foundation/errors.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { epochMs } from '../../../src/foundation/time.ts';

const PASSWORD = new Secret('correct horse battery');
const DEMO = apiKeyOf({ key: 'canary-key-one', secret: 'canary-secret-one' }, 'a test');
const OKX = apiKeyOf({ key: 'canary-key-two', secret: 'canary-secret-two', passphrase: 'canary-phrase' }, 'a test');

let folder: string;
let clock: VirtualClock;
/** A file with two keys, made once: each password costs half a second. */
let sample: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-keys-'));
  clock = new VirtualClock(epochMs(Date.UTC(2026, 0, 2)));
  const file = new KeyFile(join(folder, 'deep', 'keys.json'), clock);
  await file.add('bybit-demo', DEMO, PASSWORD);
  await file.add('okx', OKX, PASSWORD);
  sample = readFileSync(file.path, 'utf8');
});
after(() => rmSync(folder, { recursive: true }));

let count = 0;

/** The sample, changed or not, as a file of its own. */
function copy(change: (document: SampleDocument) => void = () => {}): KeyFile {
  const document = JSON.parse(sample) as SampleDocument;
  change(document);
  return written(JSON.stringify(document));
}

function written(text: string): KeyFile {
  const path = join(folder, `keys-${count++}.json`);
  writeFileSync(path, text, { mode: 0o600 });
  return new KeyFile(path, clock);
}

interface SampleDocument {
  version: number;
  derivation: { algorithm: string; N: number; r: number; p: number; salt: string };
  entries: Record<string, { created: string; fingerprint: string; nonce: string; sealed: string; tag: string }>;
}

test('what was kept comes back under the password, and nothing of it can be read without', async () => {
  const file = new KeyFile(join(folder, 'deep', 'keys.json'), clock);
  const opened = await file.open('okx', PASSWORD);
  assert.deepEqual(
    [opened.key.reveal(), opened.secret.reveal(), opened.passphrase?.reveal()],
    ['canary-key-two', 'canary-secret-two', 'canary-phrase'],
  );
  const demo = await file.open('bybit-demo', PASSWORD);
  assert.deepEqual([demo.secret.reveal(), demo.passphrase], ['canary-secret-one', undefined]);
  assert.doesNotMatch(sample, /canary|horse/);
  assert.equal(statSync(file.path).mode & 0o777, 0o600);
  assert.deepEqual(await file.list(), [
    { account: 'bybit-demo', created: '2026-01-02T00:00:00.000Z', fingerprint: fingerprintOf(DEMO) },
    { account: 'okx', created: '2026-01-02T00:00:00.000Z', fingerprint: fingerprintOf(OKX) },
  ]);
});

test('the work of a guess is what the documents say', () => {
  const { derivation } = JSON.parse(sample) as SampleDocument;
  const { salt, ...work } = derivation;
  assert.deepEqual(work, { algorithm: 'scrypt', N: 131_072, r: 8, p: 1 });
  assert.equal(Buffer.from(salt, 'base64').length, 32);
});

test('each seal has a nonce of its own, and each file a salt', async () => {
  const { entries, derivation } = JSON.parse(sample) as SampleDocument;
  assert.notEqual(entries.okx!.nonce, entries['bybit-demo']!.nonce);
  const other = new KeyFile(join(folder, 'other.json'), clock);
  await other.add('okx', OKX, PASSWORD);
  const second = JSON.parse(readFileSync(other.path, 'utf8')) as SampleDocument;
  assert.notEqual(second.derivation.salt, derivation.salt);
  assert.notEqual(second.entries.okx!.sealed, entries.okx!.sealed);
});

describe('what was changed does not open, in the words of a wrong password', () => {
  const flipped = (text: string): string => {
    const bytes = Buffer.from(text, 'base64');
    bytes[0]! ^= 1;
    return bytes.toString('base64');
  };
  const changes: Readonly<Record<string, (document: SampleDocument) => void>> = {
    'a byte of the seal': ({ entries }) => {
      entries.okx!.sealed = flipped(entries.okx!.sealed);
    },
    'the tag': ({ entries }) => {
      entries.okx!.tag = flipped(entries.okx!.tag);
    },
    'a shorter tag': ({ entries }) => {
      entries.okx!.tag = Buffer.from(entries.okx!.tag, 'base64').subarray(0, 4).toString('base64');
    },
    'the nonce': ({ entries }) => {
      entries.okx!.nonce = flipped(entries.okx!.nonce);
    },
    'the key of another name': ({ entries }) => {
      entries.okx = entries['bybit-demo']!;
    },
    'the fingerprint': ({ entries }) => {
      entries.okx!.fingerprint = '00000000';
    },
    'the time': ({ entries }) => {
      entries.okx!.created = '2027-01-02T00:00:00.000Z';
    },
    'the salt': ({ derivation }) => {
      derivation.salt = flipped(derivation.salt);
    },
  };
  const messages = new Set<string>();
  for (const [what, change] of Object.entries(changes)) {
    test(what, async () => {
      const file = copy(change);
      await assert.rejects(file.open('okx', PASSWORD), (thrown: Error) => {
        assert.ok(thrown instanceof WrongPasswordError);
        messages.add(thrown.message.replace(file.path, ''));
        return true;
      });
    });
  }
  test('a wrong password', async () => {
    const file = copy();
    await assert.rejects(file.open('okx', new Secret('wrong horse battery')), (thrown: Error) => {
      messages.add(thrown.message.replace(file.path, ''));
      return thrown instanceof WrongPasswordError;
    });
    assert.equal(messages.size, 1);
  });
});

test('a file that asks for less work, or for too much, is refused before any password is used', async () => {
  const changes: readonly ((derivation: SampleDocument['derivation']) => void)[] = [
    (derivation) => {
      derivation.N = 2 ** 14;
    },
    (derivation) => {
      derivation.N = 2 ** 30;
    },
    (derivation) => {
      derivation.N = 2 ** 17 + 1;
    },
    (derivation) => {
      derivation.p = 1_000;
    },
    (derivation) => {
      derivation.algorithm = 'none';
    },
    (derivation) => {
      derivation.salt = '';
    },
  ];
  for (const change of changes) {
    const file = copy(({ derivation }) => change(derivation));
    await assert.rejects(file.open('okx', PASSWORD), { name: 'UserError', message: /is no key file, or was changed/ });
  }
});

test('what is no key file is told so, and never read past', async () => {
  const texts = ['', '[]', '{}', 'null', '{"format":"tradewind.keys"}', sample.slice(0, 300)];
  for (const text of texts) {
    await assert.rejects(written(text).list(), { name: 'UserError', message: /is no key file/ });
  }
  const entry = '{"created":"\u001b[2J","fingerprint":"00000000","nonce":"","sealed":"","tag":""}';
  const poisoned = copy(({ entries }) => {
    entries.okx = JSON.parse(entry.replace('\u001b', '\\u001b')) as SampleDocument['entries'][string];
  });
  await assert.rejects(poisoned.list(), /is no key file/);
  const later = copy((document) => {
    document.version = 2;
  });
  await assert.rejects(later.list(), /written by another version of tradewind/);
});

test('a name that every object has is a name like another', async () => {
  const named = copy(({ entries }) => {
    Object.defineProperty(entries, '__proto__', { value: entries.okx, enumerable: true });
  });
  assert.deepEqual(
    (await named.list()).map(({ account }) => account),
    ['__proto__', 'bybit-demo', 'okx'],
  );
  assert.equal(await copy().has('constructor'), false);
});

test('a file that others may read is refused', { skip: process.platform === 'win32' }, async () => {
  for (const mode of [0o640, 0o604, 0o622]) {
    const file = copy();
    chmodSync(file.path, mode);
    await assert.rejects(file.list(), { name: 'UserError', message: /Other users may read .*chmod 600/ });
  }
});

test('a second key needs the password of the first, and a name is taken once', async () => {
  const file = copy();
  await assert.rejects(file.add('third', DEMO, new Secret('another password')), WrongPasswordError);
  await assert.rejects(file.add('okx', DEMO, PASSWORD), /There is a key of the account okx .* already/);
  assert.equal(readFileSync(file.path, 'utf8'), JSON.stringify(JSON.parse(sample)));
  assert.equal(existsSync(`${file.path}.new`), false);
});

test('the first password must be long', async () => {
  const file = new KeyFile(join(folder, 'short.json'), clock);
  await assert.rejects(file.add('okx', OKX, new Secret('11 letters!')), /12 characters or more/);
  assert.deepEqual(await file.list(), []);
  assert.equal(existsSync(file.path), false);
});

test('what was removed is gone; an emptied file takes another password', async () => {
  const file = copy();
  await file.remove('okx');
  assert.deepEqual(
    (await file.list()).map(({ account }) => account),
    ['bybit-demo'],
  );
  assert.ok(!readFileSync(file.path, 'utf8').includes((JSON.parse(sample) as SampleDocument).entries.okx!.sealed));
  await assert.rejects(file.open('okx', PASSWORD), /There is no key of the account okx in .*: it has bybit-demo\.$/);
  await assert.rejects(file.remove('okx'), UserError);
  await file.remove('bybit-demo');
  const another = new Secret('quite another one');
  await file.add('okx', OKX, another);
  assert.equal((await file.open('okx', another)).key.reveal(), 'canary-key-two');
});

test('of two writers one is told to try again, and nothing is lost', async () => {
  const file = copy();
  const outcomes = await Promise.allSettled([file.remove('okx'), file.remove('bybit-demo')]);
  const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
  assert.equal(failed.length, 1);
  assert.match(String(failed[0]!.reason), /Another "tradewind keys" is writing/);
  assert.equal((await file.list()).length, 1);
});

test('after five wrong passwords no other is tried for a quarter of an hour', async () => {
  const file = copy();
  const wrong = new Secret('wrong wrong wrong');
  // At once, as a program would: none may slip through while another is being tried.
  const outcomes = await Promise.allSettled(Array.from({ length: 7 }, () => file.open('okx', wrong)));
  const kinds = outcomes.map(
    (outcome) => outcome.status === 'rejected' && outcome.reason instanceof WrongPasswordError,
  );
  assert.deepEqual(kinds, [true, true, true, true, true, false, false]);
  await assert.rejects(file.open('okx', PASSWORD), /5 passwords within 15 minutes were wrong/);
  await clock.advance(15 * 60_000 - 1);
  await assert.rejects(file.open('okx', PASSWORD), /5 passwords within 15 minutes were wrong/);
  await clock.advance(1);
  assert.equal((await file.open('okx', PASSWORD)).key.reveal(), 'canary-key-two');
});
