/** What a strategy file imports as `tradewind`. */
export { type Candle, type Feed, feedName } from './domain/candle.ts';
export { type Instrument, instrument } from './domain/instrument.ts';
export type { Signal } from './domain/signal.ts';
export type { Timeframe } from './domain/timeframe.ts';
export type { Clock } from './foundation/clock.ts';
export { UserError } from './foundation/errors.ts';
export { type EpochMs, epochMs } from './foundation/time.ts';
export * from './indicators/index.ts';
export type { CandleWindow } from './market/candle-window.ts';
export type {
  CandleRevision,
  LatestPrice,
  MarketDataFeed,
  MarketDataSink,
  MarketDataStatus,
  MarketNotice,
} from './market/market-data.ts';
export {
  defineProvider,
  type MarketDataProvider,
  type ProviderDefinition,
  type ProviderRequest,
  registerProvider,
} from './market/provider.ts';
export { type AgentAnswer, agentStrategy, type TradeAction, type TradingAgent } from './strategy/agent-strategy.ts';
export type { ColumnSeries } from './strategy/column-series.ts';
export {
  above,
  atLeast,
  atMost,
  below,
  both,
  type Column,
  type ColumnSignal,
  type ColumnSignals,
  crossedAbove,
  crossedBelow,
  either,
  not,
} from './strategy/column-signals.ts';
export { choice, decimal, flag, integer } from './strategy/parameters.ts';
export { type Decision, defineStrategy, type Market, Strategy } from './strategy/strategy.ts';
