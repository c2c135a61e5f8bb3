import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type ExchangeRequest, SIMULATED_KEYS } from '../app/exchange-request.ts';
import { type OpenedExchange, openExchange } from '../app/exchange-run.ts';
import { systemClock } from '../foundation/clock.ts';
import { UserError } from '../foundation/errors.ts';
import { fixed } from '../foundation/fixed-point.ts';
import { epochMs, toIso } from '../foundation/time.ts';
import type { CommandContext } from './command-context.ts';
import type { ExchangeCommandOptions } from './exchange-options.ts';
import { listenForStop } from './stop-signals.ts';

/** Runs the exchange until a signal. */
export async function runExchangeCommand(options: ExchangeCommandOptions, context: CommandContext): Promise<void> {
  const { console } = context;
  const stop = listenForStop(systemClock, () => {});
  try {
    const opened = await openExchange(await requestOf(options, context.cwd));
    console.out(options.json ? `${JSON.stringify(announcement(opened))}\n` : banner(opened));
    await aborted(stop.signal);
    await opened.exchange.close();
  } finally {
    stop.release();
  }
}

async function requestOf(options: ExchangeCommandOptions, cwd: string): Promise<ExchangeRequest> {
  const {
    data = [],
    trades = [],
    funding = [],
    symbols = [],
    at,
    clientIds = 'always-unique',
    funds = fixed('100000'),
  } = options;
  const { host, port, speed, tradesPerMinute, rateLimits, seed } = options;
  const faults = options.faults === undefined ? [] : await readFaults(options.faults, cwd);
  return {
    data,
    trades,
    funding,
    symbols,
    cwd,
    host,
    port,
    speed,
    at,
    tradesPerMinute,
    clientIds,
    rateLimits,
    usdt: funds,
    ...(options.history !== undefined && { historyMs: options.history }),
    seed,
    faults,
  };
}

/** A JSON list, or the file that holds one. */
async function readFaults(text: string, cwd: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const isJson = /^\s*[[{]/.test(text);
  const json = isJson ? text : await readFile(resolve(cwd, text), 'utf8').catch(() => undefined);
  if (json === undefined) throw new UserError(`${text}: no such file of faults, and no JSON list of them.`);
  try {
    const value: unknown = JSON.parse(json);
    return (Array.isArray(value) ? value : [value]) as readonly Readonly<Record<string, unknown>>[];
  } catch {
    throw new UserError(`${isJson ? '--faults' : text}: is not JSON; write a list such as [{"kind":"drop"}].`);
  }
}

function announcement({ exchange, symbols, at, end }: OpenedExchange): Readonly<Record<string, unknown>> {
  const { key, secret } = SIMULATED_KEYS[0];
  return { url: exchange.url, symbols, recordedTime: at, recordEnds: end, key, secret };
}

function banner({ exchange, symbols, at, end }: OpenedExchange): string {
  const { key, secret } = SIMULATED_KEYS[0];
  const sockets = exchange.url.replace('http', 'ws');
  return [
    `A simulated exchange for ${symbols.join(', ')}, linear and spot. Ctrl+C stops it.`,
    `  REST      ${exchange.url}`,
    `  sockets   ${sockets}/v5/public/linear, ${sockets}/v5/public/spot, ${sockets}/v5/private`,
    `  key       ${key}`,
    `  secret    ${secret}`,
    `  faults    ${exchange.url}/admin/faults`,
    `  its now   ${toIso(epochMs(at))} in the recording, which ends at ${toIso(epochMs(end))}`,
    '',
  ].join('\n');
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}
