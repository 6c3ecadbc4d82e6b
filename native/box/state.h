#ifndef TSBOX_STATE_H
#define TSBOX_STATE_H

#include "bytes.h"
#include "error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What a monitor knows, and the files that say so (README.md, "Files"). */

enum status { STATUS_CREATED, STATUS_RUNNING, STATUS_RESTARTING, STATUS_EXITED };

enum { MAX_WARNINGS = 8, ERROR_TEXT = 4608 };

struct failure {
  bool is;
  int exit_code;
  int err;
  char op[32];
  char path[PATH_MAX];
  char message[ERROR_TEXT];
};

struct state {
  enum status status;
  pid_t pid;
  uint64_t starttime;
  int64_t created_ns, started_ns, finished_ns;
  int exit_code, signal;
  uint64_t oom_kills;
  bool lost, manual_stop;
  unsigned restarts;
  struct failure *failure; /* allocated when there is one */
  uint64_t log_dropped;
  char *warnings[MAX_WARNINGS];
};

int64_t now_ns(void);
const char *status_name(enum status status);

void state_warn(struct state *state, const struct sys_error *error);
void state_fail(struct state *state, const struct sys_error *error, int exit_code);
void state_clear(struct state *state); /* warnings and failure */

/* Writes `state.json` into the folder, and its copy to `record` (NULL: none). */
void state_write(const struct state *state, int dir, const char *record);
/* Writes `pid`, or removes it when there is no process; between two runs it has the pid 0. */
int state_write_pid(const struct state *state, int dir, struct sys_error *error);
/* Reads `pid`; false when there is none or it is not ours. */
bool state_read_pid(struct state *state, int dir);

/* A file in the folder, whole or not at all. */
int state_write_file(int dir, const char *name, const void *data, size_t length, struct sys_error *error);

/* The launcher's line. */
void answer_ok(const struct state *state, struct bytes *out);
void answer_failure(const struct state *state, struct bytes *out);

#endif
