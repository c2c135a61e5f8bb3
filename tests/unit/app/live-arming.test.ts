import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadConfiguration } from '../../../src/app/config.ts';
import type { Configuration } from '../../../src/app/configuration.ts';
import type { SecretAsker } from '../../../src/app/keys/secret-asker.ts';
import { armLive, type LiveTerms } from '../../../src/app/live-arming.ts';
import { checkAccess, openAccount, roleTrades } from '../../../src/app/open-account.ts';
import { VirtualClock } from '../../../src/foundation/clock.ts';
import { InvariantError, UserError } from '../../../src/foundation/errors.ts';
import { Secret } from '../../../src/foundation/secret.ts';
import { epochMs } from '../../../src/foundation/time.ts';

const clock = new VirtualClock(epochMs(Date.UTC(2026, 0, 2)));
const place = { exchange: 'bybit', account: 'bybit', url: null };
const key = { fingerprint: '01234567', source: 'the environment' };

let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-arming-'));
});
after(() => {
  rmSync(folder, { recursive: true });
  delete process.env.TRADEWIND_BYBIT_KEY;
  delete process.env.TRADEWIND_BYBIT_SECRET;
});

const LIVE = 'trading: { mode: live, allowLive: true }\nmarket: { provider: bybit, symbols: [BTCUSDT] }\n';
const BOT =
  'bots: [{ id: a, strategy: moving-average-cross, symbols: [BTCUSDT], parameters: { fast: 5, slow: 20 } }]\n';

async function configurationOf(text: string): Promise<Configuration> {
  writeFileSync(join(folder, 'tradewind.yaml'), text);
  return loadConfiguration('tradewind.yaml', { cwd: folder });
}

/** The phrase that a configuration shows. */
async function phraseOf(text: string, changes: Partial<Pick<LiveTerms, 'place' | 'key'>> = {}): Promise<string> {
  const configuration = await configurationOf(text);
  let shown: string | undefined;
  const confirm = async ({ phrase }: LiveTerms): Promise<string> => {
    shown = phrase;
    return phrase;
  };
  await armLive({ configuration, asked: true, place, key, clock, confirm, ...changes });
  return shown!;
}

test('all three permissions arm; any one that is missing does not, and nobody is asked before the others are there', async () => {
  const configuration = await configurationOf(LIVE + BOT);
  for (const allowLive of [true, false]) {
    for (const asked of [true, false]) {
      for (const isTyped of [true, false]) {
        let wasShown = false;
        const arming = armLive({
          configuration: { ...configuration, trading: { ...configuration.trading, allowLive } },
          asked,
          place,
          key,
          clock,
          confirm: async ({ phrase }) => {
            wasShown = true;
            return isTyped ? `${phrase}\n` : 'yes';
          },
        });
        if (allowLive && asked && isTyped) {
          const { fingerprint, ...rest } = await arming;
          assert.match(fingerprint, /^[0-9a-f]{8}$/);
          assert.deepEqual(rest, { ...place, at: clock.now() });
        } else await assert.rejects(arming, UserError);
        assert.equal(wasShown, allowLive && asked);
      }
    }
  }
});

test('what is typed must be the phrase to the letter', async () => {
  const configuration = await configurationOf(LIVE + BOT);
  const phrase = await phraseOf(LIVE + BOT);
  assert.match(phrase, /^trade real money on bybit [0-9a-f]{8}$/);
  for (const typed of [
    '',
    'yes',
    phrase.slice(0, -1),
    phrase.toUpperCase(),
    phrase.replace('bybit', 'okx'),
    `${phrase}0`,
  ]) {
    const arming = armLive({ configuration, asked: true, place, key, clock, confirm: async () => typed });
    await assert.rejects(arming, { name: 'UserError', message: /not the phrase that was shown/ });
  }
});

