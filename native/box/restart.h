#ifndef TSBOX_RESTART_H
#define TSBOX_RESTART_H

#include <stdbool.h>
#include <stdint.h>

/* When a container is started again: 100 ms after its end, doubled each time up to a minute, anew after a run of 10 s. Pure. */
struct restart {
  uint64_t policy; /* RESTART_* of config.h */
  uint64_t max;    /* for on-failure; 0 is without limit */
  unsigned count;  /* restarts so far */
  int64_t delay_ms;
};

/* A run has ended: how long to wait before the next, -1 when there is none. */
int64_t restart_after(struct restart *restart, int exit_code, int64_t run_ms, bool manual_stop);

#endif
