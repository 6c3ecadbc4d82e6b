#ifndef TSNET_RUN_H
#define TSNET_RUN_H

#include "bytes.h"
#include "error.h"
#include "spawn.h"

#include <stdint.h>

enum run_stop { RUN_NOT_STOPPED, RUN_TIMEOUT, RUN_OUTPUT };

struct run_result {
  struct bytes out;
  struct bytes err;
  int exit_code; /* -1 when a signal ended it */
  int signal;    /* 0 when it exited; -1 when it is not known (a killed program that did not end in time) */
  enum run_stop stop; /* why we killed it */
};

/*
 * Runs a program to its end: writes `input` to its stdin (a program that does not read it is fine) and collects both
 * outputs, `max_output` bytes together. It is over when it has exited and both outputs are closed, or nothing came for
 * 100 ms after it exited: a daemon it left behind may hold them. After `timeout_ms` (-1 waits for ever) or with too much
 * output its process group is killed; what came until then is there. `run_free` afterwards, also after an error. SIGPIPE is
 * the caller's business, as in stream.h.
 */
int run(const struct program *program, const uint8_t *input, size_t length, int64_t timeout_ms, size_t max_output,
        struct run_result *result, struct sys_error *error);
void run_free(struct run_result *result);

#endif
