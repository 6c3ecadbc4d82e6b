#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

bool beneath_without_openat2;

enum { MAX_LINKS = 40, MAX_DEPTH = 128, RETRIES = 64 };

/* The walk without openat2(2): the folders from the root to where we are, so that `..` needs no look at the disk. */
struct walk {
  int fd[MAX_DEPTH]; /* fd[0] is the root's and not ours */
  int depth;
  int links;
  char rest[2 * PATH_MAX]; /* what is still to be walked */
};

static void walk_to(struct walk *walk, int depth) {
  while (walk->depth > depth) close(walk->fd[walk->depth--]);
}

static int walk_fail(int err) {
  errno = err;
  return -1;
}

/* Puts a link's target in front of the rest. */
static int walk_link(struct walk *walk, int fd, int how) {
  char target[PATH_MAX], joined[sizeof walk->rest];
  if (how & BENEATH_NO_LINKS || ++walk->links > MAX_LINKS) return walk_fail(ELOOP);
  ssize_t length = readlinkat(fd, "", target, sizeof target - 1);
  if (length < 0) return -1;
  target[length] = '\0';
  if (length == 0) return walk_fail(ENOENT);
  if ((size_t)snprintf(joined, sizeof joined, "%s/%s", target, walk->rest) >= sizeof joined) return walk_fail(ENAMETOOLONG);
  if (target[0] == '/') walk_to(walk, 0);
  strcpy(walk->rest, joined);
  return 0;
}

