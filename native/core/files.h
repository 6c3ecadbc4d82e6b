#ifndef TSNET_FILES_H
#define TSNET_FILES_H

#include "bytes.h"
#include "error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Modes are subject to the umask, as in open(2) and mkdir(2). */

/* EFBIG over `max`; EINVAL for what is not a regular file, without opening it. Files of proc(5) count as regular. */
int file_read(const char *path, size_t max, struct bytes *out, struct sys_error *error);
/* O_CREAT|O_EXCL; removed again when the write fails. */
int file_create(const char *path, const uint8_t *data, size_t length, mode_t mode, struct sys_error *error);
/* A temporary file beside it (`.tsnet-*.tmp`), then rename(2). */
int file_replace(const char *path, const uint8_t *data, size_t length, mode_t mode, struct sys_error *error);
int file_link(const char *from, const char *to, struct sys_error *error);
int file_rename(const char *from, const char *to, struct sys_error *error);
int file_remove(const char *path, struct sys_error *error);
int file_set_mtime(const char *path, int64_t mtime_ns, struct sys_error *error);

struct file_stat {
  const char *kind; /* "file", "directory", "symlink", "socket", "other" */
  uint32_t mode;    /* permission bits, 0..07777 */
  uint32_t uid;
  uint64_t size;
  uint64_t dev;
  uint64_t ino;
  int64_t mtime_ns;
};
/* 1 found, 0 there is nothing (ENOENT, ENOTDIR), -1 error. */
int file_stat(const char *path, bool follow, struct file_stat *out, struct sys_error *error);
/* 1 and the target (NUL-terminated), 0 absent or no symbolic link, -1 error. */
int file_readlink(const char *path, char out[PATH_MAX], struct sys_error *error);
/* access(2) with W_OK, for a folder also X_OK: 1 yes, 0 no (also when there is nothing), -1 error. */
int file_writable(const char *path, struct sys_error *error);

/* Makes the folder and its missing parents. */
int dir_make(const char *path, mode_t mode, struct sys_error *error);
/* Appends each name with its NUL; `count` gets their number. EFBIG over `max`. */
int dir_list(const char *path, size_t max, struct bytes *names, size_t *count, struct sys_error *error);

#endif
