#!/usr/bin/env node
/**
 * Starts the program. Runs on any Node that is still about (20 too): it finds the Node 24 or newer that the program
 * itself needs, hands over to it, and passes on signals, exit code and fatal signal.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REQUIRED_MAJOR = 24;
/** With these V8 inlines a strategy into the loop over bars, which it would not by its own limits. */
const NODE_FLAGS = [
  '--max-inlined-bytecode-size-cumulative=6000',
  '--max-inlined-bytecode-size=2000',
  '--disable-warning=ExperimentalWarning',
];
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const project = join(dirname(fileURLToPath(import.meta.url)), '..');

const node = findNode();
if (node === undefined) {
  process.stderr.write(
    `tradewind needs Node ${REQUIRED_MAJOR} or newer, and this is ${process.version}: run "npm ci" in ${project}, which brings one along, or install it from https://nodejs.org.\n`,
  );
  process.exitCode = 2;
} else {
  handOver(node);
}

/** This Node when it is new enough, else one that was installed with the project or a folder above it. */
function findNode() {
  if (majorOf(process.version) >= REQUIRED_MAJOR) return process.execPath;
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
 * Signals are passed on, since most senders (npm, Docker, a service manager) know only this process. A terminal sends
 * Ctrl+C to both; the program takes signals that come together as one. The channel tells the program when this
 * process was killed, so that it does not trade on unseen.
 */
function handOver(path) {
  const flags = path === process.execPath ? [...process.execArgv, ...NODE_FLAGS] : NODE_FLAGS;
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
