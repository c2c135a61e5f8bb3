import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RespError, RespReader, type RespValue } from '../../src/bus/resp-reader.ts';
import { encodeCommand, encodePublish } from '../../src/bus/resp-writer.ts';
import { InvariantError } from '../../src/foundation/errors.ts';

type Heard =
  | { readonly reply: RespValue }
  | { readonly message: readonly [channel: string, text: string] }
  | { readonly pattern: readonly [pattern: string, channel: string, text: string] };

/** What a reader hears of bytes that come in pieces cut at `cuts`. The memory of each piece is spoilt after its call. */
function hear(bytes: Buffer, cuts: readonly number[]): Heard[] {
  const heard: Heard[] = [];
  const reader = new RespReader({
    reply: (reply) => heard.push({ reply }),
    message: (channel, text) => heard.push({ message: [channel, text] }),
    patternMessage: (pattern, channel, text) => heard.push({ pattern: [pattern, channel, text] }),
  });
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((left, right) => left - right);
  let from = 0;
  for (const to of [...places, bytes.length]) {
    const piece = Buffer.from(bytes.subarray(from, to));
    reader.feed(piece);
    piece.fill(0);
    from = to;
  }
  return heard;
}

/** RESP2 as the specification has it, written anew. */
function write(value: RespValue): string {
  if (value === null) return '$-1\r\n';
  if (typeof value === 'number') return `:${value}\r\n`;
  if (value instanceof RespError) return `-${value.message}\r\n`;
  if (typeof value === 'string') return `$${Buffer.byteLength(value)}\r\n${value}\r\n`;
  return `*${value.length}\r\n${value.map(write).join('')}`;
}

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const line = fc.stringMatching(/^[A-Z]{3,8} [a-z ]{0,20}$/);
const value: fc.Arbitrary<RespValue> = fc.letrec<{ value: RespValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.integer(),
    fc.constant(null),
    line.map((said) => new RespError(said)),
    fc.array(tie('value'), { maxLength: 5 }),
  ),
})).value;

const told: fc.Arbitrary<{ readonly bytes: string; readonly heard: Heard }> = fc.oneof(
  value.map((reply) => ({ bytes: write(reply), heard: { reply } })),
  line.map((said) => ({ bytes: `+${said}\r\n`, heard: { reply: said } })),
  fc.tuple(text, text).map(([channel, said]) => ({
    bytes: write(['message', channel, said]),
    heard: { message: [channel, said] as const },
  })),
  fc.tuple(text, text, text).map(([pattern, channel, said]) => ({
    bytes: write(['pmessage', pattern, channel, said]),
    heard: { pattern: [pattern, channel, said] as const },
  })),
);

describe('the protocol of Redis', () => {
  test('is read the same however the network cuts it', () => {
    fc.assert(
      fc.property(fc.array(told, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 30 }), (all, cuts) => {
        const bytes = Buffer.from(all.map((one) => one.bytes).join(''));
        assert.deepEqual(
          hear(bytes, cuts),
          all.map((one) => one.heard),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('byte by byte', () => {
    const bytes = Buffer.from(`${write(['pmessage', 'data:*', 'data:€', 'ü'])}-ERR no\r\n:-12\r\n*-1\r\n`);
    const cuts = Array.from(bytes, (_, index) => index);
    const [first, second, ...others] = hear(bytes, cuts);
    assert.deepEqual(first, { pattern: ['data:*', 'data:€', 'ü'] });
    assert.ok('reply' in second! && second.reply instanceof RespError && second.reply.message === 'ERR no');
    assert.deepEqual(others, [{ reply: -12 }, { reply: null }]);
  });

  test('is written with lengths in bytes', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 6 }), (parts) => {
        assert.equal(encodeCommand(parts), write(parts));
      }),
    );
    assert.equal(encodePublish('data:€', '{"ü":1}'), write(['PUBLISH', 'data:€', '{"ü":1}']));
  });

  test('anything else is refused', () => {
    for (const bytes of ['HTTP/1.1 400 Bad Request\r\n', '$x\r\n', ':1x\r\n', '$99999999999\r\n']) {
      assert.throws(() => hear(Buffer.from(bytes), []), InvariantError, bytes);
    }
  });
});
