/*
 * Reading a file of columns into new memory, and nothing else: the limit of a cache that holds columns.
 *
 * read BARS_FILE BARS REPETITIONS
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bars.h"

int main(int count, char **arguments) {
  if (count < 4) return fprintf(stderr, "read BARS_FILE BARS REPETITIONS\n"), 1;
  int repetitions = atoi(arguments[3]);
  double *times = new_column(repetitions), last = 0;
  long bars = 0;
  for (int round = -1; round < repetitions; round++) {
    double start = milliseconds();
    int file = open(arguments[1], O_RDONLY);
    struct stat about;
    if (file < 0 || fstat(file, &about) != 0) return perror(arguments[1]), 1;
    char *memory = must(malloc(about.st_size), "memory for the file");
    for (long at = 0; at < about.st_size;) {
      ssize_t got = read(file, memory + at, about.st_size - at);
      if (got <= 0) return perror(arguments[1]), 1;
      at += got;
    }
    close(file);
    if (round >= 0) times[round] = milliseconds() - start;
    bars = about.st_size / (6 * (long)sizeof(double));
    last = ((double *)memory)[6 * bars - 1];
    free(memory);
  }
  char rest[128];
  snprintf(rest, sizeof rest, "\"bars\":%ld,\"lastVolume\":%.6f", bars, last);
  print_times(times, repetitions, rest);
}
