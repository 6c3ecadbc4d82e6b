#ifndef TSNET_CLOCK_H
#define TSNET_CLOCK_H

#include <stdint.h>

/* A point on CLOCK_MONOTONIC in nanoseconds after which an operation gives up; DEADLINE_NEVER waits for ever. */
typedef int64_t deadline_t;

#define DEADLINE_NEVER INT64_MAX

int64_t clock_now(void);
/* `timeout_ms` from now; negative is DEADLINE_NEVER. */
deadline_t deadline_in(int64_t timeout_ms);
/* Nanoseconds left, 0 when it is over. */
int64_t deadline_left(deadline_t deadline);
/* The same for poll(2): milliseconds, rounded up, -1 for ever. */
int deadline_poll_ms(deadline_t deadline);

#endif
