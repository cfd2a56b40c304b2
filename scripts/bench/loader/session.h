// One WebSocket session of the subscriber, and what parses its bytes as they come. No message is ever put together:
// the parser hops from header to header and keeps, of what a read cut in two, the last TAIL_BYTES.
#pragma once
#include "common.h"

enum protocol { TEXT, CENTRIFUGE, NATS, MQTT };
enum state { IDLE, CONNECTING, UPGRADING, SUBSCRIBING, STREAMING };

struct connection; // churn.h

struct session {
  int fd;
  uint8_t state, header_have, opcode, line_have, tail_have, control_have;
  bool stalled, in_frame;
  uint16_t answers;
  uint8_t header[14];
  char line[96]; // a control line or a fixed header that a read cut in two, or the head of the upgrade's response
  char control[125];
  char tail[TAIL_BYTES];
  uint64_t frame_left;
  uint32_t unit_bytes, unit_left;
  uint64_t delivered, reconnect_at;
  struct connection *connection;
  uint32_t *devices;
};

// Set by the options in subscriber.c.
static enum protocol protocol = TEXT;
static uint32_t payload_bytes = 350, devices_each = 10;

// What the parser calls. A unit is a message as the contestant's protocol delimits it; `end` points behind its last
// byte, of which `available` stand before it.
static void on_unit(struct session *session, const char *end, size_t available, uint32_t unit_bytes);
static void on_control(struct session *session, const char *line, size_t length);

// A client's frames are masked; a mask of zeros is one, and leaves the bytes as they are.
static void send_frame(struct session *session, uint8_t opcode, const void *bytes, size_t length) {
  static uint8_t out[64 * 1024];
  size_t at = 2;
  out[0] = 0x80 | opcode;
  if (length < 126) {
    out[1] = (uint8_t)(0x80 | length);
  } else {
    out[1] = 0x80 | 126;
    out[2] = (uint8_t)(length >> 8);
    out[3] = (uint8_t)length;
    at = 4;
  }
  memset(out + at, 0, 4);
  memcpy(out + at + 4, bytes, length);
  (void)!send(session->fd, out, at + 4 + length, MSG_NOSIGNAL);
}

static void keep_tail(struct session *session, const char *bytes, size_t length) {
  if (length >= TAIL_BYTES) {
    memcpy(session->tail, bytes + length - TAIL_BYTES, TAIL_BYTES);
    session->tail_have = TAIL_BYTES;
    return;
  }
  size_t kept = session->tail_have;
  if (kept + length > TAIL_BYTES) {
    size_t gone = kept + length - TAIL_BYTES;
    kept -= gone;
    memmove(session->tail, session->tail + gone, kept);
  }
  memcpy(session->tail + kept, bytes, length);
  session->tail_have = (uint8_t)(kept + length);
}

static void end_unit(struct session *session, const char *end, size_t available, uint32_t unit_bytes) {
  if (available < TAIL_BYTES && session->tail_have) {
    keep_tail(session, end - available, available);
    on_unit(session, session->tail + session->tail_have, session->tail_have, unit_bytes);
  } else {
    on_unit(session, end, available, unit_bytes);
  }
  session->tail_have = 0;
}

// Takes `length` more bytes of a unit that is to have `unit_left` more; true when it is whole.
static bool take_counted(struct session *session, const char *bytes, size_t length) {
  session->unit_left -= (uint32_t)length;
  if (session->unit_left) {
    keep_tail(session, bytes, length);
    return false;
  }
  end_unit(session, bytes + length, length, session->unit_bytes);
  return true;
}

// A frame is a unit.
static void take_text(struct session *session, const char *bytes, size_t length, bool ends) {
  session->unit_bytes += (uint32_t)length;
  if (!ends) return keep_tail(session, bytes, length);
  end_unit(session, bytes + length, length, session->unit_bytes);
  session->unit_bytes = 0;
}

// A frame is one JSON object a line.
static void take_lines(struct session *session, const char *bytes, size_t length, bool ends) {
  const char *end = bytes + length, *newline;
  while ((newline = memchr(bytes, '\n', (size_t)(end - bytes)))) {
    take_text(session, bytes, (size_t)(newline - bytes), true);
    bytes = newline + 1;
  }
  if (bytes < end || (ends && session->unit_bytes)) take_text(session, bytes, (size_t)(end - bytes), ends);
}

