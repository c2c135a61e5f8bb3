import { z } from 'zod';
import { UserError } from '../../foundation/errors.ts';
import { Random } from '../../foundation/random.ts';
import { type Destination, type FalseValue, falsified, isFalseValue } from './false-values.ts';
import { type Fault, type FaultKind, type FaultOf, type FaultRequest, faultSchema, fits } from './fault.ts';

/** A fault that is at work, and how often it has struck. */
export interface ActiveFault {
  readonly id: number;
  readonly fault: Fault;
  readonly struck: number;
}

/** What is sent in place of a message: nothing, one text or several, each after a while. */
export interface Delivery {
  readonly text: string;
  readonly delayMs: number;
}

interface Active {
  readonly fault: Fault;
  struck: number;
  /** What is told again and again. */
  memory?: string;
}

type Listener = (fault: Fault, added: boolean) => void;

/** The faults that are at work. Chance is seeded: the same requests in the same order are struck by the same faults. */
export class FaultBoard {
  readonly #active = new Map<number, Active>();
  readonly #random: Random;
  readonly #listeners: Listener[] = [];
  #lastId = 0;

  constructor(seed: number) {
    this.#random = new Random(seed, 'exchange-faults');
  }

  /** @throws UserError on a fault that there is not */
  add(request: FaultRequest | Readonly<Record<string, unknown>>): number {
    const parsed = faultSchema.safeParse(request);
    if (!parsed.success) throw new UserError(`Not a fault of the simulated exchange: ${z.prettifyError(parsed.error)}`);
    this.#lastId += 1;
    this.#active.set(this.#lastId, { fault: parsed.data, struck: 0 });
    this.#tell(parsed.data, true);
    return this.#lastId;
  }

  remove(id: number): boolean {
    const active = this.#active.get(id);
    if (active === undefined) return false;
    this.#active.delete(id);
    this.#tell(active.fault, false);
    return true;
  }

  clear(): void {
    for (const id of [...this.#active.keys()]) this.remove(id);
  }

  get active(): readonly ActiveFault[] {
    return [...this.#active].map(([id, { fault, struck }]) => ({ id, fault, struck }));
  }

  /** Told of every fault that comes or goes. */
  listen(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** The first fault of a kind that concerns this and strikes now. It counts as struck. */
  strike<Kind extends FaultKind>(
    kind: Kind,
    concerns: (fault: FaultOf<Kind>) => boolean = () => true,
  ): FaultOf<Kind> | undefined {
    for (const [id, active] of this.#active) {
      if (active.fault.kind !== kind || !concerns(active.fault as FaultOf<Kind>)) continue;
      if (!this.#happens(id, active)) continue;
      return active.fault as FaultOf<Kind>;
    }
    return undefined;
  }

  /** Whether a fault of this kind is there, without its striking. */
  find<Kind extends FaultKind>(kind: Kind): FaultOf<Kind> | undefined {
    return [...this.#active.values()].find(({ fault }) => fault.kind === kind)?.fault as FaultOf<Kind> | undefined;
  }

  /** What is sent of a message of a topic. */
  deliveries(topic: string, text: string): readonly Delivery[] {
    let deliveries: Delivery[] = [{ text, delayMs: 0 }];
    for (const [id, active] of this.#active) {
      const { fault } = active;
      if (isFalseValue(fault)) {
        deliveries = this.#falsify(id, active, fault, { topic }, deliveries);
        continue;
      }
      if (!('topic' in fault) || fault.kind === 'refuse-subscription' || !fits(fault.topic, topic)) continue;
      if (!this.#happens(id, active)) continue;
      if (fault.kind === 'repeat') active.memory ??= text;
      deliveries = deliveries.flatMap((delivery) => this.#distort(fault, delivery, active.memory));
    }
    return deliveries;
  }

  get hasFalseAnswers(): boolean {
    return [...this.#active.values()].some(({ fault }) => isFalseValue(fault) && fault.path !== undefined);
  }

  /** The answer to a look-up of the market, with false values where a fault strikes it. */
  answer(path: string, text: string): string {
    let deliveries: Delivery[] = [{ text, delayMs: 0 }];
    for (const [id, active] of this.#active) {
      if (isFalseValue(active.fault)) deliveries = this.#falsify(id, active, active.fault, { path }, deliveries);
    }
    return deliveries[0]!.text;
  }

  /** What does not concern the fault is not struck, and does not count. */
  #falsify(id: number, active: Active, fault: FalseValue, to: Destination, all: Delivery[]): Delivery[] {
    return all.map((delivery) => {
      const text = isJson(delivery.text) ? falsified(fault, to, delivery.text) : undefined;
      return text !== undefined && this.#happens(id, active) ? { ...delivery, text } : delivery;
    });
  }

  #distort(fault: Fault, delivery: Delivery, memory: string | undefined): Delivery[] {
    switch (fault.kind) {
      case 'drop':
      case 'freeze':
        return [];
      case 'duplicate':
        return [delivery, delivery];
      case 'delay':
        return [{ ...delivery, delayMs: delivery.delayMs + fault.ms }];
      case 'reorder':
        return [{ ...delivery, delayMs: delivery.delayMs + this.#random.next() * fault.ms }];
      case 'truncate':
        return [{ ...delivery, text: delivery.text.slice(0, this.#random.integer(1, delivery.text.length - 1)) }];
      case 'repeat':
        return [{ ...delivery, text: memory ?? delivery.text }];
      default:
        return [delivery];
    }
  }

  #happens(id: number, active: Active): boolean {
    if (!this.#active.has(id)) return false;
    const { fault } = active;
    const probability = 'probability' in fault ? fault.probability : 1;
    if (probability < 1 && this.#random.next() >= probability) return false;
    active.struck += 1;
    if ('count' in fault && fault.count !== undefined && active.struck >= fault.count) this.remove(id);
    return true;
  }

  #tell(fault: Fault, added: boolean): void {
    for (const listener of this.#listeners) listener(fault, added);
  }
}

/** What an earlier fault cut off is none. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
