// The floor: consumes the feed from the broker, and only writes finished frames to the sockets of who watches, once per
// session and millisecond. It checks nothing, bounds nothing and forgets nobody's rights: what it costs is what the
// kernel asks for the job.
#include "../../loader/common.h"
#include "handshake.h"

#define DEVICES 65536
#define FRAMES_BYTES (1024 * 1024)
#define TURN_NS 1000000u
#define BACKLOG_BYTES (8 * 1024 * 1024)

struct session {
  int fd, index; // -1: the listener; -2: the broker
  bool dirty, blocked, upgraded;
  uint16_t pieces, room;
  struct iovec *waiting; // finished frames of this turn, shared by all who watch the device
  uint8_t *backlog;      // what the socket did not take
  size_t backlog_bytes;
  uint64_t wrote_at;
};

struct watchers {
  struct session **sessions;
  uint32_t count, room;
};

static struct watchers watched[DEVICES];
static uint32_t devices; // above the highest one watched so far
static struct session **dirty;
static uint32_t dirty_count, dirty_room;
static uint8_t *frames;
static size_t frames_used;
static int events;

static uint32_t device_of(const char *id) { return (uint32_t)strtoul(id + 7, NULL, 10) % DEVICES; }

static void watch(struct session *session, uint32_t device) {
  struct watchers *who = &watched[device];
  if (device >= devices) devices = device + 1;
  if (who->count == who->room) {
    who->room = who->room ? who->room * 2 : 4;
    who->sessions = realloc(who->sessions, who->room * sizeof *who->sessions);
  }
  who->sessions[who->count++] = session;
}

static void leave(struct session *session) {
  for (uint32_t device = 0; device < devices; device++)
    for (uint32_t index = 0; index < watched[device].count; index++)
      if (watched[device].sessions[index] == session)
        watched[device].sessions[index--] = watched[device].sessions[--watched[device].count];
  for (uint32_t index = 0; index < dirty_count; index++)
    if (dirty[index] == session) dirty[index--] = dirty[--dirty_count];
  close(session->fd);
  free(session->waiting);
  free(session->backlog);
  free(session);
}

static void block(struct session *session, bool blocked) {
  struct epoll_event event = {.events = EPOLLIN | (blocked ? EPOLLOUT : 0), .data.ptr = session};
  session->blocked = blocked;
  epoll_ctl(events, EPOLL_CTL_MOD, session->fd, &event);
}

static void hold_back(struct session *session, const uint8_t *bytes, size_t length) {
  if (session->backlog_bytes + length > BACKLOG_BYTES) return;
  session->backlog = realloc(session->backlog, session->backlog_bytes + length);
  memcpy(session->backlog + session->backlog_bytes, bytes, length);
  session->backlog_bytes += length;
}

static void write_session(struct session *session) {
  ssize_t took = session->blocked ? 0 : writev(session->fd, session->waiting, session->pieces);
  if (took < 0) took = 0;
  for (uint16_t index = 0; index < session->pieces; index++) {
    size_t length = session->waiting[index].iov_len;
    if ((size_t)took >= length) {
      took -= (ssize_t)length;
      continue;
    }
    hold_back(session, (uint8_t *)session->waiting[index].iov_base + took, length - (size_t)took);
    took = 0;
  }
  session->pieces = 0;
  session->dirty = false;
  if (session->backlog_bytes && !session->blocked) block(session, true);
}

// Writes the sessions whose turn it is; the others, written less than a millisecond ago, wait. Gives the instant when
// the next one's turn comes. Frames can be made anew in their place only when nobody waits for one.
static uint64_t write_dirty(uint64_t at, bool all) {
  uint32_t kept = 0;
  uint64_t next = UINT64_MAX;
  for (uint32_t index = 0; index < dirty_count; index++) {
    struct session *session = dirty[index];
    uint64_t turn = session->wrote_at + TURN_NS;
    if (turn <= at || all) {
      session->wrote_at = at;
      write_session(session);
    } else {
      dirty[kept++] = session;
      if (turn < next) next = turn;
    }
  }
  dirty_count = kept;
  if (!kept) frames_used = 0;
  return next;
}

static void write_backlog(struct session *session) {
  ssize_t took = send(session->fd, session->backlog, session->backlog_bytes, MSG_NOSIGNAL);
  if (took <= 0) return;
  session->backlog_bytes -= (size_t)took;
  memmove(session->backlog, session->backlog + took, session->backlog_bytes);
  if (session->backlog_bytes) return;
  free(session->backlog);
  session->backlog = NULL;
  block(session, false);
}

static void hold(struct session *session, struct iovec frame) {
  if (session->pieces == session->room) {
    if (session->room >= 512) {
      write_session(session);
      session->dirty = true;
    } else {
      session->room = session->room ? (uint16_t)(session->room * 2) : 4;
      session->waiting = realloc(session->waiting, session->room * sizeof *session->waiting);
    }
  }
  session->waiting[session->pieces++] = frame;
  if (session->dirty) return;
  session->dirty = true;
  if (dirty_count == dirty_room) dirty = realloc(dirty, (dirty_room = dirty_room ? dirty_room * 2 : 1024) * sizeof *dirty);
  dirty[dirty_count++] = session;
}

