/**
 * Every figure of a run's summary: its key (stable: programs read it), its title, its unit and its definition in one
 * sentence with the source it agrees with. All renderers and all sweeps read this catalogue, so a figure is described once.
 */
export type FigureUnit = 'percent' | 'money' | 'number' | 'count' | 'duration' | 'time';

export type FigureGroup = 'result' | 'return and risk' | 'drawdown' | 'trades' | 'activity' | 'empyrical' | 'freqtrade';

export interface FigureDescription {
  readonly title: string;
  readonly group: FigureGroup;
  /** percent: 12.5 is 12.5 %; money: in the run's currency; duration and time: milliseconds (time since 1970, UTC). */
  readonly unit: FigureUnit;
  readonly definition: string;
  /** Whether its sign says good or bad, so that it may be coloured. */
  readonly signed?: true;
}

const bt = 'backtesting.py';

export const FIGURES = {
  startingBalance: figure('Starting balance', 'result', 'money', 'Cash at the start.'),
  finalPortfolioValue: figure('Final portfolio value', 'result', 'money', 'Cash and positions at the last close.'),
  finalBalance: figure('Final balance', 'result', 'money', 'Cash at the end, without positions.'),
  finalInventoryValue: figure('Final inventory', 'result', 'money', 'Value of the positions held at the last close.'),
  totalProfit: signed('Total profit', 'result', 'money', 'Final portfolio value − starting balance.'),
  realisedProfit: signed('Realised profit', 'result', 'money', 'Profit of the closed round trips, after fees.'),
  unrealisedProfit: signed(
    'Unrealised profit',
    'result',
    'money',
    'Of positions still open, at the last close, before fees.',
  ),
  fees: figure('Fees', 'result', 'money', "Paid in the run's currency; other currencies are listed apart."),
  returnPercent: signed('Return', 'result', 'percent', 'Total profit over starting balance.'),
  buyAndHoldReturnPercent: signed(
    'Buy & hold return',
    'result',
    'percent',
    `The first symbol's close, from the first bar after the warm-up to the last (${bt}).`,
  ),
  equityPeak: figure('Equity peak', 'result', 'money', 'The highest portfolio value at a close.'),

  annualReturnPercent: signed(
    'Annual return',
    'return and risk',
    'percent',
    `(1 + geometric mean of daily returns)^A − 1, A periods a year (${bt}).`,
  ),
  annualVolatilityPercent: figure(
    'Annual volatility',
    'return and risk',
    'percent',
    `√((s² + (1+g)²)^A − (1+g)^(2A)) of daily returns (${bt}).`,
  ),
  cagrPercent: signed(
    'CAGR',
    'return and risk',
    'percent',
    `(end / start)^(1 / years) − 1, a year of 365.25 days (${bt}).`,
  ),
  sharpeRatio: signed(
    'Sharpe ratio',
    'return and risk',
    'number',
    `Annual return / annual volatility, both compounded (${bt}; not mean / deviation).`,
  ),
  sortinoRatio: signed(
    'Sortino ratio',
    'return and risk',
    'number',
    `Annual return / (√mean(min(r, 0)²) · √A) of daily returns (${bt}).`,
  ),
  calmarRatio: signed('Calmar ratio', 'return and risk', 'number', `Annual return / maximum drawdown (${bt}).`),
  alphaPercent: signed(
    'Alpha',
    'return and risk',
    'percent',
    `Jensen: return − β · buy & hold return, over the whole run (${bt}).`,
  ),
  beta: figure(
    'Beta',
    'return and risk',
    'number',
    `Covariance of log returns per bar with the market's, over the market's variance (${bt}).`,
  ),
  periodsPerYear: figure(
    'Periods a year',
    'return and risk',
    'count',
    '252 trading days, 365 where weekends are traded; 52, 12 or 1 for longer bars.',
  ),

  maximumDrawdownPercent: signed(
    'Max. drawdown',
    'drawdown',
    'percent',
    'Greatest fall below the highest equity so far, at closes.',
  ),
  averageDrawdownPercent: signed(
    'Avg. drawdown',
    'drawdown',
    'percent',
    `Mean of the depths of all drawdowns (${bt}).`,
  ),
  maximumDrawdownDurationMs: figure(
    'Max. drawdown duration',
    'drawdown',
    'duration',
    `From a peak to the next, or to the end; rounded up to the bar's unit (${bt}).`,
  ),
  averageDrawdownDurationMs: figure(
    'Avg. drawdown duration',
    'drawdown',
    'duration',
    `Mean over all drawdowns, rounded up to the bar's unit (${bt}).`,
  ),
  maximumDrawdownPeakTime: figure(
    'Max. drawdown from',
    'drawdown',
    'time',
    'The close at the peak before the greatest drawdown.',
  ),
  maximumDrawdownValleyTime: figure('Max. drawdown lowest', 'drawdown', 'time', 'The close at its deepest point.'),

  roundTrips: figure(
    'Round trips',
    'trades',
    'count',
    'Positions opened and closed again; a flip closes one and opens the next.',
  ),
  winners: figure('Winning trades', 'trades', 'count', 'Closed round trips with a profit above 0 after fees.'),
  losers: figure('Losing trades', 'trades', 'count', 'Closed round trips with a loss after fees.'),
  winRatePercent: figure('Win rate', 'trades', 'percent', 'Winning trades over closed round trips (never over fills).'),
  longTrades: figure('Long trades', 'trades', 'count', 'Closed round trips that were long.'),
  shortTrades: figure('Short trades', 'trades', 'count', 'Closed round trips that were short.'),
  bestTradePercent: signed(
    'Best trade',
    'trades',
    'percent',
    'Highest return of a trade on the capital it held, after fees.',
  ),
  worstTradePercent: signed(
    'Worst trade',
    'trades',
    'percent',
    'Lowest return of a trade on the capital it held, after fees.',
  ),
  averageTradePercent: signed('Avg. trade', 'trades', 'percent', `Geometric mean of the trades' returns (${bt}).`),
  expectancyPercent: signed('Expectancy', 'trades', 'percent', `Arithmetic mean of the trades' returns (${bt}).`),
  averageProfit: signed('Avg. profit', 'trades', 'money', 'Mean profit of a closed round trip, after fees.'),
  averageWin: signed('Avg. win', 'trades', 'money', 'Mean profit of the winning trades.'),
  averageLoss: signed('Avg. loss', 'trades', 'money', 'Mean loss of the losing trades.'),
  profitFactor: figure(
    'Profit factor',
    'trades',
    'number',
    `Sum of positive over sum of negative trade returns (${bt}).`,
  ),
  moneyProfitFactor: figure('Profit factor (money)', 'trades', 'number', 'Sum of winning profits over sum of losses.'),
  systemQualityNumber: signed('SQN', 'trades', 'number', '√n · mean profit / sample deviation of profits (Van Tharp).'),
  kellyCriterion: signed(
    'Kelly criterion',
    'trades',
    'number',
    `W − (1 − W) / (avg. win / avg. loss), W the win rate (${bt}).`,
  ),
  maximumTradeDurationMs: figure('Max. trade duration', 'trades', 'duration', `Rounded up to the bar's unit (${bt}).`),
  averageTradeDurationMs: figure('Avg. trade duration', 'trades', 'duration', `Rounded up to the bar's unit (${bt}).`),
  longestWinStreak: figure('Longest winning streak', 'trades', 'count', 'Most winning trades in a row.'),
  longestLossStreak: figure('Longest losing streak', 'trades', 'count', 'Most losing trades in a row.'),

  fills: figure('Fills', 'activity', 'count', 'Executions: entries, exits and parts of them, each counted.'),
  exposurePercent: figure(
    'Exposure',
    'activity',
    'percent',
    `Share of bars with a position, entry and exit bars whole, open positions too (${bt}).`,
  ),
  timeInMarketPercent: figure(
    'Time in market',
    'activity',
    'percent',
    'Share of the time during which a position was held.',
  ),
  turnover: figure('Turnover', 'activity', 'money', 'Price × quantity of all fills.'),
  turnoverRatio: figure('Turnover / balance', 'activity', 'number', 'Turnover over starting balance.'),
  signalsExecuted: figure('Signals executed', 'activity', 'count', 'Signals that became orders.'),
  signalsIgnored: figure(
    'Signals ignored',
    'activity',
    'count',
    'Signals with nothing to do: already in the wished position, or too small.',
  ),
  signalsRefused: figure(
    'Signals refused',
    'activity',
    'count',
    "Signals that the risk gate or the venue's filters refused.",
  ),
  bars: figure('Bars', 'activity', 'count', 'Bars of the first feed, the warm-up included.'),

  arithmeticSharpeRatio: signed(
    'Sharpe ratio (mean / deviation)',
    'empyrical',
    'number',
    'mean(r) / s(r) · √A of daily returns (empyrical).',
  ),
  arithmeticSortinoRatio: signed(
    'Sortino ratio (mean)',
    'empyrical',
    'number',
    'mean(r) · A / downside risk (empyrical).',
  ),
  arithmeticCalmarRatio: signed(
    'Calmar ratio (daily)',
    'empyrical',
    'number',
    'Annual return / maximum drawdown of daily closes (empyrical).',
  ),
  arithmeticVolatilityPercent: figure(
    'Volatility (√A)',
    'empyrical',
    'percent',
    's(r) · √A of daily returns (empyrical).',
  ),
  downsideRiskPercent: figure(
    'Downside risk',
    'empyrical',
    'percent',
    '√mean(min(r, 0)²) · √A of daily returns (empyrical).',
  ),
  omegaRatio: figure('Omega ratio', 'empyrical', 'number', 'Sum of daily gains over sum of daily losses (empyrical).'),
  tailRatio: figure('Tail ratio', 'empyrical', 'number', '|95th| / |5th percentile| of daily returns (empyrical).'),
  stability: figure('Stability', 'empyrical', 'number', 'R² of cumulated log returns over time (empyrical).'),
  valueAtRiskPercent: signed(
    'Value at risk 5 %',
    'empyrical',
    'percent',
    '5th percentile of daily returns (empyrical).',
  ),
  conditionalValueAtRiskPercent: signed(
    'Cond. value at risk 5 %',
    'empyrical',
    'percent',
    'Mean of the worst 5 % of daily returns (empyrical).',
  ),

  profitExpectancy: signed('Expectancy (money)', 'freqtrade', 'money', 'W · avg. win − L · avg. loss (freqtrade).'),
  expectancyRatio: signed('Expectancy ratio', 'freqtrade', 'number', '(1 + avg. win / avg. loss) · W − 1 (freqtrade).'),
  profitDrawdown: figure(
    'Drawdown of closed profit',
    'freqtrade',
    'money',
    'Greatest fall of the sum of closed profits (freqtrade).',
  ),
  profitDrawdownPercent: figure(
    'Drawdown of closed profit',
    'freqtrade',
    'percent',
    'The same over the account at the peak before it (freqtrade).',
  ),
  profitSharpeRatio: signed(
    'Sharpe ratio (trades)',
    'freqtrade',
    'number',
    "(Σ p / days) / deviation of trades' p · √365 (freqtrade).",
  ),
  profitSortinoRatio: signed(
    'Sortino ratio (trades)',
    'freqtrade',
    'number',
    "The same over the deviation of losing trades' p (freqtrade).",
  ),
  cagr365Percent: signed(
    'CAGR (365 days)',
    'freqtrade',
    'percent',
    '(end / start)^(365 / whole days) − 1 (freqtrade).',
  ),
} as const satisfies Readonly<Record<string, FigureDescription>>;

export type FigureKey = keyof typeof FIGURES;

/** One value for each figure; NaN where it is undefined (no trades, no variance, one bar, …). */
export type Figures = Readonly<Record<FigureKey, number>>;

export const FIGURE_KEYS = Object.keys(FIGURES) as readonly FigureKey[];

/** The description of a figure, by its general type. */
export function describeFigure(key: FigureKey): FigureDescription {
  return FIGURES[key];
}

function figure(title: string, group: FigureGroup, unit: FigureUnit, definition: string): FigureDescription {
  return { title, group, unit, definition };
}

function signed(title: string, group: FigureGroup, unit: FigureUnit, definition: string): FigureDescription {
  return { title, group, unit, definition, signed: true };
}
