import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readConstraint } from '../../../src/backtest/sweep-where.ts';
import { choice, decimal, flag, integer } from '../../../src/strategy/parameters.ts';

const parameters = {
  fast: integer({ default: 5, minimum: 1, maximum: 500, description: 'fast' }),
  slow: integer({ default: 20, minimum: 1, maximum: 500, description: 'slow' }),
  band: decimal({ default: 2, minimum: 0, maximum: 10, description: 'band' }),
  type: choice({ default: 'sma', choices: ['sma', 'ema'], description: 'type' }),
  short: flag({ default: false, description: 'short' }),
};
const point = { fast: 10, slow: 30, band: 2.5, type: 'ema', short: true };

const holds = (text: string): boolean => readConstraint(text, parameters)(point);

describe('a constraint', () => {
  it('compares parameters, numbers and texts', () => {
    assert.equal(holds('fast<slow'), true);
    assert.equal(holds('fast >= slow'), false);
    assert.equal(holds('slow = 30'), true);
    assert.equal(holds('slow == 3e1'), true);
    assert.equal(holds('slow != 30'), false);
    assert.equal(holds(`type = 'ema'`), true);
    assert.equal(holds('type != "ema"'), false);
    assert.equal(holds('short'), true);
    assert.equal(holds('short = false'), false);
  });

  it('knows arithmetic with the usual precedence', () => {
    assert.equal(holds('slow = 2*fast + fast'), true);
    assert.equal(holds('slow - fast - fast = 10'), true);
    assert.equal(holds('slow / fast / 3 = 1'), true);
    assert.equal(holds('-fast + slow = 20'), true);
    assert.equal(holds('slow % 7 = 2'), true);
    assert.equal(holds('(slow - fast) * band = 50'), true);
  });

  it('knows and, or, not, and their signs', () => {
    assert.equal(holds('fast > slow or slow = 30 and short'), true);
    assert.equal(holds('(fast > slow or slow = 30) and not short'), false);
    assert.equal(holds('not fast > slow'), true);
    assert.equal(holds('!(fast > slow) && (short || fast = 0)'), true);
  });

  for (const [text, message] of [
    ['', 'column 1: it is empty: write a comparison such as fast < slow.'],
    ['fast', 'column 1: it is a number, not a comparison such as fast < slow.'],
    ['fast < slw', 'column 8: there is no parameter "slw": did you mean slow.'],
    ['fast < nonsense', 'column 8: there is no parameter "nonsense": there are fast, slow, band, type, short.'],
    ['type = ema', 'column 8: there is no parameter "ema": a text stands in quotes, "ema".'],
    ['fast <', 'column 7: it ends where a parameter or a number should be.'],
    ['fast < * 3', 'column 8: "*" stands where a parameter or a number should be.'],
    ['5 < fast < slow', 'column 10: a comparison has two sides: join several with "and".'],
    ['(fast < slow', 'column 13: a ")" is missing for the "(" at column 1.'],
    ['fast < slow)', 'column 12: ")" was not expected here.'],
    ['fast < slow slow', 'column 13: "slow" was not expected here.'],
    ['fast < type', "column 6: a number can't be compared with a text."],
    ['type < "z"', 'column 6: only numbers can be compared by <.'],
    ['fast and slow', 'column 1: true or false is wanted here, and this is a number.'],
    ['fast < short + 1', 'column 8: a number is wanted here, and this is true or false.'],
    ['fast # slow', 'column 6: "#" has no meaning here.'],
    ['type = "ema', 'column 8: a quote is not closed.'],
    [`${'('.repeat(5_000)}fast`, 'column 202: it is nested too deeply.'],
  ] as const) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
      assert.throws(
        () => readConstraint(text, parameters),
        (thrown: Error) => {
          assert.equal(thrown.name, 'UserError');
          assert.ok(thrown.message.endsWith(message), `${thrown.message}\n${message}`);
          return true;
        },
      );
    });
  }

  it('answers any text with a condition or a UserError', () => {
    const word = fc.constantFrom(
      'fast',
      'slow',
      'type',
      'short',
      '<',
      '=',
      'and',
      'or',
      'not',
      '(',
      ')',
      '+',
      '-',
      '3',
      '"a"',
      'x',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        try {
          assert.equal(typeof readConstraint(words.join(' '), parameters)(point), 'boolean');
        } catch (thrown) {
          assert.equal((thrown as Error).name, 'UserError');
        }
      }),
    );
  });
});