// Frames are pieces of one stream: `MSG subject sid bytes`, the payload, and other lines.
static void take_nats(struct session *session, const char *bytes, const char *end) {
  while (bytes < end) {
    if (session->unit_left) {
      size_t length = (size_t)(end - bytes) < session->unit_left ? (size_t)(end - bytes) : session->unit_left;
      take_counted(session, bytes, length);
      bytes += length;
      continue;
    }
    const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
    const char *until = newline ? newline + 1 : end, *line = bytes;
    size_t length = (size_t)(until - bytes);
    bytes = until;
    if (!newline || session->line_have) {
      size_t room = sizeof session->line - session->line_have, kept = length < room ? length : room;
      memcpy(session->line + session->line_have, line, kept);
      session->line_have = (uint8_t)(session->line_have + kept);
      if (!newline) return;
      line = session->line;
      length = session->line_have;
      session->line_have = 0;
    }
    if (length > 4 && !memcmp(line, "MSG ", 4)) {
      uint32_t size = 0, scale = 1;
      for (const char *digit = line + length - 3; *digit != ' '; digit--, scale *= 10) size += (uint32_t)(*digit - '0') * scale;
      session->unit_bytes = size;
      session->unit_left = size + 2;
    } else {
      on_control(session, line, length);
    }
  }
}

// Frames are pieces of one stream of packets.
static void take_mqtt(struct session *session, const char *bytes, const char *end) {
  while (bytes < end) {
    if (session->unit_left) {
      size_t length = (size_t)(end - bytes) < session->unit_left ? (size_t)(end - bytes) : session->unit_left;
      bool whole = take_counted(session, bytes, length);
      bytes += length;
      if (whole) session->line_have = 0;
      continue;
    }
    session->line[session->line_have++] = *bytes++;
    if (session->line_have < 2 || (session->line[session->line_have - 1] & 0x80)) continue;
    uint32_t size = 0;
    for (int index = session->line_have - 1; index > 0; index--) size = size << 7 | (session->line[index] & 127);
    session->unit_bytes = session->unit_left = size;
    if (session->line[0] != 0x30) on_control(session, session->line, 1);
    if (!size) session->line_have = 0;
  }
}

static void take_control_frame(struct session *session, const char *bytes, size_t length, bool ends) {
  size_t room = sizeof session->control - session->control_have, kept = length < room ? length : room;
  memcpy(session->control + session->control_have, bytes, kept);
  session->control_have = (uint8_t)(session->control_have + kept);
  if (!ends) return;
  if (session->opcode == 9) send_frame(session, 10, session->control, session->control_have);
  session->control_have = 0;
}

// The header's length is known from its second byte. True when the header is whole.
static bool take_header(struct session *session, const char **bytes, const char *end) {
  while (*bytes < end) {
    session->header[session->header_have++] = (uint8_t)*(*bytes)++;
    if (session->header_have < 2) continue;
    unsigned size = session->header[1] & 127, wanted = size < 126 ? 2 : size == 126 ? 4 : 10;
    if (session->header_have < wanted) continue;
    uint64_t length = size < 126 ? size : 0;
    for (unsigned index = 2; index < wanted; index++) length = length << 8 | session->header[index];
    session->frame_left = length;
    session->opcode = session->header[0] & 15;
    session->header_have = 0;
    return true;
  }
  return false;
}

static void take_frames(struct session *session, const char *bytes, const char *end) {
  for (;;) {
    if (!session->in_frame) {
      if (!take_header(session, &bytes, end)) return;
      session->in_frame = true;
    } else if (bytes == end) {
      return;
    }
    size_t length = (size_t)(end - bytes) < session->frame_left ? (size_t)(end - bytes) : session->frame_left;
    session->frame_left -= length;
    bool ends = session->frame_left == 0;
    if (ends) session->in_frame = false;
    if (session->opcode >= 8)
      take_control_frame(session, bytes, length, ends);
    else if (protocol == TEXT)
      take_text(session, bytes, length, ends);
    else if (protocol == CENTRIFUGE)
      take_lines(session, bytes, length, ends);
    else if (protocol == NATS)
      take_nats(session, bytes, bytes + length);
    else
      take_mqtt(session, bytes, bytes + length);
    bytes += length;
  }
}
