#ifndef TSNET_SPAWN_H
#define TSNET_SPAWN_H

#include "error.h"

#include <sys/types.h>

struct program {
  const char *path;  /* absolute, or relative to `cwd` */
  char *const *argv; /* ends with NULL, as does `env` */
  char *const *env;
  const char *cwd; /* NULL is the caller's */
  int keep;        /* a descriptor it has as number 3, such as a lock that is to be held until it ends; 0 for none */
};

struct child {
  pid_t pid;
  int pidfd; /* readable once it has exited */
  int in;    /* our ends of the pipes, non-blocking */
  int out;
  int err;
};

/*
 * Starts a program whose standard streams are pipes and which inherits no other descriptor but `keep`, no ignored signal and no signal
 * mask. It leads a process group of its own. Errors before and of execve(2) are ours (op "execve", "chdir", "pipe2" …).
 * A process that ignores SIGCHLD, which its own starter may have left to it, stops doing so: its children's exit status
 * would be lost (wait(2), NOTES).
 */
int spawn(const struct program *program, struct child *child, struct sys_error *error);

#endif
