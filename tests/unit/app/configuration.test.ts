import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { configurationPath, loadConfiguration } from '../../../src/app/config.ts';
import { describeConfiguration, redactUrl } from '../../../src/app/config-describe.ts';
import type { Configuration } from '../../../src/app/configuration.ts';
import { UserError } from '../../../src/foundation/errors.ts';
import { fixed, type Money } from '../../../src/foundation/fixed-point.ts';
import { defaultLimits } from '../../../src/risk/limits.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url));
let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-config-'));
});
after(() => rmSync(folder, { recursive: true }));

type Environment = Readonly<Record<string, string>>;

function load(text: string, environment: Environment = {}): Promise<Configuration> {
  writeFileSync(join(folder, 'tradewind.yaml'), text);
  return loadConfiguration('tradewind.yaml', { cwd: folder, environment: (name) => environment[name] });
}

/** What is said of a file with mistakes, without the head of a list. */
async function mistakes(text: string, environment: Environment = {}): Promise<readonly string[]> {
  try {
    await load(text, environment);
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return error.message.split('\n').filter((line) => !line.endsWith('mistakes:'));
  }
  assert.fail('the configuration was accepted');
}

async function mistake(text: string, environment: Environment = {}): Promise<string> {
  const found = await mistakes(text, environment);
  assert.equal(found.length, 1, found.join('\n'));
  return found[0]!;
}

