#ifndef TSNET_LAUNCHER_ENVIRONMENT_H
#define TSNET_LAUNCHER_ENVIRONMENT_H

#include "text.h"

/*
 * What of the environment reaches the runtime. Dropped is what would change how it works: it runs as root, and called by a
 * plugin's caller it must behave the same whatever shell that caller came from. The names are those found in the
 * executable of Bun 1.4.5 (`strings`). Everything else stays, since delegates inherit it.
 */

static const char *const dropped_prefixes[] = {
    "BUN_",      /* BUN_OPTIONS, BUN_BE_BUN, BUN_INSPECT*, BUN_JSC_*, … */
    "JSC_",      /* JavaScriptCore's options */
    "WTF_",      /* its base library */
    "MIMALLOC_", /* the allocator */
    "UV_",       /* thread pool */
    "TSNET_",    /* ours: only the launcher sets them */
};

/* By name, not by prefix: NODE_NAME and others of that kind belong to Kubernetes and to delegates. */
static const char *const dropped_names[] = {
    "NODE_OPTIONS=",
    "NODE_PATH=",
    "NODE_ENV=",
    "NODE_DEBUG=",
    "NODE_DEBUG_NATIVE=",
    "NODE_NO_WARNINGS=",
    "NODE_PENDING_DEPRECATION=",
    "NODE_REDIRECT_WARNINGS=",
    "NODE_PRESERVE_SYMLINKS=",
    "NODE_PRESERVE_SYMLINKS_MAIN=",
    "NODE_COMPILE_CACHE=",
    "NODE_COMPILE_CACHE_PORTABLE=",
    "NODE_DISABLE_COMPILE_CACHE=",
    "NODE_V8_COVERAGE=",
    "NODE_CHANNEL_FD=", /* an IPC socket to a Node parent: Bun would read that descriptor */
    "NODE_CHANNEL_SERIALIZATION_MODE=",
    "NODE_UNIQUE_ID=", /* cluster worker */
    "NODE_CLUSTER_SCHED_POLICY=",
    "NODE_TEST_CONTEXT=",
    "NODE_TEST_WORKER_ID=",
};

static inline bool environment_keeps(const char *variable) {
  for (size_t i = 0; i < sizeof dropped_prefixes / sizeof dropped_prefixes[0]; i++)
    if (text_begins(variable, dropped_prefixes[i])) return false;
  for (size_t i = 0; i < sizeof dropped_names / sizeof dropped_names[0]; i++)
    if (text_begins(variable, dropped_names[i])) return false;
  return true;
}

#endif
