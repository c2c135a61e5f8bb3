import type { FaultRequest } from '../../../src/exchange/faults/fault.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import type { LinkMode } from '../proxy/link-mode.ts';
import type { Scenario, ScenarioRun } from '../scenario.ts';

/** How long a broken stream may go unnoticed, in milliseconds of the exchange's time. */
const HALF_OPEN_WITHIN_MS = 25_000;
/** That candles are silent shows by the next that closes, and where the line has just come back by the one after it. */
const SILENT_TOPIC_WITHIN_MS = 150_000;

/** B. What a market's data suffer on their way. */
export const MARKET_SCENARIOS: readonly Scenario[] = [
  { id: 'F13', title: 'connections reset', play: resetConnections },
  { id: 'F14', title: 'half-open sockets: nothing comes, not even an end', play: halfOpen },
  { id: 'F15', title: 'one topic silent, the socket well', play: silentTopic },
  { id: 'F16', title: 'subscriptions refused or forgotten', play: refusedSubscriptions },
  { id: 'F18', title: 'messages lost', play: (run) => messages(run, { kind: 'drop', probability: 0.2 }) },
  { id: 'F19', title: 'the same message again and again', play: frozenRepeats },
  { id: 'F20a', title: 'messages doubled', play: (run) => messages(run, { kind: 'duplicate', probability: 0.3 }) },
  { id: 'F20b', title: 'messages out of order', play: (run) => messages(run, { kind: 'reorder', ms: 20_000 }) },
  {
    id: 'F20c',
    title: 'messages a minute late',
    play: (run) => messages(run, { kind: 'delay', ms: 60_000, probability: 0.3 }),
  },
  { id: 'F21a', title: 'messages cut off', play: (run) => messages(run, { kind: 'truncate', probability: 0.2 }) },
  { id: 'F21b', title: 'bytes changed on the way', play: corruptBytes },
  { id: 'F22', title: 'running candles called closed', play: formingAsClosed },
  { id: 'F23', title: 'closed candles revised', play: revisedCandles },
  { id: 'F24', title: 'no exchange for half an hour', play: longGap },
  { id: 'F24b', title: 'the way to the exchange slow and narrow', play: slowLink },
];

async function resetConnections(run: ScenarioRun): Promise<void> {
  const { world } = run;
  for (let time = 0; time < 2 * run.times; time++) {
    await run.anyMoment(1.5);
    const since = systemClock.now();
    for (const edges of world.allEdges) edges.exchange.resetAll();
    run.injected += 1;
    await run.detected(['collector'], since, /stream broke/, 5_000);
    await run.recovered(since);
  }
}

async function halfOpen(run: ScenarioRun): Promise<void> {
  const { world } = run;
  for (let time = 0; time < run.times; time++) {
    await run.anyMoment(1);
    const since = systemClock.now();
    await world.edge('collector').exchange.setMode({ kind: 'black-hole' });
    run.injected += 1;
    await run.detected(['collector'], since, /stream broke/, HALF_OPEN_WITHIN_MS);
    await run.healed();
  }
}

async function silentTopic(run: ScenarioRun): Promise<void> {
  const { world } = run;
  for (let time = 0; time < run.times; time++) {
    const symbol = world.options.symbols[time % world.options.symbols.length]!;
    const topic = time % 2 === 0 ? `kline.1.${symbol}` : `tickers.${symbol}`;
    const since = systemClock.now();
    await world.exchange.addFault({ kind: 'freeze', topic });
    run.injected += 1;
    await run.detected(['collector'], since, /a topic fell silent/, SILENT_TOPIC_WITHIN_MS);
    await run.healed();
  }
}

async function refusedSubscriptions(run: ScenarioRun): Promise<void> {
  const { world } = run;
  for (let time = 0; time < run.times; time++) {
    const since = systemClock.now();
    await world.exchange.addFault({ kind: 'refuse-subscription', topic: 'kline.*', silently: time % 2 === 1 });
    await world.exchange.disconnect('public');
    run.injected += 1;
    await run.exchangeSeconds(70);
    await run.healed();
    countSigns(run, since);
  }
}

/** A share of all messages suffers for two minutes of the exchange's time. */
async function messages(run: ScenarioRun, fault: FaultRequest): Promise<void> {
  const { world } = run;
  const since = systemClock.now();
  await world.exchange.addFault(fault);
  run.injected += 1;
  await run.exchangeSeconds(60 + 30 * run.times);
  await run.healed();
  countSigns(run, since);
}

/** What the collector made of it. */
function countSigns(run: ScenarioRun, since: number): void {
  const signs = {
    'passed over': /passed over|impossible/,
    'connected anew': /stream broke/,
    'subscribed anew': /fell silent/,
  };
  for (const [what, pattern] of Object.entries(signs))
    run.count(what, run.world.logged('collector', since, pattern).length);
}

async function frozenRepeats(run: ScenarioRun): Promise<void> {
  const { world } = run;
  for (let time = 0; time < run.times; time++) {
    const since = systemClock.now();
    await world.exchange.addFault({ kind: 'repeat', topic: 'tickers.*' });
    run.injected += 1;
    await run.detected(['collector'], since, /a topic fell silent|is silent/, SILENT_TOPIC_WITHIN_MS);
    await run.healed();
  }
}

async function corruptBytes(run: ScenarioRun): Promise<void> {
  await whileMode(run, { kind: 'corrupt', probability: 0.02 }, 90);
}

async function slowLink(run: ScenarioRun): Promise<void> {
  await whileMode(run, { kind: 'delay', ms: 150, jitterMs: 150 }, 60);
  await whileMode(run, { kind: 'throttle', bytesPerSecond: 60_000 }, 60);
}

/** The collector's line to the exchange in one mode, for some seconds of the exchange's time. */
async function whileMode(run: ScenarioRun, mode: LinkMode, seconds: number): Promise<void> {
  const edges = run.world.edge('collector');
  const since = systemClock.now();
  await edges.exchange.setMode(mode);
  run.injected += 1;
  await run.exchangeSeconds(seconds * Math.max(1, run.times / 2));
  await run.healed();
  countSigns(run, since);
}

async function formingAsClosed(run: ScenarioRun): Promise<void> {
  const { world } = run;
  const since = systemClock.now();
  await world.exchange.addFault({ kind: 'forming-as-closed', symbol: '*', probability: 0.3 });
  run.injected += 1;
  await run.exchangeSeconds(60 + 30 * run.times);
  run.count('told apart', world.logged('collector', since, /closed before its end/).length);
  await run.healed();
}

async function revisedCandles(run: ScenarioRun): Promise<void> {
  const { world } = run;
  const since = systemClock.now();
  await world.exchange.addFault({ kind: 'revised-candle', symbol: '*', ms: 2_000, ticks: 3, count: run.times });
  run.injected += run.times;
  await run.exchangeSeconds(70 + 60 * run.times);
  run.count('noticed', world.logged('collector', since, /revised/).length);
  await run.healed();
}

/** The exchange is away; its market goes on. Everything that was missed is there before anyone decides again. */
async function longGap(run: ScenarioRun): Promise<void> {
  const { world } = run;
  const kinds: readonly LinkMode[] = [{ kind: 'refuse' }, { kind: 'stall' }];
  for (const mode of kinds.slice(0, run.times > 1 ? 2 : 1)) {
    for (const edges of world.allEdges) {
      edges.exchange.resetAll();
      await edges.exchange.setMode(mode);
    }
    run.injected += 1;
    await run.exchangeSeconds(run.times > 5 ? 1_800 : 240);
    await run.healed();
  }
}
