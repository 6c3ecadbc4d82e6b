#ifndef TSBOX_MONITOR_H
#define TSBOX_MONITOR_H

#include "clients.h"
#include "config.h"
#include "log.h"
#include "restart.h"
#include "state.h"
#include "streams.h"

/* One container, or one process of an exec, with everything its monitor has of it. */
struct monitor {
  struct config config;
  bool is_exec;
  int dir;       /* the state folder */
  int parent;    /* of an exec: the folder that its own, `name`, is in */
  const char *name;
  int container; /* of an exec: pidfd of the container's first process; else -1 */
  int lock;      /* held as long as we live; -1 for an exec */
  int answer;    /* the launcher waits for a line here; -1 when it has it */
  int signals;   /* signalfd(2) */

  int sync;      /* report.h; -1 when the program runs or there is none */
  bool going;    /* it was told to execute its program */
  int pidfd;     /* of an adopted container; -1 when it is our child */
  struct state state;
  struct streams streams;
  struct clients clients;
  struct log log;
  struct restart restart;
  int stop_signal;
  uint64_t stop_timeout_ms;
  uint64_t oom_before; /* the counter when the run began */

  struct client *starter; /* waits for the answer to START */
  int64_t kill_at;        /* monotonic ms: when SIGKILL follows; 0 never */
  int64_t restart_at;     /* the same for the next run; 0 none */
  int64_t unused_until;   /* an exec without any client goes then; 0 when there was one */
  int64_t hung_until;     /* the terminal's other side is closed: looked at again then */
  bool ended;             /* for good */
};

/* Milliseconds of the monotonic clock. */
int64_t monotonic_ms(void);

/*
 * Makes the process up to, not including, its program, and returns when it is there (start.c). On failure nothing of it is left, and
 * the state has why.
 */
int monitor_make(struct monitor *monitor);
/* Lets it execute its program; -1 when it is not there, or was told so before. */
int monitor_go(struct monitor *monitor);
/* There is something from the process after that: 0 when it is yet undecided, 1 when it runs or has failed (see the state). */
int monitor_started(struct monitor *monitor);

/* One frame of a client (requests.c). */
void monitor_request(struct monitor *monitor, struct client *client, uint32_t type, const uint8_t *payload, uint32_t length);
/* A client is about to be removed. */
void monitor_client_gone(struct monitor *monitor, struct client *client);
/* A signal to the first process. */
int monitor_signal(struct monitor *monitor, int number);
/* Stop it: signal, later SIGKILL. Before START it is SIGKILL at once. */
void monitor_stop(struct monitor *monitor, int number, uint64_t timeout_ms);

/* Reads what the container has written; true when there was something (monitor.c). */
bool monitor_read_output(struct monitor *monitor, int stream);
/* Answers START when it is decided. */
void monitor_answer_start(struct monitor *monitor);
/* Its process has ended: `status` as of wait(2), -1 when nobody knows (ending.c). */
void monitor_ended(struct monitor *monitor, int status);
/* The time for the next run has come. */
void monitor_restart(struct monitor *monitor);
/* The end, for good, with what the state says. */
void monitor_finish(struct monitor *monitor);

/* Serves until the end, for good. */
void monitor_run(struct monitor *monitor);

/* Writes the files that say how it stands. */
void monitor_write_state(struct monitor *monitor);

#endif
