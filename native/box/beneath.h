#ifndef TSBOX_BENEATH_H
#define TSBOX_BENEATH_H

#include "error.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * Paths inside a container's root, opened from outside it. Every symbolic link, `..` and absolute path is taken as if the
 * root's descriptor were `/`: nothing outside is ever reached, also while somebody renames things (openat2(2),
 * RESOLVE_IN_ROOT). Where that call is missing, the path is walked component by component without following links.
 * `error.path` is the path as given.
 */

enum {
  BENEATH_NO_LINKS = 1, /* ELOOP when any component is a symbolic link */
};

/* Opens with O_PATH | O_CLOEXEC beside `flags` (O_DIRECTORY). */
int beneath_open(int root, const char *path, int flags, int how, struct sys_error *error);

/*
 * The same, and makes what is missing: parents as folders (0755), the last as folder or empty file. A link whose target is
 * missing has the target made, inside the root.
 */
int beneath_make(int root, const char *path, bool folder, int how, struct sys_error *error);

/*
 * Opens the folder in which `path` is (made when missing) and says its last component, which is never "", "." or "..".
 * For mknodat(2) and symlinkat(2).
 */
int beneath_parent(int root, const char *path, char name[256], struct sys_error *error);

/* For tests: as if the kernel had no openat2(2). */
extern bool beneath_without_openat2;

#endif