test('without a file there are three bots that trade what comes with the program', async () => {
  const configuration = await loadConfiguration(undefined, { cwd: folder });
  assert.equal(configuration.file, null);
  assert.deepEqual(configuration.market.symbols, ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']);
  assert.deepEqual(
    configuration.bots.map(({ id, strategy }) => [id, strategy]),
    [
      ['trend', 'moving-average-cross'],
      ['breakout', 'donchian-breakout'],
      ['rotation', 'momentum-rotation'],
    ],
  );
  assert.deepEqual(configuration.risk, defaultLimits);
  assert.equal(configuration.trading.mode, 'paper');
  assert.equal(configuration.trading.allowLive, false);
  assert.deepEqual(configuration.store, { kind: 'embedded', path: join(folder, '.tradewind/tradewind.db') });
  assert.deepEqual(configuration.section('agent'), {});
});

test('the example in the project says exactly the defaults', async () => {
  const defaults = await loadConfiguration(undefined, { cwd: project });
  const example = await loadConfiguration('tradewind.example.yaml', { cwd: project });
  const { section: _one, fromEnvironment: _two, file: _three, ...expected } = defaults;
  const { section: _four, fromEnvironment: _five, file, ...found } = example;
  assert.equal(file, join(project, 'tradewind.example.yaml'));
  assert.deepEqual(found, expected);
});

test('an empty file, and sections with nothing in them, are the defaults', async () => {
  const defaults = describeConfiguration(await loadConfiguration(undefined, { cwd: folder }));
  for (const text of ['', '# nothing\n', 'market:\nbots:\nrisk:\n', '\uFEFFmarket: {}\n']) {
    assert.deepEqual({ ...describeConfiguration(await load(text)), file: null }, defaults, JSON.stringify(text));
  }
});

test('tradewind.yaml of the working folder is used when no other is named', () => {
  writeFileSync(join(folder, 'tradewind.yaml'), '');
  assert.equal(configurationPath(undefined, folder), 'tradewind.yaml');
  assert.equal(configurationPath('other.yaml', folder), 'other.yaml');
  assert.equal(configurationPath(undefined, join(folder, 'none')), undefined);
});

test('everything can be set', async () => {
  const configuration = await load(`
market:
  symbols: [AAA, BBB]
  timeframe: 1m
  speed: max
  data: { AAA: ./a.csv, BBB: /data/b.csv }
  bufferSize: 100
  updateTimeout: 30s
bots:
  - id: 7
    strategy: moving-average-cross
    symbols: [BBB]
    timeframe: 1h
    parameters: { fast: 5, slow: 20, type: ema }
    startingBalance: 2500.5
    sizing: risk:1
    risk: { maximumTradesPerDay: null, dailyLossLimit: 50 }
risk: { maximumPositionSize: 0.5, dailyLossLimit: null }
costs: { fees: 0.02%:0.05%, spread: 2 ticks, slippage: none, latency: 50ms, seed: 9, maximumVolumeShare: 0.1 }
store: { url: postgres://me@db/x, schema: mine }
bus: { url: redis://r:6379/1, keyPrefix: 't:', allowUnsafeRedis: true }
server: { port: 0 }
record: { raw: false, csv: null }
logging: { level: debug, folder: logs }
agent: { gamma: 0.95, layers: [64, 32] }
`);
  assert.equal(configuration.market.speed, null);
  assert.deepEqual(
    [...configuration.market.data],
    [
      ['AAA', join(folder, 'a.csv')],
      ['BBB', '/data/b.csv'],
    ],
  );
  assert.equal(configuration.market.updateTimeoutMs, 30_000);
  const [bot] = configuration.bots;
  assert.equal(bot!.id, '7');
  assert.equal(bot!.startingBalance, fixed<Money>('2500.5'));
  assert.deepEqual(bot!.sizing, { kind: 'risk-based', riskFraction: 0.01 });
  assert.equal(bot!.parameters.type, 'ema');
  assert.equal(bot!.parameters.atrPeriod, 14);
  const { maximumPositionSize, maximumTradesPerDay, dailyLossLimit } = bot!.limits;
  assert.deepEqual([maximumPositionSize, maximumTradesPerDay, dailyLossLimit], [0.5, null, 50]);
  assert.equal(configuration.risk.dailyLossLimit, null);
  assert.deepEqual(configuration.costs.model.spread, { kind: 'ticks', ticks: 2 });
  assert.equal(configuration.costs.latencyMs, 50);
  assert.equal(configuration.costs.matching.maximumVolumeShare, 0.1);
  assert.deepEqual(configuration.bus, {
    kind: 'redis',
    url: 'redis://r:6379/1',
    keyPrefix: 't:',
    allowUnsafeRedis: true,
  });
  assert.deepEqual(configuration.server, { host: '127.0.0.1', port: 0, token: null, allowedOrigins: [] });
  assert.deepEqual(configuration.record, { raw: false, csv: null });
  assert.deepEqual(configuration.logging, { level: 'debug', folder: join(folder, 'logs') });
  assert.deepEqual(configuration.section('agent'), { gamma: 0.95, layers: [64, 32] });
});

test('a live market is named by its provider, and needs no files', async () => {
  const { market } = await load(`
market:
  provider: bybit
  url: http://127.0.0.1:8080
  kind: spot
  history: 200
  symbols: [XRPUSDT]
  transport: poll
  symbolsPerSocket: dedicated
  authority: stream
  compareTrades: true
`);
  const { transport, symbolsPerSocket, authority, compareTrades } = market;
  assert.deepEqual([transport, symbolsPerSocket, authority, compareTrades], ['poll', 1, 'stream', true]);
  assert.deepEqual(
    [market.provider, market.url, market.kind, market.history, market.speed, [...market.data]],
    ['bybit', 'http://127.0.0.1:8080', 'spot', 200, 1, []],
  );
});

test('mistakes about a live market are told with their places', async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['provider: bybitt', /:2:13: There is no provider "bybitt"\. Did you mean bybit\?/],
    ['provider: ./missing.ts', /:2:13: There is no provider file .*missing\.ts/],
    ['url: localhost:8080', /:2:8: market\.url is "localhost:8080", but must be an address such as/],
    ['kind: futures', /:2:9: market\.kind is "futures", but must be one of spot, perpetual/],
    ['transport: ftp', /:2:14: market\.transport is "ftp", but must be one of stream, poll/],
    ['symbolsPerSocket: 0', /but must be shared, dedicated, or a whole number from 1 to 1,000/],
    ['history: -1', /:2:12: market\.history is -1, but must be auto, or a whole number from 0 to 50,000/],
  ];
  for (const [setting, expected] of cases) assert.match(await mistake(`market:\n  ${setting}\n`), expected);
});

test('a bot may trade by a strategy file beside the configuration', async () => {
  writeFileSync(
    join(folder, 'mine.ts'),
    `import { defineStrategy, Strategy } from 'tradewind';
class Idle extends Strategy { override process() { return undefined; } }
export default defineStrategy({ name: 'idle', title: 'Idle', description: 'Does nothing.', parameters: {}, create: () => new Idle() });`,
  );
  const { bots } = await load('bots: [{ id: mine, strategy: ./mine.ts, symbols: [BTCUSDT] }]');
  assert.equal(bots[0]!.strategy, join(folder, 'mine.ts'));
  assert.equal(bots[0]!.definition.name, 'idle');
});

