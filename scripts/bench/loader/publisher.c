// Publishes device messages at an exact rate, to an MQTT broker (3.1.1, QoS 0), to NATS by its own protocol, or, with
// --serve, as a broker of its own to the one consumer that connects. Steered by lines on standard input:
//   go    start                     mark  say what was sent, and begin the lag's maximum anew
//   stop  end for good, and say so  quit  leave
#include "common.h"
#include <getopt.h>

static int port, rate = 1000, payload_bytes = 350;
static uint32_t devices = 1000;
static uint64_t seed = 1;
static const char *topic = "tracking/data";
static bool nats, topic_per_device, serve, version_five;

static int peer;
static uint32_t *order;
static uint8_t *template_bytes; // one finished packet a device; number and time are written over
static size_t packet_bytes, number_offset;
static uint64_t sent, largest_lag, marked_at, marked_cpu;

#define NUMBER_FORMAT "\"N\":\"%05u-%06u\",\"T\":\"%019llu\"}}"
#define NUMBER_BYTES (5 + 12 + 1 + 1 + 5 + 19 + 3)

static void write_payload(char *out, uint32_t device) {
  static const char *fields = "\",\"LATITUD\":\"+20.652472\",\"LONGITUD\":\"-100.391423\",\"SPEED\":\"42.50\","
                              "\"COURSE\":\"181.00\",\"GPS_DATETIME\":\"2025-10-18 00:51:16\",\"ENGINE_STATUS\":\"ON\",\"PAD\":\"";
  int length = sprintf(out, "{\"data\":{\"DEVICE_ID\":\"" DEVICE_FORMAT "%s", device, fields);
  int pad = payload_bytes - length - 2 - NUMBER_BYTES;
  if (pad < 0) stop("a payload has at least %d bytes", payload_bytes - pad);
  for (int index = 0; index < pad; index++) out[length + index] = (char)('a' + index % 26);
  sprintf(out + length + pad, "\",");
}

static void make_templates(void) {
  char name[128], header[256];
  size_t header_bytes = 0;
  for (uint32_t device = 0; device < devices; device++) {
    if (topic_per_device)
      snprintf(name, sizeof name, nats ? "%s." DEVICE_FORMAT : "%s/" DEVICE_FORMAT, topic, device);
    else
      snprintf(name, sizeof name, "%s", topic);
    if (nats) {
      header_bytes = (size_t)sprintf(header, "PUB %s %d\r\n", name, payload_bytes);
    } else {
      header[0] = 0x30;
      header_bytes = 1 + put_varint((uint8_t *)header + 1, (uint32_t)(2 + strlen(name) + version_five + (size_t)payload_bytes));
      header_bytes += put_string((uint8_t *)header + header_bytes, name);
      if (version_five) header[header_bytes++] = 0; // no properties
    }
    if (!template_bytes) {
      packet_bytes = header_bytes + (size_t)payload_bytes + (nats ? 2 : 0);
      template_bytes = allocate(devices, packet_bytes + 1);
      number_offset = header_bytes + (size_t)payload_bytes - NUMBER_BYTES;
    }
    uint8_t *packet = template_bytes + device * packet_bytes;
    char *payload = allocate(1, (size_t)payload_bytes + 64);
    write_payload(payload, device);
    memcpy(packet, header, header_bytes);
    memcpy(packet + header_bytes, payload, (size_t)payload_bytes);
    if (nats) memcpy(packet + packet_bytes - 2, "\r\n", 2);
    free(payload);
  }
}

static void put_digits(uint8_t *out, int digits, uint64_t value) {
  for (int index = digits - 1; index >= 0; index--, value /= 10) out[index] = (uint8_t)('0' + value % 10);
}

