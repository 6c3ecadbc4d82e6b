/* The end of a run: exit code, record, and whether there is another. */
#include "monitor.h"

#include "oom.h"
#include "process.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_LOST = 255, BIT_OOM = 1, BIT_LOST = 2, BIT_RESTART = 4 };

/* What the container has written and nobody has read yet. Processes outside of its pid namespace may go on writing: not for ever. */
static void drain(struct monitor *monitor) {
  for (int stream = 0; stream < 2; stream++)
    for (int i = 0; i < 64 && monitor_read_output(monitor, stream); i++) continue;
  log_flush(&monitor->log, now_ns());
}

static void say_exit(struct monitor *monitor, bool restarts) {
  const struct state *state = &monitor->state;
  uint32_t bits = (state->oom_kills > 0 ? BIT_OOM : 0) | (state->lost ? BIT_LOST : 0) | (restarts ? BIT_RESTART : 0);
  clients_exit(&monitor->clients, (uint32_t)state->exit_code, (uint32_t)state->signal, bits);
}

/* Started by the monitor and outliving it; nobody waits for it. */
static void run_at_end(struct monitor *monitor) {
  if (config_text(&monitor->config, TAG_END_ARG, NULL) == NULL) return;
  bool only_alone = config_number(&monitor->config, TAG_OPTIONS, 0) & OPTION_END_IF_ALONE;
  if (only_alone && clients_attached(&monitor->clients, ATTACH_LOSSLESS) > 0) return; /* that one does it */
  char **argv = config_list(&monitor->config, TAG_END_ARG), **env = config_list(&monitor->config, TAG_END_ENV);
  if (argv == NULL || env == NULL || fork() != 0) return;
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigset_t none;
  sigaction(SIGPIPE, &action, NULL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  execve(argv[0], argv, env);
  _exit(EXIT_FAILED);
}

/* An exec leaves nothing. */
static void remove_files(struct monitor *monitor) {
  streams_remove(monitor->dir);
  unlinkat(monitor->dir, "state.json", 0);
  unlinkat(monitor->parent, monitor->name, AT_REMOVEDIR);
}

/* Onto the disk. */
static void sync_file(const char *path) {
  int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

void monitor_finish(struct monitor *monitor) {
  const char *record = config_text(&monitor->config, TAG_RECORD, NULL);
  struct sys_error error;
  monitor->state.status = STATUS_EXITED;
  monitor->restart_at = monitor->kill_at = 0;
  streams_close(&monitor->streams);
  log_close(&monitor->log);
  clients_stop_listening(&monitor->clients, monitor->dir);
  state_write_pid(&monitor->state, monitor->dir, &error);
  if (monitor->is_exec) remove_files(monitor);
  else monitor_write_state(monitor);
  /* Whoever hears of the end may make the next container of this name at once. */
  if (monitor->lock >= 0) close(monitor->lock);
  monitor->lock = -1;
  say_exit(monitor, false);
  for (size_t i = 0; i < monitor->clients.count; i++) client_write(monitor->clients.client[i]);
  sync_file(record); /* once nobody waits for it any more */
  run_at_end(monitor);
  monitor->ended = true;
}

static void read_status(struct monitor *monitor, int status) {
  struct state *state = &monitor->state;
  struct record record;
  if (status < 0) {
    state->lost = true;
    state->exit_code = EXIT_LOST;
  } else if (WIFSIGNALED(status)) {
    state->signal = WTERMSIG(status);
    state->exit_code = 128 + state->signal;
  } else {
    state->exit_code = WEXITSTATUS(status);
  }
  if (state->status != STATUS_RUNNING && state->failure != NULL) state->exit_code = state->failure->exit_code;
  state->finished_ns = now_ns();
  state->pid = 0;
  state->starttime = 0;
  if (!config_get(&monitor->config, TAG_OOM, &record)) return;
  uint64_t kills = oom_kills(record.scalar[0], record.string[0]);
  state->oom_kills = kills > monitor->oom_before ? kills - monitor->oom_before : 0;
}

void monitor_ended(struct monitor *monitor, int status) {
  struct state *state = &monitor->state;
  struct sys_error error;
  while (monitor->going && monitor->sync >= 0)
    if (monitor_started(monitor) == 1) monitor_answer_start(monitor);
  if (monitor->sync >= 0) close(monitor->sync);
  monitor->sync = -1;
  monitor->kill_at = 0;
  drain(monitor);
  bool ran = state->status == STATUS_RUNNING;
  read_status(monitor, status);
  int64_t run_ms = (state->finished_ns - state->started_ns) / 1000000;
  int64_t delay = ran && !monitor->is_exec ? restart_after(&monitor->restart, state->exit_code, run_ms, state->manual_stop) : -1;
  if (delay < 0) {
    monitor_finish(monitor);
    return;
  }
  state->status = STATUS_RESTARTING;
  state->restarts = monitor->restart.count;
  monitor->restart_at = monotonic_ms() + delay;
  streams_close(&monitor->streams);
  state_write_pid(state, monitor->dir, &error);
  monitor_write_state(monitor);
  say_exit(monitor, true);
}

void monitor_restart(struct monitor *monitor) {
  monitor->restart_at = 0;
  monitor->state.lost = false;
  if (monitor->pidfd >= 0) close(monitor->pidfd);
  monitor->pidfd = -1;
  if (monitor_make(monitor) == 0 && monitor_go(monitor) == 0) return;
  if (monitor->state.pid > 0) return; /* it ended meanwhile: its end is on its way */
  monitor->state.exit_code = monitor->state.failure != NULL ? monitor->state.failure->exit_code : EXIT_FAILED;
  monitor->state.finished_ns = now_ns();
  monitor_finish(monitor);
}
