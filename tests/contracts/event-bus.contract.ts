import { describe } from 'node:test';
import { groupContract } from './event-bus-groups.contract.ts';
import type { WithBus } from './event-bus-harness.ts';
import { logContract } from './event-bus-logs.contract.ts';
import { topicContract } from './event-bus-topics.contract.ts';

/** Every promise of the port `EventBus`, to be kept by every adapter. */
export function eventBusContract(adapter: string, withBus: WithBus): void {
  describe(`${adapter}: topics`, () => topicContract(withBus));
  describe(`${adapter}: logs`, () => logContract(withBus));
  describe(`${adapter}: consumer groups`, () => groupContract(withBus));
}
