// What publisher, subscriber and floor share: the clock, the order of the devices, and the shape of a payload.
#pragma once
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

// Within this many bytes of a message's end stand "N" (device and round) and "T" (time of sending), also where a
// contestant has added spaces to the JSON or closed an envelope behind it.
#define TAIL_BYTES 128

static inline uint64_t nanoseconds(clockid_t clock) {
  struct timespec at;
  clock_gettime(clock, &at);
  return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

// One clock for publisher and subscriber: they run on one machine.
static inline uint64_t now(void) { return nanoseconds(CLOCK_MONOTONIC); }

static inline void stop(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(1);
}

static inline void *allocate(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (!memory) stop("out of memory");
  return memory;
}

// splitmix64: both programs must draw the same numbers from the same seed.
static inline uint64_t draw(uint64_t *state) {
  uint64_t value = (*state += 0x9e3779b97f4a7c15u);
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

static inline void shuffle(uint32_t *items, uint32_t count, uint64_t *state) {
  for (uint32_t left = count; left > 1; left--) {
    uint32_t other = (uint32_t)(draw(state) % left);
    uint32_t item = items[left - 1];
    items[left - 1] = items[other];
    items[other] = item;
  }
}

// The order in which devices report: spread, the same in every round, so that each device is heard at an even pace and
// neighbouring ids never follow one another. The subscriber knows it too, so that it can say exactly what it misses.
static inline uint32_t *device_order(uint32_t devices, uint64_t seed) {
  uint32_t *order = allocate(devices, sizeof *order);
  for (uint32_t index = 0; index < devices; index++) order[index] = index;
  uint64_t state = seed;
  shuffle(order, devices, &state);
  return order;
}

#define DEVICE_FORMAT "8640000%08u"
#define DEVICE_BYTES 15

static inline int listening_socket(int port) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096))
    stop("cannot listen on %d: %s", port, strerror(errno));
  return listener;
}

static inline int connected_socket(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int one = 1;
  if (connect(fd, (struct sockaddr *)&address, sizeof address)) stop("cannot connect to %d: %s", port, strerror(errno));
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

static inline size_t put_varint(uint8_t *out, uint32_t value) {
  size_t length = 0;
  do {
    out[length] = value & 127;
    value >>= 7;
    if (value) out[length] |= 128;
    length++;
  } while (value);
  return length;
}

static inline size_t put_string(uint8_t *out, const char *text) {
  size_t length = strlen(text);
  out[0] = (uint8_t)(length >> 8);
  out[1] = (uint8_t)length;
  memcpy(out + 2, text, length);
  return length + 2;
}

// MQTT 3.1.1, clean session, no keep-alive: a run is shorter than any, and the traffic is all payload.
static inline size_t put_mqtt_connect(uint8_t *out, const char *client) {
  static const uint8_t variable[] = {0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0};
  out[0] = 0x10;
  size_t at = 1 + put_varint(out + 1, (uint32_t)(sizeof variable + 2 + strlen(client)));
  memcpy(out + at, variable, sizeof variable);
  return at + sizeof variable + put_string(out + at + sizeof variable, client);
}

// A line of standard input, if one is there: how the harness steers these programs. False when the harness has gone.
static inline bool read_command(char *line, size_t size) {
  static char held[256];
  static size_t length;
  line[0] = 0;
  struct pollfd input = {.fd = 0, .events = POLLIN};
  char *newline = memchr(held, '\n', length);
  if (!newline && poll(&input, 1, 0) > 0) {
    ssize_t got = read(0, held + length, sizeof held - length);
    if (got <= 0) return false;
    length += (size_t)got;
    newline = memchr(held, '\n', length);
  }
  if (!newline) return true;
  size_t taken = (size_t)(newline - held);
  snprintf(line, size, "%.*s", (int)taken, held);
  length -= taken + 1;
  memmove(held, newline + 1, length);
  return true;
}
