import type { Account } from './account.ts';
import type { LinearPosition } from './ledger.ts';
import type { Execution, VenueOrder } from './venue-order.ts';

/** What one step of the exchange did to one account, in the order in which it happened. Copies: nothing moves on. */
export interface AccountChanges {
  readonly account: Account;
  readonly time: number;
  readonly executions: readonly Execution[];
  readonly orders: readonly VenueOrder[];
  readonly positions: readonly LinearPosition[];
  readonly walletChanged: boolean;
}

/** Who is told. */
export type OnChanges = (changes: AccountChanges) => void;

/** Gathers the changes of one step. */
export class ChangeCollector {
  readonly account: Account;
  readonly #executions: Execution[] = [];
  readonly #orders: VenueOrder[] = [];
  readonly #positions = new Set<LinearPosition>();
  #walletChanged = false;
  readonly time: number;

  constructor(account: Account, time: number) {
    this.account = account;
    this.time = time;
  }

  order(order: VenueOrder): void {
    order.updatedTime = this.time;
    this.#orders.push(this.account.noteOrder(order, this.time));
  }

  execution(execution: Execution): void {
    this.#executions.push(execution);
    this.#walletChanged = true;
  }

  position(position: LinearPosition): void {
    this.#positions.add(position);
  }

  wallet(): void {
    this.#walletChanged = true;
  }

  finish(): AccountChanges | undefined {
    if (this.#orders.length === 0 && this.#positions.size === 0 && !this.#walletChanged) return undefined;
    const { account } = this;
    return {
      account,
      time: this.time,
      executions: this.#executions,
      orders: this.#orders,
      positions: [...this.#positions].map((position) => account.notePosition(position, this.time)),
      walletChanged: this.#walletChanged,
    };
  }
}
