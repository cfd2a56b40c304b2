// Opens WebSocket sessions and counts what arrives. Raw sockets on one epoll, no message put together, latencies
// sampled: it must never be the bottleneck, and says what share of a core it took. Lines on standard input:
//   mark           counters and percentiles since the last mark
//   report <sent>  after `sent` messages: expected, received and lost
//   quit           leave
#include "subscribe.h"
#include "totals.h"
#include <getopt.h>

static int events;
static char input[256 * 1024];
static uint32_t next_session, opening;
static uint64_t began_at, read_at, until_sample = 1;

static unsigned index_of(const struct session *session) { return (unsigned)(session - sessions); }

static void watch_socket(struct session *session, int action, uint32_t interest) {
  struct epoll_event event = {.events = interest, .data.ptr = session};
  epoll_ctl(events, action, session->fd, &event);
}

static void open_session(struct session *session) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) stop("cannot open socket %u: %s", index_of(session), strerror(errno));
  int one = 1, narrow = 536, small = 2048;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (session->stalled) {
    // Loopback's segments of 64 kB would let the kernels take megabytes before a server notices a reader that stopped.
    // A phone's path has small ones and a small window.
    setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &narrow, sizeof narrow);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  }
  struct sockaddr_in address = {.sin_family = AF_INET};
  if (sources > 1) {
    // One address has about 28,000 ports to leave from.
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + index_of(session) % sources);
    if (bind(fd, (struct sockaddr *)&address, sizeof address)) stop("cannot bind: %s", strerror(errno));
  }
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons((uint16_t)port);
  struct session fresh = {.fd = fd,
                          .state = CONNECTING,
                          .stalled = session->stalled,
                          .devices = session->devices,
                          .delivered = session->delivered};
  *session = fresh;
  opening++;
  int status = connect(fd, (struct sockaddr *)&address, sizeof address);
  watch_socket(session, EPOLL_CTL_ADD, status && errno != EINPROGRESS ? 0 : EPOLLOUT);
}

// `at` is when to try again; 0, never.
static void close_session(struct session *session, uint64_t at) {
  if (session->state == STREAMING)
    streaming--;
  else
    opening--;
  leave_connection(session, read_at);
  close(session->fd);
  session->fd = -1;
  session->state = IDLE;
  session->reconnect_at = at;
}

static void begin_streaming(struct session *session) {
  session->state = STREAMING;
  opening--;
  streaming++;
  if (reconnect_ns) open_connection(session, read_at);
  if (session->stalled) watch_socket(session, EPOLL_CTL_DEL, 0);
  if (streaming == session_count && reached < session_count) {
    reached = session_count;
    for (uint32_t index = 0; reconnect_ns && index < session_count; index++)
      sessions[index].reconnect_at = read_at + reconnect_ns * (index + 1) / session_count;
    printf("{\"event\":\"ready\",\"seconds\":%.3f,\"refused\":%u}\n", (double)(now() - began_at) / 1e9, refused);
    fflush(stdout);
  }
}

static uint64_t digits_after(const char *from, const char *end, const char *name, const char **rest) {
  const char *at = memmem(from, (size_t)(end - from), name, 4);
  if (!at) return 0;
  at += 4;
  while (at < end && (*at == ' ' || *at == '"')) at++;
  uint64_t value = 0;
  while (at < end && *at >= '0' && *at <= '9') value = value * 10 + (uint64_t)(*at++ - '0');
  *rest = at;
  return value;
}

static void take_sample(struct session *session, const char *end, size_t available) {
  const char *from = end - (available < TAIL_BYTES ? available : TAIL_BYTES), *rest;
  uint64_t sent_at = digits_after(from, end, "\"T\":", &rest);
  if (!sent_at) return;
  if (sent_at < read_at) add_to(&latency, read_at - sent_at);
  if (!reconnect_ns) return;
  uint32_t device = (uint32_t)digits_after(from, end, "\"N\":", &rest);
  note_round(session, device, (uint32_t)strtoul(rest + 1, NULL, 10), sent_at);
}

