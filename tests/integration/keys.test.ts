import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { RunningExchange } from '../../src/exchange/simulated-exchange.ts';
import { liveExchange } from '../support/live-exchange.ts';
import { type Ended, launcher, run, start } from './command-line.ts';

/*
 * Keys through the real program, and a search for them in everything that it writes: outputs, logs, store, files, and the
 * list of processes.
 */

/** One that the exchange knows, one that it does not, and the password. */
const KNOWN = { key: 'canary-known-key', secret: 'canary-known-secret' };
const UNKNOWN = { key: 'canary-unknown-key', secret: 'canary-unknown-secret' };
const PASSWORD = 'canary password of the file';
const CANARY = /canary/;

let folder: string;
let exchange: RunningExchange;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-keys-'));
  exchange = await liveExchange({ keys: [{ ...KNOWN, readOnly: false, mayWithdraw: false }] });
  const bot = '{ id: a, strategy: moving-average-cross, symbols: [BTCUSDT], parameters: { fast: 2, slow: 3 } }';
  const demo = `trading: { mode: demo, timeframe: 1m }
market: { provider: bybit, url: "${exchange.url}", symbols: [BTCUSDT] }
logging: { level: debug }
bots: [${bot}]
`;
  const live = `${demo.replace('mode: demo', 'mode: live, allowLive: true')}store: { path: live.db }\n`;
  writeFileSync(join(folder, 'tradewind.yaml'), demo);
  writeFileSync(join(folder, 'live.yaml'), live);
});
after(async () => {
  await exchange.close();
  rmSync(folder, { recursive: true });
});

const inFile = { TRADEWIND_KEYS_PASSWORD: PASSWORD };
const inEnvironment = { TRADEWIND_BYBIT_DEMO_KEY: KNOWN.key, TRADEWIND_BYBIT_DEMO_SECRET: KNOWN.secret };

function silent({ out, err }: Ended): void {
  assert.doesNotMatch(out, CANARY);
  assert.doesNotMatch(err, CANARY);
}

/** No file below the folder has a canary, whatever its kind. */
function searchFiles(): readonly string[] {
  const files = globSync('**/*', { cwd: folder }).concat(globSync('.tradewind/**/*', { cwd: folder }));
  const found = [...new Set(files)].filter((file) => statSync(join(folder, file)).isFile());
  for (const file of found) assert.doesNotMatch(readFileSync(join(folder, file), 'latin1'), CANARY, file);
  return found;
}

test('keys are kept from a pipe, listed and removed; nobody sees them', async () => {
  const lines = `${UNKNOWN.key}\n${UNKNOWN.secret}\n`;
  const added = await run(['keys', 'add', 'bybit-demo'], folder, inFile, lines);
  assert.equal(added.code, 0, added.err);
  assert.match(added.out, /^Kept the key of bybit-demo in .*keys\.json\. Its fingerprint is [0-9a-f]{8}\.\n$/);
  const second = await run(
    ['keys', 'add', 'okx'],
    folder,
    {},
    `${KNOWN.key}\n${KNOWN.secret}\ncanary-phrase\n${PASSWORD}\n`,
  );
  assert.equal(second.code, 0, second.err);
  const wrong = await run(['keys', 'add', 'third'], folder, {}, `${lines}\ncanary wrong password\n`);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /the password is wrong, or the file was changed/);
  const list = await run(['keys', 'list', '--json'], folder);
  const listed = JSON.parse(list.out) as readonly { readonly account: string; readonly fingerprint: string }[];
  assert.deepEqual(
    listed.map(({ account }) => account),
    ['bybit-demo', 'okx'],
  );
  assert.match(added.out, new RegExp(listed[0]!.fingerprint));
  const table = await run(['keys', 'list'], folder);
  assert.match(table.out, /^Account +Fingerprint +Added\nbybit-demo +[0-9a-f]{8} /);
  const removed = await run(['keys', 'remove', 'okx'], folder);
  assert.equal(removed.code, 0);
  for (const ended of [added, second, wrong, list, table, removed]) silent(ended);
  assert.ok(searchFiles().includes('.tradewind/keys.json'));
});

