/** The documents say what is there: paths, links, settings, channels, the import table, and code that runs. */
import assert from 'node:assert/strict';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { configurationSchema } from '../../src/app/config-schema.ts';
import { resolveStrategy } from '../../src/app/strategy-registry.ts';
import { topics } from '../../src/bus/topics.ts';
import { MAY_IMPORT } from '../support/architecture-check.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const documents = [
  ...globSync('*.md', { cwd: project }),
  ...globSync('{docs,examples,data}/**/*.md', { cwd: project }),
].sort();

function read(document: string): string {
  return readFileSync(join(project, document), 'utf8');
}

/** What is not in a block of code. */
function prose(document: string): string {
  return read(document).replaceAll(/^```[\s\S]*?^```$/gm, '');
}

test('every link between the documents leads somewhere, to its heading too', () => {
  assert.ok(documents.includes('README.md') && documents.includes('docs/architecture.md'));
  const broken: string[] = [];
  for (const document of documents) {
    for (const [, target] of prose(document).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const [path = '', heading] = target!.split('#');
      const file = path === '' ? join(project, document) : resolve(project, dirname(document), path);
      if (!existsSync(file)) broken.push(`${document}: ${target}`);
      else if (heading !== undefined && !headings(file).includes(heading)) broken.push(`${document}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
});

/** The anchors of a page, as GitHub makes them. */
function headings(file: string): string[] {
  const lines = readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm);
  return Array.from(lines, ([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test('every file that a document names is there', () => {
  const missing: string[] = [];
  for (const document of documents) {
    for (const [, path] of prose(document).matchAll(/`((?:src|tests|docs|examples|data|bin)\/[\w./-]+)`/g)) {
      if (!existsSync(join(project, path!))) missing.push(`${document}: ${path}`);
    }
  }
  assert.deepEqual(missing, []);
});

test('no document names a place on one machine', () => {
  for (const document of documents) {
    const found = /(?<![\w.:/-])\/(?:home|root|work|tmp|Users|usr|opt|mnt|var)\/\S*|[A-Z]:\\\S+|file:\/\/\S*/.exec(
      read(document),
    );
    assert.equal(found?.[0], undefined, document);
  }
});

test('the table of requirements has each of the 322 once, with what does it and what shows it', () => {
  const counts = { S0: 35, S1: 35, S2: 56, S3: 75, S4: 121 };
  const wanted = Object.entries(counts).flatMap(([seed, count]) =>
    Array.from({ length: count }, (_, index) => `${seed}-${String(index + 1).padStart(2, '0')}`),
  );
  const rows = Array.from(read('docs/seeds.md').matchAll(/^\| (S\d-\d+) \|(.*)\|$/gm), ([, id, cells]) => ({
    id: id!,
    cells: cells!.split('|').map((cell) => cell.trim()),
  }));
  assert.deepEqual(
    rows.map(({ id }) => id),
    wanted,
  );
  const tally = new Map<string, number>();
  for (const { id, cells } of rows) {
    const [what, state, files, tests] = cells;
    assert.equal(cells.length, 4, id);
    assert.ok(what, id);
    assert.match(state!, /^(?:done|in part: .+|not yet: (?:live edge|dashboard|learning|speed))$/, id);
    if (!state!.startsWith('not yet')) assert.match(files!, /`src\//, `${id} names no file that does it`);
    if (state === 'done') assert.match(tests!, /`tests\/[\w./-]+\.ts`/, `${id} is done, and names no test`);
    const kind = state!.split(':')[0]!;
    tally.set(kind, (tally.get(kind) ?? 0) + 1);
  }
  const stated = /\| (\d+) \| (\d+) \| (\d+) \|/.exec(read('docs/seeds.md'));
  assert.deepEqual(stated?.slice(1).map(Number), [tally.get('done'), tally.get('in part'), tally.get('not yet')]);
});

test('every setting is explained', () => {
  const page = read('docs/configuration.md');
  const missing = settings().filter((name) => !page.includes(`\`${name}\``));
  assert.deepEqual(missing, []);
});

function settings(): string[] {
  const names: string[] = [];
  for (const [section, schema] of Object.entries(configurationSchema.shape)) {
    const { shape, element } = unwrapped(schema);
    if (element !== undefined)
      names.push(...Object.keys(unwrapped(element).shape!).map((key) => `${section}[].${key}`));
    else names.push(...Object.keys(shape ?? {}).map((key) => `${section}.${key}`));
  }
  assert.ok(names.length > 50 && names.includes('bots[].sizing') && names.includes('live_trading.enabled'));
  return names;
}

interface SchemaParts {
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  unwrap?(): SchemaParts;
}

function unwrapped(schema: unknown): SchemaParts {
  let parts = schema as SchemaParts;
  while (parts.shape === undefined && parts.element === undefined && parts.unwrap !== undefined) parts = parts.unwrap();
  return parts;
}

test('the channels have the names that the documents say', () => {
  assert.deepEqual(
    [
      topics.candle('BTCUSDT', '1m').channel,
      topics.market('BTCUSDT').channel,
      topics.botSignals('trend').channel,
      topics.tradeUpdates('trend').channel,
      topics.botStatus('trend').channel,
      topics.systemEvents.channel,
      topics.command('bot.start').channel,
    ],
    [
      'data:BTCUSDT:1m',
      'market_data:BTCUSDT',
      'bot_signals:trend',
      'trade_updates:trend',
      'bot_status:trend',
      'system_events',
      'command.bot.start',
    ],
  );
});

test('the import table of the architecture page is the one that is checked', () => {
  const section = read('docs/architecture.md').split('## Who may import whom')[1]!.split('\n## ')[0]!;
  const stated = new Map<string, string[]>();
  for (const [, folders, allowed] of section.matchAll(/^\| ([a-z, ]+) \| (.+) \|$/gm)) {
    if (folders === 'folder') continue;
    const words = allowed!.match(/[a-z]+/g)!.filter((word) => word in MAY_IMPORT);
    for (const folder of folders!.split(', ')) stated.set(folder, words.sort());
  }
  // The browser's side is checked apart, and `app` may import everything but what is above it.
  stated.delete('dashboard');
  stated.delete('app');
  const checked = Object.entries(MAY_IMPORT).filter(([folder]) => folder !== 'app' && folder !== 'the public face');
  assert.deepEqual(
    Object.fromEntries(stated),
    Object.fromEntries(checked.map(([folder, allowed]) => [folder, [...allowed].sort()])),
  );
});

test('the strategy in the guide can be loaded as it stands there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-docs-'));
  try {
    const code = /^## The shape\n+```ts\n([\s\S]*?)^```$/m.exec(read('docs/strategies.md'))?.[1];
    assert.ok(code);
    writeFileSync(join(folder, 'above-average.ts'), code);
    const { definition } = await resolveStrategy('./above-average.ts', { cwd: folder });
    assert.equal(definition.name, 'above-average');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
