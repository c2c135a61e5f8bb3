import type { FaultRequest } from '../../../src/exchange/faults/fault.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import type { RequestFault, RequestRule } from '../proxy/http-proxy.ts';
import type { Scenario, ScenarioRun } from '../scenario.ts';

const CREATE = /^POST \/v5\/order\/create/;
const CANCEL = /^POST \/v5\/order\/cancel/;
const TRADING = /^POST \/v5\/order\//;
/** A run of so many orders has the time for everything. */
const LONG_RUN_ORDERS = 200;
const BOTS = ['bots-1', 'bots-2'] as const;
/** Refused risk after a private stream that can't be heard, in milliseconds of the exchange's time. */
const HALT_WITHIN_MS = 10_000;

/** C. What happens to orders, fills and the account. Each goes on until as many orders were struck as are wanted. */
export function orderScenarios(orders: number): readonly Scenario[] {
  const each = Math.max(2, Math.ceil(orders / 9));
  // Cancellations are rarer than orders.
  const cancellations = Math.max(2, Math.ceil(each / 6));
  const strike = (
    id: string,
    title: string,
    matches: RegExp,
    faults: readonly RequestFault[],
    wanted = each,
  ): Scenario => ({ id, title, play: (run) => struck(run, wanted, matches, faults) });
  const says = (status: number, body: string, forward: boolean): RequestFault => ({
    kind: 'answer',
    status,
    body,
    forward,
  });
  const all: readonly Scenario[] = [
    { id: 'F17', title: 'private stream without an answer to its login', play: deafStream },
    strike('F32', 'answer lost after the order was taken', CREATE, [
      { kind: 'swallow-answer', end: 'reset' },
      { kind: 'swallow-answer', end: 'silence' },
    ]),
    strike('F33', '5xx or half an answer after the order was taken', CREATE, [
      says(502, '<html>Bad Gateway</html>', true),
      says(200, '<html>', true),
      { kind: 'half-answer' },
    ]),
    strike('F34', 'requests held up, some beyond the receive window', TRADING, [
      { kind: 'hold', ms: 150 },
      { kind: 'hold', ms: 600 },
      { kind: 'hold', ms: 2_000 },
    ]),
    strike('F35', 'requests doubled: the id was there already', CREATE, [
      { kind: 'duplicate', give: 'first' },
      { kind: 'duplicate', give: 'second' },
    ]),
    strike('F36', 'too many requests, refused before they were looked at', TRADING, [
      says(429, '{}', false),
      says(200, '{"retCode":10006,"retMsg":"Too many visits!","result":{},"retExtInfo":{},"time":0}', false),
    ]),
    { id: 'F36b', title: 'this address banned for ten minutes', play: banned },
    {
      id: 'F37',
      title: 'messages of fills lost',
      play: (run) => said(run, each, { kind: 'drop', topic: 'execution*', probability: 0.5 }),
    },
    {
      id: 'F38',
      title: 'messages of fills doubled',
      play: (run) => said(run, each, { kind: 'duplicate', topic: 'execution*', probability: 0.5 }),
    },
    {
      id: 'F39',
      title: 'private messages out of order',
      play: (run) => said(run, each, { kind: 'reorder', topic: '*', ms: 10_000 }),
    },
    { id: 'F39b', title: 'look-ups that lag', play: (run) => said(run, each, { kind: 'lagging-look-ups', ms: 1_500 }) },
    strike(
      'F41',
      'answer to a cancel lost',
      CANCEL,
      [{ kind: 'swallow-answer', end: 'reset' }, { kind: 'half-answer' }, says(500, '', true)],
      cancellations,
    ),
    { id: 'F40', title: 'orders cancelled by the exchange, partly filled ones among them', play: cancelledByExchange },
    { id: 'F46', title: 'too little money in the account', play: tooLittleMoney },
    { id: 'F47', title: 'exchange away, and its open orders cancelled meanwhile', play: exchangeAway },
    { id: 'F48', title: 'key denied', play: keyDenied },
  ];
  // Ten minutes are too long for a quick run.
  return orders < LONG_RUN_ORDERS ? all.filter(({ id }) => id !== 'F36b') : all;
}

/** Orders go on, and a share of the requests is struck, until enough were. */
async function struck(
  run: ScenarioRun,
  wanted: number,
  matches: RegExp,
  faults: readonly RequestFault[],
): Promise<void> {
  const { world } = run;
  const before = struckRequests(run);
  const rules: RequestRule[] = faults.map((fault, index) => ({
    fault,
    matches,
    probability: 0.4 / (faults.length - index),
  }));
  for (const name of BOTS) for (const rule of rules) world.edge(name).requests.add(rule);
  await enough(run, wanted, () => struckRequests(run) - before >= wanted);
  run.injected = struckRequests(run) - before;
  await run.healed();
}