test('the command line prevails', async () => {
  writeFileSync(
    join(folder, 'tradewind.yaml'),
    'market: { speed: 60, bufferSize: 9 }\nstore: { url: postgres://a/b }\n',
  );
  const overrides = { market: { speed: null, symbols: ['BTCUSDT'] }, store: { path: '/x/y.db' } };
  const configuration = await loadConfiguration('tradewind.yaml', { cwd: folder, overrides });
  assert.equal(configuration.market.speed, null);
  assert.equal(configuration.market.bufferSize, 9);
  assert.deepEqual(configuration.store, { kind: 'embedded', path: '/x/y.db' });
  assert.deepEqual(
    configuration.bots.map(({ id, symbols }) => [id, symbols]),
    [
      ['trend', ['BTCUSDT']],
      ['breakout', ['BTCUSDT']],
    ],
  );
});

describe('the section of the documents that the project began with', () => {
  test('means the same settings', async () => {
    const { trading, market, risk, bots } = await load(`
live_trading:
  enabled: true
  paper_trade: true
  interval: 15m
  buffer_size: 100
  update_timeout: 120
  max_position_size: 0.3
  max_portfolio_risk: 0.05
  min_cash_reserve: 0.1
  daily_loss_limit: 500
  max_trades_per_day: 3
bots: [{ id: a, strategy: moving-average-cross, symbols: [BTCUSDT] }]
`);
    assert.deepEqual(trading, { mode: 'paper', allowLive: true, timeframe: '15m' });
    assert.equal(bots[0]!.timeframe, '15m');
    assert.equal(market.bufferSize, 100);
    assert.equal(market.updateTimeoutMs, 120_000);
    assert.deepEqual(risk, {
      ...defaultLimits,
      maximumPositionSize: 0.3,
      maximumRiskPerTrade: 0.05,
      minimumCashReserve: 0.1,
      dailyLossLimit: 500,
      maximumTradesPerDay: 3,
    });
    assert.deepEqual(bots[0]!.limits, risk);
  });

  test('may repeat a setting but not contradict it', async () => {
    const text = 'live_trading:\n  max_position_size: 0.2\nrisk:\n  maximumPositionSize: 0.2\n';
    assert.equal((await load(text)).risk.maximumPositionSize, 0.2);
    assert.equal(
      await mistake(text.replace('Size: 0.2', 'Size: 0.3')),
      'tradewind.yaml:2:22: live_trading.max_position_size is 0.2, but risk.maximumPositionSize in line 4, which is the same setting, is 0.3; keep one of them.',
    );
  });

  test('does not trade with real money unless that is allowed', async () => {
    assert.match(
      await mistake('live_trading:\n  paper_trade: false\nmarket:\n  provider: bybit\n'),
      /^tradewind\.yaml:2:16: .*enabled is not true/,
    );
    const unarmed = 'trading:\n  mode: live\nmarket:\n  provider: bybit\n';
    assert.match(await mistake(unarmed), /^tradewind\.yaml:2:9: .*allowLive is not true/);
    const { trading } = await load(
      'live_trading: { paper_trade: false, enabled: true }\nmarket: { provider: bybit }\n',
    );
    assert.equal(trading.mode, 'live');
  });
});

describe('the account that orders go to', () => {
  const market = 'market: { provider: bybit, url: "http://127.0.0.1:8080" }';

  test("is that of the market's exchange, by its own name, at the market's address", async () => {
    const { account } = await load(`trading: { mode: demo }\n${market}\n`);
    assert.deepEqual(account, {
      exchange: 'bybit',
      name: 'bybit-demo',
      url: 'http://127.0.0.1:8080',
      keyFile: join(folder, '.tradewind/keys.json'),
    });
    const live = await load(`trading: { mode: live, allowLive: true }\n${market}\n`);
    assert.equal(live.account.name, 'bybit');
    const paper = await load('');
    assert.deepEqual([paper.account.exchange, paper.account.name], [null, null]);
  });

  test('may be another one', async () => {
    const account = 'account: { exchange: okx, name: second, keyFile: my/keys.json }';
    const configuration = await load(`trading: { mode: demo }\n${market}\n${account}\n`);
    assert.deepEqual(configuration.account, {
      exchange: 'okx',
      name: 'second',
      url: null,
      keyFile: join(folder, 'my/keys.json'),
    });
    const own = await load(`trading: { mode: demo }\n${market}\naccount: { url: null }\n`);
    assert.equal(own.account.url, null);
  });

  test('is held to sense', async () => {
    const said = (text: string): Promise<string> => mistake(`trading: { mode: demo }\n${text}\n`);
    assert.match(await said('market: { provider: replay }'), /the market is a replay/);
    assert.match(await said('market: { provider: yahoo }'), /set account\.exchange to bybit/);
    for (const address of ['http://exchange.example', 'http://127.0.0.1.example', 'http://127.example.com']) {
      assert.match(await said(`${market}\naccount: { url: "${address}" }`), /must begin with https:/, address);
    }
    for (const address of ['https://exchange.example', 'http://localhost:1', 'http://[::1]:1', 'http://127.9.9.9']) {
      assert.equal(
        (await load(`trading: { mode: demo }\n${market}\naccount: { url: "${address}" }\n`)).account.url,
        address,
      );
    }
    const secret = await said(`${market}\naccount: { url: "https://me:canary@exchange.example" }`);
    assert.match(secret, /must be an address alone/);
    assert.doesNotMatch(secret, /canary/);
    assert.match(await mistake('account: { name: My_Account }\n'), /must be a name of small letters/);
  });
});

