#include "init.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *arguments;
static size_t arguments_size;

void init_remember_arguments(int argc, char **argv) {
  arguments = argv[0];
  arguments_size = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) - argv[0]);
}

pid_t init_fork(bool terminal) {
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  pid_t child = fork();
  if (child != 0) return child;
  /* A group of its own, in the foreground: ^C goes to the program, once. SIGTTOU is still blocked. */
  setpgid(0, 0);
  if (terminal) tcsetpgrp(0, getpid());
  sigprocmask(SIG_SETMASK, &before, NULL);
  return 0;
}

void init_run(pid_t child) {
  static const char name[] = "tsbox-init";
  sigset_t all;
  prctl(PR_SET_NAME, name, 0, 0, 0);
  memset(arguments, 0, arguments_size);
  memcpy(arguments, name, arguments_size < sizeof name ? arguments_size : sizeof name);
  syscall(SYS_close_range, 3, ~0U, 0);
  sigfillset(&all);
  for (;;) {
    int number = sigwaitinfo(&all, NULL);
    if (number > 0 && number != SIGCHLD) {
      kill(child, number);
      continue;
    }
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
      if (pid == child) _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    if (pid < 0 && errno == ECHILD) _exit(255); /* cannot be: the program is ours until it was waited for */
  }
}
