import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkArchitecture, MAY_IMPORT, readTree } from './support/architecture-check.ts';
import { scanSource } from './support/source-scanner.ts';

const project = fileURLToPath(new URL('..', import.meta.url));

/** What is wrong with a tree of files, as `file:line message`. */
function faults(files: Readonly<Record<string, string>>): readonly string[] {
  return checkArchitecture(new Map(Object.entries(files))).map(
    ({ file, line, message }) => `${file}:${line} ${message}`,
  );
}

test('the project keeps the rules of its house', () => {
  const tree = readTree(project);
  assert.ok(tree.has('src/foundation/clock.ts') && tree.has('tests/architecture.test.ts'));
  const broken = checkArchitecture(tree).map(({ file, line, message }) => `${file}:${line} ${message}`);
  assert.equal(broken.length, 0, `\n${broken.join('\n')}\n`);
});

test('a tree on disk is read, without what is not ours', () => {
  const root = mkdtempSync(join(tmpdir(), 'tradewind-tree-'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write('src/domain/order.ts', "import '../risk/risk-gate.ts';\n");
  write('dashboard/node_modules/x/utils.js', 'Math.random()');
  write('src/domain/notes.md', 'Math.random()');
  assert.deepEqual(
    checkArchitecture(readTree(root)).map(({ file }) => file),
    ['src/domain/order.ts'],
  );
  rmSync(root, { recursive: true });
});

/** "Who may import whom" of docs/architecture.md: folders, and what they may import. */
const plan = `
  foundation: nothing
  domain, indicators: foundation
  statistics, market, risk, execution, bus, store, protocol: domain, foundation
  strategy: domain, indicators, market, foundation
  engine: domain, market, strategy, risk, foundation
  providers: domain, market, execution, foundation
  backtest: engine, execution, market, statistics, strategy, domain, bus, foundation
  learning: engine, execution, market, statistics, strategy, domain, foundation
  live: engine, execution, market, indicators, bus, store, domain, foundation
  server: protocol, bus, store, foundation
  exchange: foundation
  app: foundation, domain, indicators, statistics, market, risk, execution, bus, store, protocol, strategy, engine, providers, backtest, learning, live, server, exchange
  cli: app, statistics, protocol, domain, foundation`;

function planned(): ReadonlyMap<string, readonly string[]> {
  const rows = plan.trim().split('\n');
  return new Map(
    rows.flatMap((row) => {
      const [folders, allowed] = row.split(':').map((cell) => cell.trim().split(', ')) as [string[], string[]];
      return folders.map((folder) => [folder, allowed] as const);
    }),
  );
}

test('every pair of folders: what is not in the table is refused', () => {
  const table = planned();
  assert.deepEqual(
    [...table.keys()].sort(),
    Object.keys(MAY_IMPORT)
      .filter((folder) => folder !== 'the public face')
      .sort(),
  );
  for (const [from, allowed] of table) {
    for (const to of table.keys()) {
      if (from === to) continue;
      const target = from === 'backtest' && to === 'bus' ? 'work-queue' : 'anything';
      const found = faults({ [`src/${from}/one.ts`]: `\nimport { a } from '../${to}/${target}.ts';` });
      const refusal = `src/${from}/one.ts:2 ${from} may not import ${to} (src/${to}/${target}.ts)`;
      assert.deepEqual(found, allowed.includes(to) ? [] : [refusal]);
    }
  }
});

test('imports of every form are seen', () => {
  const forms = [
    "import { a } from '../engine/a.ts';",
    "import type { A } from '../engine/a.ts';",
    "import a, * as b from '../engine/a.ts';",
    "import {\n  a,\n  type B,\n  'odd name' as c,\n} from '../engine/a.ts';",
    "import '../engine/a.ts';",
    "export { a } from '../engine/a.ts';",
    "export type { A } from '../engine/a.ts';",
    "export * from '../engine/a.ts';",
    "export * as a from '../engine/a.ts';",
    "const a = await import('../engine/a.ts');",
    'const a = await import(`../engine/a.ts`);',
    "type A = import('../engine/a.ts').A;",
    "const a = require('../engine/a.ts');",
    'import{a}from"../engine/a.ts"',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source of another file
    "const text = `${`${(await import('../engine/a.ts')).a}`}`;",
    "const pattern = /[/'\"`]/; import { a } from '../engine/a.ts';",
    "const half = list[0]! / a; const quarter = half / 2; import { a } from '../engine/a.ts';",
    "const none = !/'/.test(text); import { a } from '../engine/a.ts';",
    "const half = a / 2; /* ' */ import { a } from '../engine/a.ts'; // / 3",
  ];
  for (const form of forms) {
    const found = faults({ 'src/domain/a.ts': form });
    assert.equal(found.length, 1, form);
    assert.match(found[0]!, /^src\/domain\/a\.ts:\d+ domain may not import engine/);
  }
});

test('what only looks like an import is none', () => {
  const text = [
    "// import { a } from '../engine/a.ts';",
    "/* import '../engine/a.ts'; */",
    "/** `import('../engine/a.ts')` */",
    'const a = "import { a } from \'../engine/a.ts\'";',
    "const b = `import '../engine/a.ts'`;",
    "const c = /import '..\\/engine\\/a.ts'/;",
    "const d = loader.import('../engine/a.ts');",
    'const e = import.meta.url;',
    "export const f = Array.from('../engine/a.ts');",
    "const g = { import: '../engine/a.ts' };",
  ].join('\n');
  assert.deepEqual(scanSource(text).imports, []);
  assert.deepEqual(faults({ 'src/domain/a.ts': text }), []);
});

test('a circle of files is named in full, whatever its length and though its imports are of types', () => {
  const files = {
    'src/domain/a.ts': "import type { B } from './b.ts';",
    'src/domain/b.ts': "\nimport type { C } from './c.ts';\nimport '../foundation/x.ts';",
    'src/domain/c.ts': "export type { A } from './a.ts';",
    'src/foundation/x.ts': 'export const x = 1;',
    'src/market/self.ts': "import './self.ts';",
    'src/market/user.ts': "import './self.ts';",
  };
  assert.deepEqual(faults(files), [
    'src/domain/a.ts:1 circle of files: src/domain/a.ts → src/domain/b.ts → src/domain/c.ts → src/domain/a.ts',
    'src/market/self.ts:1 circle of files: src/market/self.ts → src/market/self.ts',
  ]);
});

test('adapters, and what builds on them, are imported by app and their own folder only', () => {
  const files = {
    'src/bus/event-bus.ts': 'export interface EventBus {}',
    'src/bus/redis-bus.ts': "import type { Redis } from 'ioredis';",
    'src/store/store.ts': 'export interface Store {}',
    'src/store/table.ts': "import { sql } from 'kysely';",
    'src/store/queries.ts': "import './table.ts';",
    'src/store/hash.ts': "import { createHash } from 'node:crypto';",
    'src/live/bot.ts': ['bus/event-bus', 'bus/redis-bus', 'store/store', 'store/queries', 'store/hash']
      .map((path) => `import '../${path}.ts';`)
      .join('\n'),
    'src/server/http.ts': "import '../store/table.ts';",
    'src/app/compose.ts':
      "import '../bus/redis-bus.ts';\nimport '../store/queries.ts';\nimport '../providers/ccxt/feed.ts';",
    'src/index.ts': "export * from './store/store.ts';\nexport * from './store/queries.ts';",
    'tests/contracts/bus.ts': "import '../../src/bus/redis-bus.ts';",
  };
  assert.deepEqual(faults(files), [
    'src/index.ts:2 the adapter src/store/queries.ts may be imported by src/app only',
    'src/live/bot.ts:2 the adapter src/bus/redis-bus.ts may be imported by src/app only',
    'src/live/bot.ts:4 the adapter src/store/queries.ts may be imported by src/app only',
    'src/server/http.ts:1 the adapter src/store/table.ts may be imported by src/app only',
  ]);
});

test('backtest sees the work queue of the bus and nothing else of it', () => {
  assert.deepEqual(
    faults({ 'src/backtest/cluster.ts': "import '../bus/work-queue.ts';\nimport '../bus/topics.ts';" }),
    ['src/backtest/cluster.ts:2 backtest may import src/bus/work-queue.ts only of bus, not src/bus/topics.ts'],
  );
});

test("packages and Node's own modules stay at the edges", () => {
  const text = "import 'zod';\nimport 'node:fs';\nimport 'node:crypto';\nimport 'node:worker_threads';";
  const refused = (file: string): readonly string[] => faults({ [file]: text }).map((fault) => fault.split(' ')[0]!);
  const lines = (file: string, ...numbers: number[]): readonly string[] => numbers.map((line) => `${file}:${line}`);
  for (const file of ['src/foundation/a.ts', 'src/engine/a.ts', 'src/statistics/a.ts', 'src/learning/a.ts']) {
    assert.deepEqual(refused(file), lines(file, 1, 2, 3, 4));
  }
  assert.deepEqual(refused('src/live/a.ts'), lines('src/live/a.ts', 1, 2, 4));
  assert.deepEqual(refused('src/backtest/a.ts'), lines('src/backtest/a.ts', 1, 2));
  assert.deepEqual(refused('src/app/compose.ts'), lines('src/app/compose.ts', 1));
  for (const file of ['src/app/config-file.ts', 'src/store/a.ts', 'src/providers/ccxt/a.ts', 'src/server/a.ts']) {
    assert.deepEqual(refused(file), []);
  }
});

test('the present time and timers live in the clock alone', () => {
  const banned = [
    'const a = Date.now();',
    'const a = Date . now;',
    'const a = new Date();',
    'const a = new Date( /* now */ );',
    'const a = [new Date];',
    'const a = Date();',
    'const a = performance.now();',
    'const a = process.hrtime.bigint();',
    'setTimeout(run, 5);',
    'const cancel = setInterval;',
    'globalThis.setImmediate(run);',
    "import { setTimeout as wait } from 'node:timers/promises';",
    "import { performance } from 'node:perf_hooks';",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source of another file
    'const text = `at ${Date.now()}`;',
  ];
  for (const line of banned) {
    for (const file of ['src/live/bot.ts', 'src/server/http.ts', 'src/app/compose.ts']) {
      const found = faults({ [file]: `\n\n${line}` });
      assert.ok(found.length > 0 && found.every((fault) => fault.startsWith(`${file}:3 `)), `${line} ${found.join()}`);
    }
    if (!line.startsWith('import')) assert.deepEqual(faults({ 'src/foundation/clock.ts': line }), []);
    assert.deepEqual(faults({ 'benchmarks/a.ts': line }), []);
  }
  const allowed = [
    'const a = new Date(time).toISOString();',
    'const a = Date.UTC(2025, 1);',
    "const text = 'Date.now()'; // Date.now()",
    'socket.setTimeout(5);',
    'const a = new DateFormat();',
    'const a = clock.now();',
  ];
  for (const line of allowed) assert.deepEqual(faults({ 'src/server/http.ts': line }), [], line);
});

test('chance, the environment and approved orders each have one place', () => {
  for (const file of ['src/foundation/random.ts', 'src/app/a.ts', 'tests/a.ts', 'benchmarks/a.ts', 'dashboard/a.tsx']) {
    assert.deepEqual(faults({ [file]: 'const a = Math.random();' }), [
      `${file}:1 Math.random: chance comes from src/foundation/random.ts`,
    ]);
  }
  const reads = 'const { HOME } = process.env;';
  assert.deepEqual(faults({ 'src/app/config.ts': reads, 'src/app/config-values.ts': reads, 'tests/a.ts': reads }), []);
  assert.deepEqual(faults({ 'src/cli/start.ts': reads }), [
    'src/cli/start.ts:1 process.env is read in src/app/config*.ts only',
  ]);
  const approves = 'const order = terms as unknown as ApprovedOrder;';
  assert.deepEqual(faults({ 'src/risk/risk-gate.ts': approves }), []);
  assert.deepEqual(faults({ 'src/live/bot.ts': approves }), [
    'src/live/bot.ts:1 only src/risk/risk-gate.ts makes an ApprovedOrder',
  ]);
  const arms = 'const armed = { ...place } as unknown as Armed;';
  assert.deepEqual(faults({ 'src/app/live-arming.ts': arms }), []);
  assert.deepEqual(faults({ 'src/app/open-account.ts': arms }), [
    'src/app/open-account.ts:1 only src/app/live-arming.ts makes an Armed',
  ]);
});

test('names that say nothing, and folders that are not in the table, are refused', () => {
  const names = ['src/domain/utils.ts', 'src/domain/types.d.ts', 'src/engine/helpers/a.ts', 'tests/support/misc.ts'];
  for (const file of names) {
    const [found, ...more] = faults({ [file]: '' });
    assert.deepEqual(more, []);
    assert.match(found!, new RegExp(`^${file}:1 "(utils|types|helpers|misc)" does not say what is inside$`));
  }
  assert.deepEqual(faults({ 'src/domain/order-types.ts': '', 'src/risk/common-stock.ts': '' }), []);
  assert.deepEqual(faults({ 'src/magic/wand.ts': '', 'src/stray.ts': '' }), [
    'src/magic/wand.ts:1 the folder src/magic is not in the table',
    'src/stray.ts:1 src/ holds its folders and src/index.ts only',
  ]);
});

test('the dashboard sees the protocol only, examples see the public face only, and src sees none of them', () => {
  const files = {
    'dashboard/src/page.tsx':
      "import '../../src/protocol/messages.ts';\nimport '../../src/domain/order.ts';\nimport 'lit';",
    'examples/02-live.ts': "import 'tradewind/live';",
    'examples/01-own.ts': "import 'tradewind';\nimport '../src/domain/order.ts';\nimport 'node:fs';",
    'src/app/loader.ts': "import 'tradewind';\nimport '../../tests/a.ts';",
    'src/live/bot.ts': "import '../index.ts';",
  };
  assert.deepEqual(faults(files), [
    'dashboard/src/page.tsx:2 dashboard may import src/protocol only, not src/domain/order.ts',
    "examples/01-own.ts:2 an example imports 'tradewind' only, as its readers would, not src/domain/order.ts",
    "examples/01-own.ts:3 an example imports 'tradewind' only, not node:fs",
    'src/app/loader.ts:2 src/ may not import tests/a.ts',
    'src/live/bot.ts:1 live may not import the public face (src/index.ts)',
  ]);
});
