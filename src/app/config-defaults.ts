import { fileURLToPath } from 'node:url';
import { divides, type Timeframe } from '../domain/timeframe.ts';
import type { SlippageModel, SpreadModel } from '../execution/cost-models.ts';
import { costPresets } from '../execution/cost-models.ts';
import type { WrittenBot } from './config-schema.ts';
import type {
  CostsConfiguration,
  LoggingConfiguration,
  ServerConfiguration,
  TradingConfiguration,
} from './configuration.ts';

/** What holds where nobody said otherwise. `tradewind.example.yaml` says the same, with comments. */

/** Three USDT perpetuals of which one-minute bars come with the program. */
export const BUNDLED_SYMBOLS: readonly string[] = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'];
export const BUNDLED_TIMEFRAME: Timeframe = '1m';

/** The file that comes with the program for a symbol; `undefined` where none does. */
export function bundledFile(symbol: string): string | undefined {
  if (!BUNDLED_SYMBOLS.includes(symbol)) return undefined;
  return fileURLToPath(new URL(`../../data/${symbol}-${BUNDLED_TIMEFRAME}.csv.gz`, import.meta.url));
}

export const defaultTrading: TradingConfiguration = { mode: 'paper', allowLive: false, timeframe: '5m' };

export const DEFAULT_SPEED = 1_800;
export const DEFAULT_BUFFER_SIZE = 500;
export const DEFAULT_UPDATE_TIMEOUT_MS = 300_000;
export const DEFAULT_STARTING_BALANCE = 10_000;
export const DEFAULT_SIZING = { kind: 'percent-of-equity', fraction: 0.1 } as const;

const spread: SpreadModel = { kind: 'ticks', ticks: 1 };
const slippage: SlippageModel = { kind: 'basis-points', basisPoints: 1 };

/** Fees as a customer of Bybit pays them for perpetuals, one tick from bid to ask, and some slippage. */
export const defaultCosts: CostsConfiguration = {
  model: { fees: costPresets['bybit-linear'].fees, spread, slippage },
  latencyMs: 0,
  seed: 1,
  matching: { path: 'adverse-first', limitFill: 'touch', maximumVolumeShare: null },
};

/** Under the folder from which the program is started. */
export const DEFAULT_STORE = '.tradewind/tradewind.db';
export const DEFAULT_CANDLE_FOLDER = '.tradewind/candles';
export const DEFAULT_DATA_FOLDER = '.tradewind/data';
export const DEFAULT_LOG_FOLDER = '.tradewind/logs';
export const DEFAULT_KEY_FILE = '.tradewind/keys.json';

export const defaultServer: ServerConfiguration = {
  host: '127.0.0.1',
  port: 8420,
  token: null,
  allowedOrigins: [],
};
export const defaultLogging: Pick<LoggingConfiguration, 'level'> = { level: 'info' };

/** Bots for any list of symbols: trend on the first, breakout on the second, rotation over all. */
export function defaultBots(symbols: readonly string[], collected: Timeframe): readonly WrittenBot[] {
  const [first, second = first] = symbols;
  const timeframe = divides(collected, '5m') ? '5m' : collected;
  const bots: WrittenBot[] = [
    {
      id: 'trend',
      strategy: 'moving-average-cross',
      symbols: [first!],
      timeframe,
      parameters: { fast: 10, slow: 30 },
    },
    {
      id: 'breakout',
      strategy: 'donchian-breakout',
      symbols: [second!],
      timeframe,
      parameters: { entryPeriod: 40, exitPeriod: 20 },
    },
  ];
  if (symbols.length < 2) return bots;
  const rotation: WrittenBot = {
    id: 'rotation',
    strategy: 'momentum-rotation',
    symbols: [...symbols],
    timeframe,
    parameters: { lookback: 36, rebalanceBars: 36, holdings: 2, exposure: 0.2 },
  };
  return [...bots, rotation];
}
