import type { Signal } from '../domain/signal.ts';
import type { Json } from '../foundation/json.ts';
import type { CandleWindow } from '../market/candle-window.ts';
import { type Decision, defineStrategy, type Market, Strategy, type StrategyDefinition } from './strategy.ts';

export const TRADE_ACTIONS = ['buy', 'hold', 'sell'] as const;
export type TradeAction = (typeof TRADE_ACTIONS)[number];

/**
 * Whoever answers each closed bar with one of three actions: a trained model, a rule, a person. It must answer at once
 * and from the bars alone; what it keeps besides is lost in a restart.
 */
export interface TradingAgent {
  /** Lower case with hyphens. */
  readonly name: string;
  /** How many bars it looks at; before there are as many it is not asked. */
  readonly lookback: number;
  /** @param window the bars of one symbol, the newest of which has just closed */
  act(window: CandleWindow, market: Market): AgentAnswer;
}

/** An action, or an action with its reason. */
export type AgentAnswer = TradeAction | { readonly action: TradeAction; readonly reason: string };

class AgentStrategy extends Strategy {
  private readonly agent: TradingAgent;
  private readonly windows: readonly CandleWindow[];

  constructor(agent: TradingAgent, market: Market) {
    super();
    this.agent = agent;
    this.windows = market.symbols.map((symbol) => market.window(symbol));
  }

  override process(market: Market): Decision {
    const signals: Signal[] = [];
    for (const window of this.windows) {
      if (!market.isNew(window) || window.length < this.agent.lookback) continue;
      const signal = this.#signalOf(this.agent.act(window, market), window.feed.symbol);
      if (signal !== undefined) signals.push(signal);
    }
    return signals;
  }

  /** It has no state of its own. */
  override snapshot(): Json {
    return null;
  }

  override restore(): void {}

  #signalOf(answer: AgentAnswer, symbol: string): Signal | undefined {
    const action = typeof answer === 'string' ? answer : answer.action;
    const reason = typeof answer === 'string' ? `${this.agent.name} says ${action}` : answer.reason;
    if (action === 'buy') return { kind: 'enter', side: 'long', symbol, reason };
    if (action === 'sell') return { kind: 'exit', symbol, reason };
    return undefined;
  }
}

/**
 * An agent as a strategy: `buy` opens a long position, sized by the bot and checked by the risk gate as every other,
 * `sell` closes it, `hold` does nothing.
 */
export function agentStrategy(agent: TradingAgent): StrategyDefinition<Record<string, never>> {
  return defineStrategy({
    name: agent.name,
    title: agent.name,
    description: 'Asks an agent for an action at every closed bar.',
    parameters: {},
    symbols: { minimum: 1, maximum: 1_000 },
    lookback: () => agent.lookback,
    create: (_, market) => new AgentStrategy(agent, market),
  });
}
