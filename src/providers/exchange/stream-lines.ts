import type { ConnectionStatus } from '../../market/market-data.ts';
import { ConnectionBudget } from './connection-budget.ts';
import { type ExchangeFailure, symbolOf, type Topic, topicName } from './exchange-connection.ts';
import { StreamKeeper, type StreamKeeperParts } from './stream-keeper.ts';

/**
 * The sockets of an exchange: topics are spread over lines, all topics of a symbol on the same one, and each line is
 * kept by itself, so that a broken one disturbs no other. They start one after the other, within one budget.
 */
export class StreamLines {
  readonly #keepers: readonly StreamKeeper[];
  readonly #lines = new Map<string, number>();

  constructor(parts: Omit<StreamKeeperParts, 'budget'>, topics: readonly Topic[], symbolsPerSocket: number) {
    const budget = new ConnectionBudget(parts.clock, parts.connection.traits.connections);
    this.#keepers = shards(topics, symbolsPerSocket).map(
      (some, line) => new StreamKeeper(line, some, { ...parts, budget }),
    );
    for (const { topics: some, line } of this.#keepers) {
      for (const topic of some) this.#lines.set(topicName(topic), line);
    }
  }

  /** The line that carries a topic; `null` where it is not subscribed to. */
  lineOf(topic: Topic): number | null {
    return this.#lines.get(topicName(topic)) ?? null;
  }

  liveForMs(line: number): number {
    return this.#keepers[line]?.liveForMs ?? 0;
  }

  /** How often a line was opened anew. */
  get reconnects(): number {
    return this.#keepers.reduce((sum, { connects }) => sum + Math.max(0, connects - 1), 0);
  }

  start(): void {
    for (const keeper of this.#keepers) keeper.start();
  }

  stop(): void {
    for (const keeper of this.#keepers) keeper.stop();
  }

  check(): void {
    for (const keeper of this.#keepers) keeper.check();
  }

  heard(line: number): void {
    this.#keepers[line]?.heard();
  }

  down(line: number, failure: ExchangeFailure): void {
    this.#keepers[line]?.down(failure);
  }

  retry(line: number, topics: readonly Topic[]): void {
    this.#keepers[line]?.retry(topics);
  }

  taken(topic: Topic): void {
    const line = this.lineOf(topic);
    if (line !== null) this.#keepers[line]?.taken(topic);
  }

  resubscribe(line: number, topic: Topic): void {
    void this.#keepers[line]?.resubscribe(topic);
  }

  statuses(): readonly ConnectionStatus[] {
    return this.#keepers.map((keeper) => keeper.status());
  }
}

/** The topics by lines of so many symbols each. */
function shards(topics: readonly Topic[], symbolsPerSocket: number): readonly (readonly Topic[])[] {
  const bySymbol = [...Map.groupBy(topics, symbolOf).values()];
  return Array.from({ length: Math.ceil(bySymbol.length / symbolsPerSocket) }, (_, line) =>
    bySymbol.slice(line * symbolsPerSocket, (line + 1) * symbolsPerSocket).flat(),
  );
}
