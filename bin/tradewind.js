#!/usr/bin/env node
/**
 * Starts the program. Runs on any Node that is still about (20 too): it finds the Node 24 or newer that the program
 * itself needs, hands over to it, and passes on signals, exit code and fatal signal. What runs to its end by itself is run
 * in this very process where its Node is new enough.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import * as modules from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const REQUIRED_MAJOR = 24;
/** With these V8 inlines a strategy into the loop over bars, which it would not by its own limits. */
const V8_FLAGS = ['--max-inlined-bytecode-size-cumulative=6000', '--max-inlined-bytecode-size=2000'];
const NODE_FLAGS = [...V8_FLAGS, '--disable-warning=ExperimentalWarning'];
/** In MiB, for what is young: to collect it stops everything for a millisecond, and with more room it is done less often. */
const LIVE_FLAGS = ['--min-semi-space-size=64', '--max-semi-space-size=64'];
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const project = join(dirname(fileURLToPath(import.meta.url)), '..');

const isNewEnough = majorOf(process.version) >= REQUIRED_MAJOR;
const command = process.argv.slice(2).find((parameter) => !parameter.startsWith('-'));
if (isNewEnough && command !== 'start') {
  await runHere();
} else {
  const node = findNode();
  if (node === undefined) complain();
  else handOver(node);
}

function complain() {
  process.stderr.write(
    `tradewind needs Node ${REQUIRED_MAJOR} or newer, and this is ${process.version}: run "npm ci" in ${project}, which brings one along, or install it from https://nodejs.org.\n`,
  );
  process.exitCode = 2;
}

/** In this process: a second one would take longer to start than most of what the program is asked for. */
async function runHere() {
  // Before anything of the program is compiled.
  for (const flag of V8_FLAGS) setFlagsFromString(flag);
  const { emitWarning } = process;
  process.emitWarning = (warning, ...rest) => {
    const type = typeof rest[0] === 'object' ? rest[0]?.type : rest[0];
    if (type !== 'ExperimentalWarning' && warning?.name !== 'ExperimentalWarning') emitWarning(warning, ...rest);
  };
  // Compiled code, without its types, is kept beside the packages, so that the next start finds it.
  modules.enableCompileCache(join(project, 'node_modules', '.cache', 'tradewind'));
  await import('../src/cli/main.ts');
}

/** This Node when it is new enough, else one that was installed with the project or a folder above it. */
function findNode() {
  if (isNewEnough) return process.execPath;
  for (let folder = project; ; folder = dirname(folder)) {
    const found = nodeIn(join(folder, 'node_modules'));
    if (found !== undefined || dirname(folder) === folder) return found;
  }
}

function nodeIn(modules) {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  for (const name of [`node-${system}-${process.arch}`, 'node']) {
    const path = join(modules, name, 'bin', program);
    if (existsSync(path) && packageMajor(join(modules, name)) >= REQUIRED_MAJOR) return path;
  }
  const linked = join(modules, '.bin', program);
  if (!existsSync(linked)) return undefined;
  const { stdout } = spawnSync(linked, ['--version'], { encoding: 'utf8' });
  return majorOf(stdout ?? '') >= REQUIRED_MAJOR ? linked : undefined;
}

function packageMajor(folder) {
  try {
    return majorOf(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version);
  } catch {
    return 0;
  }
}

/** 24 of `v24.21.0`; 0 where there is no number. */
function majorOf(version) {
  return Number(/^v?(\d+)\./.exec(version)?.[1] ?? 0);
}

/**
 * For a program that runs on until it is stopped. Signals are passed on, since most senders (npm, Docker, a service manager) know only this process. A terminal sends
 * Ctrl+C to both; the program takes signals that come together as one. The channel tells the program when this
 * process was killed, so that it does not trade on unseen.
 */
function handOver(path) {
  const own = command === 'start' ? [...NODE_FLAGS, ...LIVE_FLAGS] : NODE_FLAGS;
  const flags = path === process.execPath ? [...process.execArgv, ...own] : own;
  const main = join(project, 'src', 'cli', 'main.ts');
  const child = spawn(path, [...flags, main, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const forward = (signal) => child.kill(signal);
  for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);
  child.on('error', (error) => {
    process.stderr.write(`tradewind could not start ${path}: ${error.message}.\n`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    for (const name of FORWARDED_SIGNALS) process.off(name, forward);
    if (signal === null) process.exitCode = code ?? 1;
    else process.kill(process.pid, signal);
  });
}
