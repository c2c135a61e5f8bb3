/*
 * The event-driven engine: for each bar the broker fills what waits at its open (slippage, fee), the portfolio is marked
 * at its close, and the strategy, behind function pointers, updates four incremental indicators and may submit an order,
 * which the risk check lets through or not. What a platform does and a vectorised backtest leaves out.
 *
 * engine BARS_FILE BARS REPETITIONS
 */
#include "bars.h"

#define NOT_INLINED __attribute__((noinline))
#define DAY_MILLISECONDS 86400000

typedef struct { double time, open, high, low, close, volume; } Bar;

typedef struct { int period, next, count; double sum, value, values[64]; } Sma;
typedef struct { int period, count; double gain, loss, before, value; } Rsi;
typedef struct { int period, count; double value, before; } Atr;

static inline double sma_update(Sma *sma, double value) {
  sma->sum += value - sma->values[sma->next];
  sma->values[sma->next] = value;
  sma->next = sma->next + 1 == sma->period ? 0 : sma->next + 1;
  if (sma->count < sma->period) sma->count++;
  return sma->value = sma->sum / sma->period;
}

static inline double rsi_update(Rsi *rsi, double value) {
  double change = value - rsi->before;
  rsi->before = value;
  if (!rsi->count) {
    rsi->count = 1;
    return NAN;
  }
  double up = change > 0 ? change : 0, down = change < 0 ? -change : 0;
  if (rsi->count <= rsi->period) {
    rsi->gain += up / rsi->period;
    rsi->loss += down / rsi->period;
    rsi->count++;
  } else {
    rsi->gain += (up - rsi->gain) / rsi->period;
    rsi->loss += (down - rsi->loss) / rsi->period;
  }
  double both = rsi->gain + rsi->loss;
  return rsi->value = both > 0 ? 100 * rsi->gain / both : 50;
}

static inline double atr_update(Atr *atr, double high, double low, double close) {
  double range = high - low;
  if (atr->count > 0) {
    double above = fabs(high - atr->before), below = fabs(low - atr->before);
    if (above > range) range = above;
    if (below > range) range = below;
  }
  atr->before = close;
  if (atr->count < atr->period) {
    atr->count++;
    atr->value += range / atr->period;
  } else atr->value += (range - atr->value) / atr->period;
  return atr->value;
}

typedef struct { double cash, units, average_price, realised, fees, equity, peak, deepest; int round_trips; } Portfolio;
typedef struct { Portfolio *portfolio; double most_value, most_drawdown; long day; int today, most_a_day, refused; } Risk;
typedef struct { int side, waiting; double units; } Order;
typedef struct { Portfolio *portfolio; Risk *risk; Order order; double fee, slippage; int fills; } Broker;

typedef struct Context Context;
struct Context {
  Portfolio *portfolio;
  Broker *broker;
  int (*buy)(Context *, double units, const Bar *);
  int (*sell)(Context *, double units, const Bar *);
};
typedef struct Strategy Strategy;
struct Strategy {
  void (*on_bar)(Strategy *, const Bar *, Context *);
  Sma fast, slow;
  Rsi rsi;
  Atr atr;
};

NOT_INLINED static int risk_passes(Risk *risk, int side, double units, const Bar *bar) {
  long day = (long)(bar->time / DAY_MILLISECONDS);
  if (day != risk->day) {
    risk->day = day;
    risk->today = 0;
  }
  if (units <= 0 || units * bar->close > risk->most_value || risk->portfolio->deepest > risk->most_drawdown ||
      risk->today >= risk->most_a_day || (side < 0 && units > risk->portfolio->units + 1e-9)) {
    risk->refused++;
    return 0;
  }
  risk->today++;
  return 1;
}

NOT_INLINED static int submit(Broker *broker, int side, double units, const Bar *bar) {
  if (!risk_passes(broker->risk, side, units, bar)) return 0;
  broker->order = (Order){side, 1, units};
  return 1;
}

static int buy(Context *context, double units, const Bar *bar) { return submit(context->broker, 1, units, bar); }
static int sell(Context *context, double units, const Bar *bar) { return submit(context->broker, -1, units, bar); }