static void finish_packet(uint8_t *packet, uint32_t device, uint64_t round, uint64_t at) {
  memcpy(packet, template_bytes + device * packet_bytes, packet_bytes);
  uint8_t *number = packet + number_offset;
  memcpy(number, "\"N\":\"", 5);
  put_digits(number + 5, 5, device);
  number[10] = '-';
  put_digits(number + 11, 6, round);
  memcpy(number + 17, "\",\"T\":\"", 7);
  put_digits(number + 24, 19, at);
  memcpy(number + 43, "\"}}", 3);
}

static const char *answer; // what is left of it to send, between two packets
static size_t answer_bytes;

static void owe(const char *bytes, size_t length) {
  if (answer_bytes > 0) return; // one answers for all that came meanwhile
  answer = bytes;
  answer_bytes = length;
}

// Brokers ping now and then, and an MQTT consumer of --serve does too.
static void answer_peer(void) {
  char bytes[4096];
  ssize_t got = recv(peer, bytes, sizeof bytes, MSG_DONTWAIT);
  if (got == 0) stop("the broker closed the publisher's connection");
  if (got < 0) return;
  if (nats && memmem(bytes, (size_t)got, "PING", 4)) owe("PONG\r\n", 6);
  if (nats && memmem(bytes, (size_t)got, "-ERR", 4)) stop("%.*s", (int)got, bytes);
  if (serve && (uint8_t)bytes[0] == 0xc0) owe("\xd0\0", 2);
}

static void await_packet(uint8_t kind, uint8_t *into, size_t size) {
  struct pollfd readable = {.fd = peer, .events = POLLIN};
  if (poll(&readable, 1, 10000) <= 0) stop("no answer from the peer");
  ssize_t got = recv(peer, into, size, 0);
  if (got < 4 || (into[0] & 0xf0) != kind) stop("an unexpected answer from the peer");
}

static void greet(void) {
  uint8_t bytes[4096];
  if (serve) {
    int listener = listening_socket(port);
    printf("{\"event\":\"listening\"}\n");
    fflush(stdout);
    struct pollfd readable = {.fd = listener, .events = POLLIN};
    if (poll(&readable, 1, 30000) <= 0) stop("no consumer came");
    peer = accept(listener, NULL, NULL);
    await_packet(0x10, bytes, sizeof bytes);
    version_five = bytes[8] == 5;
    (void)!send(peer, version_five ? "\x20\3\0\0\0" : "\x20\2\0\0", version_five ? 5 : 4, MSG_NOSIGNAL);
    await_packet(0x80, bytes, sizeof bytes);
    uint8_t granted[] = {0x90, (uint8_t)(version_five ? 4 : 3), bytes[2], bytes[3], 0, 0};
    (void)!send(peer, granted, version_five ? 6 : 5, MSG_NOSIGNAL);
  } else {
    peer = connected_socket(port);
    if (nats) {
      static const char *hello = "CONNECT {\"verbose\":false,\"pedantic\":false,\"name\":\"publisher\"}\r\nPING\r\n";
      (void)!send(peer, hello, strlen(hello), MSG_NOSIGNAL);
    } else {
      (void)!send(peer, bytes, put_mqtt_connect(bytes, "publisher"), MSG_NOSIGNAL);
      await_packet(0x20, bytes, sizeof bytes);
    }
  }
  fcntl(peer, F_SETFL, O_NONBLOCK);
  int one = 1;
  setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  printf("{\"event\":\"connected\"}\n");
  fflush(stdout);
}

static void tell(const char *event) {
  uint64_t at = now(), cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
  printf("{\"event\":\"%s\",\"sent\":%llu,\"lagMs\":%.3f,\"cores\":%.3f}\n", event, (unsigned long long)sent,
         (double)largest_lag / 1e6, marked_at ? (double)(cpu - marked_cpu) / (double)(at - marked_at + 1) : 0);
  fflush(stdout);
  largest_lag = 0;
  marked_at = at;
  marked_cpu = cpu;
}

static uint8_t buffer[512 * 1024];
static size_t held, written;

// How many bytes the peer takes now.
static size_t taken(const void *bytes, size_t length) {
  ssize_t took = send(peer, bytes, length, MSG_NOSIGNAL);
  if (took >= 0) return (size_t)took;
  if (errno != EAGAIN && errno != EWOULDBLOCK) stop("publishing failed: %s", strerror(errno));
  return 0;
}

