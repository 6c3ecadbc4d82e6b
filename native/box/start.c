/* Making the process, and the conversation until its program runs. */
#include "monitor.h"

#include "child.h"
#include "oom.h"
#include "proc.h"
#include "process.h"
#include "report.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void wait_for(pid_t pid) {
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
}

/* What was made, and waits for its end, so that its namespaces and mounts are gone. Of an exec there may be two processes. */
static void kill_all(struct monitor *monitor, pid_t first) {
  pid_t inside = monitor->state.pid;
  kill(first, SIGKILL);
  if (inside > 0 && inside != first) {
    kill(inside, SIGKILL);
    wait_for(inside);
  }
  wait_for(first);
  monitor->state.pid = 0;
  monitor->state.starttime = 0;
}

/*
 * The other end of `sync` is with a process that is half inside a container already, so what comes is not believed: a pid must be
 * that of a child of ours, whoever sends it.
 */
static bool is_child(pid_t pid) {
  siginfo_t info;
  return pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

static void take_terminal(struct monitor *monitor, int master) {
  bool wanted = config_number(&monitor->config, TAG_OPTIONS, 0) & OPTION_TERMINAL;
  if (master < 0) return;
  if (wanted && !monitor->streams.terminal && isatty(master)) streams_take_terminal(&monitor->streams, master);
  else close(master);
}

/* The conversation until REPORT_CREATED. What the process says about its failure goes into the state at once. */
static int wait_until_made(struct monitor *monitor, struct sys_error *error) {
  for (;;) {
    struct report report;
    int got = report_receive(monitor->sync, &report);
    if (got < 0) return fail(error, "recvmsg", NULL);
    if (got == 0) return fail_with(error, "create", ECHILD, "the process ended while it was made");
    switch (report.kind) {
      case REPORT_CREATED:
        return monitor->state.pid > 0 ? 0 : fail_with(error, "create", ESRCH, NULL);
      case REPORT_FAILED:
        state_fail(&monitor->state, &report.error, report.exit_code);
        return -1;
      case REPORT_WARNING:
        state_warn(&monitor->state, &report.error);
        break;
      case REPORT_TERMINAL:
        take_terminal(monitor, report.fd);
        break;
      case REPORT_PID:
        if (monitor->is_exec && monitor->state.pid == 0 && is_child(report.exit_code)) monitor->state.pid = report.exit_code;
        break;
    }
  }
}

static int converse(struct monitor *monitor, struct sys_error *error) {
  if (wait_until_made(monitor, error) < 0) return -1;
  monitor->state.starttime = proc_starttime(monitor->state.pid);
  return state_write_pid(&monitor->state, monitor->dir, error);
}

static int make(struct monitor *monitor, struct sys_error *error) {
  uint64_t options = config_number(&monitor->config, TAG_OPTIONS, 0);
  struct child child = {.config = &monitor->config, .stream = {-1, -1, -1}, .container = monitor->container};
  int pair[2];
  pid_t first = -1;
  if (!(options & OPTION_TERMINAL) &&
      streams_make(&monitor->streams, monitor->dir, options & OPTION_STDIN, child.stream, error) < 0)
    return -1;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
    fail(error, "socketpair", NULL);
  } else {
    monitor->sync = pair[0];
    child.sync = pair[1];
    first = monitor->is_exec ? child_make_inside(&child, error) : child_make(&child, error);
    close(pair[1]);
  }
  for (int i = 0; i < 3; i++)
    if (child.stream[i] >= 0) close(child.stream[i]);
  if (first < 0) return -1;
  if (!monitor->is_exec) monitor->state.pid = first;
  if (converse(monitor, error) == 0) return 0;
  kill_all(monitor, first);
  return -1;
}

int monitor_make(struct monitor *monitor) {
  struct sys_error error;
  struct record record;
  struct state *state = &monitor->state;
  state_clear(state);
  state->status = STATUS_CREATED;
  state->started_ns = state->finished_ns = 0;
  state->exit_code = state->signal = 0;
  state->oom_kills = 0;
  if (config_get(&monitor->config, TAG_OOM, &record)) monitor->oom_before = oom_kills(record.scalar[0], record.string[0]);
  if (make(monitor, &error) == 0) return 0;
  if (state->failure == NULL) state_fail(state, &error, EXIT_FAILED);
  if (monitor->sync >= 0) close(monitor->sync);
  monitor->sync = -1;
  streams_close(&monitor->streams);
  streams_remove(monitor->dir);
  return -1;
}

int monitor_go(struct monitor *monitor) {
  if (monitor->sync < 0 || monitor->going || !report_go(monitor->sync)) return -1;
  monitor->going = true;
  return 0;
}

int monitor_started(struct monitor *monitor) {
  struct report report;
  struct sys_error error;
  int got = report_receive(monitor->sync, &report);
  if (got > 0 && report.kind == REPORT_WARNING) {
    state_warn(&monitor->state, &report.error);
    return 0;
  }
  close(monitor->sync);
  monitor->sync = -1;
  monitor->going = false;
  if (got > 0 && report.kind == REPORT_FAILED) {
    state_fail(&monitor->state, &report.error, report.exit_code);
    return 1;
  }
  monitor->state.status = STATUS_RUNNING;
  monitor->state.started_ns = now_ns();
  state_write_pid(&monitor->state, monitor->dir, &error);
  monitor_write_state(monitor);
  return 1;
}
