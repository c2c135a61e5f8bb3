/** Ends a subscription. Calling it twice is harmless. */
export type Cancel = () => void;

/**
 * The queue of one subscriber to prices: of each key only the latest value waits, so that a slow one gets the newest
 * price and never an old one, memory stays bounded, and nobody else is delayed. What gave way to newer is counted.
 */
export class LatestValues<Key, Value> implements AsyncIterableIterator<Value> {
  readonly #waiting = new Map<Key, Value>();
  readonly #onEnd: () => void;
  #isOver = false;
  #wake: (() => void) | undefined;
  /** Values that were taken by the subscriber. */
  delivered = 0;
  /** Values that gave way to a newer one before the subscriber came to them. */
  conflated = 0;

  /** @param onEnd is called when the subscriber wants nothing more */
  constructor(onEnd: () => void = () => {}) {
    this.#onEnd = onEnd;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  offer(key: Key, value: Value): void {
    if (this.#isOver) return;
    if (this.#waiting.has(key)) this.conflated += 1;
    this.#waiting.set(key, value);
    this.#wakeUp();
  }

  /** The subscriber gets nothing more. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiting.clear();
    this.#onEnd();
    this.#wakeUp();
  }

  /** Not to be called again before the last call has resolved. */
  async next(): Promise<IteratorResult<Value, undefined>> {
    for (;;) {
      for (const [key, value] of this.#waiting) {
        this.#waiting.delete(key);
        this.delivered += 1;
        return { done: false, value };
      }
      if (this.#isOver) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async return(): Promise<IteratorResult<Value, undefined>> {
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

/**
 * Calls `handler` with every item, one after another; waits for it where it gives a promise. An error is told and the
 * next item comes. Resolves when the items end, and rejects where they do.
 */
export async function callForEach<Item>(
  items: AsyncIterable<Item>,
  handler: (item: Item) => unknown,
  onError: (thrown: unknown) => void,
): Promise<void> {
  for await (const item of items) {
    try {
      await handler(item);
    } catch (thrown) {
      onError(thrown);
    }
  }
}
