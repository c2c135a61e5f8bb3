import type { Unsubscribe } from '../../bus/event-bus.ts';
import { topics } from '../../bus/topics.ts';
import type { BotStatus } from '../../domain/event.ts';
import type { Fill } from '../../domain/fill.ts';
import type { SignalRecord } from '../../domain/signal.ts';
import type { SessionSpec } from '../../engine/open-session.ts';
import { messageOf, UserError } from '../../foundation/errors.ts';
import { BotManager, type BotManagerParts } from '../bot-manager.ts';
import type { Cancel } from '../latest-values.ts';
import type { ActionBox } from './action-box.ts';

export interface LiveTraderOptions {
  /** This process among those that run bots. */
  readonly owner: string;
  /** Stops after the decision with which the fills came to this many. */
  readonly maximumFills?: number;
  /** Where {@link LiveTrader.executeAction} puts actions; the strategy of the trader takes them from there. */
  readonly actions?: ActionBox;
}

export interface TraderStatistics {
  readonly fills: number;
  /** Positions that were opened and closed again, and how many of them won after fees. */
  readonly roundTrips: number;
  readonly winningRoundTrips: number;
  /** Winners among the closed round trips, 0 … 1; `null` before the first. */
  readonly winRate: number | null;
  /** Equity less the starting balance. */
  readonly profit: number;
  readonly realisedProfit: number;
  readonly fees: number;
  readonly balance: number;
  readonly portfolioValue: number;
  /** Of the starting balance. */
  readonly returnFraction: number;
  /** Units of base by symbol. */
  readonly inventory: Readonly<Record<string, number>>;
}

/**
 * A strategy that trades on paper: one bot with its own account, under the risk gate and with every decision in the
 * store, as a program of few lines wants it. It goes on where the last one of its name ended.
 */
export class LiveTrader {
  readonly spec: SessionSpec;
  readonly #parts: BotManagerParts;
  readonly #options: LiveTraderOptions;
  readonly #manager: BotManager;
  readonly #unsubscribe: Unsubscribe[] = [];
  readonly #decisionListeners = new Set<(record: SignalRecord) => void>();
  readonly #fillListeners = new Set<(fill: Fill) => void>();
  readonly #endListeners = new Set<() => void>();
  #last: BotStatus | undefined;
  #fills = 0;

  constructor(spec: SessionSpec, parts: BotManagerParts, options: LiveTraderOptions) {
    this.spec = spec;
    this.#parts = parts;
    this.#options = options;
    this.#manager = new BotManager([spec], parts, { owner: options.owner });
  }

  /** @throws UserError when the last trader of this name was another one: other strategy, symbols, balance or limits */
  async start(): Promise<void> {
    const { bus } = this.#parts;
    const { botId } = this.spec;
    this.#unsubscribe.push(
      await bus.subscribe(topics.botStatus(botId), ({ payload }) => this.#take(payload)),
      await bus.subscribe(topics.botSignals(botId), ({ payload }) => this.#tell(this.#decisionListeners, payload)),
      await bus.subscribe(topics.tradeUpdates(botId), ({ payload }) => this.#takeFill(payload)),
    );
    await this.#manager.start();
  }

  /** Ends it after the decision in hand. Positions stay, in the store. */
  async stop(): Promise<void> {
    await this.#manager.stop();
    this.#last = (await this.#manager.statuses()).at(0) ?? this.#last;
    for (const unsubscribe of this.#unsubscribe.splice(0)) await unsubscribe();
    for (const listener of this.#endListeners) listener();
  }

  /** `undefined` before it has begun. */
  status(): BotStatus | undefined {
    return this.#manager.activeBots[0]?.status() ?? this.#last;
  }

  /** Why it could not go on, in sentences. */
  get failures(): readonly string[] {
    return this.#manager.failures;
  }

  /** @throws UserError before it has begun */
  statistics(): TraderStatistics {
    const status = this.#begun();
    const { fills, roundTrips, winningRoundTrips, realisedProfit, fees, balance, equity, startingBalance } = status;
    return {
      ...{ fills, roundTrips, winningRoundTrips, realisedProfit, fees, balance, portfolioValue: equity },
      winRate: roundTrips === 0 ? null : winningRoundTrips / roundTrips,
      profit: equity - startingBalance,
      returnFraction: equity / startingBalance - 1,
      inventory: Object.fromEntries(status.positions.map(({ symbol, quantity }) => [symbol, quantity])),
    };
  }

  /**
   * What the account is worth, in quote currency.
   *
   * @param prices the price of each symbol at which its position counts; those left out count at their last closes
   * @throws UserError before it has begun
   */
  portfolioValue(prices: ReadonlyMap<string, number> = new Map()): number {
    const { equity, positions } = this.#begun();
    return positions.reduce((value, { symbol, quantity, price }) => {
      return value + quantity * ((prices.get(symbol) ?? price) - price);
    }, equity);
  }

  /**
   * Acts by hand: the bot takes the action at its next decision, through the risk gate as every other. Resolves with the
   * record of what became of it; `undefined` for `hold`, and where the trader stopped before.
   *
   * @param symbol by default the only one
   * @throws UserError where the trader's strategy takes no actions, or does not trade the symbol
   */
  executeAction(action: 'buy' | 'hold' | 'sell', symbol = this.spec.symbols[0]!): Promise<SignalRecord | undefined> {
    const { actions } = this.#options;
    const { botId, symbols } = this.spec;
    if (actions === undefined) {
      throw new UserError(
        `The strategy of ${botId} decides by itself: actions by hand need a trader that is made for them.`,
      );
    }
    if (!symbols.includes(symbol)) throw new UserError(`${botId} trades ${symbols.join(', ')}, not ${symbol}.`);
    if (action === 'hold') return Promise.resolve(undefined);
    const reason = actions.put(symbol, action);
    return new Promise((resolve) => {
      const finish = (record: SignalRecord | undefined): void => {
        cancelDecision();
        this.#endListeners.delete(onEnd);
        resolve(record);
      };
      const onEnd = (): void => finish(undefined);
      const cancelDecision = this.onDecision((record) => {
        if (record.signal.reason === reason) finish(record);
      });
      this.#endListeners.add(onEnd);
    });
  }

  /** Calls `listener` with every decision, also those that were refused, as soon as it is committed. */
  onDecision(listener: (record: SignalRecord) => void): Cancel {
    this.#decisionListeners.add(listener);
    return () => this.#decisionListeners.delete(listener);
  }

  onFill(listener: (fill: Fill) => void): Cancel {
    this.#fillListeners.add(listener);
    return () => this.#fillListeners.delete(listener);
  }

  #begun(): BotStatus {
    const status = this.status();
    if (status === undefined) throw new UserError(`The trader ${this.spec.botId} has not begun: await start() first.`);
    return status;
  }

  #take(status: BotStatus): void {
    this.#last = status;
  }

  #takeFill(fill: Fill): void {
    this.#fills += 1;
    this.#tell(this.#fillListeners, fill);
    if (this.#fills === this.#options.maximumFills) {
      this.stop().catch((thrown: unknown) => this.#report('a trader could not be stopped', thrown));
    }
  }

  #tell<Item>(listeners: ReadonlySet<(item: Item) => void>, item: Item): void {
    for (const listener of [...listeners]) {
      try {
        listener(item);
      } catch (thrown) {
        this.#report('a listener of a trader failed', thrown);
      }
    }
  }

  #report(message: string, thrown: unknown): void {
    this.#parts.logger.error(message, { botId: this.spec.botId, error: messageOf(thrown) });
  }
}
