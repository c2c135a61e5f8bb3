import assert from 'node:assert/strict';
import { type Candle, type Feed, feedName } from '../../src/domain/candle.ts';
import type { EpochMs } from '../../src/foundation/time.ts';
import type { CandleRevision, LatestPrice, MarketDataSink, MarketNotice } from '../../src/market/market-data.ts';

/** A sink that keeps what it got, and checks at each call what holds for every source. */
export class MarketRecorder implements MarketDataSink {
  readonly candles = new Map<string, Candle[]>();
  readonly prices: LatestPrice[] = [];
  readonly watermarks: EpochMs[] = [];
  readonly ends: (Error | undefined)[] = [];
  readonly revisions: (CandleRevision & { readonly feed: Feed })[] = [];
  readonly notices: MarketNotice[] = [];
  calls = 0;
  /** Awaited within each call: a slow consumer. */
  pause: () => Promise<void> = async () => {};
  /** Thrown by the call with this number. */
  failAt = Number.POSITIVE_INFINITY;
  #underWay = 0;

  of(feed: Feed): readonly Candle[] {
    return this.candles.get(feedName(feed)) ?? [];
  }

  async candle(feed: Feed, candle: Candle): Promise<void> {
    await this.#call(() => {
      const list = this.candles.get(feedName(feed)) ?? [];
      this.candles.set(feedName(feed), list);
      const before = list.at(-1);
      assert.ok(before === undefined || candle.closeTime > before.closeTime, `${feedName(feed)} is out of order`);
      const complete = this.watermarks.at(-1);
      assert.ok(complete === undefined || candle.closeTime > complete, `${feedName(feed)} comes after its watermark`);
      list.push(candle);
    });
  }

  async watermark(closeTime: EpochMs): Promise<void> {
    await this.#call(() => {
      const before = this.watermarks.at(-1);
      assert.ok(before === undefined || closeTime > before, 'watermarks rise');
      this.watermarks.push(closeTime);
    });
  }

  async revised(feed: Feed, revision: CandleRevision): Promise<void> {
    await this.#call(() => {
      const given = this.of(feed).some(({ openTime }) => openTime === revision.candle.openTime);
      assert.ok(given, `${feedName(feed)} revises a candle that was not given`);
      this.revisions.push({ ...revision, feed });
    });
  }

  notice(notice: MarketNotice): void {
    this.notices.push(notice);
  }

  async end(failure?: Error): Promise<void> {
    this.ends.push(failure);
  }

  price(price: LatestPrice): void {
    this.prices.push(price);
  }

  async #call(take: () => void): Promise<void> {
    this.calls += 1;
    this.#underWay += 1;
    assert.equal(this.#underWay, 1, 'no two calls are under way at once');
    assert.equal(this.ends.length, 0, 'nothing comes after the end');
    if (this.calls >= this.failAt) {
      this.#underWay -= 1;
      throw new Error('this sink is full');
    }
    take();
    await this.pause();
    this.#underWay -= 1;
  }
}
