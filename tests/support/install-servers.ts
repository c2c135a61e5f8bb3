import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { UserError } from '../../src/foundation/errors.ts';
import { findPostgres, findRedisServer, onPath, runsAsRoot } from './server-binaries.ts';

/** Debian asks this program whether a service may be started; 101 says no. */
const SERVICE_POLICY = '/usr/sbin/policy-rc.d';

/**
 * Sees to it that the servers that the tests need are installed: as root on a Debian-like system it installs what is
 * missing; elsewhere it throws a UserError that says what to install.
 */
export async function ensureServers(wanted: { readonly redis: boolean; readonly postgres: boolean }): Promise<void> {
  const missing = [
    ...(wanted.redis && !findRedisServer() ? ['redis-server'] : []),
    ...(wanted.postgres && !findPostgres() ? ['postgresql'] : []),
  ];
  if (missing.length === 0) return;
  if (!runsAsRoot() || !onPath('apt-get')) throw new UserError(advice(missing));
  console.log(`Installing ${missing.join(' and ')} with apt-get, once on this machine …`);
  await withoutStartingServices(async () => {
    // Where the lists can't be fetched, those of before may still do.
    await aptGet('update');
    await aptGet('install', '-y', '--no-install-recommends', ...missing);
  });
  if ((wanted.redis && !findRedisServer()) || (wanted.postgres && !findPostgres())) {
    throw new UserError(advice(missing));
  }
}

function advice(missing: readonly string[]): string {
  const how =
    process.platform === 'darwin'
      ? `brew install ${missing.map((name) => name.replace('-server', '')).join(' ')}`
      : `sudo apt-get install ${missing.join(' ')}`;
  const variables = missing.map((name) =>
    name === 'postgresql' ? 'TRADEWIND_TEST_POSTGRES_URL' : 'TRADEWIND_TEST_REDIS_URL',
  );
  return `The tests need ${missing.join(' and ')}, which this machine does not have: install with \`${how}\`, or set ${variables.join(' and ')} to a server that tests may use.`;
}

async function withoutStartingServices(install: () => Promise<void>): Promise<void> {
  if (existsSync(SERVICE_POLICY)) return await install();
  writeFileSync(SERVICE_POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await install();
  } finally {
    rmSync(SERVICE_POLICY, { force: true });
  }
}

async function aptGet(...parameters: string[]): Promise<void> {
  const child = spawn('apt-get', ['-q', ...parameters], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4_000);
    });
  }
  const [code] = await once(child, 'close');
  if (code !== 0) console.log(`${output.trimEnd()}\napt-get ${parameters[0]} ended with code ${code}`);
}
