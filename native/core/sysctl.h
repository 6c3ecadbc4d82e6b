#ifndef TSNET_SYSCTL_H
#define TSNET_SYSCTL_H

#include "bytes.h"
#include "error.h"

#include <stdbool.h>

/*
 * proc(5) /proc/sys: `key` is the path below it, `net/ipv4/ip_forward`; EINVAL for one that leads elsewhere. Entries below
 * `net` belong to the namespace of the thread that opens them. `own_thread` as in netns_run.
 */
int sysctl_get(int netns, bool own_thread, const char *key, struct bytes *out, struct sys_error *error);
int sysctl_set(int netns, bool own_thread, const char *key, const char *value, struct sys_error *error);

#endif
