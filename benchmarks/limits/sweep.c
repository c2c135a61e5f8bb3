/*
 * The sweep: 1,000 pairs (fast 5, 10 … 100; slow 110, 120 … 600) of SMA cross over the first bars of a file, long or
 * flat, all in, the signal of a close filled at the next open, a fee of 5 basis points on both sides; final equity,
 * drawdown, Sharpe ratio and entries of each pair.
 *
 * signs     the bars at which fast crosses slow, from shared prefix sums, eight comparisons an instruction (AVX-512, else
 *           what the compiler makes of the loop); then accounting that looks at the trades only, over shared prefix sums
 *           of returns and summaries of blocks of closes. The limit.
 * bars      bar by bar, over the same prefix sums.
 *
 * sweep BARS_FILE BARS REPETITIONS THREADS signs|bars
 */
#include <pthread.h>
#ifdef __AVX512F__
#include <immintrin.h>
#endif

#include "bars.h"

#define PAIRS 1000
#define BLOCK 32
#define MOST_THREADS 64

typedef struct { double final_equity, maximum_drawdown, sharpe; int entries; } Result;

static const double FEE = 0.0005;
static Bars bars;
static int fast_of[PAIRS], slow_of[PAIRS];
static Result results[PAIRS];

/* Shared by all pairs. sums[i]: closes before bar i. returns, squares: of closes up to bar i. Blocks of BLOCK closes. */
static double *sums, *returns, *squares, *block_high, *block_low, *block_drawdown;

static void prepare(void) {
  sums[0] = returns[0] = squares[0] = 0;
  for (long i = 0; i < bars.length; i++) {
    double change = i ? bars.close[i] / bars.close[i - 1] - 1 : 0;
    sums[i + 1] = sums[i] + bars.close[i];
    returns[i + 1] = returns[i] + change;
    squares[i + 1] = squares[i] + change * change;
  }
  for (long block = 0; block < bars.length / BLOCK; block++) {
    double high = 0, low = INFINITY, deepest = 0;
    for (long i = block * BLOCK; i < (block + 1) * BLOCK; i++) {
      double price = bars.close[i];
      if (price > high) high = price;
      if (price < low) low = price;
      if (1 - price / high > deepest) deepest = 1 - price / high;
    }
    block_high[block] = high;
    block_low[block] = low;
    block_drawdown[block] = deepest;
  }
}

static Result summary(double equity, double deepest, double sum_of_returns, double sum_of_squares, int entries) {
  double mean = sum_of_returns / bars.length, variance = sum_of_squares / bars.length - mean * mean;
  return (Result){equity, deepest, mean / sqrt(variance) * sqrt(MINUTES_PER_YEAR), entries};
}

static inline unsigned is_above(long i, int fast, int slow) {
  const double *now = sums + i + 1;
  return (now[0] - now[-fast]) * slow > (now[0] - now[-slow]) * fast;
}

