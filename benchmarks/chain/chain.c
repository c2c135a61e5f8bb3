/*
 * The yardstick of the chain: candle in, order out, through Redis, by nothing but hiredis. No JSON, no strategy: what is
 * left is what the kernel, Redis and two processes cost.
 *
 *   chain bot    <place> <symbols> <order bytes>
 *   chain market <place> <symbols> <candle bytes> <warm-up> <count> <candles a second, 0: one at a time>
 *
 * <place> is a port on 127.0.0.1, or the path of a Unix socket. The bot says "ready" when it listens. The market prints
 * the latencies in microseconds and ends; the bot ends with it. A payload begins with the number of its candle.
 */
#define _GNU_SOURCE
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e6 + now.tv_nsec * 1e-3;
}

static redisContext *connect_to(const char *place) {
  redisContext *context = place[0] == '/' ? redisConnectUnix(place) : redisConnect("127.0.0.1", atoi(place));
  if (context == NULL || context->err) {
    fprintf(stderr, "no Redis at %s\n", place);
    exit(1);
  }
  return context;
}

static void flush(redisContext *context) {
  int done = 0;
  while (!done)
    if (redisBufferWrite(context, &done) != REDIS_OK) exit(2);
}

static redisReply *next_reply(redisContext *context) {
  redisReply *reply = NULL;
  if (redisGetReply(context, (void **)&reply) != REDIS_OK) exit(0);
  return reply;
}

static char *payload_of(int bytes) {
  char *payload = malloc(bytes + 1);
  memset(payload, 'x', bytes);
  payload[bytes] = 0;
  return payload;
}

/* As long as the names of the product, and none of them: it must not hear what is said here. */
static void channel_of(char *name, int symbol) { sprintf(name, "data:C%03dUSDT:1m", symbol); }

static int bot(const char *place, int symbols, int order_bytes) {
  redisContext *in = connect_to(place), *out = connect_to(place);
  char channel[32], *order = payload_of(order_bytes);
  for (int symbol = 0; symbol < symbols; symbol++) {
    channel_of(channel, symbol);
    redisAppendCommand(in, "SUBSCRIBE %s", channel);
  }
  for (int symbol = 0; symbol < symbols; symbol++) freeReplyObject(next_reply(in));
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    redisReply *message = next_reply(in);
    const char *candle = message->element[2]->str;
    if (candle[0] == 'q') return 0;
    memcpy(order, candle, 8);
    freeReplyObject(message);
    redisAppendCommand(out, "PUBLISH orders:plain %b", order, (size_t)order_bytes);
    flush(out);
    freeReplyObject(next_reply(out));
  }
}

static int rising(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static void report(double *latencies, int count) {
  qsort(latencies, count, sizeof(double), rising);
  printf("{\"count\":%d,\"p50\":%.2f,\"p99\":%.2f,\"p999\":%.2f,\"max\":%.2f}\n", count, latencies[count / 2],
         latencies[(int)(count * 0.99)], latencies[(int)(count * 0.999)], latencies[count - 1]);
}

static void send_candle(redisContext *out, char *candle, int bytes, int number, int symbols) {
  char channel[32], digits[16];
  channel_of(channel, number % symbols);
  sprintf(digits, "%08d", number);
  memcpy(candle, digits, 8);
  redisAppendCommand(out, "PUBLISH %s %b", channel, candle, (size_t)bytes);
  flush(out);
}

static int market(const char *place, int symbols, int bytes, int warm_up, int count, double rate) {
  redisContext *in = connect_to(place), *out = connect_to(place);
  int total = warm_up + count, sent = 0, answered = 0, acknowledged = 0;
  char *candle = payload_of(bytes);
  double *began = malloc(total * sizeof(double)), *latencies = malloc(total * sizeof(double));
  redisAppendCommand(in, "SUBSCRIBE orders:plain");
  freeReplyObject(next_reply(in));
  if (rate == 0) {
    for (; sent < total; sent++) {
      began[sent] = microseconds();
      send_candle(out, candle, bytes, sent, symbols);
      freeReplyObject(next_reply(in));
      latencies[sent] = microseconds() - began[sent];
      freeReplyObject(next_reply(out));
    }
  } else {
    double start = microseconds();
    struct pollfd watched[2] = {{in->fd, POLLIN, 0}, {out->fd, POLLIN, 0}};
    while (answered < total || acknowledged < total) {
      double wait = sent < total ? start + sent * 1e6 / rate - microseconds() : 1e6;
      if (wait <= 0) {
        began[sent] = microseconds();
        send_candle(out, candle, bytes, sent, symbols);
        sent++;
        continue;
      }
      struct timespec patience = {(time_t)(wait / 1e6), (long)(wait * 1e3) % 1000000000L};
      ppoll(watched, 2, &patience, NULL);
      for (int which = 0; which < 2; which++) {
        if (!(watched[which].revents & POLLIN)) continue;
        redisContext *context = which == 0 ? in : out;
        if (redisBufferRead(context) != REDIS_OK) exit(3);
        for (redisReply *reply; redisGetReplyFromReader(context, (void **)&reply) == REDIS_OK && reply != NULL;) {
          if (which == 1) acknowledged++;
          else {
            int number = atoi(reply->element[2]->str);
            latencies[number] = microseconds() - began[number];
            answered++;
          }
          freeReplyObject(reply);
        }
      }
    }
  }
  report(latencies + warm_up, count);
  char channel[32];
  channel_of(channel, 0);
  freeReplyObject(redisCommand(out, "PUBLISH %s q", channel));
  return 0;
}

int main(int count, char **words) {
  if (count == 5 && strcmp(words[1], "bot") == 0) return bot(words[2], atoi(words[3]), atoi(words[4]));
  if (count == 8 && strcmp(words[1], "market") == 0)
    return market(words[2], atoi(words[3]), atoi(words[4]), atoi(words[5]), atoi(words[6]), atof(words[7]));
  fprintf(stderr, "chain bot|market ...\n");
  return 64;
}