static void on_small_unit(struct session *session, const char *end, size_t available) {
  const char *from = end - (available < TAIL_BYTES ? available : TAIL_BYTES);
  size_t length = (size_t)(end - from);
  if (protocol == CENTRIFUGE) {
    if (length <= 3) return send_frame(session, 1, "{}", 2);
    if (memmem(from, length, "\"error\"", 7)) errors++;
    if (session->state == SUBSCRIBING && ++session->answers == devices_each + 1) begin_streaming(session);
  } else if (protocol == TEXT && !memmem(from, length, "\"ping\"", 6)) {
    notices++;
  }
}

static void on_unit(struct session *session, const char *end, size_t available, uint32_t unit_bytes) {
  if (unit_bytes < payload_bytes) return on_small_unit(session, end, available);
  if (session->stalled) return;
  if (!session->delivered++) {
    static uint32_t first_count;
    if (++first_count == session_count - stalled_count) {
      printf("{\"event\":\"streaming\",\"seconds\":%.3f}\n", (double)(now() - began_at) / 1e9);
      fflush(stdout);
    }
  }
  delivered++;
  if (--until_sample) return;
  until_sample = sample_every;
  take_sample(session, end, available);
}

static void on_control(struct session *session, const char *line, size_t length) {
  if (protocol == MQTT) {
    if ((*line & 0xf0) == 0x90 && session->state == SUBSCRIBING) begin_streaming(session);
  } else if (length >= 4 && !memcmp(line, "PING", 4)) {
    send_frame(session, 2, "PONG\r\n", 6);
  } else if (length >= 4 && !memcmp(line, "PONG", 4)) {
    if (session->state == SUBSCRIBING) begin_streaming(session);
  } else if (length >= 4 && !memcmp(line, "-ERR", 4)) {
    errors++;
  }
}

// Consumes the upgrade's response; what stands behind it is the first frames. NULL when it is no 101.
static const char *take_response(struct session *session, const char *bytes, const char *end) {
  while (bytes < end) {
    if (session->line_have < 12) session->line[session->line_have++] = *bytes;
    char wanted = session->answers % 2 ? '\n' : '\r';
    session->answers = *bytes == wanted ? session->answers + 1 : *bytes == '\r';
    bytes++;
    if (session->answers < 4) continue;
    if (memcmp(session->line, "HTTP/1.1 101", 12)) return NULL;
    session->answers = session->line_have = 0;
    session->state = SUBSCRIBING;
    if (subscribe(session, index_of(session))) begin_streaming(session);
    break;
  }
  return bytes;
}

static void on_failure(struct session *session) {
  if (session->state == STREAMING)
    closed++;
  else
    refused++;
  close_session(session, read_at + 250000000u);
}

static void on_readable(struct session *session) {
  ssize_t got = recv(session->fd, input, sizeof input, 0);
  read_at = now();
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return on_failure(session);
  const char *bytes = input, *end = input + got;
  if (session->state == UPGRADING && !(bytes = take_response(session, bytes, end))) return on_failure(session);
  if (session->state >= SUBSCRIBING) take_frames(session, bytes, end);
}

static void on_event(struct session *session, uint32_t what) {
  if (session->state == IDLE) return;
  if (what & EPOLLIN) return on_readable(session);
  read_at = now();
  if (what & (EPOLLERR | EPOLLHUP)) return on_failure(session);
  if (session->state != CONNECTING) return;
  session->state = UPGRADING;
  send_upgrade(session);
  watch_socket(session, EPOLL_CTL_MOD, EPOLLIN);
}

// Opens what is due: those never opened, those refused, and with churn those whose turn it is.
static void open_due(void) {
  read_at = now();
  while (next_session < session_count && (storm || opening < concurrent)) open_session(&sessions[next_session++]);
  for (uint32_t index = 0; index < next_session; index++) {
    struct session *session = &sessions[index];
    uint64_t turn = session->reconnect_at;
    if (!turn || turn > read_at) continue;
    if (session->state == STREAMING) {
      send_frame(session, 8, "\3\xe8", 2);
      close_session(session, 0);
    }
    if (session->state != IDLE) continue;
    open_session(session);
    if (reconnect_ns && reached) session->reconnect_at = turn + reconnect_ns;
  }
}

