#include "mountapi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif

/* The kernel's own words about a file system that cannot be mounted (fsopen(2): read(2) of the context). */
static int fs_fail(int context, const char *op, const char *what, struct sys_error *error) {
  int err = errno;
  char message[512], text[PATH_MAX];
  ssize_t got = read(context, message, sizeof message - 1);
  if (got > 2) {
    message[got] = '\0';
    message[strcspn(message, "\n")] = '\0';
    snprintf(text, sizeof text, "%s (%s)", what, message + 2); /* after "e " */
    what = text;
  }
  close(context);
  return fail_with(error, op, err, what);
}

static int fs_set(int context, unsigned command, const char *key, const char *value) {
  return (int)syscall(SYS_fsconfig, context, command, key, value, 0);
}

/* `mode=755,size=1m,nosuid` */
static int fs_options(int context, const char *options) {
  char *copy = strdup(options), *rest = NULL;
  if (copy == NULL) return -1;
  int result = 0;
  for (char *option = strtok_r(copy, ",", &rest); option != NULL && result == 0; option = strtok_r(NULL, ",", &rest)) {
    char *value = strchr(option, '=');
    if (value == NULL) {
      result = fs_set(context, FSCONFIG_SET_FLAG, option, NULL);
    } else {
      *value = '\0';
      result = fs_set(context, FSCONFIG_SET_STRING, option, value + 1);
    }
  }
  int err = errno;
  free(copy);
  errno = err;
  return result;
}

static unsigned attributes(uint64_t flags) {
  static const struct {
    uint64_t flag;
    unsigned attribute;
  } table[] = {
      {MS_RDONLY, MOUNT_ATTR_RDONLY},         {MS_NOSUID, MOUNT_ATTR_NOSUID},         {MS_NODEV, MOUNT_ATTR_NODEV},
      {MS_NOEXEC, MOUNT_ATTR_NOEXEC},         {MS_NODIRATIME, MOUNT_ATTR_NODIRATIME}, {MS_NOATIME, MOUNT_ATTR_NOATIME},
      {MS_STRICTATIME, MOUNT_ATTR_STRICTATIME}, {256, 0x00200000 /* nosymfollow */},
  };
  unsigned result = 0;
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (flags & table[i].flag) result |= table[i].attribute;
  return result;
}

static int fs_mount(int context, uint64_t flags, const char *what, struct sys_error *error) {
  if (flags & MS_SYNCHRONOUS && fs_set(context, FSCONFIG_SET_FLAG, "sync", NULL) < 0)
    return fs_fail(context, "mount", what, error);
  if (flags & MS_DIRSYNC && fs_set(context, FSCONFIG_SET_FLAG, "dirsync", NULL) < 0)
    return fs_fail(context, "mount", what, error);
  if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0) return fs_fail(context, "mount", what, error);
  int mount = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes(flags & ~(uint64_t)MS_RDONLY));
  if (mount < 0) return fs_fail(context, "mount", what, error);
  close(context);
  return mount;
}

int mount_new(const char *type, const char *source, const char *options, uint64_t flags, const char *what,
              struct sys_error *error) {
  int context = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
  if (context < 0) return fail(error, "mount", what);
  if ((source[0] != '\0' && fs_set(context, FSCONFIG_SET_STRING, "source", source) < 0) || fs_options(context, options) < 0)
    return fs_fail(context, "mount", what, error);
  return fs_mount(context, flags, what, error);
}

int mount_copy(int dir, const char *path, bool recursive, struct sys_error *error) {
  unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0) | (path[0] == '\0' ? AT_EMPTY_PATH : 0);
  int mount = (int)syscall(SYS_open_tree, dir, path, flags);
  return mount < 0 ? fail(error, "open_tree", path) : mount;
}

/* Only works in place; flags other than those of mount_setattr(2) are kept by repeating them. */
static int remount(int mount, uint64_t flags, uint64_t propagation) {
  static const struct {
    unsigned long has;
    unsigned long flag;
  } kept[] = {{ST_RDONLY, MS_RDONLY},   {ST_NOSUID, MS_NOSUID},   {ST_NODEV, MS_NODEV},          {ST_NOEXEC, MS_NOEXEC},
              {ST_NOATIME, MS_NOATIME}, {ST_RELATIME, MS_RELATIME}, {ST_NODIRATIME, MS_NODIRATIME}};
  char path[32];
  struct statvfs is;
  snprintf(path, sizeof path, "/proc/self/fd/%d", mount);
  if (flags != 0) {
    if (fstatvfs(mount, &is) < 0) return -1;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
      if (is.f_flag & kept[i].has) flags |= kept[i].flag;
    if (syscall(SYS_mount, NULL, path, NULL, MS_REMOUNT | MS_BIND | flags, NULL) < 0) return -1;
  }
  return propagation == 0 ? 0 : (int)syscall(SYS_mount, NULL, path, NULL, propagation, NULL);
}

