#include "state.h"

#include "json.h"
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

const char *status_name(enum status status) {
  static const char *const names[] = {"created", "running", "restarting", "exited"};
  return names[status];
}

void state_warn(struct state *state, const struct sys_error *error) {
  char text[ERROR_TEXT];
  error_message(error, text, sizeof text);
  text[512] = '\0'; /* an answer has at most 8 KiB */
  for (int i = 0; i < MAX_WARNINGS; i++) {
    if (state->warnings[i] == NULL) {
      state->warnings[i] = strdup(text);
      return;
    }
    if (strcmp(state->warnings[i], text) == 0) return;
  }
}

void state_fail(struct state *state, const struct sys_error *error, int exit_code) {
  if (state->failure == NULL) state->failure = malloc(sizeof *state->failure);
  if (state->failure == NULL) return;
  struct failure *failure = state->failure;
  failure->is = true;
  failure->exit_code = exit_code;
  failure->err = error->err;
  snprintf(failure->op, sizeof failure->op, "%s", error->op);
  memcpy(failure->path, error->path, sizeof failure->path);
  error_message(error, failure->message, sizeof failure->message);
  failure->path[1024] = failure->message[1200] = '\0'; /* the same */
}

void state_clear(struct state *state) {
  for (int i = 0; i < MAX_WARNINGS; i++) {
    free(state->warnings[i]);
    state->warnings[i] = NULL;
  }
  free(state->failure);
  state->failure = NULL;
}

static void add_warnings(const struct state *state, struct bytes *out) {
  json_name(out, "warnings");
  json_add(out, "[");
  for (int i = 0; i < MAX_WARNINGS && state->warnings[i] != NULL; i++) {
    if (i > 0) json_add(out, ",");
    json_add_string(out, state->warnings[i], strlen(state->warnings[i]));
  }
  json_add(out, "]");
}

static void add_failure(const struct failure *failure, struct bytes *out) {
  json_number(out, "exitCode", failure->exit_code);
  json_text(out, "op", failure->op);
  json_number(out, "errno", failure->err);
  json_text(out, "code", errname(failure->err));
  json_text(out, "path", failure->path);
  json_text(out, "message", failure->message);
}

static void add_time(struct bytes *out, const char *name, int64_t ns) {
  char time[TIME_SIZE];
  json_time(ns, time);
  json_text(out, name, time);
}

static void state_json(const struct state *state, struct bytes *out) {
  char boot[64];
  if (!proc_read("/proc/sys/kernel/random/boot_id", boot, sizeof boot)) boot[0] = '\0';
  json_add(out, "{");
  json_number(out, "version", 1);
  json_text(out, "status", status_name(state->status));
  json_number(out, "pid", state->pid);
  json_number(out, "starttime", (int64_t)state->starttime);
  json_number(out, "monitorPid", getpid());
  json_number(out, "monitorStarttime", (int64_t)proc_starttime(getpid()));
  json_text(out, "bootId", boot);
  add_time(out, "createdAt", state->created_ns);
  add_time(out, "startedAt", state->started_ns);
  add_time(out, "finishedAt", state->finished_ns);
  json_number(out, "exitCode", state->exit_code);
  json_number(out, "signal", state->signal);
  json_bool(out, "oomKilled", state->oom_kills > 0);
  json_number(out, "oomKills", (int64_t)state->oom_kills);
  json_bool(out, "lost", state->lost);
  json_bool(out, "manualStop", state->manual_stop);
  json_number(out, "restartCount", state->restarts);
  json_name(out, "error");
  if (state->failure == NULL) {
    json_add(out, "null");
  } else {
    json_add(out, "{");
    add_failure(state->failure, out);
    json_add(out, "}");
  }
  json_number(out, "logDropped", (int64_t)state->log_dropped);
  add_warnings(state, out);
  json_add(out, "}\n");
}

/* Beside it under a name of ours, then renamed. */
static int write_whole(int dir, const char *path, const void *data, size_t length, struct sys_error *error) {
  char beside[PATH_MAX];
  if ((size_t)snprintf(beside, sizeof beside, "%s.new", path) >= sizeof beside)
    return fail_with(error, "open", ENAMETOOLONG, path);
  int fd = openat(dir, beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return fail(error, "open", beside);
  ssize_t put = write(fd, data, length);
  int result = 0;
  if (put != (ssize_t)length) {
    if (put >= 0) errno = ENOSPC;
    result = fail(error, "write", path);
  }
  close(fd);
  if (result == 0 && renameat(dir, beside, dir, path) < 0) result = fail(error, "rename", path);
  if (result < 0) unlinkat(dir, beside, 0);
  return result;
}

int state_write_file(int dir, const char *name, const void *data, size_t length, struct sys_error *error) {
  return write_whole(dir, name, data, length, error);
}

void state_write(const struct state *state, int dir, const char *record) {
  struct bytes out = {0};
  struct sys_error error;
  state_json(state, &out);
  write_whole(dir, "state.json", out.data, out.length, &error);
  /* Nobody to tell: what the record says then is from before, and its pid and boot say that it is old. */
  if (record != NULL) write_whole(AT_FDCWD, record, out.data, out.length, &error);
  bytes_free(&out);
}

int state_write_pid(const struct state *state, int dir, struct sys_error *error) {
  char text[96];
  if (state->pid == 0 && state->status != STATUS_RESTARTING) {
    unlinkat(dir, "pid", 0);
    return 0;
  }
  int length = snprintf(text, sizeof text, "%d %llu %u %lld\n", state->pid, (unsigned long long)state->starttime,
                        state->restarts, (long long)state->started_ns);
  return write_whole(dir, "pid", text, (size_t)length, error);
}

bool state_read_pid(struct state *state, int dir) {
  char text[96];
  int fd = openat(dir, "pid", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return false;
  ssize_t got = read(fd, text, sizeof text - 1);
  close(fd);
  if (got <= 0) return false;
  text[got] = '\0';
  unsigned long long starttime;
  long long started;
  if (sscanf(text, "%d %llu %u %lld", &state->pid, &starttime, &state->restarts, &started) != 4 || state->pid < 0) {
    state->pid = 0;
    return false;
  }
  state->starttime = starttime;
  state->started_ns = started;
  return true;
}

void answer_ok(const struct state *state, struct bytes *out) {
  json_add(out, "{");
  json_bool(out, "ok", true);
  json_number(out, "pid", state->pid);
  json_number(out, "starttime", (int64_t)state->starttime);
  json_number(out, "monitorPid", getpid());
  json_text(out, "status", status_name(state->status));
  add_warnings(state, out);
  json_add(out, "}\n");
}

void answer_failure(const struct state *state, struct bytes *out) {
  json_add(out, "{");
  json_bool(out, "ok", false);
  if (state->failure != NULL) add_failure(state->failure, out);
  add_warnings(state, out);
  json_add(out, "}\n");
}