static void make_sessions(void) {
  sessions = allocate(session_count, sizeof *sessions);
  if (reconnect_ns) published_at = allocate((size_t)devices * ROUNDS, sizeof *published_at);
  uint32_t *deck = allocate(devices, sizeof *deck), left = 0;
  uint64_t state = seed + 1;
  for (uint32_t index = 0; index < devices; index++) deck[index] = index;
  // Devices are dealt from a shuffled deck, so that each has as many watchers as any other.
  for (uint32_t index = 0; index < session_count; index++) {
    sessions[index].stalled = index < stalled_count;
    sessions[index].devices = allocate(devices_each, sizeof(uint32_t));
    if (left < devices_each) shuffle(deck, left = devices, &state);
    for (uint32_t slot = 0; slot < devices_each; slot++) sessions[index].devices[slot] = deck[--left];
  }
  free(deck);
}

static void read_options(int count, char **values) {
  static const struct option options[] = {
      {"port", 1, 0, 'p'},    {"protocol", 1, 0, 'q'},   {"path", 1, 0, 'a'},    {"topic", 1, 0, 't'},
      {"sessions", 1, 0, 'n'}, {"devices", 1, 0, 'd'},    {"each", 1, 0, 'e'},    {"payload", 1, 0, 'b'},
      {"stalled", 1, 0, 'l'}, {"reconnect", 1, 0, 'r'},  {"concurrent", 1, 0, 'c'}, {"sources", 1, 0, 'o'},
      {"sample", 1, 0, 'k'},  {"seed", 1, 0, 's'},       {"storm", 0, 0, 'm'},   {0}};
  static const char *names[] = {"text", "centrifuge", "nats", "mqtt"};
  for (int option; (option = getopt_long(count, values, "", options, NULL)) != -1;) {
    uint32_t number = optarg ? (uint32_t)strtoul(optarg, NULL, 10) : 0;
    switch (option) {
      case 'p': port = (int)number; break;
      case 'q': for (int index = 0; index < 4; index++) if (!strcmp(optarg, names[index])) protocol = (enum protocol)index; break;
      case 'a': path = optarg; break;
      case 't': topic = optarg; break;
      case 'n': session_count = number; break;
      case 'd': devices = number; break;
      case 'e': devices_each = number; break;
      case 'b': payload_bytes = number; break;
      case 'l': stalled_count = number; break;
      case 'r': reconnect_ns = (uint64_t)(atof(optarg) * 1e9); break;
      case 'c': concurrent = number; break;
      case 'o': sources = number; break;
      case 'k': sample_every = number; break;
      case 's': seed = number; break;
      case 'm': storm = true; break;
      default: exit(2);
    }
  }
  if (devices_each > devices) stop("a session can't watch more devices than there are");
}

int main(int count, char **values) {
  read_options(count, values);
  make_sessions();
  events = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event ready[512], commands = {.events = EPOLLIN};
  epoll_ctl(events, EPOLL_CTL_ADD, 0, &commands);
  began_at = marked_at = now();
  char line[64];
  for (uint64_t opened_at = 0;;) {
    uint64_t at = now();
    if (next_session < session_count || ((reconnect_ns || streaming < session_count) && at - opened_at > 5000000u)) {
      open_due();
      opened_at = at;
    }
    int got = epoll_wait(events, ready, 512, reconnect_ns || streaming < session_count ? 5 : 100);
    for (int index = 0; index < got; index++) {
      if (ready[index].data.ptr) {
        on_event(ready[index].data.ptr, ready[index].events);
        continue;
      }
      if (!read_command(line, sizeof line) || !strcmp(line, "quit")) return 0;
      if (!strcmp(line, "mark")) tell("mark", 0, false);
      if (!strncmp(line, "report ", 7)) tell("report", strtoull(line + 7, NULL, 10), true);
    }
  }
}
