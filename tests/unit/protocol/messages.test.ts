import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  channelMessage,
  closeCodes,
  PROTOCOL_VERSION,
  SUBPROTOCOL,
  tokenOfSubprotocols,
  tokenSubprotocol,
} from '../../../src/protocol/messages.ts';

test('the envelope says version, sequence and time, and leaves the update as it is', () => {
  const price = { symbol: 'X', price: 1, bid: null, ask: null, source: 'bybit', exchangeTime: 1, receivedAt: 2 };
  assert.deepEqual(channelMessage({ type: 'price', price }, 7, 1_000), {
    version: PROTOCOL_VERSION,
    sequence: 7,
    sentAt: 1_000,
    type: 'price',
    price,
  });
});

test('a token goes in a subprotocol and comes out of the header again', () => {
  const token = '0123456789.abc_DEF~-0123456789abcdef';
  assert.equal(tokenOfSubprotocols(`${SUBPROTOCOL}, ${tokenSubprotocol(token)}`), token);
  assert.equal(tokenOfSubprotocols(`${tokenSubprotocol(token)},${SUBPROTOCOL}`), token);
  for (const none of ['', SUBPROTOCOL, 'Bearer x', 'xbearer.x']) assert.equal(tokenOfSubprotocols(none), undefined);
  assert.equal(tokenOfSubprotocols('bearer.'), '');
});

test('close codes are those that a WebSocket may send', () => {
  const registered = [1001, 1008, 1013];
  for (const code of Object.values(closeCodes)) {
    assert.ok(registered.includes(code) || (code >= 4000 && code <= 4999), `${code}`);
  }
  assert.equal(new Set(Object.values(closeCodes)).size, Object.keys(closeCodes).length);
});
