import type { OrderTerms } from '../domain/order.ts';
import type { Json, JsonObject } from '../foundation/json.ts';
import type { EpochMs } from '../foundation/time.ts';
import { botPrefix, decisionId, decisionStem } from './decision-ids.ts';
import type { OrderDraft } from './order-draft.ts';

/**
 * Names what comes of a decision: its signals and orders by ids that are a function of bot, time and number, so that a
 * replay makes the same ones; and makes terms of drafts.
 */
export class DecisionTerms {
  readonly #botId: string;
  /** The bot as it stands in ids. */
  readonly #prefix: string;
  /**
   * The time of what is being decided. What signals come to reads it here: handed on from call to call it would be boxed
   * at each bar, also where no signal comes.
   */
  #time = Number.NaN as EpochMs;
  #stemTime = Number.NaN;
  #stem = '';
  #signalIndex = 0;
  #orderIndex = 0;

  constructor(botId: string) {
    this.#botId = botId;
    this.#prefix = botPrefix(botId);
  }

  get time(): EpochMs {
    return this.#time;
  }

  begin(time: EpochMs): void {
    this.#time = time;
    this.#signalIndex = 0;
    this.#orderIndex = 0;
  }

  /** What is done at `time` goes on counting where the last decision ended. */
  goOn(time: EpochMs): void {
    this.#time = time;
  }

  nextSignalId(): string {
    return decisionId(this.#stemOf(), this.#signalIndex++);
  }

  /** The drafts of one plan with their ids. Groups are of this decision; protection is of its entry alone. */
  ofPlan(signalId: string, symbol: string, drafts: readonly OrderDraft[]): OrderTerms[] {
    const terms: OrderTerms[] = [];
    for (const draft of drafts) {
      const entry = draft.after === undefined ? undefined : terms[draft.after]!.clientOrderId;
      terms.push(this.ofDraft(signalId, symbol, draft, entry));
    }
    return terms;
  }

  /** @param entry the id of the order that the draft comes after */
  ofDraft(signalId: string, symbol: string, draft: OrderDraft, entry?: string): OrderTerms {
    const clientOrderId = decisionId(this.#stemOf(), this.#orderIndex++);
    const botId = this.#botId;
    const { side, quantity, execution, timeInForce, reduceOnly, oneCancelsOther } = draft;
    // Written out, as are the other things that are made for each order: spreads cost more than all else about them.
    if (oneCancelsOther === undefined && entry === undefined) {
      return {
        clientOrderId,
        botId,
        signalId,
        symbol,
        side,
        quantity,
        execution,
        timeInForce,
        reduceOnly,
        createdAt: this.#time,
      };
    }
    const group = entry ?? this.#stemOf();
    return {
      clientOrderId,
      botId,
      signalId,
      symbol,
      side,
      quantity,
      execution,
      timeInForce,
      reduceOnly,
      ...(oneCancelsOther !== undefined && { oneCancelsOther: `${group}/${oneCancelsOther}` }),
      ...(entry !== undefined && { after: entry }),
      createdAt: this.#time,
    };
  }

  snapshot(): Json {
    return { signalIndex: this.#signalIndex, orderIndex: this.#orderIndex };
  }

  restore(state: Json): void {
    const saved = state as JsonObject;
    this.#signalIndex = saved.signalIndex as number;
    this.#orderIndex = saved.orderIndex as number;
  }

  /** What all ids of the present decision begin with. */
  #stemOf(): string {
    if (this.#time !== this.#stemTime) {
      this.#stemTime = this.#time;
      this.#stem = decisionStem(this.#prefix, this.#time);
    }
    return this.#stem;
  }
}