int mount_flags(int mount, uint64_t flags, uint64_t propagation, bool recursive, const char *what, struct sys_error *error) {
  static const uint64_t atime = MS_NOATIME | MS_RELATIME | MS_STRICTATIME;
  struct mount_attr attr = {
      .attr_set = attributes(flags),
      .attr_clr = flags & atime ? MOUNT_ATTR__ATIME : 0,
      .propagation = propagation & ~(uint64_t)MS_REC,
  };
  if (flags == 0 && propagation == 0) return 0;
  bool all = recursive || propagation & MS_REC;
  if (syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | (all ? AT_RECURSIVE : 0), &attr, sizeof attr) == 0) return 0;
  if (errno == ENOSYS && remount(mount, flags, propagation) == 0) return 0;
  return fail(error, "mount_setattr", what);
}

int mount_place(int mount, int target, const char *what, struct sys_error *error) {
  if (syscall(SYS_move_mount, mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
    return fail(error, "move_mount", what);
  return 0;
}

int mount_at(int mount, const char *path, struct sys_error *error) {
  if (syscall(SYS_move_mount, mount, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
    return fail(error, "move_mount", path);
  return 0;
}

struct overlay {
  const char *upper, *work, *lower;
  size_t lower_size;
  bool is_volatile;
};

/* With one option for each lower folder (Linux 6.5): a value of fsconfig(2) has at most 255 bytes. */
static int overlay_new(const struct overlay *overlay, const char *what, struct sys_error *error) {
  /* What is written to `upper` is to be a plain difference of files: no redirects, no metadata-only copies. */
  int context = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC);
  if (context < 0) return fail(error, "mount", what);
  int result = fs_set(context, FSCONFIG_SET_STRING, "source", "overlay");
  if (result == 0) result = fs_options(context, "index=off,metacopy=off,redirect_dir=off");
  for (const char *at = overlay->lower; at < overlay->lower + overlay->lower_size && result == 0; at += strlen(at) + 1)
    result = fs_set(context, FSCONFIG_SET_STRING, "lowerdir+", at);
  if (overlay->upper[0] != '\0' && result == 0) result = fs_set(context, FSCONFIG_SET_STRING, "upperdir", overlay->upper);
  if (overlay->upper[0] != '\0' && result == 0) result = fs_set(context, FSCONFIG_SET_STRING, "workdir", overlay->work);
  if (overlay->is_volatile && result == 0) result = fs_set(context, FSCONFIG_SET_FLAG, "volatile", NULL);
  if (result < 0) return fs_fail(context, "mount", what, error);
  return fs_mount(context, 0, what, error);
}

/* Appends, escaped as overlayfs wants it in one string of options. */
static char *overlay_add(char *to, const char *text) {
  for (; *text != '\0'; text++) {
    if (*text == ':' || *text == '\\' || *text == ',') *to++ = '\\';
    *to++ = *text;
  }
  return to;
}

/* With mount(2) and a string of up to a page. */
static int overlay_old(const struct overlay *overlay, const char *place) {
  const char *end = overlay->lower + overlay->lower_size;
  char *options = malloc(2 * (overlay->lower_size + strlen(overlay->upper) + strlen(overlay->work)) + 128);
  if (options == NULL) return -1;
  char *to = stpcpy(options, "index=off,metacopy=off,redirect_dir=off,lowerdir=");
  for (const char *at = overlay->lower; at < end; at += strlen(at) + 1) {
    if (at != overlay->lower) *to++ = ':';
    to = overlay_add(to, at);
  }
  if (overlay->upper[0] != '\0') {
    to = overlay_add(stpcpy(to, ",upperdir="), overlay->upper);
    to = overlay_add(stpcpy(to, ",workdir="), overlay->work);
  }
  if (overlay->is_volatile) to = stpcpy(to, ",volatile");
  *to = '\0';
  int result = (int)syscall(SYS_mount, "overlay", place, "overlay", 0, options);
  int err = errno;
  free(options);
  errno = err;
  return result;
}

int mount_overlay(const char *upper, const char *work, const char *lower, size_t lower_size, bool is_volatile,
                  const char *place, struct sys_error *error) {
  struct overlay overlay = {upper, work, lower, lower_size, is_volatile && upper[0] != '\0'};
  int mount = overlay_new(&overlay, place, error);
  if (mount >= 0) return mount_at(mount, place, error) < 0 ? -1 : mount;
  if (overlay_old(&overlay, place) < 0) return -1;
  mount = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return mount < 0 ? fail(error, "open", place) : mount;
}

int mount_change(const char *path, uint64_t flags, struct sys_error *error) {
  return syscall(SYS_mount, NULL, path, NULL, flags, NULL) < 0 ? fail(error, "mount", path) : 0;
}

int mount_pivot(int root, struct sys_error *error) {
  int old = open("/", O_DIRECTORY | O_PATH | O_CLOEXEC);
  if (old < 0) return fail(error, "open", "/");
  int result = 0;
  /* pivot_root(2), "pivot_root(".", ".")": the old root lies on the new one and is taken off. */
  if (fchdir(root) < 0) result = fail(error, "fchdir", "root");
  else if (syscall(SYS_pivot_root, ".", ".") < 0) result = fail(error, "pivot_root", "root");
  else if (fchdir(old) < 0) result = fail(error, "fchdir", "old root");
  /* So that taking it off is not passed on to the host. */
  else if (mount_change(".", MS_REC | MS_SLAVE, error) < 0) result = -1;
  else if (syscall(SYS_umount2, ".", MNT_DETACH) < 0) result = fail(error, "umount2", "old root");
  else if (chdir("/") < 0) result = fail(error, "chdir", "/");
  close(old);
  return result;
}
