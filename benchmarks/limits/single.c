/*
 * One vectorised backtest: SMA(20) over SMA(50), long or flat, all in. The signal of a close is filled at the next open,
 * a fee on both sides; equity, drawdown and Sharpe ratio of each bar. One pass over two columns.
 *
 * single BARS_FILE BARS REPETITIONS
 */
#include "bars.h"

typedef struct {
  double final_equity, maximum_drawdown, sharpe;
  int entries;
} Result;

__attribute__((noinline)) static Result backtest(const double *restrict open, const double *restrict close, long length,
                                                 int fast, int slow, double fee, double *restrict equity) {
  double cash = 10000, units = 0, before = 10000;
  double peak = 10000, deepest = 0, floor_of_peak = 10000; /* a close below the floor is a new deepest drawdown */
  double sum_of_returns = 0, sum_of_squares = 0, fast_sum = 0, slow_sum = 0;
  int order = 0, entries = 0;
  for (long i = 0; i < length; i++) {
    if (order) {
      if (order > 0) {
        units = cash / (open[i] * (1 + fee));
        cash = 0;
        entries++;
      } else {
        cash = units * open[i] * (1 - fee);
        units = 0;
      }
      order = 0;
    }
    double price = close[i];
    fast_sum += i >= fast ? price - close[i - fast] : price;
    slow_sum += i >= slow ? price - close[i - slow] : price;
    double now = cash + units * price;
    equity[i] = now;
    double change = now / before - 1;
    sum_of_returns += change;
    sum_of_squares += change * change;
    before = now;
    if (now > peak) {
      peak = now;
      floor_of_peak = peak * (1 - deepest);
    } else if (now < floor_of_peak) {
      deepest = 1 - now / peak;
      floor_of_peak = now;
    }
    if (i >= slow - 1) {
      int above = fast_sum * slow > slow_sum * fast;
      if (above && units == 0) order = 1;
      else if (!above && units > 0) order = -1;
    }
  }
  double mean = sum_of_returns / length, variance = sum_of_squares / length - mean * mean;
  double sharpe = variance > 0 ? mean / sqrt(variance) * sqrt(MINUTES_PER_YEAR) : 0;
  return (Result){equity[length - 1], deepest, sharpe, entries};
}

int main(int count, char **arguments) {
  if (count < 4) return fprintf(stderr, "single BARS_FILE BARS REPETITIONS\n"), 1;
  Bars bars = read_bars(arguments[1], atol(arguments[2]));
  int repetitions = atoi(arguments[3]);
  double *equity = new_column(bars.length), *times = new_column(repetitions);
  Result result = {0};
  for (int warm = 0; warm < 3; warm++) result = backtest(bars.open, bars.close, bars.length, 20, 50, 0.0001, equity);
  for (int round = 0; round < repetitions; round++) {
    double start = milliseconds();
    result = backtest(bars.open, bars.close, bars.length, 20, 50, 0.0001, equity);
    times[round] = milliseconds() - start;
  }
  char rest[256];
  snprintf(rest, sizeof rest, "\"bars\":%ld,\"entries\":%d,\"finalEquity\":%.9f,\"maximumDrawdown\":%.9f,\"sharpe\":%.9f",
           bars.length, result.entries, result.final_equity, result.maximum_drawdown, result.sharpe);
  print_times(times, repetitions, rest);
}
