/*
 * CSV to columns: reads the file (header `timestamp,open,high,low,close,volume`) into memory and every number of it into
 * six new columns of float64. Decimals without exponent, as exchanges write them.
 *
 * csv CSV_FILE BARS REPETITIONS
 */
#include "bars.h"

static const double POWERS[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};

static inline double number(const char *text, const char **end) {
  double sign = 1;
  if (*text == '-') {
    sign = -1;
    text++;
  }
  long long digits = 0;
  int decimals = 0;
  while ((unsigned)(*text - '0') < 10) digits = digits * 10 + *text++ - '0';
  if (*text == '.') {
    text++;
    while ((unsigned)(*text - '0') < 10) {
      digits = digits * 10 + *text++ - '0';
      decimals++;
    }
  }
  *end = text;
  return sign * digits / POWERS[decimals];
}

static long parse(FILE *file, char *buffer, long capacity, long bars, double *columns[6]) {
  rewind(file);
  long size = fread(buffer, 1, capacity, file);
  buffer[size] = 0;
  for (int index = 0; index < 6; index++) columns[index] = must(malloc(bars * sizeof(double)), "memory for a column");
  const char *text = strchr(buffer, '\n') + 1, *end = buffer + size;
  long row = 0;
  while (text < end && row < bars) {
    for (int index = 0; index < 6; index++) {
      columns[index][row] = number(text, &text);
      text++;
    }
    row++;
  }
  return row;
}

int main(int count, char **arguments) {
  if (count < 4) return fprintf(stderr, "csv CSV_FILE BARS REPETITIONS\n"), 1;
  FILE *file = must(fopen(arguments[1], "rb"), arguments[1]);
  long bars = atol(arguments[2]);
  int repetitions = atoi(arguments[3]);
  fseek(file, 0, SEEK_END);
  long capacity = ftell(file);
  char *buffer = must(malloc(capacity + 1), "memory for the file");
  double *times = new_column(repetitions), *columns[6], closes = 0;
  long rows = 0;
  for (int round = -1; round < repetitions; round++) {
    double start = milliseconds();
    rows = parse(file, buffer, capacity, bars, columns);
    if (round >= 0) times[round] = milliseconds() - start;
    closes = 0;
    for (long row = 0; row < rows; row++) closes += columns[4][row];
    for (int index = 0; index < 6; index++) free(columns[index]);
  }
  char rest[128];
  snprintf(rest, sizeof rest, "\"bars\":%ld,\"sumOfCloses\":%.6f", rows, closes);
  print_times(times, repetitions, rest);
}