describe('mistakes are told with line and column', () => {
  const cases: readonly (readonly [text: string, said: string])[] = [
    [
      'market:\n  speed: fast\n',
      '2:10: market.speed is "fast", but must be a number above 0 (market seconds per second) or max.',
    ],
    ['market:\n  spede: 3\n', '2:3: market has no setting "spede"; did you mean speed?'],
    ['markt: {}\n', '1:1: the configuration has no setting "markt"; did you mean market?'],
    ['market:\n\tspeed: 1\n', '2:1: broken YAML: a tab indents this line; indent with spaces.'],
    ['risk:\n  leverage: 1\n  leverage: 2\n', '3:3: leverage stands twice in the same section; keep one of them.'],
    ['risk:\n  leverage: "2"\n', '2:13: risk.leverage is "2", but must be a number from 1 to 1000.'],
    ['risk:\n  leverage: .nan\n', '2:13: risk.leverage is NaN, but must be a number from 1 to 1000.'],
    ['risk: 5\n', '1:7: risk is 5, but must be a section with settings below it.'],
    ['- market\n', '1:1: the configuration is a list, but must be a section with settings below it.'],
    ['bots: []\n', '1:7: bots is a list, but must be a list of at least one bot.'],
    ['server:\n  port: 70000\n', '2:9: server.port is 70000, but must be a whole number from 0 to 65,535.'],
    [
      'store:\n  url: http://x\n',
      '2:8: store.url must be an address such as postgres://user:password@host:5432/database.',
    ],
    ['store: { url: postgres://x, path: y }\n', '1:35: store has both a path and a url: keep one of them.'],
    ['bus:\n  keyPrefix: x\n', '2:14: bus.keyPrefix is for Redis: give its address as bus.url.'],
    ['logging: { level: loud }\n', '1:19: logging.level is "loud", but must be one of debug, info, warn, error.'],
    [
      'market:\n  data: { ETHUSD: x.csv, ETHUSDT: y.csv }\n  symbols: [ETHUSDT]\n',
      '2:19: market.data has a file for ETHUSD, which is not among market.symbols; did you mean ETHUSDT?',
    ],
    [
      'bots:\n  - id: a\n    strategy: moving-average-crss\n    symbols: [BTCUSDT]\n',
      '3:15: There is no strategy "moving-average-crss". Did you mean moving-average-cross?',
    ],
    [
      'bots:\n  - id: a\n    strategy: moving-average-cross\n',
      '2:5: bots[0] lacks symbols: it must be a list such as [BTCUSDT, ETHUSDT].',
    ],
    [
      'bots:\n  - id: a\n    strategy: moving-average-cross\n    symbols: [BTCUSDT]\n    parameters:\n      fast: 0\n',
      '6:13: The parameter fast of moving-average-cross must be a whole number from 1 to 1000, but is 0.',
    ],
    [
      'bots:\n  - id: a\n    strategy: moving-average-cross\n    symbols: [BTCUSDT]\n    parameters: { fast: 50 }\n',
      '5:17: The parameters of moving-average-cross do not go together',
    ],
    [
      'bots:\n  - id: a\n    strategy: moving-average-cross\n    symbols: [BTCUSDT, ETHUSDT]\n',
      '4:14: moving-average-cross trades exactly 1 symbol, but 2 are given.',
    ],
    [
      'bots:\n  - id: a\n    strategy: moving-average-cross\n    symbols: [BTCUSD]\n',
      '4:15: BTCUSD is not among market.symbols (BTCUSDT, ETHUSDT, SOLUSDT).',
    ],
    [
      'bots:\n  - { id: a b, strategy: market-maker, symbols: [BTCUSDT] }\n',
      '2:11: bots[0].id is "a b", but must be a name of letters, digits, - and _.',
    ],
    [
      'market:\n  timeframe: 1h\nbots:\n  - { id: a, strategy: market-maker, symbols: [BTCUSDT], timeframe: 5m }\n',
      "4:69: bars of 5m can't be made of the 1h bars that market.timeframe collects.",
    ],
    ['__proto__: { x: 1 }\n', '1:1: the configuration has no setting "__proto__"'],
    ['market: *x\n', '1:9: *x names no anchor; put a text that begins with * in quotes.'],
  ];
  for (const [text, said] of cases) {
    test(JSON.stringify(text), async () => {
      const found = await mistake(text);
      assert.ok(found.startsWith(`tradewind.yaml:${said}`), found);
    });
  }

  test('all of them at once, in order, ten at most', async () => {
    const found = await mistakes('risk:\n  leverage: 0\nserver:\n  port: x\nmarket:\n  sped: 1\n');
    assert.deepEqual(
      found.map((line) => line.split(': ')[0]),
      ['tradewind.yaml:2:13', 'tradewind.yaml:4:9', 'tradewind.yaml:6:3'],
    );
    const many = Array.from({ length: 13 }, (_, index) => `  nonsense${index}: 1\n`).join('');
    const told = await mistakes(`risk:\n${many}`);
    assert.equal(told.length, 11);
    assert.equal(told.at(-1), '… and 3 more.');
  });

  test('two bots of one name', async () => {
    const bot = '{ id: a, strategy: market-maker, symbols: [BTCUSDT] }';
    assert.equal(
      await mistake(`bots:\n  - ${bot}\n  - ${bot}\n`),
      'tradewind.yaml:3:11: bots[0] has the id a too; ids must differ.',
    );
  });

  test('a file that is not there, and a folder', async () => {
    await assert.rejects(loadConfiguration('none.yaml', { cwd: folder }), /no configuration file none\.yaml/);
    await assert.rejects(loadConfiguration('.', { cwd: folder }), /is a folder/);
  });
});

