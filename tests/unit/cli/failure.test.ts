import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommanderError } from 'commander';
import { describeFailure } from '../../../src/cli/failure.ts';
import { InvariantError, UserError } from '../../../src/foundation/errors.ts';
import { StoreUnavailableError } from '../../../src/store/store-error.ts';

test("a person's mistake is one sentence, exit code 2, without a stack", () => {
  const failure = describeFailure(new UserError('There is no such file.'), false);
  assert.deepEqual(failure, { text: 'There is no such file.', exitCode: 2 });
});

test('the stack is shown for debugging, with its causes', () => {
  const error = new UserError('The strategy failed.', { cause: new TypeError('x is not a function') });
  const { text, exitCode } = describeFailure(error, true);
  assert.equal(exitCode, 2);
  assert.match(text, /^The strategy failed\.\nUserError: The strategy failed\.\n\s+at /);
  assert.match(text, /caused by TypeError: x is not a function/);
});

test('a store that is not available is no mistake of the person', () => {
  const { text, exitCode } = describeFailure(new StoreUnavailableError('FULL', '/x.db', new Error('disk')), false);
  assert.equal(exitCode, 1);
  assert.match(text, /No space is left/);
});

test('a defect of ours says so and how to report it', () => {
  for (const thrown of [new InvariantError('Impossible', { value: 3 }), new TypeError('no'), 'text', undefined]) {
    const { text, exitCode } = describeFailure(thrown, false);
    assert.equal(exitCode, 1);
    assert.match(text, /^Something is wrong inside tradewind: .*Please report it with what .* --debug\.$/);
    assert.doesNotMatch(text, /\n/);
  }
});

test('what commander says becomes a sentence', () => {
  const said = (message: string, code = 'commander.unknownOption'): string =>
    describeFailure(new CommanderError(1, code, message), false, ['start', 'backtest']).text;
  assert.equal(
    said("error: unknown option '--sped'\n(Did you mean --speed?)"),
    "Unknown option '--sped'. Did you mean --speed?",
  );
  assert.equal(said("error: missing required argument 'strategy'"), "Missing required argument 'strategy'.");
  assert.equal(
    said("error: option '-t, --timeframe <timeframe>' argument '7m' is invalid. one of 1m, 3m"),
    '--timeframe is "7m", but must be one of 1m, 3m.',
  );
  assert.equal(
    said("error: unknown command 'x'", 'commander.unknownCommand'),
    "Unknown command 'x': there are start, backtest.",
  );
});
