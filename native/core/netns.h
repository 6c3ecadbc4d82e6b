#ifndef TSNET_NETNS_H
#define TSNET_NETNS_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>

/* Instead of a descriptor: the namespace this process was started in. */
#define NETNS_OWN (-1)

/* Remembers the calling thread's namespace as NETNS_OWN; called once, when the addon is loaded. */
void netns_init(void);

/* Opens a namespace by path, without blocking. EINVAL (op "setns") when the file is no network namespace. */
int netns_open(const char *path, struct sys_error *error);
/* Writes "dev:ino". */
int netns_identity(int netns, char *out, size_t size, struct sys_error *error);
/* Makes a namespace and binds it to `path`, which must not exist yet. */
int netns_create(const char *path, struct sys_error *error);
/* Unmounts and removes what netns_create made, also what a killed netns_create left: an empty file. EINVAL for others. */
int netns_delete(const char *path, struct sys_error *error);

typedef int (*netns_work)(void *argument, struct sys_error *error);
/*
 * Runs `work` inside a namespace and returns what it returned. With `own_thread` the thread goes there for good (it is
 * expected to end soon); otherwise it comes back, and the process aborts if it cannot, since it would otherwise go on
 * in the wrong namespace.
 */
int netns_run(int netns, bool own_thread, netns_work work, void *argument, struct sys_error *error);

#endif
