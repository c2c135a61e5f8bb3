import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { CancelledError, type PromptInput, SecretPrompt } from '../../../src/cli/secret-prompt.ts';
import { TypedLine } from '../../../src/cli/typed-line.ts';

describe('a line that is typed', () => {
  const typed = (...keys: string[]): readonly [text: string, state: string, rest: string] => {
    const line = new TypedLine(() => {});
    const ends = keys.map((each) => line.feed(each));
    const end = ends.at(-1)!;
    return [line.text, end.state, end.rest];
  };

  test('ends with Enter; what was pasted behind it is given back', () => {
    assert.deepEqual(typed('ab', 'c\r'), ['abc', 'entered', '']);
    assert.deepEqual(typed('abc\nnext\n'), ['abc', 'entered', 'next\n']);
    assert.deepEqual(typed('abc'), ['abc', 'typing', '']);
  });

  test('is mended as in any terminal', () => {
    assert.deepEqual(typed('abd\u007fc\r')[0], 'abc');
    assert.deepEqual(typed('\b\bx😀\b\r')[0], 'x');
    assert.deepEqual(typed('wrong\u0015right\r')[0], 'right');
    assert.deepEqual(typed('a\u001b[D\u001b[1;5Cb\u001bOHc\t\u0000\r')[0], 'abc');
  });

  test('is called off by Ctrl+C and Ctrl+D', () => {
    for (const keys of ['ab\u0003c\r', 'ab\u0004']) assert.equal(typed(keys)[1], 'cancelled');
  });

  test('shows what it is told to show', () => {
    const shown: string[] = [];
    new TypedLine((text) => shown.push(text)).feed('ab\u007f\u0015\r');
    assert.equal(shown.join(''), 'ab\b \b\b \b');
  });
});

/** A terminal that keeps whether it would show what is typed. */
class Terminal extends PassThrough {
  readonly isTTY = true;
  isRaw = false;
  readonly modes: boolean[] = [];

  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw;
    this.modes.push(isRaw);
  }
}

function prompt(input: PromptInput): { readonly prompt: SecretPrompt; readonly shown: () => string } {
  let shown = '';
  return {
    prompt: new SecretPrompt(input, (text) => {
      shown += text;
    }),
    shown: () => shown,
  };
}

test('in a terminal nothing of the answers is shown, from the first question to the end', async () => {
  const terminal = new Terminal();
  const rawAtQuestion: boolean[] = [];
  const asking = new SecretPrompt(terminal, (text) => {
    if (text.endsWith(': ')) rawAtQuestion.push(terminal.isRaw);
    assert.doesNotMatch(text, /canary/);
  });
  terminal.write('canary-1\rcanary-2\r');
  assert.equal((await asking.ask('First')).reveal(), 'canary-1');
  assert.equal((await asking.ask('Second')).reveal(), 'canary-2');
  terminal.write('\r');
  assert.equal(await asking.askOptional('Third'), undefined);
  assert.deepEqual(rawAtQuestion, [true, true, true]);
  assert.ok(!terminal.modes.includes(false));
  asking.close();
  assert.equal(terminal.isRaw, false);
});

test('an open answer is shown as it is typed', async () => {
  const terminal = new Terminal();
  const { prompt: asking, shown } = prompt(terminal);
  terminal.write('yes\r');
  assert.equal(await asking.askOpenly('Sure? '), 'yes');
  assert.equal(shown(), 'Sure? yes\n');
});

test('Ctrl+C, and a terminal that goes away, call it off', async () => {
  for (const end of [(terminal: Terminal) => terminal.write('abc\u0003'), (terminal: Terminal) => terminal.end()]) {
    const terminal = new Terminal();
    const { prompt: asking, shown } = prompt(terminal);
    const answer = asking.ask('Password');
    end(terminal);
    await assert.rejects(answer, CancelledError);
    asking.close();
    assert.equal(terminal.isRaw, false);
    assert.equal(terminal.listenerCount('data'), 0);
    assert.equal(shown(), 'Password: \n');
  }
});

test('a terminal that nothing was asked in is left alone', () => {
  const terminal = new Terminal();
  prompt(terminal).prompt.close();
  assert.deepEqual(terminal.modes, []);
});

test('nothing typed is no answer where one is needed', async () => {
  const terminal = new Terminal();
  terminal.write('\r');
  await assert.rejects(prompt(terminal).prompt.ask('Password'), { name: 'UserError', message: /nothing was typed/ });
});

test('from a pipe each line answers one question', async () => {
  const pipe = new PassThrough();
  pipe.end('first\r\n\nthird');
  const { prompt: asking, shown } = prompt(pipe);
  assert.equal((await asking.ask('A')).reveal(), 'first');
  assert.equal(await asking.askOptional('B'), undefined);
  assert.equal((await asking.ask('C')).reveal(), 'third');
  assert.equal(await asking.askOptional('D'), undefined);
  await assert.rejects(asking.ask('E', 'or set X'), {
    name: 'UserError',
    message: 'E: standard input has ended. Start this in a terminal, or set X.',
  });
  asking.close();
  assert.doesNotMatch(shown(), /first|third/);
});
