#ifndef TSNET_EXEC_H
#define TSNET_EXEC_H

#include "error.h"

/*
 * Becomes another program, in a network namespace: setns(2), chdir(2) unless `cwd` is NULL, execve(2) with signals as they are at
 * the start of a program. Standard streams and the process ID stay; every other descriptor is closed. Returns only on failure;
 * the calling thread is back in its namespace then.
 */
int exec_in(int netns, const char *path, char *const *argv, char *const *env, const char *cwd, struct sys_error *error);

#endif
