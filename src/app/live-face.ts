/** What a program imports as `tradewind/live`: a market in its own process, and what is done with one. */
export { LiveDataAdapter, RecordedDataAdapter } from '../live/streams/data-adapter.ts';
export { FeatureHistory } from '../live/streams/feature-history.ts';
export { LiveTrader, type TraderStatistics } from '../live/streams/live-trader.ts';
export { MultiTickerStream } from '../live/streams/multi-ticker-stream.ts';
export { RealTimeStream, type StreamStatus } from '../live/streams/real-time-stream.ts';
export {
  joinLiveMarket,
  LiveMarket,
  type LiveMarketOptions,
  openLiveMarket,
  type TraderOptions,
} from './live-market.ts';
