import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLogger } from '../../../src/app/logging.ts';
import { Secret } from '../../../src/foundation/secret.ts';

test('no log line has a secret, wherever somebody put it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-log-'));
  try {
    const text = 'canary-of-"the"-log';
    const secret = new Secret(text);
    const { logger, close } = openLogger({ level: 'debug', folder });
    const error = new Error(`bybit GET https://x/v5?api_key=canary-a&signature=canary-b with ${text} failed`);
    logger.debug(`a message with ${text}`, { secret, list: [secret] });
    logger.info('fields', { text, deep: { deeper: [{ apiSecret: 'canary-c', password: 'canary-d', kept: 'seen' }] } });
    logger.warn('texts in texts', { body: JSON.stringify({ headers: { 'X-BAPI-SIGN': 'canary-e' }, text }) });
    logger.error('an error', { error, err: error, message: error.message, stack: error.stack });
    logger.error('an address', { url: 'redis://:canary-f@host', at: { url: 'postgres://me:canary-g@host' } });
    await close();
    const lines = readFileSync(join(folder, 'tradewind.log'), 'utf8').trimEnd().split('\n');
    assert.equal(lines.length, 5);
    for (const line of lines) {
      assert.doesNotMatch(line, /canary/);
      assert.equal(typeof JSON.parse(line), 'object');
    }
    assert.match(lines[1]!, /"kept":"seen"/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
