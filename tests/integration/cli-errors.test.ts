import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run } from './command-line.ts';

/*
 * Every wrong input that a person can give on the command line, through the real launcher: one clear sentence on standard
 * error, nothing on standard output, exit code 2, no stack trace.
 */

let folder: string;

const HEAD = 'timestamp,open,high,low,close,volume\n';
const ROWS = ['1746403200000,1,2,0.5,1.5,10', '1746403260000,1.5,2,0.5,1.5,10', '1746403320000,1.5,2,0.5,1.5,10'];

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tradewind-cli-'));
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, 'folder'));
  write('columns.csv', `timestamp,open,high,low,volume\n1746403200000,1,2,0.5,10\n`);
  write('unordered.csv', `${HEAD}${[ROWS[1], ROWS[0], ROWS[2]].join('\n')}\n`);
  write('doubled.csv', `${HEAD}${[ROWS[0], ROWS[0], ROWS[1]].join('\n')}\n`);
  write('nan.csv', `${HEAD}${ROWS[0]}\n1746403260000,NaN,2,0.5,1.5,10\n${ROWS[2]}\n`);
  write('empty.csv', '');
  write('three.csv', `${HEAD}${ROWS.join('\n')}\n`);
  write('speed.yaml', 'market:\n  speed: fast\n');
  write('tabs.yaml', 'market:\n\tspeed: 1\n');
  write('broken.yaml', 'market: [1, 2\nbots: 3\n');
  write('unknown.yaml', 'markets: {}\n');
  write(
    'parameter.yaml',
    'bots:\n  - { id: a, strategy: moving-average-cross, symbols: [BTCUSDT], parameters: { fast: 0 } }\n',
  );
  write('live.yaml', 'trading: { mode: live, allowLive: true }\nmarket: { provider: bybit }\n');
  write('open-key.yaml', 'account: { url: "http://exchange.example" }\nmarket: { provider: bybit }\n');
  write('key-in-file.yaml', 'account: { secret: canary-secret }\n');
  write('secret.yaml', `store:\n  url: \${TRADEWIND_NOT_SET}\n`);
  write('enum.ts', 'enum Side { Buy }\nexport default Side;\n');
  write('wrong.ts', 'export default class Mine {}\n');
  write(
    'throws.ts',
    `import { defineStrategy, Strategy } from 'tradewind';
class Throws extends Strategy {
  override process(): undefined { throw new Error('lost my mind'); }
}
export default defineStrategy({ name: 'throws', title: 'T', description: 'D.', parameters: {}, create: () => new Throws() });\n`,
  );
});
after(() => rmSync(folder, { recursive: true }));

const cross = ['backtest', 'moving-average-cross'];
const onBitcoin = [...cross, '--symbol', 'BTCUSDT'];