describe('values from the environment', () => {
  const variable = (name: string): string => `\${${name}}`;
  const DATABASE_URL = 'postgres://me:s3cret@db:5432/x?password=s3cret';

  test('are filled in and never shown', async () => {
    const text = `store:\n  url: ${variable('DATABASE_URL')}\nserver:\n  port: ${variable('PORT')}\n  host: "a-${variable('NAME')}"\n`;
    const configuration = await load(text, { DATABASE_URL, PORT: '9000', NAME: '7' });
    assert.deepEqual(configuration.store, { kind: 'postgres', url: DATABASE_URL, schema: 'public' });
    assert.deepEqual(configuration.server, { host: 'a-7', port: 9_000, token: null, allowedOrigins: [] });
    assert.equal(configuration.fromEnvironment.get('store.url'), 'DATABASE_URL');
    assert.doesNotMatch(JSON.stringify(describeConfiguration(configuration)), /s3cret/);
  });

  test('must be set', async () => {
    const found = await mistake(`store:\n  url: ${variable('DATABASE_URL')}\n`);
    assert.match(found, /^tradewind\.yaml:2:8: the environment variable DATABASE_URL is not set/);
  });

  test('are not printed when they are wrong', async () => {
    const found = await mistake(`server:\n  port: ${variable('PORT')}\n`, { PORT: 's3cret' });
    assert.equal(
      found,
      'tradewind.yaml:2:9: server.port is the value of PORT, but must be a whole number from 0 to 65,535.',
    );
  });

  test('are not meant by a doubled dollar', async () => {
    const configuration = await load(`agent: { text: '$${variable('HOME')}' }`);
    assert.deepEqual(configuration.section('agent'), { text: variable('HOME') });
  });

  test('addresses are shown without their secrets', () => {
    assert.equal(redactUrl('redis://:pw@host:6379/0'), 'redis://:***@host:6379/0');
    assert.equal(redactUrl('postgres://me@host/x'), 'postgres://me@host/x');
    assert.equal(redactUrl('nonsense with pw'), '***');
  });
});

test('a bot that looks back further than the buffer is refused with the way out', async () => {
  const { sessionSpecs, readMarket } = await import('../../../src/app/compose.ts');
  const configuration = await loadConfiguration(undefined, { overrides: { market: { bufferSize: 2 } } });
  const { instruments } = await readMarket(configuration);
  assert.throws(
    () => sessionSpecs(configuration, instruments),
    /looks back \d+ candles, and market\.bufferSize is 2: raise it/,
  );
});

test('the token of the server is never described', async () => {
  const token = 'canary-'.padEnd(40, 'x');
  const configuration = await loadConfiguration(undefined, { overrides: { server: { token } } });
  assert.equal(configuration.server.token, token);
  assert.ok(!JSON.stringify(describeConfiguration(configuration)).includes('canary'));
});