test('a run on a demo account shows its key nowhere', async () => {
  const started = start(['start', '--for', '2s', '--json', '--debug'], folder, inEnvironment);
  const commandLines = new Set<string>();
  let isOver = false;
  void started.ended.then(() => {
    isOver = true;
  });
  while (!isOver) {
    for (const line of commandLinesOf(started.pid)) commandLines.add(line);
    await new Promise((resume) => setTimeout(resume, 50));
  }
  const ended = await started.ended;
  silent(ended);
  assert.ok(commandLines.size > 0 && [...commandLines].every((line) => line.includes('start')));
  for (const line of commandLines) assert.doesNotMatch(line, CANARY);
  assert.equal(ended.code, 0, ended.err);
  assert.ok(existsSync(join(folder, '.tradewind/logs/tradewind.log')));
  const calls = (await (await fetch(`${exchange.url}/admin/calls`)).json()) as Readonly<Record<string, unknown>>;
  assert.match(JSON.stringify(calls), /wallet-balance/, 'the account was not asked for anything');
  assert.ok(searchFiles().some((file) => file.endsWith('tradewind.db')));
});

test('a key that the exchange refuses is not repeated', async () => {
  const ended = await run(['start', '--for', '2s', '--json', '--debug'], folder, inFile);
  silent(ended);
  assert.equal(ended.code, 2);
  assert.match(ended.err, /does not accept the key of bybit-demo/);
  searchFiles();
});

test('a wrong password, half a key and a missing one are told without them', async () => {
  const wrong = await run(['start', '--debug'], folder, { TRADEWIND_KEYS_PASSWORD: 'canary wrong password' });
  assert.match(wrong.err, /the password is wrong, or the file was changed/);
  const half = await run(['start', '--debug'], folder, { TRADEWIND_BYBIT_DEMO_KEY: KNOWN.key });
  assert.match(half.err, /^TRADEWIND_BYBIT_DEMO_KEY is set, but TRADEWIND_BYBIT_DEMO_SECRET is not/);
  const nobody = await run(['start', '--debug'], folder);
  assert.match(nobody.err, /standard input has ended\. Start this in a terminal, or set TRADEWIND_KEYS_PASSWORD\./);
  for (const ended of [wrong, half, nobody]) {
    silent(ended);
    assert.equal(ended.code, 2);
  }
});

test('a crash that nobody caught is told without a key', async () => {
  const strategy = readFileSync(new URL('../fixtures/crossing-averages.ts', import.meta.url), 'utf8');
  const crash = `setTimeout(() => {
  const error = new Error('lost with ' + process.env.TRADEWIND_BYBIT_DEMO_SECRET);
  throw Object.assign(error, { request: { headers: { key: process.env.TRADEWIND_BYBIT_DEMO_KEY } } });
}, 5_000);`;
  writeFileSync(join(folder, 'crashing.ts'), `${strategy}\n${crash}\n`);
  const text = readFileSync(join(folder, 'tradewind.yaml'), 'utf8');
  const other = text
    .replace('strategy: moving-average-cross', 'strategy: ./crashing.ts')
    .replace(/, parameters: \{.*?\}/, '');
  writeFileSync(join(folder, 'crashing.yaml'), `${other}store: { path: crashing.db }\n`);
  const ended = await run(['start', '--config', 'crashing.yaml', '--json'], folder, inEnvironment);
  assert.equal(ended.code, 1);
  assert.match(ended.err, /Something is wrong inside tradewind: lost with \[secret\]\..*\n +at /s);
  silent(ended);
});

const LIVE = ['start', '--live', '--config', 'live.yaml', '--for', '2s', '--json'];
const liveKey = { TRADEWIND_BYBIT_KEY: KNOWN.key, TRADEWIND_BYBIT_SECRET: KNOWN.secret };

