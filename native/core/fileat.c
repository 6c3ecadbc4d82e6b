#include "fileat.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opened without blocking, so that a fifo in the file's place cannot hold us; the flag means nothing to a regular file. */
static int open_regular(const char *path, int flags, mode_t mode, struct sys_error *error) {
  int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode);
  if (fd < 0) return fail(error, "open", path);
  struct statx is; /* not fstat: a new symbol in glibc 2.33 */
  if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &is) == 0 && S_ISREG(is.stx_mode)) return fd;
  close(fd);
  return fail_with(error, "open", EINVAL, path);
}

int file_read_at(const char *path, off_t offset, size_t length, struct bytes *out, struct sys_error *error) {
  int fd = open_regular(path, O_RDONLY, 0, error);
  if (fd < 0) return -1;
  int result = 0;
  if (bytes_reserve(out, length) < 0) result = fail(error, "pread", path);
  while (result == 0 && length > 0) {
    ssize_t got = pread(fd, out->data + out->length, length, offset);
    if (got < 0) {
      if (errno != EINTR) result = fail(error, "pread", path);
      continue;
    }
    if (got == 0) break;
    out->length += (size_t)got;
    length -= (size_t)got;
    offset += got;
  }
  close(fd);
  return result;
}

int file_write_at(const char *path, off_t offset, const uint8_t *data, size_t length, mode_t mode, bool cut,
                  struct sys_error *error) {
  int fd = open_regular(path, O_WRONLY | O_CREAT | O_NOFOLLOW, mode, error);
  if (fd < 0) return -1;
  int result = 0;
  while (result == 0 && length > 0) {
    ssize_t put = pwrite(fd, data, length, offset);
    if (put < 0) {
      if (errno != EINTR) result = fail(error, "pwrite", path);
      continue;
    }
    if (put == 0) {
      result = fail_with(error, "pwrite", EIO, path);
      break;
    }
    data += put;
    length -= (size_t)put;
    offset += put;
  }
  if (result == 0 && cut && ftruncate(fd, offset) < 0) result = fail(error, "ftruncate", path);
  if (close(fd) < 0 && result == 0) result = fail(error, "close", path);
  return result;
}

int dir_make_one(const char *path, mode_t mode, struct sys_error *error) {
  return mkdir(path, mode) < 0 ? fail(error, "mkdir", path) : 0;
}

int dir_remove(const char *path, struct sys_error *error) {
  return rmdir(path) < 0 ? fail(error, "rmdir", path) : 0;
}

int path_sync(const char *path, bool whole, struct sys_error *error) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return fail(error, "open", path);
  int result = 0;
  if ((whole ? syncfs(fd) : fsync(fd)) < 0) result = fail(error, whole ? "syncfs" : "fsync", path);
  close(fd);
  return result;
}
