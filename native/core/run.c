#include "run.h"

#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
  QUIET_MS = 100,       /* after the exit, for what others still write */
  KILLED_MS = 2 * 1000, /* for a killed program to end: one in uninterruptible sleep may not */
  READ_ROOM = 4096,
};

struct job {
  struct child child; /* descriptors are -1 once closed */
  const uint8_t *input;
  size_t left;
  size_t max_output;
  bool exited;
  struct run_result *result;
};

static void close_end(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static void feed(struct job *job) {
  while (job->left > 0) {
    ssize_t put = write(job->child.in, job->input, job->left);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) return;
    if (put < 0) break; /* EPIPE: it does not want the rest */
    job->input += put;
    job->left -= (size_t)put;
  }
  close_end(&job->child.in);
}

/* Reads what is there. -1 without memory. */
static int drain(struct job *job, int *fd, struct bytes *out) {
  const struct run_result *result = job->result;
  while (result->out.length + result->err.length <= job->max_output) {
    if (bytes_reserve(out, READ_ROOM) < 0) return -1;
    ssize_t got = read(*fd, out->data + out->length, out->capacity - out->length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return 0;
    if (got <= 0) {
      close_end(fd);
      return 0;
    }
    out->length += (size_t)got;
  }
  return 0;
}

/* Everything until it is over, or has to be stopped. */
static int converse(struct job *job, deadline_t limit, struct sys_error *error) {
  struct child *child = &job->child;
  struct run_result *result = job->result;
  deadline_t quiet = DEADLINE_NEVER;
  while (!job->exited || child->out >= 0 || child->err >= 0) {
    /* poll(2) passes over negative descriptors. */
    struct pollfd set[] = {
        {.fd = child->in, .events = POLLOUT},
        {.fd = child->out, .events = POLLIN},
        {.fd = child->err, .events = POLLIN},
        {.fd = job->exited ? -1 : child->pidfd, .events = POLLIN},
    };
    int ready = poll(set, sizeof set / sizeof set[0], deadline_poll_ms(quiet < limit ? quiet : limit));
    if (ready < 0 && errno != EINTR) return fail(error, "poll", NULL);
    if (ready <= 0) {
      if (deadline_left(quiet) == 0) return 0;
      if (deadline_left(limit) == 0) {
        result->stop = RUN_TIMEOUT;
        return 0;
      }
      continue;
    }
    if (set[0].revents != 0) feed(job);
    if (set[1].revents != 0 && drain(job, &child->out, &result->out) < 0) return fail(error, "realloc", NULL);
    if (set[2].revents != 0 && drain(job, &child->err, &result->err) < 0) return fail(error, "realloc", NULL);
    if (result->out.length + result->err.length > job->max_output) {
      result->stop = RUN_OUTPUT;
      return 0;
    }
    if (set[3].revents != 0) job->exited = true;
    if (job->exited) quiet = deadline_in(QUIET_MS);
  }
  return 0;
}

/* The program and all of its process group; not yet waited for, so the number is still its own. */
static void kill_all(struct job *job) {
  kill(-job->child.pid, SIGKILL);
  kill(job->child.pid, SIGKILL); /* should it have left the group */
  if (job->exited) return;
  struct pollfd set = {.fd = job->child.pidfd, .events = POLLIN};
  deadline_t deadline = deadline_in(KILLED_MS);
  while (poll(&set, 1, deadline_poll_ms(deadline)) < 0 && errno == EINTR) continue;
}

/* Takes the exit status. By number: it is nobody else's child, and nobody has waited for it. */
static void reap(const struct job *job) {
  int status;
  pid_t pid;
  do pid = waitpid(job->child.pid, &status, WNOHANG);
  while (pid < 0 && errno == EINTR);
  job->result->exit_code = pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  job->result->signal = pid > 0 ? WIFSIGNALED(status) ? WTERMSIG(status) : 0 : -1;
}

int run(const struct program *program, const uint8_t *input, size_t length, int64_t timeout_ms, size_t max_output,
        struct run_result *result, struct sys_error *error) {
  *result = (struct run_result){0};
  deadline_t limit = deadline_in(timeout_ms);
  struct job job = {.input = input, .left = length, .max_output = max_output, .result = result};
  if (spawn(program, &job.child, error) < 0) return -1;
  int outcome = converse(&job, limit, error);
  if (outcome < 0 || result->stop != RUN_NOT_STOPPED) kill_all(&job);
  reap(&job);
  close_end(&job.child.in);
  close_end(&job.child.out);
  close_end(&job.child.err);
  close_end(&job.child.pidfd);
  return outcome;
}

void run_free(struct run_result *result) {
  bytes_free(&result->out);
  bytes_free(&result->err);
}
