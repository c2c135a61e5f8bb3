import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { acceleratedClock } from '../../../src/app/exchange-clock.ts';
import type { Candle } from '../../../src/domain/candle.ts';
import { type Timeframe, timeframeMs } from '../../../src/domain/timeframe.ts';
import type { FaultRequest } from '../../../src/exchange/faults/fault.ts';
import type { Clock } from '../../../src/foundation/clock.ts';
import { type EpochMs, epochMs } from '../../../src/foundation/time.ts';
import type { ExchangeAccount, ExchangeBooks } from './exchange-books.ts';
import { own } from './owned-processes.ts';
import { program } from './supervised-role.ts';

export interface ExchangeProcessOptions {
  readonly symbols: readonly string[];
  readonly speed: number;
  readonly seed: number;
  readonly cwd: string;
  readonly tradesPerMinute: number;
  readonly clientIds?: 'always-unique' | 'unique-among-open';
}

const INTERVALS: Readonly<Partial<Record<Timeframe, string>>> = { '1m': '1', '5m': '5', '15m': '15', '1h': '60' };
const PAGE = 1_000;
/** Limits count in our time, and everything here goes faster; what a limit says is said by the proxies. */
const UNLIMITED = ['--no-rate-limits'];
const PRIVATE_CALL = /order|position|account|execution|user/;

/** The simulated exchange as a process of its own: the judge, asked directly and not through any proxy. */
export class ExchangeProcess {
  readonly url: string;
  /** The exchange's time. */
  readonly clock: Clock;
  readonly key: string;
  readonly secret: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, told: Readonly<Record<string, unknown>>, clock: Clock) {
    this.#child = child;
    this.url = String(told.url);
    this.key = String(told.key);
    this.secret = String(told.secret);
    this.clock = clock;
  }

  static async start(options: ExchangeProcessOptions): Promise<ExchangeProcess> {
    const { symbols, speed, seed, cwd, tradesPerMinute, clientIds = 'always-unique' } = options;
    const words = { symbols: symbols.join(','), speed, seed, port: 0, 'trades-per-minute': tradesPerMinute };
    const parameters = Object.entries({ ...words, 'client-ids': clientIds }).flatMap(([name, value]) => [
      `--${name}`,
      String(value),
    ]);
    const child = spawn(process.execPath, [program, 'exchange', '--json', ...UNLIMITED, ...parameters], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd,
    });
    own(child);
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const told = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const answer = await fetch(`${String(told.url)}/admin/clock`);
    const { anchorBaseTime, anchorTime } = (await answer.json()) as Readonly<Record<string, number>>;
    const anchor = { baseTime: anchorBaseTime!, time: anchorTime! };
    return new ExchangeProcess(child, told, acceleratedClock(speed, anchor));
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  async addFault(fault: FaultRequest): Promise<void> {
    await this.#admin('POST', 'faults', fault);
  }

  async clearFaults(): Promise<void> {
    await this.#admin('DELETE', 'faults');
  }

  /** Cuts sockets, as a restart of the exchange's gateway does. */
  async disconnect(sockets: 'public' | 'private' | 'trade' | 'all'): Promise<void> {
    await this.#admin('POST', 'disconnect', { sockets });
  }

  /** What an owner or the exchange itself does: `cancel`, `funds`, `keys` (docs/exchange.md). */
  async command(name: string, body: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#admin('POST', name, body);
  }

  /** The whole truth of our account's books. */
  async books(): Promise<ExchangeAccount> {
    const { accounts } = (await this.#admin('GET', 'ledger')) as ExchangeBooks;
    return accounts.find(({ key }) => key === this.key)!;
  }

  /** How many calls came that need a key. */
  async privateCalls(): Promise<number> {
    const { calls } = (await this.#admin('GET', 'calls')) as { calls: Readonly<Record<string, number>> };
    const ofKey = Object.entries(calls).filter(([name]) => PRIVATE_CALL.test(name));
    return ofKey.reduce((sum, [, count]) => sum + count, 0);
  }

  /** Its own candles that open in [from, until), oldest first. */
  async candles(symbol: string, timeframe: Timeframe, from: EpochMs, until: EpochMs): Promise<readonly Candle[]> {
    const length = timeframeMs(timeframe);
    const candles: Candle[] = [];
    for (let start: number = from; start < until; start += PAGE * length) {
      const end = Math.min(until, start + PAGE * length) - 1;
      const interval = INTERVALS[timeframe];
      const query = `category=linear&symbol=${symbol}&interval=${interval}&start=${start}&end=${end}&limit=${PAGE}`;
      const answer = await fetch(`${this.url}/v5/market/kline?${query}`);
      const { result } = (await answer.json()) as { result: { list: readonly (readonly string[])[] } };
      candles.push(...result.list.toReversed().map((row) => candleOf(row, length)));
    }
    return candles;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async #admin(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.url}/admin/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const told: unknown = await answer.json();
    if (!answer.ok) throw new Error(`the exchange refused ${method} ${path}: ${JSON.stringify(told)}`);
    return told;
  }
}

function candleOf(row: readonly string[], length: number): Candle {
  const [start, open, high, low, close, volume] = row.map(Number);
  return {
    openTime: epochMs(start!),
    closeTime: epochMs(start! + length),
    open: open!,
    high: high!,
    low: low!,
    close: close!,
    volume: volume!,
  };
}