NOT_INLINED static void portfolio_fill(Portfolio *portfolio, int side, double units, double price, double fee) {
  portfolio->fees += fee;
  if (side > 0) {
    double total = portfolio->units + units;
    portfolio->average_price = (portfolio->average_price * portfolio->units + price * units) / total;
    portfolio->units = total;
    portfolio->cash -= units * price + fee;
  } else {
    portfolio->realised += (price - portfolio->average_price) * units;
    portfolio->units -= units;
    portfolio->cash += units * price - fee;
    portfolio->round_trips++;
  }
}

NOT_INLINED static void broker_on_bar(Broker *broker, const Bar *bar) {
  Order *order = &broker->order;
  if (!order->waiting) return;
  order->waiting = 0;
  double price = bar->open * (1 + order->side * broker->slippage), units = order->units;
  if (order->side > 0) {
    double affordable = broker->portfolio->cash / (price * (1 + broker->fee));
    if (units > affordable) units = affordable;
  }
  portfolio_fill(broker->portfolio, order->side, units, price, units * price * broker->fee);
  broker->fills++;
}

NOT_INLINED static double portfolio_mark(Portfolio *portfolio, double price) {
  double equity = portfolio->cash + portfolio->units * price;
  portfolio->equity = equity;
  if (equity > portfolio->peak) portfolio->peak = equity;
  else {
    double drawdown = 1 - equity / portfolio->peak;
    if (drawdown > portfolio->deepest) portfolio->deepest = drawdown;
  }
  return equity;
}

static void cross_on_bar(Strategy *strategy, const Bar *bar, Context *context) {
  double fast = sma_update(&strategy->fast, bar->close), slow = sma_update(&strategy->slow, bar->close);
  double rsi = rsi_update(&strategy->rsi, bar->close);
  atr_update(&strategy->atr, bar->high, bar->low, bar->close);
  if (strategy->slow.count < strategy->slow.period) return;
  double units = context->portfolio->units;
  if (fast > slow) {
    if (units == 0 && rsi < 90) context->buy(context, context->portfolio->equity / bar->close, bar);
  } else if (units > 0) context->sell(context, units, bar);
}

static Portfolio run(const Bars *bars, double *equity) {
  Portfolio portfolio = {.cash = 10000, .equity = 10000, .peak = 10000};
  Risk risk = {.portfolio = &portfolio, .most_value = 1e9, .most_drawdown = 0.99, .most_a_day = 1000000};
  Broker broker = {.portfolio = &portfolio, .risk = &risk, .fee = 0.0001, .slippage = 0.00005};
  Context context = {&portfolio, &broker, buy, sell};
  Strategy cross = {.on_bar = cross_on_bar};
  cross.fast.period = 20;
  cross.slow.period = 50;
  cross.rsi.period = cross.atr.period = 14;
  Strategy *volatile chosen = &cross; /* the compiler must not know which strategy it calls */
  Strategy *strategy = chosen;
  Bar bar;
  const double *time = bars->time, *open = bars->open, *high = bars->high, *low = bars->low;
  const double *close = bars->close, *volume = bars->volume;
  const long length = bars->length;
  for (long i = 0; i < length; i++) {
    bar.time = time[i];
    bar.open = open[i];
    bar.high = high[i];
    bar.low = low[i];
    bar.close = close[i];
    bar.volume = volume[i];
    broker_on_bar(&broker, &bar);
    equity[i] = portfolio_mark(&portfolio, bar.close);
    strategy->on_bar(strategy, &bar, &context);
  }
  return portfolio;
}

int main(int count, char **arguments) {
  if (count < 4) return fprintf(stderr, "engine BARS_FILE BARS REPETITIONS\n"), 1;
  Bars bars = read_bars(arguments[1], atol(arguments[2]));
  int repetitions = atoi(arguments[3]);
  double *equity = new_column(bars.length), *times = new_column(repetitions);
  Portfolio result = {0};
  for (int warm = 0; warm < 2; warm++) result = run(&bars, equity);
  for (int round = 0; round < repetitions; round++) {
    double start = milliseconds();
    result = run(&bars, equity);
    times[round] = milliseconds() - start;
  }
  char rest[256];
  snprintf(rest, sizeof rest, "\"bars\":%ld,\"roundTrips\":%d,\"finalEquity\":%.9f,\"maximumDrawdown\":%.9f", bars.length,
           result.round_trips, result.equity, result.deepest);
  print_times(times, repetitions, rest);
}
