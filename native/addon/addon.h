#ifndef TSNET_ADDON_H
#define TSNET_ADDON_H

#include "js.h"

/* One entry of native/addon.ts. */
struct function {
  const char *name;
  napi_callback call;
};

/* Each list ends with an entry without name, and stands in `all_functions` (functions.c), which ends with NULL. */
extern const struct function echo_functions[];
extern const struct function stream_functions[];
extern const struct function netns_functions[];
extern const struct function netlink_functions[];
extern const struct function sysctl_functions[];
extern const struct function file_functions[];
extern const struct function lock_functions[];
extern const struct function fileat_functions[];
extern const struct function run_functions[];
extern const struct function cgroup_functions[];
extern const struct function local_functions[];
extern const struct function tty_functions[];
extern const struct function datagram_functions[];
extern const struct function inside_functions[];
extern const struct function *const all_functions[];

#endif
