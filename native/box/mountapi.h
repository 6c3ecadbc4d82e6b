#ifndef TSBOX_MOUNTAPI_H
#define TSBOX_MOUNTAPI_H

#include "error.h"

#include <linux/mount.h> /* not <sys/mount.h> beside it: glibc 2.36's contradicts it */
#include <stdbool.h>
#include <stdint.h>

/*
 * Mounts as descriptors (fsopen(2), open_tree(2), move_mount(2), Linux 5.2): a mount is made and given its flags while it
 * hangs nowhere, then put onto a place that is a descriptor too. No path is looked up twice, so none can be swapped.
 * Descriptors are CLOEXEC and stay the mount's root after it was put in place. `what` names the mount in errors.
 */

/* A new instance of a file system, with options as in mount(8)'s -o. MS_RDONLY in `flags` is not applied: see mount_flags. */
int mount_new(const char *type, const char *source, const char *options, uint64_t flags, const char *what,
              struct sys_error *error);
/* A copy of what is mounted at a path of the host or at a descriptor (`path` ""). */
int mount_copy(int dir, const char *path, bool recursive, struct sys_error *error);
/*
 * Sets MS_* flags beside those that are there, and the propagation (0 leaves it). On a kernel without mount_setattr(2) it only
 * works once the mount is in place; -1 with ENOSYS before.
 */
int mount_flags(int mount, uint64_t flags, uint64_t propagation, bool recursive, const char *what, struct sys_error *error);
/* Puts a mount onto a file or folder. */
int mount_place(int mount, int target, const char *what, struct sys_error *error);

/* Onto a path of the host's. */
int mount_at(int mount, const char *path, struct sys_error *error);
/*
 * An overlay, mounted on the folder `place` of the host; the mount's descriptor. `lower` is a run of `lower_size` bytes of NUL-terminated paths,
 * uppermost first. Without `upper` ("") it is read-only.
 */
int mount_overlay(const char *upper, const char *work, const char *lower, size_t lower_size, bool is_volatile,
                  const char *place, struct sys_error *error);

/* mount(2) with no source and type. */
int mount_change(const char *path, uint64_t flags, struct sys_error *error);
/* pivot_root(2) into `root`, and away with the old one. */
int mount_pivot(int root, struct sys_error *error);

#endif
