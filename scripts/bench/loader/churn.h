// For sessions that come and go: what each connection must have seen. A message counts as lost when it was published
// while the connection was there: after it was ready, and not in the last moments before it left, when it may have been
// on its way. Rounds number a device's messages, so a gap inside a connection shows; what is missing at its head and its
// tail shows by when others' copies of that message say it was published.
#pragma once
#include "session.h"

#define ROUNDS 4096
#define IN_FLIGHT_NS 250000000u

struct connection {
  struct connection *next;
  struct session *session;
  uint64_t ready_at, left_at;
  int32_t rounds[]; // devices_each first ones, then devices_each last ones
};

static struct connection *connections;
static uint64_t *published_at; // [device][round]
static uint64_t gaps, repeats;

static void open_connection(struct session *session, uint64_t at) {
  struct connection *connection = allocate(1, sizeof *connection + 2 * devices_each * sizeof(int32_t));
  connection->session = session;
  connection->ready_at = at;
  for (uint32_t index = 0; index < 2 * devices_each; index++) connection->rounds[index] = -1;
  connection->next = connections;
  connections = session->connection = connection;
}

static void leave_connection(struct session *session, uint64_t at) {
  if (session->connection) session->connection->left_at = at;
  session->connection = NULL;
}

static void note_round(struct session *session, uint32_t device, uint32_t round, uint64_t sent_at) {
  if (round >= ROUNDS) return;
  published_at[(size_t)device * ROUNDS + round] = sent_at;
  uint32_t slot = 0;
  while (slot < devices_each && session->devices[slot] != device) slot++;
  if (slot == devices_each || !session->connection) return;
  int32_t *first = session->connection->rounds + slot, *last = first + devices_each;
  if (*first < 0)
    *first = (int32_t)round;
  else if ((int32_t)round > *last)
    gaps += round - (uint32_t)*last - 1;
  else
    repeats++;
  if ((int32_t)round > *last) *last = (int32_t)round;
}

// Messages known to have been published in [from, until) that a connection shows no trace of, at its head and tail.
static uint64_t missing_at_ends(uint64_t until_at) {
  uint64_t missing = 0;
  for (struct connection *at = connections; at; at = at->next) {
    uint64_t until = (at->left_at ? at->left_at : until_at) - IN_FLIGHT_NS;
    for (uint32_t slot = 0; slot < devices_each; slot++) {
      const uint64_t *times = published_at + (size_t)at->session->devices[slot] * ROUNDS;
      int32_t first = at->rounds[slot], last = at->rounds[devices_each + slot];
      for (int32_t round = 0; round < ROUNDS; round++)
        if ((first < 0 || round < first || round > last) && times[round] >= at->ready_at && times[round] < until) missing++;
    }
  }
  return missing;
}
