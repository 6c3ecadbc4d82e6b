#include "files.h"

#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int check_regular(int at, const char *path, const char *name, struct sys_error *error) {
  struct statx st;
  if (statx(at, name, *name == '\0' ? AT_EMPTY_PATH : 0, STATX_TYPE, &st) < 0) return fail(error, "open", path);
  if (!S_ISREG(st.stx_mode)) return fail_with(error, "open", EINVAL, path);
  return 0;
}

int file_read(const char *path, size_t max, struct bytes *out, struct sys_error *error) {
  /* By name first: opening a device can do something. O_NONBLOCK and the second look cover a swap in between. */
  if (check_regular(AT_FDCWD, path, *path == '\0' ? "." : path, error) < 0) return -1;
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return fail(error, "open", path);
  int result = check_regular(fd, path, "", error);
  if (result == 0) result = read_all(fd, max, out, path, error);
  close(fd);
  return result;
}

/* `shown` is the path for errors: of a temporary file, the caller wants to hear the name it asked for. */
static int create(const char *path, const char *shown, const uint8_t *data, size_t length, mode_t mode,
                  struct sys_error *error) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return fail(error, "open", shown);
  int result = write_all(fd, data, length, shown, error);
  /* close(2) reports what some file systems find out late: quota, a network file system's answer. */
  if (close(fd) < 0 && result == 0 && errno != EINTR) result = fail(error, "close", shown);
  if (result < 0) unlink(path);
  return result;
}

int file_create(const char *path, const uint8_t *data, size_t length, mode_t mode, struct sys_error *error) {
  return create(path, path, data, length, mode, error);
}

int file_replace(const char *path, const uint8_t *data, size_t length, mode_t mode, struct sys_error *error) {
  char temporary[PATH_MAX];
  const char *slash = strrchr(path, '/');
  int folder = slash == NULL ? 0 : (int)(slash - path) + 1;
  for (;;) {
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) return fail(error, "getrandom", path);
    int needed = snprintf(temporary, sizeof temporary, "%.*s.tsnet-%016llx.tmp", folder, path, (unsigned long long)random);
    if (needed < 0 || (size_t)needed >= sizeof temporary) return fail_with(error, "open", ENAMETOOLONG, path);
    if (create(temporary, path, data, length, mode, error) == 0) break;
    if (error->err != EEXIST) return -1;
  }
  if (rename(temporary, path) == 0) return 0;
  fail(error, "rename", path);
  unlink(temporary);
  return -1;
}

int file_link(const char *from, const char *to, struct sys_error *error) {
  if (link(from, to) == 0) return 0;
  return fail(error, "link", errno == EEXIST ? to : from);
}

int file_rename(const char *from, const char *to, struct sys_error *error) {
  return rename(from, to) == 0 ? 0 : fail(error, "rename", from);
}

int file_remove(const char *path, struct sys_error *error) {
  return unlink(path) == 0 ? 0 : fail(error, "unlink", path);
}

int file_set_mtime(const char *path, int64_t mtime_ns, struct sys_error *error) {
  int64_t seconds = mtime_ns / 1000000000;
  int64_t rest = mtime_ns % 1000000000;
  if (rest < 0) {
    seconds--;
    rest += 1000000000;
  }
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = seconds, .tv_nsec = rest}};
  return utimensat(AT_FDCWD, path, times, 0) == 0 ? 0 : fail(error, "utimensat", path);
}

static const char *kind_of(unsigned mode) {
  if (S_ISREG(mode)) return "file";
  if (S_ISDIR(mode)) return "directory";
  if (S_ISLNK(mode)) return "symlink";
  if (S_ISSOCK(mode)) return "socket";
  return "other";
}

int file_stat(const char *path, bool follow, struct file_stat *out, struct sys_error *error) {
  struct statx st;
  /* statx(2), since fstatat is a new symbol in glibc 2.33. */
  if (statx(AT_FDCWD, path, follow ? 0 : AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &st) < 0)
    return errno == ENOENT || errno == ENOTDIR ? 0 : fail(error, "statx", path);
  *out = (struct file_stat){
      .kind = kind_of(st.stx_mode),
      .mode = st.stx_mode & 07777u,
      .uid = st.stx_uid,
      .size = st.stx_size,
      .dev = makedev(st.stx_dev_major, st.stx_dev_minor),
      .ino = st.stx_ino,
      .mtime_ns = (int64_t)st.stx_mtime.tv_sec * 1000000000 + st.stx_mtime.tv_nsec,
  };
  return 1;
}

int file_readlink(const char *path, char out[PATH_MAX], struct sys_error *error) {
  ssize_t length = readlink(path, out, PATH_MAX);
  if (length < 0) return errno == EINVAL || errno == ENOENT || errno == ENOTDIR ? 0 : fail(error, "readlink", path);
  if (length == PATH_MAX) return fail_with(error, "readlink", ENAMETOOLONG, path);
  out[length] = '\0';
  return 1;
}

int file_writable(const char *path, struct sys_error *error) {
  struct file_stat st;
  int found = file_stat(path, true, &st, error);
  if (found == 0 || (found < 0 && error->err == EACCES)) return 0;
  if (found < 0) return -1;
  int wanted = strcmp(st.kind, "directory") == 0 ? W_OK | X_OK : W_OK;
  if (access(path, wanted) == 0) return 1;
  switch (errno) {
    case EACCES:
    case EPERM:
    case EROFS:
    case ETXTBSY:
    case ENOENT:
      return 0;
    default:
      return fail(error, "access", path);
  }
}
