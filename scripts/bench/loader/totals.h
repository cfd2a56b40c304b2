// What the subscriber was asked for, what it counted, and how it tells.
#pragma once
#include "churn.h"
#include "histogram.h"

static uint32_t session_count = 1000, devices = 1000, stalled_count, concurrent = 100, sources = 1, sample_every = 1;
static uint64_t seed = 1, reconnect_ns;
static bool storm;

static struct session *sessions;
static uint32_t streaming, reached, refused, closed, errors, notices;
static uint64_t delivered, marked_at, marked_cpu;
static struct histogram latency;

static void tell(const char *event, uint64_t sent, bool judged) {
  uint64_t at = now(), cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID), expected = 0, missing = 0;
  uint32_t short_sessions = 0;
  if (judged) {
    uint32_t *order = device_order(devices, seed), *place = allocate(devices, sizeof *place);
    for (uint32_t index = 0; index < devices; index++) place[order[index]] = index;
    for (uint32_t index = 0; index < session_count; index++) {
      if (sessions[index].stalled) continue;
      uint64_t due = 0;
      for (uint32_t slot = 0; slot < devices_each; slot++)
        due += sent / devices + (place[sessions[index].devices[slot]] < sent % devices);
      expected += due;
      if (sessions[index].delivered < due) short_sessions++;
    }
    if (reconnect_ns) missing = gaps + missing_at_ends(at);
    free(order);
    free(place);
  }
  printf("{\"event\":\"%s\",\"atNs\":%llu,\"delivered\":%llu,\"expected\":%llu,\"shortSessions\":%u,\"lostOnline\":%llu,"
         "\"repeats\":%llu,\"streaming\":%u,\"refused\":%u,\"closed\":%u,\"errors\":%u,\"notices\":%u,\"cores\":%.3f,"
         "\"samples\":%llu,\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f}\n",
         event, (unsigned long long)at, (unsigned long long)delivered, (unsigned long long)expected, short_sessions,
         (unsigned long long)missing, (unsigned long long)repeats, streaming, refused, closed, errors, notices,
         (double)(cpu - marked_cpu) / (double)(at - marked_at + 1), (unsigned long long)latency.total,
         percentile_ms(&latency, 0.5), percentile_ms(&latency, 0.99), percentile_ms(&latency, 0.999),
         (double)latency.largest / 1e6);
  fflush(stdout);
  if (judged) return;
  memset(&latency, 0, sizeof latency);
  marked_at = at;
  marked_cpu = cpu;
}
