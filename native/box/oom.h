#ifndef TSBOX_OOM_H
#define TSBOX_OOM_H

#include <stdint.h>

/*
 * How many processes of a memory cgroup the kernel has killed for want of memory so far: `oom_kill` of memory.oom_control (version 1,
 * Linux 4.13) or memory.events. A counter needs no watching, and is read after the container's end, so no kill is missed.
 */
uint64_t oom_kills(uint64_t version, const char *folder);
/* The number after `oom_kill ` at the beginning of a line; 0 when there is none. */
uint64_t oom_parse(const char *text);

#endif