static void route(const char *payload, size_t length) {
  static const char *head = "{\"event\":\"message\",\"data\":";
  const char *id = memmem(payload, length, "\"DEVICE_ID\":\"", 13);
  if (!id) return;
  struct watchers *who = &watched[device_of(id + 13)];
  if (!who->count) return;
  if (frames_used + length + 64 > FRAMES_BYTES) write_dirty(now(), true);
  uint8_t *frame = frames + frames_used;
  size_t body = strlen(head) + length + 1, at = 4;
  frame[0] = 0x81;
  frame[1] = body < 126 ? (uint8_t)body : 126;
  frame[2] = (uint8_t)(body >> 8);
  frame[3] = (uint8_t)body;
  memcpy(frame + at, head, strlen(head));
  memcpy(frame + at + strlen(head), payload, length);
  frame[at + body - 1] = '}';
  frames_used += at + body;
  for (uint32_t index = 0; index < who->count; index++) hold(who->sessions[index], (struct iovec){frame, at + body});
}

static void read_feed(struct session *broker) {
  static uint8_t bytes[512 * 1024];
  static size_t have;
  ssize_t got = recv(broker->fd, bytes + have, sizeof bytes - have, MSG_DONTWAIT);
  if (got == 0) stop("the broker closed the feed");
  if (got < 0) return;
  have += (size_t)got;
  size_t at = 0;
  for (;;) {
    size_t length = 0, header = at + 1, shift = 0;
    while (header < have && header < at + 5) {
      length |= (size_t)(bytes[header] & 127) << shift;
      shift += 7;
      if (!(bytes[header++] & 128)) break;
    }
    if (header >= have || (bytes[header - 1] & 128) || header + length > have) break;
    if ((bytes[at] & 0xf0) == 0x30) {
      size_t name = (size_t)bytes[header] << 8 | bytes[header + 1];
      route((char *)bytes + header + 2 + name, length - 2 - name);
    } else if (bytes[at] == 0x90) {
      printf("ready\n");
      fflush(stdout);
    }
    at = header + length;
  }
  memmove(bytes, bytes + at, have - at);
  have -= at;
}

static void upgrade(struct session *session, char *request) {
  char *key = strcasestr(request, "sec-websocket-key: "), *ids = strstr(request, "device_ids="), accepted[29], out[256];
  if (!key || !ids) return leave(session);
  accept_key(key + 19, accepted);
  for (char *id = ids + 11;; id++) {
    watch(session, device_of(id));
    id += strcspn(id, ", &");
    if (*id != ',') break;
  }
  int length = sprintf(out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Accept: %s\r\n\r\n", accepted);
  (void)!send(session->fd, out, (size_t)length, MSG_NOSIGNAL);
  session->upgraded = true;
}

// A request comes in one piece here, and what a client says afterwards is not listened to.
static void read_session(struct session *session) {
  static char bytes[64 * 1024];
  ssize_t got = recv(session->fd, bytes, sizeof bytes - 1, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0 || (session->upgraded && (bytes[0] & 15) == 8)) return leave(session);
  bytes[got] = 0;
  if (!session->upgraded) upgrade(session, bytes);
}

static void add(int fd, int index) {
  struct session *session = allocate(1, sizeof *session);
  session->fd = fd;
  session->index = index;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = session};
  epoll_ctl(events, EPOLL_CTL_ADD, fd, &event);
}

static void accept_sessions(int listener) {
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    add(fd, 0);
  }
}

int main(int count, char **values) {
  if (count < 4) stop("floor <port> <broker port> <topic>");
  events = epoll_create1(EPOLL_CLOEXEC);
  frames = allocate(FRAMES_BYTES, 1);
  add(listening_socket(atoi(values[1])), -1);
  int broker = connected_socket(atoi(values[2]));
  uint8_t out[256];
  (void)!send(broker, out, put_mqtt_connect(out, "floor"), MSG_NOSIGNAL);
  size_t name = put_string(out + 4, values[3]);
  out[0] = 0x82;
  out[1] = (uint8_t)(name + 3);
  out[2] = 0;
  out[3] = 1;
  out[4 + name] = 0;
  (void)!send(broker, out, name + 5, MSG_NOSIGNAL);
  add(broker, -2);
  struct epoll_event ready[512];
  for (;;) {
    uint64_t at = now(), next = write_dirty(at, false);
    struct timespec until = {.tv_nsec = (long)(next - at)};
    int got = epoll_pwait2(events, ready, 512, dirty_count ? &until : NULL, NULL);
    for (int index = 0; index < got; index++) {
      struct session *session = ready[index].data.ptr;
      if (session->index == -1) {
        accept_sessions(session->fd);
      } else if (session->index == -2) {
        read_feed(session);
      } else {
        if (ready[index].events & EPOLLOUT) write_backlog(session);
        if (ready[index].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_session(session);
      }
    }
  }
}
