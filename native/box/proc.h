#ifndef TSBOX_PROC_H
#define TSBOX_PROC_H

#include "error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Field 22 of /proc/PID/stat, in clock ticks since boot; 0 when there is no such process. With the pid it names it for good. */
uint64_t proc_starttime(pid_t pid);
/* The starttime in the text of such a file; 0 when it is none. The second field may hold anything, also `) R 1`. */
uint64_t proc_parse_starttime(const char *stat);

/* The first `size - 1` bytes of a small file, without its last newline. */
bool proc_read(const char *path, char *out, size_t size);
/* Writes a text to a file of a kernel's file system (cgroup.procs, oom_score_adj). */
int proc_write(const char *path, const char *text, struct sys_error *error);

#endif