const cases: Readonly<Record<string, readonly (readonly [parameters: readonly string[], said: RegExp])[]>> = {
  'commands and options': [
    [['bactest'], /^Unknown command 'bactest'\. Did you mean backtest\?$/],
    [
      ['nonsense'],
      /^Unknown command 'nonsense': there are start, backtest, sweep, parity, strategies, data, audit, exchange, keys, status\.$/,
    ],
    [['audit', 'verfy'], /^Unknown command 'verfy'\. Did you mean verify\?$/],
    [[...onBitcoin, '--timefame', '5m'], /^Unknown option '--timefame'\. Did you mean --timeframe\?$/],
    [['backtest'], /^Missing required argument 'strategy'\.$/],
    [[...onBitcoin, 'more'], /^Too many arguments for 'backtest'/],
    [[...onBitcoin, '--timeframe'], /argument missing\.$/],
    [[...onBitcoin, '--timeframe', '7m'], /^--timeframe is "7m", but must be one of 1m, 3m, 5m/],
    [[...onBitcoin, '--cash', 'much'], /^--cash is "much", but must be an amount above 0/],
    [[...onBitcoin, '--sizing', 'percent:0'], /^--sizing is "percent:0", but must be percent:10/],
    [[...onBitcoin, '--fees', '0.1:0.1'], /^--fees is "0\.1:0\.1".*write 0\.1%:0\.1% if you mean percent\.$/],
    [[...onBitcoin, '--latency', '50'], /^--latency is "50", but must be 0 or a length of time such as 50ms\.$/],
    [[...onBitcoin, '--end', 'never'], /^--end is "never", but must be one of keep, close, close-at-open\.$/],
    [[...onBitcoin, '--from', '2025-02-30'], /^--from is "2025-02-30", but must be a date/],
    [[...onBitcoin, '--from', '2025-05-10', '--to', '2025-05-09'], /^--from .* must be earlier than --to/],
  ],
  strategies: [
    [
      ['backtest', 'moving-avg-cross', '--symbol', 'BTCUSDT'],
      /^There is no strategy "moving-avg-cross"\. Did you mean moving-average-cross\?/,
    ],
    [['strategies', 'show', 'nonsense'], /^There is no strategy "nonsense"\./],
    [['backtest', './none.ts', '--symbol', 'BTCUSDT'], /^There is no strategy file .*none\.ts\.$/],
    [
      ['backtest', './enum.ts', '--symbol', 'BTCUSDT'],
      /enum\.ts:?\d* uses syntax that does not run without a build step/,
    ],
    [
      ['backtest', './wrong.ts', '--symbol', 'BTCUSDT'],
      /^The default export of the strategy file .*wrong\.ts is the (class|function) Mine itself/,
    ],
    [
      ['backtest', './throws.ts', '--symbol', 'BTCUSDT'],
      /^The strategy throws failed \(.*throws\.ts:3\): .*lost my mind\.$/,
    ],
    [
      [...onBitcoin, '--set', 'fats=3'],
      /^The strategy moving-average-cross has no parameter "fats"\. Did you mean fast\?/,
    ],
    [
      [...onBitcoin, '--set', 'fast=0'],
      /^The parameter fast of moving-average-cross must be a whole number from 1 to 1000, but is "0"\.$/,
    ],
    [[...onBitcoin, '--set', 'fast=3.5'], /^The parameter fast .* but is "3\.5"\.$/],
    [
      [...onBitcoin, '--set', 'type=smma'],
      /^The parameter type .* must be sma or ema, but is "smma"\. Did you mean sma\?$/,
    ],
    [
      [...onBitcoin, '--set', 'fast=40'],
      /^The parameters of moving-average-cross do not go together: fast \(40\) must be less than slow \(30\)/,
    ],
    [[...onBitcoin, '--set', 'fast'], /^--set is "fast", but must be a name and a value such as fast=10\.$/],
    [[...onBitcoin, '--set', 'fast=3', '--set', 'fast=4'], /^The parameter fast is set twice/],
    [
      ['backtest', 'momentum-rotation', '--symbol', 'BTCUSDT'],
      /^momentum-rotation trades 2 to 50 symbols, but 1 is given\.$/,
    ],
  ],
  data: [
    [
      [...cross, '--symbol', 'DOGEUSDT'],
      /^There are no bars of DOGEUSDT: .*--data DOGEUSDT=FILE, or import one: tradewind data import FILE\.$/,
    ],
    [[...cross, '--data', 'X=none.csv'], /none\.csv: there is no such file\.$/],
    [[...cross, '--data', 'X=folder'], /folder/],
    [[...cross, '--data', 'X=empty.csv'], /empty\.csv/],
    [[...cross, '--data', 'X=columns.csv'], /columns\.csv.*close/s],
    [[...cross, '--data', 'X=unordered.csv'], /unordered\.csv.*line 3/s],
    [[...cross, '--data', 'X=doubled.csv'], /doubled\.csv.*line 3/s],
    [[...cross, '--data', 'X=nan.csv'], /nan\.csv.*line 3/s],
    [
      [...cross, '--data', 'X=three.csv', '--timeframe', '1h'],
      /three\.csv: its 3 bars of 1m do not make one whole bar of 1h/,
    ],
    [[...onBitcoin, '--from', '2030-01-01'], /has no bar of BTCUSDT in the period/],
    [[...onBitcoin, '--report', 'folder'], /^--report .*folder is a folder: name a file/],
    [[...onBitcoin, '--report', 'none/out.html'], /^--report .* can't be written: there is no folder/],
  ],
  configuration: [
    [['start', '--config', 'none.yaml'], /^There is no configuration file none\.yaml/],
    [['start', '--config', 'folder'], /^folder is a folder/],
    [['start', '--config', 'speed.yaml'], /^speed\.yaml:2:10: market\.speed is "fast", but must be a number above 0/],
    [['start', '--config', 'tabs.yaml'], /^tabs\.yaml:2:1: broken YAML: a tab indents this line/],
    [['start', '--config', 'broken.yaml'], /^broken\.yaml:2:1: broken YAML: /],
    [['start', '--config', 'unknown.yaml'], /^unknown\.yaml:1:1: .* no setting "markets"; did you mean market\?$/],
    [['start', '--config', 'parameter.yaml'], /^parameter\.yaml:2:86: The parameter fast .* but is 0\.$/],
    [['start', '--config', 'secret.yaml'], /^secret\.yaml:2:8: the environment variable TRADEWIND_NOT_SET is not set/],
    [[...onBitcoin, '--config', 'speed.yaml'], /^speed\.yaml:2:10: /],
    [['parity', '--config', 'speed.yaml'], /^speed\.yaml:2:10: /],
    [['audit', 'verify', '--config', 'speed.yaml'], /^speed\.yaml:2:10: /],
  ],
  start: [
    [['start', '--speed', 'fast'], /^--speed is "fast", but must be a number above 0/],
    [['start', '--speed', '0'], /^--speed is "0"/],
    [['start', '--for', '30'], /^--for is "30", but must be a length of time such as 30s, 5m or 1h/],
    [['start', '--mode', 'demo'], /^The mode demo sends orders to an exchange, but the market is a replay/],
    [
      ['start', '--mode', 'demo', '--provider', 'yahoo'],
      /^The mode demo sends orders to an exchange: set account\.exc/,
    ],
    [
      ['start', '--mode', 'demo', '--provider', 'bybit'],
      /^There is no key of the account bybit-demo in .*tradewind keys add bybit-demo.*TRADEWIND_BYBIT_DEMO_KEY/,
    ],
    [['start', '--mode', 'demo', '--config', 'open-key.yaml'], /account\.url must begin with https:/],
    [['start', '--mode', 'live', '--provider', 'bybit'], /^trading\.mode is live, but trading\.allowLive is not true/],
    [['start', '--live', '--provider', 'bybit'], /^trading\.mode is live, but trading\.allowLive is not true/],
    [['start', '--live', '--mode', 'demo'], /^--live and --mode demo contradict one another/],
    [['start', '--resume', 'trent'], /^--resume names trent, and the bots are trend, breakout, rotation\./],
    [
      ['start', '--resume', 'trend', '--role', 'server', '--bus', 'redis://h'],
      /^--resume is for the process that runs/,
    ],
    [['start', '--live', '--role', 'recorder', '--bus', 'redis://h'], /^--live is for the process that trades/],
    [
      ['start', '--config', 'live.yaml'],
      /^Trading with real money must be asked for on the command line as well: add --l/,
    ],
    [['start', '--config', 'live.yaml', '--live'], /^There is no key of the account bybit in /],
    [['start', '--role', 'bot'], /^--role is "bot", but must be one of all, collector/],
    [['start', '--role', 'bots'], /^--role bots runs one part of the system.*--bus redis:/],
    [['start', '--role', 'bots', '--speed', '5', '--bus', 'redis://h'], /^--speed is the collector's/],
    [
      ['start', '--role', 'recorder', '--fresh', '--bus', 'redis://h'],
      /^--fresh empties the store that other processes use/,
    ],
    [['start', '--symbols', 'DOGEUSDT'], /^There is no data for DOGEUSDT: .*--data\.$/],
    [['start', '--data', 'three.csv'], /^Which symbol is in three\.csv\?/],
    [['start', '--data', 'X=a', '--data', 'X=b'], /^--data gives two files for X/],
    [['start', '--data', 'X=none.csv', '--until-end'], /none\.csv: there is no such file/],
    [['start', '--bus', 'redis://127.0.0.1:1', '--until-end'], /^No Redis answers at 127\.0\.0\.1:1/],
    [['start', '--bus', 'http://x'], /^bus\.url must be in-process or an address such as redis:/],
    [['audit', 'verify', '--store', 'none.db'], /^There is no store .*none\.db/],
    [['parity', '--bus', 'redis://127.0.0.1:1'], /^--bus redis:.* and --store postgres:.* go together/],
  ],
  keys: [
    [['keys', 'add'], /^Missing required argument 'account'\.$/],
    [['keys', 'add', 'My_Account'], /^The account's name must be a name of small letters, digits and hyphens/],
    [['keys', 'add', 'bybit', 'my-key', 'my-secret'], /^"keys add" takes the name of an account alone(?!.*my-)/s],
    [['keys', 'add', 'bybit', '--secret=my-secret'], /^Unknown option '--secret'\.$/],
    [['keys', 'remove', 'bybit'], /^There is no key of the account bybit in .*keys\.json: it has none\.$/],
    [['keys', 'check', 'bybit-demo'], /^There is no key of the account bybit-demo in .*tradewind keys add bybit-demo/],
    [['keys', 'check', 'mine'], /^Which exchange is the account mine at\?.*add --exchange bybit\.$/],
    [['keys', 'check', 'mine', '--exchange', 'kraken'], /^--exchange is "kraken", but must be one of bybit, binance/],
    [
      ['keys', 'check', 'okx'],
      /^Keys of okx can't be checked in this version, and no orders go there: it knows bybit\.$/,
    ],
    [['keys', 'check', 'bybit', '--url', 'here'], /^--url must be an address such as http:/],
    [['keys', 'check', 'bybit', '--url', 'http://exchange.example'], /^--url must begin with https:/],
    [['keys', 'list', '--file', 'three.csv'], /three\.csv.*run chmod 600 on it/],
    [
      ['start', '--config', 'key-in-file.yaml'],
      /^key-in-file\.yaml:1:12: account has no setting "secret"(?!.*canary)/s,
    ],
  ],
};

for (const [name, list] of Object.entries(cases)) {
  describe(name, { concurrency: 3 }, () => {
    for (const [parameters, said] of list) {
      test(parameters.join(' '), async () => {
        const { code, out, err } = await run(parameters, folder);
        assert.match(err.trimEnd(), said);
        assert.equal(code, 2);
        assert.equal(out, '');
        assert.doesNotMatch(err, /^\s+at |Error:|node:internal/m);
      });
    }
  });
}
