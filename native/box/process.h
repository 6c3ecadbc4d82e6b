#ifndef TSBOX_PROCESS_H
#define TSBOX_PROCESS_H

#include "config.h"

/* Becomes the configured program: the last steps of a container's first process and of an exec's, already inside. */
struct process {
  const struct config *config;
  int sync;      /* report.h */
  int stream[3]; /* standard streams; -1 is the container's /dev/null. Not looked at with a terminal */
  int terminal;  /* slave side, or -1 */
  bool first;    /* a container's first process: missing working folders are made, an init may stay behind */
};

enum { EXIT_FAILED = 125, EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127 };

/* Descriptors from here on are closed before anything of the container is looked at; `sync` is below. */
enum { SYNC_FD = 3, FIRST_UNUSED_FD = 4 };

/* Never returns: what fails is reported. */
_Noreturn void process_run(struct process *process);
/* Reports and ends. */
_Noreturn void process_fail(int sync, const struct sys_error *error, int exit_code);

#endif
