#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static int make_one(const char *path, mode_t mode) {
  if (mkdir(path, mode) == 0) return 0;
  int err = errno;
  struct file_stat st;
  struct sys_error ignored;
  /* Not only on EEXIST: on a read-only or foreign parent mkdir may answer EROFS or EACCES for a folder that is there. */
  if (file_stat(path, true, &st, &ignored) == 1) {
    if (strcmp(st.kind, "directory") == 0) return 0;
    err = ENOTDIR;
  }
  errno = err;
  return -1;
}

int dir_make(const char *path, mode_t mode, struct sys_error *error) {
  char part[PATH_MAX];
  size_t length = strlen(path);
  if (length >= sizeof part) return fail_with(error, "mkdir", ENAMETOOLONG, path);
  if (make_one(path, mode) == 0) return 0;
  if (errno != ENOENT || length == 0) return fail(error, "mkdir", path);
  memcpy(part, path, length + 1);
  for (size_t at = 1; at < length; at++) {
    if (part[at] != '/' || part[at - 1] == '/') continue;
    part[at] = '\0';
    if (make_one(part, mode) < 0) return fail(error, "mkdir", part);
    part[at] = '/';
  }
  return make_one(path, mode) == 0 ? 0 : fail(error, "mkdir", path);
}

int dir_list(const char *path, size_t max, struct bytes *names, size_t *count, struct sys_error *error) {
  DIR *dir = opendir(path);
  if (dir == NULL) return fail(error, "opendir", path);
  int result = 0;
  *count = 0;
  for (;;) {
    errno = 0;
    const struct dirent *entry = readdir(dir);
    if (entry == NULL) {
      if (errno != 0) result = fail(error, "readdir", path);
      break;
    }
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    size_t size = strlen(entry->d_name) + 1;
    if (*count == max) {
      result = fail_with(error, "readdir", EFBIG, path);
      break;
    }
    if (bytes_reserve(names, size) < 0) {
      result = fail(error, "malloc", path);
      break;
    }
    memcpy(names->data + names->length, entry->d_name, size);
    names->length += size;
    ++*count;
  }
  closedir(dir);
  return result;
}