test('without a terminal real money needs the phrase of this configuration, which a refusal does not tell', async () => {
  const refused = await run(LIVE, folder, liveKey, 'yes\n');
  assert.equal(refused.code, 2);
  assert.match(refused.err, /^REAL MONEY\..*account {4}bybit: key [0-9a-f]{8} from the environment/s);
  assert.match(refused.err, /confirmed by a person in a terminal, and there is none\..*TRADEWIND_LIVE_CONFIRMATION/);
  assert.doesNotMatch(refused.err, /trade real money on/);
  const stale = await run(LIVE, folder, {
    ...liveKey,
    TRADEWIND_LIVE_CONFIRMATION: 'trade real money on bybit 00000000',
  });
  assert.equal(stale.code, 2);
  assert.match(stale.err, /TRADEWIND_LIVE_CONFIRMATION is not the phrase of this configuration/);
  assert.ok(!existsSync(join(folder, 'live.db')));
  for (const ended of [refused, stale]) silent(ended);
});

/** The program in a terminal of its own, as `script` of util-linux gives it: answers as soon as a question is there. */
async function inTerminal(
  parameters: readonly string[],
  environment: NodeJS.ProcessEnv,
  answers: readonly (readonly [question: RegExp, answer: (shown: string) => string])[],
): Promise<{ readonly code: number | null; readonly shown: string }> {
  const command = [process.execPath, launcher, ...parameters].map((part) => `'${part}'`).join(' ');
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd: folder,
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, NO_COLOR: '1', ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 40_000,
  });
  let shown = '';
  let seen = 0;
  const left = [...answers];
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    shown += part;
    const next = left[0];
    if (next === undefined || !next[0].test(shown.slice(seen))) return;
    left.shift();
    const answer = next[1](shown.slice(seen));
    seen = shown.length;
    child.stdin.write(answer);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(left.length, 0, `It was never asked for ${left[0]?.[0].source}:\n${shown}`);
  return { code, shown };
}

const onLinux = { skip: process.platform === 'linux' ? false : 'script of util-linux is for Linux' };

test('in a terminal nothing of a key is shown while it is typed, and Ctrl+C calls it off', onLinux, async () => {
  const typed = await inTerminal(['keys', 'add', 'typed'], {}, [
    [/API key: $/, () => `${KNOWN.key}\r`],
    [/API secret: $/, () => `${KNOWN.secret}\r`],
    [/Passphrase.*: $/, () => '\r'],
    [/Password of .*: $/, () => 'canary wrong password\r'],
    [/Not that one.*: $/, () => `${PASSWORD}\r`],
  ]);
  assert.equal(typed.code, 0, typed.shown);
  assert.match(typed.shown, /Kept the key of typed/);
  assert.doesNotMatch(typed.shown, CANARY);
  const cancelled = await inTerminal(['keys', 'add', 'other'], {}, [[/API key: $/, () => 'canary\u0003']]);
  assert.equal(cancelled.code, 130);
  assert.match(cancelled.shown, /Cancelled\.\s*$/);
  assert.doesNotMatch(cancelled.shown, CANARY);
  searchFiles();
});

test('a person who types the phrase starts real money, and a service with the same phrase does', onLinux, async () => {
  const ask = /To go on, type: (trade real money on bybit [0-9a-f]{8})\s+> $/;
  let phrase = '';
  const refused = await inTerminal(LIVE, liveKey, [[ask, () => 'yes\r']]);
  assert.equal(refused.code, 2);
  assert.match(refused.shown, /not the phrase that was shown/);
  const typed = await inTerminal(LIVE, liveKey, [
    [
      ask,
      (shown) => {
        phrase = ask.exec(shown)![1]!;
        return `${phrase}\r`;
      },
    ],
  ]);
  assert.equal(typed.code, 0, typed.shown);
  const service = await run(LIVE, folder, { ...liveKey, TRADEWIND_LIVE_CONFIRMATION: phrase });
  assert.equal(service.code, 0, service.err);
  silent(service);
  for (const { shown } of [refused, typed]) assert.doesNotMatch(shown, CANARY);
  searchFiles();
});

/** What the list of processes shows of a process and those that it has started. */
function commandLinesOf(pid: number): readonly string[] {
  if (!existsSync('/proc/self/cmdline')) return ['start'];
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
    return [readFileSync(`/proc/${pid}/cmdline`, 'utf8'), ...children.flatMap(commandLinesOf)].filter(Boolean);
  } catch {
    return [];
  }
}