function struckRequests({ world }: ScenarioRun): number {
  return BOTS.reduce((sum, name) => sum + world.edge(name).requests.struck.length, 0);
}

/** What the exchange says on its private stream suffers, for as many orders as are wanted. */
async function said(run: ScenarioRun, wanted: number, fault: FaultRequest): Promise<void> {
  const before = await run.world.ordersAtExchange();
  await run.world.exchange.addFault(fault);
  await enough(run, wanted, async () => (await run.world.ordersAtExchange()) - before >= wanted);
  run.injected = (await run.world.ordersAtExchange()) - before;
  await run.healed();
}

/** A minute, and 15 seconds for each that is wanted, are plenty also for cancellations, which are rare. */
async function enough(run: ScenarioRun, wanted: number, isEnough: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600 + 150 * wanted; tries++) {
    if (await isEnough()) return;
    await run.seconds(0.1);
  }
  run.violations.push('too few orders were placed for this trial');
}

async function deafStream(run: ScenarioRun): Promise<void> {
  const { world } = run;
  for (let time = 0; time < run.times; time++) {
    await run.anyMoment(1);
    await world.exchange.addFault({ kind: 'ignore-auth' });
    const since = systemClock.now();
    await world.exchange.disconnect('private');
    run.injected += 1;
    await run.detected(BOTS, since, /account\.disconnected/, HALT_WITHIN_MS);
    await run.exchangeSeconds(65);
    await run.healed();
    await run.detected(BOTS, since, /account\.connected/, 60_000);
    run.detectionsMs.pop();
  }
}

/** A ban that the gateway keeps to: nothing is asked until it is over, and what could not be sent in time is not sent. */
async function banned(run: ScenarioRun): Promise<void> {
  const { world } = run;
  const fault: RequestFault = { kind: 'answer', status: 403, body: 'access too frequent', forward: false };
  const { holder } = world;
  world.edge(holder).requests.add({ fault, matches: TRADING, count: 1 });
  run.injected = 1;
  await run.exchangeSeconds(60);
  const before = world.edge(holder).requests.requests;
  await run.exchangeSeconds(60);
  run.count('calls in a minute of the ban', world.edge(holder).requests.requests - before);
  await run.exchangeSeconds(510);
  await run.healed();
}

async function cancelledByExchange(run: ScenarioRun): Promise<void> {
  const { world } = run;
  for (let time = 0; time < 2 * run.times; time++) {
    await run.anyMoment(4);
    await world.exchange.command('cancel', { account: world.exchange.key });
    run.injected += 1;
  }
  await run.healed();
}

/** All but a little is taken out, and brought back later. */
async function tooLittleMoney(run: ScenarioRun): Promise<void> {
  const { world } = run;
  const { key: account } = world.exchange;
  const { balances } = await world.exchange.books();
  const taken = String(Math.floor(Number(balances.USDT)) - 10);
  await world.exchange.command('funds', { account, coin: 'USDT', amount: `-${taken}` });
  const before = await world.ordersAtExchange();
  run.injected += 1;
  await run.exchangeSeconds(60 * (1 + run.times));
  run.count('orders taken all the same', (await world.ordersAtExchange()) - before);
  await world.exchange.command('funds', { account, coin: 'USDT', amount: taken });
  await run.healed();
}

async function exchangeAway(run: ScenarioRun): Promise<void> {
  const { world } = run;
  for (let time = 0; time < run.times; time++) {
    await run.anyMoment(2);
    await world.exchange.addFault({ kind: 'outage' });
    run.injected += 1;
    await run.exchangeSeconds(20);
    await world.exchange.command('cancel', { account: world.exchange.key });
    await run.exchangeSeconds(run.times > 5 ? 300 : 40);
    const before = await world.ordersAtExchange();
    await run.exchangeSeconds(5);
    run.expect((await world.ordersAtExchange()) === before, 'an order reached an exchange that was away');
    await run.healed();
  }
}

async function keyDenied(run: ScenarioRun): Promise<void> {
  const { world } = run;
  const { key: account } = world.exchange;
  for (const state of ['revoked', 'other-address', 'read-only'].slice(0, run.times)) {
    await world.exchange.command('keys', { account, state });
    run.injected += 1;
    const before = await world.exchange.privateCalls();
    await run.exchangeSeconds(60);
    run.count(`calls in a minute (${state})`, (await world.exchange.privateCalls()) - before);
    await world.exchange.command('keys', { account, state: 'valid' });
    await run.healed();
  }
}
