import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { resolveStrategy } from '../../../src/app/strategy-registry.ts';
import { UserError } from '../../../src/foundation/errors.ts';
import { builtinStrategies } from '../../../src/strategy/builtin-strategies.ts';
import { Strategy } from '../../../src/strategy/strategy.ts';

// Outside of this package, so that nothing of it is found by accident.
const folder = mkdtempSync(join(tmpdir(), 'tradewind-strategies-'));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function refusal(nameOrPath: string): Promise<string> {
  const error: unknown = await resolveStrategy(nameOrPath, { cwd: folder }).then(
    () => assert.fail('was accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof UserError, String(error));
  return error.message;
}

/** A sound strategy file; `types` false makes it plain JavaScript. */
function sound(name: string, types = true): string {
  return `import { defineStrategy, integer, Strategy${types ? ', type Market' : ''} } from 'tradewind';
class Quiet extends Strategy {
  process(market${types ? ': Market' : ''}) {
    return undefined;
  }
}
export default defineStrategy({
  name: '${name}',
  title: 'Quiet',
  description: 'Never trades.',
  parameters: { bars: integer({ default: 5, minimum: 1, maximum: 9, description: 'Bars' }) },
  create: () => new Quiet(),
});
`;
}

/** The same with one thing changed. */
function spoiled(from: string, to: string): string {
  const text = sound('spoiled').replace(from, to);
  assert.notEqual(text, sound('spoiled'));
  return text;
}

test('finds each built-in strategy by its name', async () => {
  for (const definition of builtinStrategies) {
    const found = await resolveStrategy(definition.name, { cwd: folder });
    assert.equal(found.definition, definition);
    assert.equal(found.reference, definition.name);
  }
});

test('an unknown name: what was meant, and what there is', async () => {
  assert.equal(
    await refusal('moving-avrage-cross'),
    'There is no strategy "moving-avrage-cross". Did you mean moving-average-cross? Built in are moving-average-cross, donchian-breakout, bollinger-reversion, momentum-rotation, market-maker; your own is named by its file, such as ./my-strategy.ts.',
  );
  write('lonely.ts', sound('lonely'));
  assert.match(await refusal('lonely'), /Did you mean \.\/lonely\.ts\?/);
});

for (const [file, types] of [
  ['own.ts', true],
  ['own.mts', true],
  ['own.js', false],
  ['own.mjs', false],
] as const) {
  test(`loads ${file} from a folder without a package, with 'tradewind' meaning this program`, async () => {
    const path = write(file, sound('own', types));
    const found = await resolveStrategy(`./${file}`, { cwd: folder });
    assert.equal(found.definition.name, 'own');
    assert.equal(found.reference, path);
    assert.equal((await resolveStrategy(path, { cwd: '/' })).definition, found.definition);
    // The very same class as ours: no second copy of the program has been loaded.
    assert.ok(found.definition.create({ bars: 5 }, undefined as never) instanceof Strategy);
  });
}

test('loads the files that a strategy imports, under a package.json that speaks of CommonJS too', async () => {
  write('package.json', '{ "type": "commonjs" }');
  write('levels.ts', 'export const level: number = 7;\n');
  write(
    'parted.ts',
    `import { level } from './levels.ts';\n${sound('parted').replace('default: 5', 'default: level')}`,
  );
  const { definition } = await resolveStrategy('parted.ts', { cwd: folder });
  assert.equal(definition.parameters.bars?.default, 7);
  write('plain.js', sound('plain', false));
  assert.equal((await resolveStrategy('plain.js', { cwd: folder })).definition.name, 'plain');
  rmSync(join(folder, 'package.json'));
});

test('a file that has changed is loaded anew', async () => {
  const path = write('changing.ts', sound('before'));
  assert.equal((await resolveStrategy(path, { cwd: folder })).definition.name, 'before');
  write('changing.ts', sound('afterwards'));
  utimesSync(path, 2_000_000_000, 2_000_000_000);
  assert.equal((await resolveStrategy(path, { cwd: folder })).definition.name, 'afterwards');
});

test('no such file, a folder, another kind of file', async () => {
  write('rsi-dip.ts', sound('rsi-dip'));
  assert.equal(
    await refusal('./rsi-dop.ts'),
    `There is no strategy file ${join(folder, 'rsi-dop.ts')}. Did you mean rsi-dip.ts?`,
  );
  assert.equal(
    await refusal('./no/where.ts'),
    `There is no strategy file ${join(folder, 'no/where.ts')}: its folder does not exist.`,
  );
  assert.equal(await refusal(folder), `${folder} is a folder: name the strategy file in it.`);
  const path = write('notes.txt', 'buy low');
  assert.equal(
    await refusal('./notes.txt'),
    `The strategy file ${path} must be TypeScript or JavaScript: .ts, .mts, .js, .mjs.`,
  );
});

/** What the message must say after the file's path. */
const faults: readonly (readonly [string, string, RegExp])[] = [
  [
    'enum.ts',
    'const a = 1;\nenum Side { Long }\nexport default Side;\n',
    /enum\.ts:2 uses syntax that does not run without a build step: TypeScript enum\. Write const Name = .* as const instead\.$/,
  ],
  [
    'namespace.ts',
    'namespace Tools { export const a = 1 }\nexport default Tools;\n',
    /namespace\.ts:1 uses syntax .*namespace.*\. Write plain functions/,
  ],
  [
    'property.ts',
    '\n\nclass A { constructor(private a: number) {} }\nexport default A;\n',
    /property\.ts:3 uses syntax .*parameter property\. Declare the field/,
  ],
  ['syntax.ts', 'const a = 1;\nconst b = ;\n', /syntax\.ts:2 is not valid code: Expression expected\.$/],
  ['syntax.js', 'const a = 1;\n\nconst b = ;\n', /syntax\.js:3 is not valid code: Expression expected\.$/],
  ['syntax-in-part.ts', "import './broken-part.js';\n", /broken-part\.js:2 is not valid code: Expression expected\.$/],
  [
    'throws.ts',
    "function fail() {\n  throw new Error('no luck');\n}\nfail();\n",
    /throws\.ts:2 fails while it is loaded: no luck\.$/,
  ],
  ['throws-text.ts', "throw 'a text';\n", /throws-text\.ts fails while it is loaded: a text\.$/],
  [
    'no-package.ts',
    "import 'no-such-package';\n",
    /no-package\.ts imports no-such-package, which is not there\. Name a file with its extension/,
  ],
  ['no-part.ts', "import './missing';\n", /no-part\.ts imports .*missing, which is not there/],
  [
    'type-as-value.ts',
    "import { Market } from 'tradewind';\nexport default 1;\n",
    /type-as-value\.ts:1 imports Market from 'tradewind', which has no such value\. If it is a type, write import type \{ Market \}\.$/,
  ],
  [
    'wrong-import.ts',
    "import { defineStratgy } from 'tradewind';\nexport default 1;\n",
    /wrong-import\.ts:1 imports defineStratgy .* Did you mean defineStrategy\?$/,
  ],
  [
    'no-default.ts',
    sound('no-default').replace('export default', 'export const mine ='),
    /no-default\.ts has no default export: add export default mine\.$/,
  ],
  ['empty.ts', '', /empty\.ts has no default export: add export default defineStrategy\(\{ … \}\)\.$/],
  [
    'class.ts',
    "import { Strategy } from 'tradewind';\nexport default class Mine extends Strategy { process() { return undefined; } }\n",
    /class\.ts is the class Mine itself: export default defineStrategy/,
  ],
  ['function.ts', 'export default function run() {}\n', /function\.ts is the function run itself: /],
  ['number.ts', 'export default 5;\n', /number\.ts is a number, no strategy: /],
  ['list.ts', 'export default [];\n', /list\.ts is a list, no strategy: /],
  ['no-create.ts', spoiled('create: () => new Quiet(),', ''), /has no function create\(parameters, market\)/],
  ['no-name.ts', spoiled("name: 'spoiled',", ''), /no-name\.ts has no name: give it one such as name: 'rsi-dip'\.$/],
  [
    'bad-name.ts',
    spoiled("name: 'spoiled'", "name: 'My Strategy'"),
    /has the name "My Strategy", which must be lower-/,
  ],
  ['no-title.ts', spoiled("title: 'Quiet',", ''), /has no title: add a short text\.$/],
  ['no-description.ts', spoiled("description: 'Never trades.',", ''), /has no description: add a short text\.$/],
  ['no-parameters.ts', spoiled('parameters: {', 'plots: {}, check: {'), /has no parameters: write parameters: \{\}/],
  [
    'stranger.ts',
    spoiled("title: 'Quiet',", "title: 'Quiet', lookBack: () => 5,"),
    /has an unknown field "lookBack": it may/,
  ],
  [
    'no-function.ts',
    spoiled("title: 'Quiet',", "title: 'Quiet', lookback: 5,"),
    /has a lookback that is no function\.$/,
  ],
  [
    'default-range.ts',
    spoiled('default: 5', 'default: 50'),
    /has a parameter bars that has the default 50, which is no whole number from 1 to 9, its own range\.$/,
  ],
  [
    'default-half.ts',
    spoiled('default: 5', 'default: 5.5'),
    /has the default 5\.5, which is no whole number from 1 to 9/,
  ],
  [
    'bad-range.ts',
    spoiled('minimum: 1', 'minimum: 10'),
    /has a parameter bars that has a minimum 10 above its maximum 9/,
  ],
  [
    'no-range.ts',
    spoiled('minimum: 1', 'minimum: Infinity'),
    /has a parameter bars that has no minimum and maximum\.$/,
  ],
  [
    'bare-parameter.ts',
    spoiled('parameters: {', 'parameters: { x: 5,'),
    /has a parameter x that is not made by integer/,
  ],
  [
    'bad-choice.ts',
    spoiled(
      'parameters: {',
      "parameters: { x: { type: 'choice', default: 'c', choices: ['a', 'b'], description: 'X' },",
    ),
    /has a parameter x that has the default "c", which is none of its choices a, b\.$/,
  ],
  [
    'own-check.ts',
    spoiled("title: 'Quiet',", "title: 'Quiet', check: () => 'bars must be odd',"),
    /refuses its own defaults: bars must be odd\.$/,
  ],
  [
    'check-throws.ts',
    spoiled("title: 'Quiet',", "title: 'Quiet', check: () => { throw new Error('oh'); },"),
    /has a check that fails on its own defaults: oh\.$/,
  ],
  [
    'bad-symbols.ts',
    spoiled("title: 'Quiet',", "title: 'Quiet', symbols: 3,"),
    /has symbols that are not \{ minimum, max/,
  ],
  ['bad-plot.ts', spoiled("title: 'Quiet',", "title: 'Quiet', plots: { rsi: {} },"), /has a plot rsi without a pane/],
  [
    'bad-style.ts',
    spoiled("title: 'Quiet',", "title: 'Quiet', plots: { rsi: { pane: 'rsi', style: 'dots' } },"),
    /has a plot rsi with the style "dots", which must be 'line' or 'histogram'\.$/,
  ],
];

write('broken-part.js', 'const a = 1;\nconst b = ;\n');
for (const [file, text, pattern] of faults) {
  test(`says what is wrong with ${file}`, async () => {
    write(file, text);
    const message = await refusal(`./${file}`);
    assert.ok(message.includes(folder), message);
    assert.match(message, pattern);
    assert.doesNotMatch(message, /version=|file:\/\//);
  });
}