/* Writes the bars at which `fast above slow` changes, beginning with below; returns how many. */
__attribute__((noinline)) static int find_flips(int fast, int slow, int32_t *flips) {
  int count = 0;
  unsigned before = 0;
  long i = slow - 1;
#ifdef __AVX512F__
  __m512d slow_length = _mm512_set1_pd(slow), fast_length = _mm512_set1_pd(fast);
  for (; i + 32 <= bars.length; i += 32) {
    uint32_t above = 0;
#pragma GCC unroll 4
    for (int part = 0; part < 4; part++) {
      const double *now = sums + i + 1 + 8 * part;
      __m512d sum = _mm512_loadu_pd(now);
      __m512d of_fast = _mm512_mul_pd(_mm512_sub_pd(sum, _mm512_loadu_pd(now - fast)), slow_length);
      __m512d of_slow = _mm512_mul_pd(_mm512_sub_pd(sum, _mm512_loadu_pd(now - slow)), fast_length);
      above |= (uint32_t)_mm512_cmp_pd_mask(of_fast, of_slow, _CMP_GT_OQ) << (8 * part);
    }
    uint32_t changes = above ^ ((above << 1) | before);
    before = above >> 31;
    while (changes) {
      flips[count++] = i + __builtin_ctz(changes);
      changes &= changes - 1;
    }
  }
#else
  for (; i + 64 <= bars.length; i += 64) {
    uint8_t bytes[64];
    for (int part = 0; part < 64; part++) bytes[part] = is_above(i + part, fast, slow);
    for (int part = 0; part < 64; part += 8) {
      uint64_t now, earlier;
      memcpy(&now, bytes + part, 8);
      earlier = (now << 8) | before;
      before = bytes[part + 7];
      for (uint64_t changes = now ^ earlier; changes; changes &= changes - 1)
        flips[count++] = i + part + (__builtin_ctzll(changes) >> 3);
    }
  }
#endif
  for (; i < bars.length; i++) {
    unsigned above = is_above(i, fast, slow);
    if (above != before) flips[count++] = i;
    before = above;
  }
  return count;
}

/* The deepest drawdown of one unit held over bars [from, to), blockwise; raises `*peak` to the highest close. */
static inline double walk_drawdown(long from, long to, double *peak, double deepest) {
  double high = *peak, floor_of_peak = high * (1 - deepest);
  long i = from, whole = (from + BLOCK - 1) / BLOCK * BLOCK;
  if (whole > to) whole = to;
#define CLOSE_OF_BAR                                                                                                   \
  {                                                                                                                    \
    double price = bars.close[i];                                                                                      \
    if (price > high) {                                                                                                \
      high = price;                                                                                                    \
      floor_of_peak = high * (1 - deepest);                                                                            \
    } else if (price < floor_of_peak) {                                                                                \
      deepest = 1 - price / high;                                                                                      \
      floor_of_peak = price;                                                                                           \
    }                                                                                                                  \
  }
  for (; i < whole; i++) CLOSE_OF_BAR
  for (; i + BLOCK <= to; i += BLOCK) {
    long block = i / BLOCK;
    /* Where the low comes after a new high within the block, the block's own drawdown is the deeper one. */
    if (block_low[block] < floor_of_peak && 1 - block_low[block] / high > deepest) deepest = 1 - block_low[block] / high;
    if (block_drawdown[block] > deepest) deepest = block_drawdown[block];
    if (block_high[block] > high) high = block_high[block];
    floor_of_peak = high * (1 - deepest);
  }
  for (; i < to; i++) CLOSE_OF_BAR
  *peak = high;
  return deepest;
}

__attribute__((noinline)) static Result account(const int32_t *flips, int count) {
  double cash = 10000, equity = 10000, peak = 10000, deepest = 0, sum_of_returns = 0, sum_of_squares = 0;
  int entries = 0;
  for (int next = 0; next < count; next += 2) {
    long entry = flips[next] + 1, exit = next + 1 < count ? flips[next + 1] + 1 : bars.length;
    if (entry >= bars.length) break;
    double units = cash / (bars.open[entry] * (1 + FEE));
    double first = bars.close[entry] / (bars.open[entry] * (1 + FEE)) - 1;
    entries++;
    sum_of_returns += first + returns[exit] - returns[entry + 1];
    sum_of_squares += first * first + squares[exit] - squares[entry + 1];
    double high = peak / units;
    deepest = walk_drawdown(entry, exit, &high, deepest);
    peak = high * units;
    if (exit < bars.length) {
      double price = bars.open[exit] * (1 - FEE), last = price / bars.close[exit - 1] - 1;
      sum_of_returns += last;
      sum_of_squares += last * last;
      equity = cash = units * price;
      if (cash > peak) peak = cash;
      else if (1 - cash / peak > deepest) deepest = 1 - cash / peak;
    } else equity = units * bars.close[bars.length - 1];
  }
  return summary(equity, deepest, sum_of_returns, sum_of_squares, entries);
}

