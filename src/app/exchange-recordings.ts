import { resolve } from 'node:path';
import { loadFunding, loadTrades } from '../exchange/market/record-file.ts';
import type { Recording } from '../exchange/simulated-exchange.ts';
import { UserError } from '../foundation/errors.ts';
import { MINUTE_MS } from '../foundation/time.ts';
import { loadCandles } from '../providers/files/load-candles.ts';
import { resolveSources } from './backtest-sources.ts';
import { BUNDLED_SYMBOLS } from './config-defaults.ts';
import { readSymbol } from './config-values.ts';
import type { ExchangeRequest } from './exchange-request.ts';

/**
 * What the exchange plays: bars, trades, or both for different symbols, and the funding of some of them.
 *
 * @throws UserError when a file can't be read, the bars are no minutes, or a symbol is given twice
 */
export async function loadRecordings(request: ExchangeRequest): Promise<readonly Recording[]> {
  const tradeFiles = filesBySymbol(request.trades ?? [], '--trades', request.cwd);
  const fundingFiles = filesBySymbol(request.funding ?? [], '--funding', request.cwd);
  const recordings = [...(await loadBars(request, tradeFiles)), ...(await loadAllTrades(tradeFiles))];
  const symbols = recordings.map(({ symbol }) => symbol);
  const repeated = symbols.find((symbol, index) => symbols.indexOf(symbol) !== index);
  if (repeated !== undefined) throw new UserError(`${repeated} has bars and trades; give one of --data and --trades.`);
  const stranger = [...fundingFiles.keys()].find((symbol) => !symbols.includes(symbol));
  if (stranger !== undefined) throw new UserError(`--funding is given for ${stranger}, which is not played.`);
  return Promise.all(
    recordings.map(async (recording) => {
      const file = fundingFiles.get(recording.symbol);
      return file === undefined ? recording : { ...recording, funding: await loadFunding(file) };
    }),
  );
}

/** From when to when every symbol is recorded. @throws UserError where they have no time in common */
export function commonPeriod(recordings: readonly Recording[]): { readonly from: number; readonly to: number } {
  const periods = recordings.map(periodOf);
  const from = Math.max(...periods.map((period) => period.from));
  const to = Math.min(...periods.map((period) => period.to));
  if (from < to) return { from, to };
  throw new UserError('The files have no time in common; the simulated exchange plays all of them at once.');
}

function periodOf(recording: Recording): { readonly from: number; readonly to: number } {
  const times = 'trades' in recording ? recording.trades.time : recording.columns.openTime;
  const minute = (time: number): number => Math.floor(time / MINUTE_MS) * MINUTE_MS;
  return { from: minute(times[0]!), to: minute(times[times.length - 1]!) + MINUTE_MS };
}

async function loadBars(
  { data, symbols, cwd }: ExchangeRequest,
  tradeFiles: ReadonlyMap<string, string>,
): Promise<readonly Recording[]> {
  const named = symbols.filter((symbol) => !tradeFiles.has(symbol));
  const isNothingSaid = data.length === 0 && symbols.length === 0 && tradeFiles.size === 0;
  const wanted = isNothingSaid ? BUNDLED_SYMBOLS : named;
  if (data.length === 0 && wanted.length === 0) return [];
  const sources = await resolveSources({ data, symbols: wanted, configured: new Map(), cwd });
  return Promise.all(
    sources.map(async ({ symbol, path }) => {
      const { columns, decimals, timeframe } = await loadCandles({ path, symbol });
      if (timeframe !== '1m') {
        throw new UserError(`${path}: has bars of ${timeframe}; the simulated exchange plays bars of one minute (1m).`);
      }
      return { symbol, columns, priceDecimals: decimals.price };
    }),
  );
}

function loadAllTrades(files: ReadonlyMap<string, string>): Promise<readonly Recording[]> {
  return Promise.all([...files].map(async ([symbol, path]) => ({ symbol, ...(await loadTrades(path)) })));
}

/** `SYMBOL=FILE` each. */
function filesBySymbol(entries: readonly string[], option: string, cwd: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const entry of entries) {
    const [, name = '', file] = /^([^=]+)=(.+)$/s.exec(entry) ?? [];
    const symbol = readSymbol(name);
    if (!symbol.ok || file === undefined) {
      throw new UserError(`${option} is ${JSON.stringify(entry)}, but must be SYMBOL=FILE, such as BTCUSDT=${entry}.`);
    }
    if (files.has(symbol.value))
      throw new UserError(`${option} gives two files for ${symbol.value}; each symbol has one.`);
    files.set(symbol.value, resolve(cwd, file));
  }
  return files;
}
