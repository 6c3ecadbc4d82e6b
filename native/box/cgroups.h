#ifndef TSBOX_CGROUPS_H
#define TSBOX_CGROUPS_H

#include "config.h"

/*
 * Joining cgroups without waiting. A write of another process's pid to cgroup.procs first waits until no process of the machine forks
 * or ends (5 to 16 ms were measured); a process with one thread that writes itself to version 1's `tasks` does not
 * wait, nor does one that is born in a version 2 group (clone3(2), CLONE_INTO_CGROUP).
 */

/* The first group of version 2 among those of a kind: its folder, CLOEXEC, and in `*index` which record it is. -1 when there is none. */
int cgroups_open_v2(const struct config *config, enum tag tag, int *index);
/* Moves the calling process, which must have one thread, into all of a kind but record `except` (-1: into all). */
int cgroups_join(const struct config *config, enum tag tag, int except, struct sys_error *error);

#endif
