// How a session opens in each contestant's protocol: the upgrade, and what is sent after it.
#pragma once
#include "session.h"

static const char *path = "/api/v1/stream?device_ids=", *topic = "tracking/data";
static int port;

static size_t device_list(const struct session *session, char *out) {
  size_t at = 0;
  for (uint32_t index = 0; index < devices_each; index++)
    at += (size_t)sprintf(out + at, "%s" DEVICE_FORMAT, index ? "," : "", session->devices[index]);
  return at;
}

static void send_upgrade(struct session *session) {
  static char out[64 * 1024];
  size_t at = (size_t)sprintf(out, "GET %s", path);
  if (protocol == TEXT) at += device_list(session, out + at);
  at += (size_t)sprintf(out + at,
                        " HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n",
                        port, protocol == MQTT ? "Sec-WebSocket-Protocol: mqtt\r\n" : "");
  (void)!send(session->fd, out, at, MSG_NOSIGNAL);
}

static void send_centrifuge(struct session *session) {
  static char out[64 * 1024];
  size_t at = (size_t)sprintf(out, "{\"id\":1,\"connect\":{}}");
  for (uint32_t index = 0; index < devices_each; index++)
    at += (size_t)sprintf(out + at, "\n{\"id\":%u,\"subscribe\":{\"channel\":\"" DEVICE_FORMAT "\"}}", index + 2,
                          session->devices[index]);
  send_frame(session, 1, out, at);
}

static void send_nats(struct session *session) {
  static char out[64 * 1024];
  size_t at = (size_t)sprintf(out, "CONNECT {\"verbose\":false,\"pedantic\":false,\"protocol\":1}\r\n");
  for (uint32_t index = 0; index < devices_each; index++)
    at += (size_t)sprintf(out + at, "SUB %s." DEVICE_FORMAT " %u\r\n", topic, session->devices[index], index + 1);
  at += (size_t)sprintf(out + at, "PING\r\n");
  send_frame(session, 2, out, at);
}

static void send_mqtt(struct session *session, unsigned index) {
  static uint8_t out[64 * 1024], filters[60 * 1024];
  char name[128];
  snprintf(name, sizeof name, "subscriber-%u-%u", (unsigned)getpid(), index);
  send_frame(session, 2, out, put_mqtt_connect(out, name));
  size_t length = 0;
  for (uint32_t device = 0; device < devices_each; device++) {
    snprintf(name, sizeof name, "%s/" DEVICE_FORMAT, topic, session->devices[device]);
    length += put_string(filters + length, name);
    filters[length++] = 0;
  }
  out[0] = 0x82;
  size_t at = 1 + put_varint(out + 1, (uint32_t)length + 2);
  out[at++] = 0;
  out[at++] = 1;
  memcpy(out + at, filters, length);
  send_frame(session, 2, out, at + length);
}

// True when nothing is to be awaited: the URL said it all.
static bool subscribe(struct session *session, unsigned index) {
  if (protocol == CENTRIFUGE) send_centrifuge(session);
  if (protocol == NATS) send_nats(session);
  if (protocol == MQTT) send_mqtt(session, index);
  return protocol == TEXT;
}
