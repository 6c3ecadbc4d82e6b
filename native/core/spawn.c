#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CHILD_STACK = 32 * 1024, KERNEL_SIGSET_BYTES = 8 };

/* clone(2) by its other name: the thread sanitizer has a stand-in for `clone` that takes the child for a forked copy. */
extern int __clone(int (*main)(void *), void *stack, int flags, void *argument, ...);

/* What the child works on: memory of the parent, which waits until the child has executed the program or ended. */
struct start {
  const struct program *program;
  int ends[3];    /* the child's ends of the pipes, all above 2 */
  const char *op; /* where it stopped, why, and about which file */
  int err;
  const char *path;
};

/*
 * Raw system calls only: the memory is the parent's, and the C library's functions may change what it keeps there (so do
 * the sanitizers' versions of them). errno is that of the parent's thread, which waits.
 */
#define IN_CHILD __attribute__((no_sanitize("address", "undefined", "thread"))) static

/* Tells the parent and ends. */
IN_CHILD int stop(struct start *start, const char *op, const char *path) {
  start->op = op;
  start->err = errno;
  start->path = path;
  return (int)syscall(SYS_exit_group, 127);
}

IN_CHILD int in_child(void *argument) {
  struct start *start = argument;
  const struct program *program = start->program;
  /* All signals are blocked here, so no handler of the parent's runs; after this none is left, and none is ignored. */
  static const uint64_t nothing[8]; /* struct sigaction of the kernel: SIG_DFL, no flags; and an empty signal set */
  for (int number = 1; number < NSIG; number++)
    syscall(SYS_rt_sigaction, number, nothing, NULL, KERNEL_SIGSET_BYTES); /* EINVAL for SIGKILL and SIGSTOP */
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, nothing, NULL, KERNEL_SIGSET_BYTES);
  if (syscall(SYS_setpgid, 0, 0) < 0) return stop(start, "setpgid", program->path);
  for (int fd = 0; fd < 3; fd++)
    if (syscall(SYS_dup3, start->ends[fd], fd, 0) < 0) return stop(start, "dup3", program->path);
  int first = 3;
  if (program->keep > 0) {
    if (program->keep == first ? syscall(SYS_fcntl, first, F_SETFD, 0) < 0 : syscall(SYS_dup3, program->keep, first, 0) < 0)
      return stop(start, "dup3", program->path);
    first++;
  }
  if (syscall(SYS_close_range, first, ~0U, 0) < 0) return stop(start, "close_range", program->path);
  if (program->cwd != NULL && syscall(SYS_chdir, program->cwd) < 0) return stop(start, "chdir", program->cwd);
  syscall(SYS_execve, program->path, program->argv, program->env);
  return stop(start, "execve", program->path);
}

/*
 * CLONE_VFORK and CLONE_VM, on a stack within ours: nothing of a large process is copied, and the child's error is read
 * where it wrote it. All signals wait meanwhile: the child has our handlers until it has put them off.
 */
static int start_child(struct start *start, struct child *child, struct sys_error *error) {
  _Alignas(16) char stack[CHILD_STACK];
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before); /* of this thread alone */
  child->pid = __clone(in_child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, start, &child->pidfd);
  int err = errno;
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (child->pid < 0) return fail_with(error, "clone", err, NULL);
  if (start->op == NULL) return 0;
  while (syscall(SYS_wait4, child->pid, NULL, 0, NULL) < 0 && errno == EINTR) continue;
  close(child->pidfd);
  return fail_with(error, start->op, start->err, start->path);
}

static void heed_sigchld(void) {
  struct sigaction now;
  if (sigaction(SIGCHLD, NULL, &now) < 0) return;
  if (now.sa_handler != SIG_IGN && (now.sa_flags & SA_NOCLDWAIT) == 0) return;
  struct sigaction heeded = {.sa_handler = SIG_DFL};
  sigaction(SIGCHLD, &heeded, NULL);
}

/* Above the standard streams, which a caller may have closed: dup3 in the child must not meet its own source. */
static int lift(int *fd) {
  if (*fd > 2) return 0;
  int higher = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
  if (higher < 0) return -1;
  close(*fd);
  *fd = higher;
  return 0;
}

/* `pipe[0]` is read and `pipe[1]` written; `ours` says which end is the parent's. -1 stands for none after a failure. */
static int open_pipe(int ends[2], int ours) {
  if (pipe2(ends, O_CLOEXEC) < 0) {
    ends[0] = ends[1] = -1;
    return -1;
  }
  if (lift(&ends[0]) < 0 || lift(&ends[1]) < 0) return -1;
  return fcntl(ends[ours], F_SETFL, O_NONBLOCK);
}

static void close_if_open(int fd) {
  if (fd >= 0) close(fd);
}

int spawn(const struct program *program, struct child *child, struct sys_error *error) {
  int in[2] = {-1, -1};
  int out[2] = {-1, -1};
  int err[2] = {-1, -1};
  int result;
  heed_sigchld();
  if (open_pipe(in, 1) < 0 || open_pipe(out, 0) < 0 || open_pipe(err, 0) < 0)
    result = fail(error, "pipe2", program->path);
  else {
    struct start start = {.program = program, .ends = {in[0], out[1], err[1]}};
    result = start_child(&start, child, error);
  }
  close_if_open(in[0]);
  close_if_open(out[1]);
  close_if_open(err[1]);
  if (result < 0) {
    close_if_open(in[1]);
    close_if_open(out[0]);
    close_if_open(err[0]);
    return -1;
  }
  child->in = in[1];
  child->out = out[0];
  child->err = err[0];
  return 0;
}
