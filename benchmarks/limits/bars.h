/* Bars as the benchmarks' data files hold them, the clock, and the one line of JSON that each yardstick prints. */
#ifndef BARS_H
#define BARS_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MINUTES_PER_YEAR 525600.0

/* Six columns of float64, one after the other in one piece of memory. */
typedef struct {
  long length;
  double *time, *open, *high, *low, *close, *volume;
} Bars;

static void *must(void *pointer, const char *what) {
  if (pointer == NULL) {
    perror(what);
    exit(1);
  }
  return pointer;
}

static double *new_column(long length) {
  size_t bytes = ((size_t)length * sizeof(double) + 63) / 64 * 64 + 128;
  return must(aligned_alloc(64, bytes), "memory for a column");
}

/*
 * Reads the first `length` bars of a file; all that it holds when 0. The columns lie in one block (huge pages), each 9
 * cache lines further into its page than the one before: a store and a load that are 4096 bytes apart wait for each other
 * on Intel's processors, and loops over columns that begin at the same place of a page run at half their speed.
 */
static inline Bars read_bars(const char *path, long length) {
  FILE *file = must(fopen(path, "rb"), path);
  fseek(file, 0, SEEK_END);
  long stored = ftell(file) / (6 * (long)sizeof(double));
  if (length <= 0 || length > stored) length = stored;
  long distance = (length + 511) / 512 * 512 + 9 * 8;
  double *block = new_column(6 * distance), *columns[6];
  for (int index = 0; index < 6; index++) {
    columns[index] = block + index * distance;
    fseek(file, index * stored * (long)sizeof(double), SEEK_SET);
    if (fread(columns[index], sizeof(double), length, file) != (size_t)length) {
      fprintf(stderr, "%s ends early\n", path);
      exit(1);
    }
  }
  fclose(file);
  return (Bars){length, columns[0], columns[1], columns[2], columns[3], columns[4], columns[5]};
}

static inline double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

/* {"milliseconds":[…],<rest>} */
static inline void print_times(const double *times, int count, const char *rest) {
  printf("{\"milliseconds\":[");
  for (int index = 0; index < count; index++) printf("%s%.4f", index ? "," : "", times[index]);
  printf("],%s}\n", rest);
}

#endif
