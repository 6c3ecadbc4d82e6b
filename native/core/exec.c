#include "exec.h"

#include "netns.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

struct call {
  const char *path;
  char *const *argv;
  char *const *env;
  const char *cwd;
};

static int become(void *argument, struct sys_error *error) {
  const struct call *call = argument;
  if (call->cwd != NULL && chdir(call->cwd) < 0) return fail(error, "chdir", call->cwd);
  /* On close, not closed: if the program cannot be executed this one goes on. */
  if (syscall(SYS_close_range, 3, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) < 0)
    for (int fd = 3; fd < 1024; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
  struct sigaction before[NSIG];
  struct sigaction usual = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++) sigaction(number, &usual, &before[number]);
  sigset_t none;
  sigset_t mask;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, &mask);
  execve(call->path, call->argv, call->env);
  int result = fail(error, "execve", call->path);
  sigprocmask(SIG_SETMASK, &mask, NULL);
  for (int number = 1; number < NSIG; number++) sigaction(number, &before[number], NULL);
  return result;
}

int exec_in(int netns, const char *path, char *const *argv, char *const *env, const char *cwd, struct sys_error *error) {
  struct call call = {.path = path, .argv = argv, .env = env, .cwd = cwd};
  return netns_run(netns, false, become, &call, error);
}