test('the phrase belongs to what is traded, where, by which key and within which limits', async () => {
  const phrases = [
    await phraseOf(LIVE + BOT),
    await phraseOf(LIVE + BOT.replace('fast: 5', 'fast: 6')),
    await phraseOf(`${LIVE}${BOT}risk: { dailyLossLimit: 5000 }\n`),
    await phraseOf(LIVE.replace('bybit', 'okx') + BOT),
    await phraseOf(LIVE.replace('symbols: [BTCUSDT]', 'symbols: [BTCUSDT, ETHUSDT]') + BOT),
    await phraseOf(LIVE + BOT, { key: { ...key, fingerprint: '89abcdef' } }),
    await phraseOf(LIVE + BOT, { place: { ...place, url: 'http://127.0.0.1:1' } }),
    await phraseOf(LIVE + BOT, { place: { ...place, account: 'second' } }),
  ];
  assert.equal(new Set(phrases).size, phrases.length);
});

test('what does not decide about orders leaves the phrase as it is', async () => {
  const phrase = await phraseOf(LIVE + BOT);
  const others = [
    'logging: { level: debug }\n',
    'server: { port: 1234 }\n',
    'record: { raw: false }\n',
    'store: { path: other.db }\n',
  ];
  for (const other of others) assert.equal(await phraseOf(LIVE + BOT + other), phrase, other);
  assert.equal(await phraseOf(BOT.replace('fast: 5, slow: 20', 'slow: 20, fast: 5') + LIVE), phrase);
});

test('a strategy file that was changed needs a new phrase', async () => {
  const strategy = readFileSync(new URL('../../fixtures/crossing-averages.ts', import.meta.url), 'utf8');
  const file = join(folder, 'mine.ts');
  const text = `${LIVE}bots: [{ id: a, strategy: ./mine.ts, symbols: [BTCUSDT] }]\n`;
  writeFileSync(file, strategy);
  const phrase = await phraseOf(text);
  assert.equal(await phraseOf(text), phrase);
  writeFileSync(file, `${strategy}\n// changed\n`);
  assert.notEqual(await phraseOf(text), phrase);
});

const nobody: SecretAsker = { isTerminal: false, ask: () => Promise.reject(new UserError('Nobody answers.')) };

test('the account of a configuration is opened with its key, armed where it is real money', async () => {
  const opening = { live: false, asker: nobody, clock, confirm: async ({ phrase }: LiveTerms) => phrase };
  const paper = await configurationOf('');
  assert.equal(await openAccount({ ...opening, configuration: paper }), undefined);
  process.env.TRADEWIND_BYBIT_KEY = 'canary-key';
  process.env.TRADEWIND_BYBIT_SECRET = 'canary-secret';
  const configuration = await configurationOf(LIVE + BOT);
  await assert.rejects(openAccount({ ...opening, configuration }), /add --live/);
  const access = await openAccount({ ...opening, configuration, live: true });
  assert.ok(access?.mode === 'live');
  assert.equal(access.armed.account, 'bybit');
  assert.ok(access.apiKey.secret instanceof Secret && access.apiKey.secret.reveal() === 'canary-secret');
  assert.doesNotMatch(JSON.stringify(access), /canary/);
  const demo = await configurationOf(
    'trading: { mode: demo }\naccount: { name: bybit }\nmarket: { provider: bybit }\n',
  );
  const opened = await openAccount({ ...opening, configuration: demo });
  assert.deepEqual({ ...opened, apiKey: undefined }, { ...place, mode: 'demo', apiKey: undefined });
});

test('a mode does not run without its account, nor with the permission for another', async () => {
  process.env.TRADEWIND_BYBIT_KEY = 'canary-key';
  process.env.TRADEWIND_BYBIT_SECRET = 'canary-secret';
  const configuration = await configurationOf(LIVE + BOT);
  const confirm = async ({ phrase }: LiveTerms): Promise<string> => phrase;
  const access = await openAccount({ configuration, live: true, asker: nobody, clock, confirm });
  assert.ok(access?.mode === 'live');
  checkAccess(configuration, access);
  const paper = await configurationOf('');
  checkAccess(paper, undefined);
  const wrong = [
    [configuration, undefined],
    [configuration, { ...access, mode: 'demo' as const }],
    [configuration, { ...access, url: 'https://elsewhere.example' }],
    [configuration, { ...access, account: 'second' }],
    [paper, access],
  ] as const;
  for (const [each, other] of wrong) assert.throws(() => checkAccess(each, other), InvariantError);
});

test('only what trades sees a key', () => {
  const roles = ['all', 'collector', 'bots', 'recorder', 'server'] as const;
  assert.deepEqual(roles.filter(roleTrades), ['all', 'bots']);
});