// Sends until the peer takes no more. False then: the rest waits, and the lag shows.
static bool flush_buffer(void) {
  while (written < held) {
    size_t took = taken(buffer + written, held - written);
    if (took == 0) return false;
    written += took;
  }
  held = written = 0;
  while (answer_bytes > 0) {
    size_t took = taken(answer, answer_bytes);
    if (took == 0) return false;
    answer += took;
    answer_bytes -= took;
  }
  return true;
}

// Messages whose instant has come leave in one write, at most 64 of them under one reading of the clock.
static void publish_due(uint64_t started) {
  if (!flush_buffer()) return;
  for (;;) {
    uint64_t at = now();
    uint64_t due = rate ? (uint64_t)((double)(at - started) / 1e9 * rate) + 1 : sent + 1000000;
    uint64_t lag = rate && due > sent ? at - started - (uint64_t)((double)sent / rate * 1e9) : 0;
    if (lag > largest_lag && due > sent) largest_lag = lag;
    if (due <= sent) return;
    uint64_t until = due - sent > 64 ? sent + 64 : due;
    for (; sent < until && held + packet_bytes < sizeof buffer; sent++, held += packet_bytes)
      finish_packet(buffer + held, order[sent % devices], sent / devices, at);
    if (!flush_buffer()) return;
    if (!rate && sent % 4096 < 64) return;
  }
}

static void read_options(int count, char **values) {
  static const struct option options[] = {{"port", 1, 0, 'p'},    {"protocol", 1, 0, 'q'}, {"topic", 1, 0, 't'},
                                          {"devices", 1, 0, 'd'}, {"rate", 1, 0, 'r'},     {"payload", 1, 0, 'b'},
                                          {"seed", 1, 0, 's'},    {"topic-per-device", 0, 0, 'e'},
                                          {"serve", 0, 0, 'v'},   {0}};
  for (int option; (option = getopt_long(count, values, "", options, NULL)) != -1;) switch (option) {
      case 'p': port = atoi(optarg); break;
      case 'q': nats = !strcmp(optarg, "nats"); break;
      case 't': topic = optarg; break;
      case 'd': devices = (uint32_t)atoi(optarg); break;
      case 'r': rate = atoi(optarg); break;
      case 'b': payload_bytes = atoi(optarg); break;
      case 's': seed = strtoull(optarg, NULL, 10); break;
      case 'e': topic_per_device = true; break;
      case 'v': serve = true; break;
      default: exit(2);
    }
}

int main(int count, char **values) {
  read_options(count, values);
  order = device_order(devices, seed);
  greet();
  make_templates();
  uint64_t started = 0;
  const uint64_t tick = 1000000;
  for (char line[64];;) {
    if (!read_command(line, sizeof line) || !strcmp(line, "quit")) return 0;
    if (!strcmp(line, "go")) {
      started = now();
      tell("going");
    } else if (!strcmp(line, "mark")) {
      tell("mark");
    } else if (!strcmp(line, "stop")) {
      for (int tries = 0; !flush_buffer() && tries < 2000; tries++) usleep(1000);
      // What the peer did not take within two seconds is not counted as sent.
      sent -= (held - written + packet_bytes - 1) / packet_bytes;
      tell("stopped");
      started = 0;
    }
    answer_peer();
    if (started) publish_due(started);
    else if (held == 0) flush_buffer(); // what was left at the stop does not count as sent
    if (started && !rate) {
      struct pollfd writable = {.fd = peer, .events = POLLOUT};
      poll(&writable, 1, 10);
      continue;
    }
    uint64_t at = now(), next = started ? started + ((at - started) / tick + 1) * tick : at + 5 * tick;
    struct timespec until = {.tv_sec = (time_t)(next / 1000000000u), .tv_nsec = (long)(next % 1000000000u)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
  }
}