__attribute__((noinline)) static Result bar_by_bar(int fast, int slow) {
  double cash = 10000, units = 0, before = 10000, equity = 10000, peak = 10000, deepest = 0, floor_of_peak = 10000;
  double sum_of_returns = 0, sum_of_squares = 0;
  int order = 0, entries = 0;
  for (long i = slow - 1; i < bars.length; i++) {
    if (order) {
      if (order > 0) {
        units = cash / (bars.open[i] * (1 + FEE));
        cash = 0;
        entries++;
      } else {
        cash = units * bars.open[i] * (1 - FEE);
        units = 0;
      }
      order = 0;
    }
    equity = cash + units * bars.close[i];
    double change = equity / before - 1;
    sum_of_returns += change;
    sum_of_squares += change * change;
    before = equity;
    if (equity > peak) {
      peak = equity;
      floor_of_peak = peak * (1 - deepest);
    } else if (equity < floor_of_peak) {
      deepest = 1 - equity / peak;
      floor_of_peak = equity;
    }
    if (is_above(i, fast, slow)) {
      if (units == 0) order = 1;
    } else if (units > 0) order = -1;
  }
  return summary(equity, deepest, sum_of_returns, sum_of_squares, entries);
}

static int threads, by_signs;

static void *share(void *first) {
  int32_t *flips = must(malloc(bars.length * sizeof(int32_t)), "memory for flips");
  for (long pair = (long)first; pair < PAIRS; pair += threads) {
    int fast = fast_of[pair], slow = slow_of[pair];
    results[pair] = by_signs ? account(flips, find_flips(fast, slow, flips)) : bar_by_bar(fast, slow);
  }
  free(flips);
  return NULL;
}

static void sweep(void) {
  pthread_t others[MOST_THREADS];
  prepare();
  for (long index = 1; index < threads; index++) pthread_create(others + index, NULL, share, (void *)index);
  share(0);
  for (int index = 1; index < threads; index++) pthread_join(others[index], NULL);
}

int main(int count, char **arguments) {
  if (count < 6) return fprintf(stderr, "sweep BARS_FILE BARS REPETITIONS THREADS signs|bars\n"), 1;
  bars = read_bars(arguments[1], atol(arguments[2]));
  int repetitions = atoi(arguments[3]);
  threads = atoi(arguments[4]) < MOST_THREADS ? atoi(arguments[4]) : MOST_THREADS;
  by_signs = strcmp(arguments[5], "signs") == 0;
  sums = new_column(bars.length + 1);
  returns = new_column(bars.length + 1);
  squares = new_column(bars.length + 1);
  block_high = new_column(bars.length / BLOCK + 1);
  block_low = new_column(bars.length / BLOCK + 1);
  block_drawdown = new_column(bars.length / BLOCK + 1);
  for (int pair = 0; pair < PAIRS; pair++) {
    fast_of[pair] = 5 + 5 * (pair / 50);
    slow_of[pair] = 110 + 10 * (pair % 50);
  }
  double *times = new_column(repetitions);
  sweep();
  for (int round = 0; round < repetitions; round++) {
    double start = milliseconds();
    sweep();
    times[round] = milliseconds() - start;
  }
  double equity = 0, drawdown = 0, sharpe = 0;
  long entries = 0;
  for (int pair = 0; pair < PAIRS; pair++) {
    equity += results[pair].final_equity;
    drawdown += results[pair].maximum_drawdown;
    sharpe += results[pair].sharpe;
    entries += results[pair].entries;
  }
  char rest[256];
  snprintf(rest, sizeof rest, "\"bars\":%ld,\"entries\":%ld,\"finalEquity\":%.6f,\"maximumDrawdown\":%.9f,\"sharpe\":%.6f",
           bars.length, entries, equity, drawdown, sharpe);
  print_times(times, repetitions, rest);
}
