#include "clock.h"

#include <limits.h>
#include <time.h>

enum { NS_PER_MS = 1000000 };

int64_t clock_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

deadline_t deadline_in(int64_t timeout_ms) {
  if (timeout_ms < 0) return DEADLINE_NEVER;
  int64_t now = clock_now();
  return timeout_ms > (DEADLINE_NEVER - 1 - now) / NS_PER_MS ? DEADLINE_NEVER - 1 : now + timeout_ms * NS_PER_MS;
}

int64_t deadline_left(deadline_t deadline) {
  if (deadline == DEADLINE_NEVER) return INT64_MAX;
  int64_t left = deadline - clock_now();
  return left > 0 ? left : 0;
}

int deadline_poll_ms(deadline_t deadline) {
  if (deadline == DEADLINE_NEVER) return -1;
  int64_t ms = (deadline_left(deadline) + NS_PER_MS - 1) / NS_PER_MS;
  return ms > INT_MAX ? INT_MAX : (int)ms;
}