/* One component; 1 when something was opened that is no folder (the end of the path, if there is nothing after it). */
static int walk_step(struct walk *walk, const char *name, bool follow, int how) {
  if (strcmp(name, ".") == 0) return 0;
  if (strcmp(name, "..") == 0) {
    if (walk->depth > 0) walk_to(walk, walk->depth - 1);
    return 0;
  }
  if (walk->depth + 1 == MAX_DEPTH) return walk_fail(ENAMETOOLONG);
  int fd = openat(walk->fd[walk->depth], name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -1;
  struct stat st;
  if (fstat(fd, &st) < 0) {
    close(fd);
    return -1;
  }
  if (S_ISLNK(st.st_mode) && follow) {
    int result = walk_link(walk, fd, how);
    int err = errno;
    close(fd);
    errno = err;
    return result;
  }
  walk->fd[++walk->depth] = fd;
  return S_ISDIR(st.st_mode) ? 0 : 1;
}

static int walk_path(int root, const char *path, int flags, int how) {
  struct walk walk = {.fd = {root}};
  if (strlen(path) >= PATH_MAX) return walk_fail(ENAMETOOLONG);
  strcpy(walk.rest, path);
  int result = 0;
  while (result >= 0) {
    char name[NAME_MAX + 2];
    const char *from = walk.rest + strspn(walk.rest, "/");
    size_t length = strcspn(from, "/");
    if (length == 0) break;
    if (result == 1) result = walk_fail(ENOTDIR); /* something after a file */
    else if (length > NAME_MAX) result = walk_fail(ENAMETOOLONG);
    if (result < 0) break;
    memcpy(name, from, length);
    name[length] = '\0';
    memmove(walk.rest, from + length, strlen(from + length) + 1);
    result = walk_step(&walk, name, walk.rest[0] != '\0' || !(flags & O_NOFOLLOW), how);
  }
  if (result == 1 && flags & O_DIRECTORY) result = walk_fail(ENOTDIR);
  if (result >= 0) result = fcntl(walk.fd[walk.depth], F_DUPFD_CLOEXEC, 3);
  int err = errno;
  walk_to(&walk, 0);
  errno = err;
  return result;
}

static int open_once(int root, const char *path, int flags, int how) {
  struct open_how open_how = {
      .flags = (uint64_t)(unsigned)(flags | O_PATH | O_CLOEXEC),
      .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | (how & BENEATH_NO_LINKS ? RESOLVE_NO_SYMLINKS : 0),
  };
  if (!beneath_without_openat2) {
    for (int tries = 0; tries < RETRIES; tries++) {
      long fd = syscall(SYS_openat2, root, path, &open_how, sizeof open_how);
      /* EAGAIN: something was renamed while `..` was looked up. EPERM, ENOSYS: a filter or an old kernel. */
      if (fd >= 0) return (int)fd;
      if (errno == ENOSYS || errno == EPERM) break;
      if (errno != EAGAIN) return -1;
    }
    if (errno == EAGAIN) return -1;
  }
  return walk_path(root, path, flags, how);
}

int beneath_open(int root, const char *path, int flags, int how, struct sys_error *error) {
  int fd = open_once(root, path, flags, how);
  return fd < 0 ? fail(error, "openat2", path) : fd;
}

/* The text of the link at `path`, relative to the root: `path`'s folder and the target. 0 when it is no link. */
static int link_at(int root, const char *path, char out[2 * PATH_MAX]) {
  char target[PATH_MAX];
  int fd = open_once(root, path, O_NOFOLLOW, 0);
  if (fd < 0) return -1;
  ssize_t length = readlinkat(fd, "", target, sizeof target - 1);
  close(fd);
  if (length <= 0) return 0;
  target[length] = '\0';
  const char *slash = strrchr(path, '/');
  int folder = target[0] == '/' || slash == NULL ? 0 : (int)(slash - path) + 1;
  if (snprintf(out, 2 * PATH_MAX, "%.*s%s", folder, path, target) >= PATH_MAX) return walk_fail(ENAMETOOLONG);
  return 1;
}

/* Makes the last component of `path`, whose parent is there. */
static int make_one(int root, const char *path, bool folder) {
  char parent[PATH_MAX];
  const char *name = strrchr(path, '/');
  snprintf(parent, sizeof parent, "%.*s", name == NULL ? 0 : (int)(name - path) + 1, path);
  name = name == NULL ? path : name + 1;
  int dir = open_once(root, parent[0] == '\0' ? "/" : parent, O_DIRECTORY, 0);
  if (dir < 0) return -1;
  int result = folder ? mkdirat(dir, name, 0755) : mknodat(dir, name, S_IFREG | 0644, 0);
  int err = errno;
  close(dir);
  errno = err;
  return result;
}

/* Everything of `path` that is missing; `links` counts links without target, which are followed. */
static int make_path(int root, const char *path, bool folder, int how, int links) {
  char prefix[PATH_MAX], elsewhere[2 * PATH_MAX];
  size_t length = strlen(path);
  if (length >= PATH_MAX) return walk_fail(ENAMETOOLONG);
  while (length > 1 && path[length - 1] == '/') length--;
  for (size_t end = 0; end < length;) {
    end += strspn(path + end, "/");
    end += strcspn(path + end, "/");
    if (end > length) end = length;
    memcpy(prefix, path, end);
    prefix[end] = '\0';
    bool last = end == length;
    bool as_folder = folder || !last;
    for (int tries = 0;; tries++) {
      int fd = open_once(root, prefix, 0, how);
      if (fd >= 0) {
        close(fd);
        break;
      }
      if (errno != ENOENT || tries == RETRIES) return -1;
      if (make_one(root, prefix, as_folder) == 0) continue;
      if (errno != EEXIST) return -1;
      /* Somebody made it meanwhile, or it is a link to nothing. */
      int linked = how & BENEATH_NO_LINKS ? 0 : link_at(root, prefix, elsewhere);
      if (linked < 0 && errno != ENOENT) return -1;
      if (linked <= 0) continue;
      if (links == 0) return walk_fail(ELOOP);
      if (make_path(root, elsewhere, as_folder, how, links - 1) < 0) return -1;
    }
  }
  return 0;
}

int beneath_make(int root, const char *path, bool folder, int how, struct sys_error *error) {
  int flags = folder ? O_DIRECTORY : 0;
  int fd = open_once(root, path, flags, how);
  if (fd >= 0) return fd;
  if (errno != ENOENT) return fail(error, "openat2", path);
  if (make_path(root, path, folder, how, 8) < 0) return fail(error, folder ? "mkdir" : "mknod", path);
  return beneath_open(root, path, flags, how, error);
}

int beneath_parent(int root, const char *path, char name[256], struct sys_error *error) {
  char folder[PATH_MAX];
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') length--;
  size_t start = length;
  while (start > 0 && path[start - 1] != '/') start--;
  size_t size = length - start;
  if (size == 0 || size > NAME_MAX || start >= sizeof folder) return fail_with(error, "openat2", EINVAL, path);
  memcpy(name, path + start, size);
  name[size] = '\0';
  if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return fail_with(error, "openat2", EINVAL, path);
  snprintf(folder, sizeof folder, "/%.*s", (int)start, path);
  return beneath_make(root, folder, true, 0, error);
}
