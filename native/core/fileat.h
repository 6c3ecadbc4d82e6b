#ifndef TSNET_FILEAT_H
#define TSNET_FILEAT_H

#include "bytes.h"
#include "error.h"

#include <stdbool.h>
#include <sys/types.h>

/* Appends up to `length` bytes from `offset` to `out`, fewer at the end of the file. EINVAL unless it is a regular file. */
int file_read_at(const char *path, off_t offset, size_t length, struct bytes *out, struct sys_error *error);
/*
 * Writes everything at `offset`, in place; the file is made with `mode` if absent. With `cut` it ends after what was
 * written. ELOOP for a symbolic link, EINVAL unless it is a regular file. Not atomic.
 */
int file_write_at(const char *path, off_t offset, const uint8_t *data, size_t length, mode_t mode, bool cut,
                  struct sys_error *error);
/* mkdir(2): EEXIST when it is there. */
int dir_make_one(const char *path, mode_t mode, struct sys_error *error);
/* fsync(2) of a file or folder; with `whole` syncfs(2) of the file system it lies in. */
int path_sync(const char *path, bool whole, struct sys_error *error);
/* rmdir(2). */
int dir_remove(const char *path, struct sys_error *error);

#endif
