// Counts durations in buckets a thirty-second apart (3 % wide), from one microsecond to minutes: exact enough for
// percentiles, and constant in cost.
#pragma once
#include <stdint.h>
#include <string.h>

#define STEPS 32
#define BUCKETS (STEPS * 40)

struct histogram {
  uint64_t counts[BUCKETS];
  uint64_t total, largest;
};

static inline unsigned bucket_of(uint64_t microseconds) {
  if (microseconds < STEPS) return (unsigned)microseconds;
  unsigned exponent = 63 - (unsigned)__builtin_clzll(microseconds) - 5;
  return (exponent + 1) * STEPS + (unsigned)((microseconds >> exponent) - STEPS);
}

static inline uint64_t middle_of(unsigned bucket) {
  if (bucket < STEPS) return bucket;
  unsigned exponent = bucket / STEPS - 1;
  return ((uint64_t)(bucket % STEPS + STEPS) << exponent) + (((uint64_t)1 << exponent) >> 1);
}

static inline void add_to(struct histogram *into, uint64_t ns) {
  unsigned bucket = bucket_of(ns / 1000);
  into->counts[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
  into->total++;
  if (ns > into->largest) into->largest = ns;
}

static inline double percentile_ms(const struct histogram *of, double share) {
  uint64_t wanted = (uint64_t)((double)of->total * share), seen = 0;
  for (unsigned bucket = 0; bucket < BUCKETS; bucket++)
    if ((seen += of->counts[bucket]) > wanted) return (double)middle_of(bucket) / 1000.0;
  return (double)of->largest / 1e6;
}
