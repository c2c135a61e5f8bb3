import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Campaign, Suite } from '../harness/campaign.ts';
import type { Measure } from '../harness/document.ts';
import { quietMoment } from '../harness/quiet.ts';
import { spread } from '../harness/statistics.ts';
import type { Latencies } from './latencies.ts';
import { ChainServer, ProductChain, type Transport } from './processes.ts';
import { candleOf } from './scenario.ts';
import { compileChain, runChain } from './yardstick.ts';

/** An order request as JSON, to the byte or so. */
const ORDER_BYTES = 380;
/** V8 goes on compiling for longer than one thinks: with 20,000 it met two rounds of three. */
const WARM_UP = 60_000;
const QUANTILES = ['p50', 'p99', 'p999'] as const;
/** How many times as long as C it may take. */
const TARGETS: Readonly<Record<(typeof QUANTILES)[number], number>> = { p50: 1.5, p99: 1.8, p999: 3 };
const NAMES: Readonly<Record<(typeof QUANTILES)[number], string>> = { p50: 'p50', p99: 'p99', p999: 'p99.9' };

interface Load {
  readonly name: string;
  readonly title: string;
  readonly symbols: number;
  /** 0: one candle at a time. */
  readonly perSecond: number;
  readonly count: number;
}

const LOADS: readonly Load[] = [
  { name: '1', title: '1 symbol, one candle at a time', symbols: 1, perSecond: 0, count: 20_000 },
  { name: '500', title: '500 symbols in each second', symbols: 500, perSecond: 500, count: 4_000 },
];

/** From a confirmed candle to the order request, through Redis: against C, against the design before, warm and cold. */
export const chainSuite: Suite = {
  name: 'chain',
  quick: false,
  async run(campaign) {
    await campaign.attempt('chain', async () => {
      const program = compileChain();
      const server = await ChainServer.start();
      try {
        for (const transport of ['tcp', 'unix'] as const) {
          for (const load of LOADS) await againstC(campaign, program, server, transport, load);
        }
        await firstDecisions(campaign, server);
        await beforeAndAfter(campaign, server);
      } finally {
        await server.stop();
      }
    });
  },
};

async function againstC(
  campaign: Campaign,
  program: string,
  server: ChainServer,
  transport: Transport,
  load: Load,
): Promise<void> {
  const { rounds, quiet } = campaign.options;
  const chain = await ProductChain.start(server.url(transport), load.symbols, { warm: true });
  const own: Latencies[] = [];
  const other: Latencies[] = [];
  const runOwn = async () => void own.push(await chain.run(500, load.count, load.perSecond));
  const runOther = async () => {
    const { symbols, count, perSecond } = load;
    const candleBytes = JSON.stringify(candleOf('S000USDT', 100)).length;
    const job = { place: server.place(transport), symbols, count, perSecond, candleBytes, orderBytes: ORDER_BYTES };
    other.push(await runChain(program, job));
  };
  try {
    await chain.run(0, WARM_UP, 0);
    for (let round = 0; round < rounds; round++) {
      campaign.options.say(`chain, ${transport}, ${load.title}, round ${round + 1} of ${rounds}`);
      if (quiet) await quietMoment(quiet);
      for (const run of round % 2 === 0 ? [runOwn, runOther] : [runOther, runOwn]) await run();
    }
  } finally {
    await chain.stop();
  }
  const place = transport === 'tcp' ? 'TCP' : 'Unix socket';
  for (const quantile of QUANTILES) {
    const ratios = own.map((one, round) => one[quantile] / other[round]![quantile]);
    campaign.measures.push({
      name: `chain-${transport}-${load.name}-${quantile}`,
      title: `Candle to order through Redis, ${place}, ${load.title}: ${NAMES[quantile]}`,
      value: spread(ratios),
      unit: 'times C',
      target: { kind: 'at most', value: TARGETS[quantile] },
      notes: [
        `tradewind ${microseconds(own, quantile)}, C ${microseconds(other, quantile)} (medians of ${rounds} rounds of ${load.count.toLocaleString('en')}).`,
      ],
    });
  }
}

function microseconds(rounds: readonly Latencies[], quantile: (typeof QUANTILES)[number]): string {
  return `${Math.round(spread(rounds.map((one) => one[quantile])).median)} µs`;
}

/** The first hundred decisions of a process, with and without the warm-up that a live system does. */
async function firstDecisions(campaign: Campaign, server: ChainServer): Promise<void> {
  const first = 100;
  const measured = { warm: [] as Latencies[], cold: [] as Latencies[] };
  for (let round = 0; round < Math.min(5, campaign.options.rounds); round++) {
    for (const state of ['warm', 'cold'] as const) {
      campaign.options.say(`first decisions, ${state}, round ${round + 1}`);
      const chain = await ProductChain.start(server.url('tcp'), 1, { warm: state === 'warm' });
      try {
        measured[state].push(await chain.run(0, first, 20));
      } finally {
        await chain.stop();
      }
    }
  }
  for (const state of ['warm', 'cold'] as const) {
    const how = state === 'warm' ? 'warmed up' : 'not warmed up';
    for (const quantile of ['p50', 'p99'] as const) {
      const values = measured[state].map((one) => one[quantile] / 1_000);
      const title = `The first ${first} decisions of bots, ${how}: ${NAMES[quantile]}`;
      campaign.measures.push(plain(`chain-first-${state}-${quantile}`, title, values));
    }
  }
}

/** S0-35: the polling loop that S0 begins with, beside ours. */
async function beforeAndAfter(campaign: Campaign, server: ChainServer): Promise<void> {
  for (const symbols of [1, 500]) {
    const perSecond = symbols === 1 ? 10 : 500;
    const count = symbols === 1 ? 100 : 2_000;
    for (const design of ['before', 'after'] as const) {
      campaign.options.say(`design ${design}, ${symbols} symbols`);
      const files = join(server.folder, `csv-${symbols}`);
      mkdirSync(files, { recursive: true });
      const options = design === 'before' ? { files } : { warm: true };
      const chain = await ProductChain.start(server.url('tcp'), symbols, options);
      let measured: Latencies;
      try {
        measured = await chain.run(0, count, perSecond);
      } finally {
        await chain.stop();
      }
      const what =
        design === 'before'
          ? 'polling CSV files once a second (the design before)'
          : 'each candle over the bus (the design now)';
      const title = `${symbols} ${symbols === 1 ? 'symbol' : 'symbols'}, ${what}`;
      for (const quantile of ['p50', 'p99'] as const) {
        const name = `chain-${design}-${symbols}-${quantile}`;
        campaign.measures.push(plain(name, `${title}: ${NAMES[quantile]}`, [measured[quantile] / 1_000]));
      }
    }
  }
}

function plain(name: string, title: string, values: readonly number[]): Measure {
  return { name, title, value: spread(values), unit: 'ms', notes: [] };
}
