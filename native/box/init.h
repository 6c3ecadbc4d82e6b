#ifndef TSBOX_INIT_H
#define TSBOX_INIT_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The built-in init (`--init`), process 1 of the container: passes every signal on to the program, reaps what others leave, ends with
 * the program's exit code. Signals are blocked before the fork, so that none is lost; the child has them as before.
 */
pid_t init_fork(bool terminal);
_Noreturn void init_run(pid_t child);

/* Remembers where the arguments are, so that process 1 does not show the host's paths in them. */
void init_remember_arguments(int argc, char **argv);

#endif
