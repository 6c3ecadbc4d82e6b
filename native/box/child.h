#ifndef TSBOX_CHILD_H
#define TSBOX_CHILD_H

#include "config.h"

#include <sys/types.h>

/* What a new process gets from its monitor. `sync` and `stream` are open descriptors; everything else is closed in it. */
struct child {
  const struct config *config;
  int sync;      /* its end of report.h */
  int stream[3]; /* -1: none. Not looked at with a terminal */
  int container; /* of an exec: pidfd of the container's first process; else -1 */
};

/* clone3(2): the namespaces of the configuration that are new. The child does not return. */
pid_t child_make(const struct child *child, struct sys_error *error);
/*
 * For an exec: makes a process that enters the container and leaves a child of the caller's in it, whose pid it reports
 * (REPORT_PID). It ends itself.
 */
pid_t child_make_inside(const struct child *child, struct sys_error *error);

#endif
