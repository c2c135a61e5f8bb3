import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Ended, launcher } from './command-line.ts';

/*
 * The launcher as an old Node runs it: in a project of its own, with a script in the place of the modern Node.
 */

const isPosix = process.platform !== 'win32';
let root: string;
before(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'tradewind-launcher-')));
});
after(() => rmSync(root, { recursive: true }));

/** A project in `folder` whose modern Node, if it has one, is a shell script. */
function project(
  folder: string,
  node?: { readonly version: string; readonly script: string; readonly at?: string },
): string {
  const home = join(root, folder);
  mkdirSync(join(home, 'bin'), { recursive: true });
  copyFileSync(launcher, join(home, 'bin', 'tradewind.js'));
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }');
  if (node !== undefined) {
    const installed = join(root, node.at ?? folder, 'node_modules', `node-${process.platform}-${process.arch}`);
    mkdirSync(join(installed, 'bin'), { recursive: true });
    writeFileSync(join(installed, 'package.json'), JSON.stringify({ version: node.version }));
    writeFileSync(join(installed, 'bin', 'node'), `#!/bin/sh\n${node.script}\n`);
    chmodSync(join(installed, 'bin', 'node'), 0o755);
  }
  return join(home, 'bin', 'tradewind.js');
}

/** Runs it as if by Node 20. */
async function launch(path: string, parameters: readonly string[]): Promise<Ended> {
  const asOld = `Object.defineProperty(process, 'version', { value: 'v20.20.2' }); await import(${JSON.stringify(path)});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', asOld, '--', 'launcher', ...parameters]);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const [code, signal] = await once(child, 'close');
  return { code, signal, out, err };
}

test('without a modern Node: one sentence, exit code 2', async () => {
  const { code, out, err } = await launch(project('bare'), []);
  assert.equal(code, 2);
  assert.equal(out, '');
  assert.match(err, /^tradewind needs Node 24 or newer, and this is v20\.20\.2: run "npm ci" in \S+bare, .*\n$/);
});

test('an installed Node that is too old is none', { skip: !isPosix }, async () => {
  const { code } = await launch(project('old', { version: '22.1.0', script: 'echo never' }), []);
  assert.equal(code, 2);
});

test('the installed Node gets the program, its flags and the parameters; its exit code is passed on', {
  skip: !isPosix,
}, async () => {
  const path = project('good', { version: '24.21.0', script: 'echo "$@"; exit 7' });
  const { code, out, err } = await launch(path, ['backtest', '--json']);
  assert.equal(err, '');
  assert.equal(code, 7);
  assert.match(
    out,
    /^--max-inlined-bytecode-size-cumulative=6000 --max-inlined-bytecode-size=2000 --disable-warning=ExperimentalWarning \S+good\/src\/cli\/main\.ts backtest --json\n$/,
  );
});

test('it may be installed in a folder above', { skip: !isPosix }, async () => {
  const path = project('above/packages/tradewind', { version: '25.0.0', script: 'exit 3', at: 'above' });
  assert.equal((await launch(path, [])).code, 3);
});

test('a program that a signal has killed takes the launcher with it', { skip: !isPosix }, async () => {
  const { code, signal } = await launch(project('killed', { version: '24.0.0', script: 'kill -9 $$' }), []);
  assert.deepEqual([code, signal], [null, 'SIGKILL']);
});
