import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openProvider, resolveProvider } from '../../../src/app/provider-registry.ts';
import { VirtualClock } from '../../../src/foundation/clock.ts';
import { UserError } from '../../../src/foundation/errors.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { Random } from '../../../src/foundation/random.ts';
import {
  type MarketDataProvider,
  type ProviderRequest,
  providerNames,
  registerProvider,
} from '../../../src/market/provider.ts';

const folder = mkdtempSync(join(tmpdir(), 'tradewind-providers-'));
after(() => rmSync(folder, { recursive: true }));

const request: ProviderRequest = {
  url: null,
  kind: null,
  history: 0,
  files: new Map(),
  speed: 1,
  clock: new VirtualClock(),
  random: new Random(1),
  logger: silentLogger,
};

const SOUND = `import { defineProvider } from 'tradewind';
export default defineProvider({
  name: 'my-exchange',
  open: () => ({ name: 'my-exchange', delayMs: 0, async start() {}, async stop() {}, async instruments() { return []; } }),
});`;

function file(name: string, code: string): string {
  const path = join(folder, name);
  writeFileSync(path, code);
  return path;
}

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return error.message.replaceAll(folder, '');
  }
  assert.fail('it was not refused');
}

test('the built-in providers have the names that the documents say', async () => {
  await resolveProvider('replay', { cwd: folder });
  assert.deepEqual(providerNames().slice(0, 7), ['replay', 'bybit', 'binance', 'okx', 'coinbase', 'bitvavo', 'yahoo']);
});

test('an unknown name is told with the nearest one', async () => {
  const message = await refusal(resolveProvider('bibit', { cwd: folder }));
  assert.match(message, /^There is no provider "bibit"\. Did you mean bybit\? There are replay, bybit, /);
});

test('a file is a provider, by a path from the folder that is said', async () => {
  file('mine.ts', SOUND);
  const { name, reference } = await resolveProvider('./mine.ts', { cwd: folder });
  assert.deepEqual([name, reference], ['my-exchange', join(folder, 'mine.ts')]);
  assert.equal((await openProvider(reference, request)).name, 'my-exchange');
});

test('the provider in the guide can be opened as it stands there', async () => {
  const guide = readFileSync(new URL('../../../docs/providers.md', import.meta.url), 'utf8');
  const code = /^```ts\n([\s\S]*?)^```$/m.exec(guide)?.[1];
  assert.ok(code);
  const provider = await openProvider(file('guide.ts', code), request);
  assert.deepEqual(await provider.instruments([]), []);
  await provider.stop();
});

test('a file that is no sound provider is refused with what to do', async () => {
  const load = (name: string, code: string) => refusal(resolveProvider(file(name, code), { cwd: folder }));
  assert.equal(
    await load('none.ts', 'export const x = 1;'),
    'The provider file /none.ts has no default export: add export default defineProvider({ name, open }).',
  );
  assert.equal(
    await load('name.ts', "export default { name: 'My Exchange', open() {} };"),
    'The default export of the provider file /name.ts has the name "My Exchange", which must be lower-case words with hyphens, such as \'my-exchange\'.',
  );
  assert.equal(
    await load('open.ts', "export default { name: 'mine' };"),
    'The default export of the provider file /open.ts has no function open(request) that makes the provider.',
  );
  assert.match(await load('syntax.ts', 'export default {'), /^\/syntax\.ts:1 is not valid code/);
  assert.equal(
    await refusal(resolveProvider('./mien.ts', { cwd: folder })),
    'There is no provider file /mien.ts. Did you mean mine.ts?',
  );
});

test('what a provider file makes is checked when it is opened', async () => {
  const make = (name: string, made: string) =>
    refusal(openProvider(file(name, `export default { name: 'mine', open: () => (${made}) };`), request));
  assert.equal(await make('a.ts', '{}'), 'The provider mine has no method start.');
  const methods = 'async start() {}, async stop() {}, async instruments() { return []; }';
  assert.equal(await make('b.ts', `{ ${methods} }`), 'The provider mine has no name.');
  assert.match(await make('c.ts', `{ name: 'mine', ${methods} }`), /does not say with delayMs how late it is/);
});

test('a program registers a provider under a name of its own', async () => {
  const made = { name: 'in-memory', delayMs: 0 } as MarketDataProvider;
  registerProvider('in-memory', () => ({
    ...made,
    start: async () => {},
    stop: async () => {},
    instruments: async () => [],
  }));
  assert.equal((await openProvider('in-memory', request)).name, 'in-memory');
  assert.throws(() => registerProvider('in-memory', () => made), /There is a provider in-memory already/);
  assert.throws(() => registerProvider('In Memory', () => made), /must be lower-case words with hyphens/);
});

test('settings that a provider can not work with are refused', async () => {
  assert.match(
    await refusal(openProvider('bitvavo', { ...request, kind: 'perpetual' })),
    /^Bitvavo has no perpetual markets here: set market\.kind to spot\.$/,
  );
  assert.match(
    await refusal(openProvider('yahoo', { ...request, kind: 'perpetual' })),
    /^Yahoo has no perpetual markets/,
  );
});
