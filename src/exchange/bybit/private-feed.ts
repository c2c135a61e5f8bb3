import type { InstrumentSpec } from '../market/instruments.ts';
import type { Account, PriceOf } from '../trading/account.ts';
import type { AccountChanges } from '../trading/changes.ts';
import { identifier } from '../trading/identifiers.ts';
import { positionData, walletRow } from './account-messages.ts';
import { type DisconnectProtection, PROTECTION_TOPICS } from './disconnect-protection.ts';
import type { Row } from './market-messages.ts';
import { executionData, orderData } from './order-messages.ts';
import type { Subscriber } from './topic-channel.ts';

const TOPICS = ['order', 'execution', 'execution.fast', 'position', 'wallet', 'greeks'];
const BY_CATEGORY = ['order', 'execution', 'execution.fast', 'position'];
const CATEGORIES = ['linear', 'spot', 'inverse', 'option'];

/** The private topics. Nothing is sent at subscription, and nothing is sent again: who was away must look up. */
export class PrivateFeed {
  readonly #subscribers = new Map<Account, Map<Subscriber, Set<string>>>();
  readonly #specs: readonly InstrumentSpec[];
  readonly #priceOf: PriceOf;
  readonly #protection: DisconnectProtection;
  #messages = 0;

  constructor(specs: readonly InstrumentSpec[], priceOf: PriceOf, protection: DisconnectProtection) {
    this.#protection = protection;
    this.#specs = specs;
    this.#priceOf = priceOf;
  }

  isTopic(topic: string): boolean {
    if (TOPICS.includes(topic) || PROTECTION_TOPICS.includes(topic)) return true;
    return BY_CATEGORY.some((plain) => CATEGORIES.some((category) => topic === `${plain}.${category}`));
  }

  subscribe(account: Account, topic: string, subscriber: Subscriber): void {
    const ofAccount = this.#subscribers.get(account) ?? new Map<Subscriber, Set<string>>();
    this.#subscribers.set(account, ofAccount);
    ofAccount.set(subscriber, (ofAccount.get(subscriber) ?? new Set()).add(topic));
    this.#protection.joined(account, topic);
  }

  unsubscribe(account: Account, topic: string, subscriber: Subscriber): void {
    this.#subscribers.get(account)?.get(subscriber)?.delete(topic);
  }

  leave(account: Account, subscriber: Subscriber): void {
    const ofAccount = this.#subscribers.get(account);
    const topics = ofAccount?.get(subscriber);
    ofAccount?.delete(subscriber);
    if (topics === undefined) return;
    this.#protection.gone(account, topics, new Set([...ofAccount!.values()].flatMap((left) => [...left])));
  }

  onChanges(changes: AccountChanges): void {
    const { executions, orders, positions, account } = changes;
    if (!this.#subscribers.has(account)) return;
    this.#sendRows(changes, 'execution', executions, (one, spec) => executionData(one, spec));
    this.#sendRows(changes, 'execution.fast', executions, (one, spec) => fastExecution(executionData(one, spec)));
    this.#sendRows(changes, 'position', positions.map(linear), (one, spec) => {
      return positionData(one, spec, this.#priceOf(one.symbol));
    });
    this.#sendRows(changes, 'order', orders, (one, spec) => orderData(one, spec));
    if (changes.walletChanged) {
      const wallet = walletRow(account.wallet(this.#priceOf, this.#specs), this.#priceOf);
      this.#send(changes, 'wallet', 'wallet', [wallet]);
    }
  }

  /** One message for each category: to those who asked for the topic, and to those who asked for that category of it. */
  #sendRows<Change extends { readonly category: string; readonly symbol: string }>(
    changes: AccountChanges,
    topic: string,
    all: readonly Change[],
    rowOf: (change: Change, spec: InstrumentSpec) => Row,
  ): void {
    for (const category of ['linear', 'spot']) {
      const rows = all
        .filter((change) => change.category === category)
        .map((change) => rowOf(change, this.#specs.find((spec) => isSpecOf(spec, change))!));
      if (rows.length > 0) this.#send(changes, topic, `${topic}.${category}`, rows);
    }
  }

  #send({ account, time }: AccountChanges, topic: string, narrowTopic: string, data: readonly Row[]): void {
    this.#messages += 1;
    for (const [subscriber, topics] of this.#subscribers.get(account) ?? []) {
      const heard = topics.has(topic) ? topic : topics.has(narrowTopic) ? narrowTopic : undefined;
      if (heard === undefined) continue;
      const id = identifier('message', this.#messages, time);
      subscriber.sendTopic(heard, JSON.stringify({ id, topic: heard, creationTime: time, data }));
    }
  }
}

function linear<Change extends object>(change: Change): Change & { readonly category: 'linear' } {
  return { ...change, category: 'linear' };
}

function isSpecOf(spec: InstrumentSpec, { category, symbol }: { category: string; symbol: string }): boolean {
  return spec.category === category && spec.symbol === symbol;
}

/** `execution.fast` has fewer fields. */
function fastExecution(row: Row): Row {
  const names = 'category symbol execId execPrice execQty orderId isMaker orderLinkId side execTime seq'.split(' ');
  return Object.fromEntries(names.map((name) => [name, row[name]]));
}
