#include "root.h"

#include "beneath.h"
#include "mountapi.h"
#include "nodes.h"
#include "report.h"
#include "sysctls.h"
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

/* What is set up, and the descriptors for it. */
struct root {
  const struct config *config;
  int sync;
  int fd;       /* the root of the new file system, as a mount */
  int *mounts;  /* one for each MOUNT: the source of a bind, then the mount; -1 */
  size_t count;
};

static size_t count_mounts(const struct config *config) {
  struct record record;
  size_t count = 0;
  for (size_t at = 0; config_next(config, TAG_MOUNT, &at, &record);) count++;
  return count;
}

/* While everything of the host is still as it is, and still a peer of it: a shared bind has to be. */
static int open_sources(struct root *root, struct sys_error *error) {
  struct record record;
  size_t i = 0;
  for (size_t at = 0; config_next(root->config, TAG_MOUNT, &at, &record); i++) {
    if (record.scalar[0] == MOUNT_FS) continue;
    root->mounts[i] = mount_copy(AT_FDCWD, record.string[0], record.scalar[0] == MOUNT_RBIND, error);
    if (root->mounts[i] >= 0) continue;
    if (!(record.scalar[3] & MOUNT_OPTIONAL)) return -1;
    report_warning(root->sync, error);
  }
  return 0;
}

static int make_root(struct root *root, struct sys_error *error) {
  struct record record, overlay;
  config_get(root->config, TAG_ROOT, &record);
  const char *path = record.string[0];
  if (config_get(root->config, TAG_OVERLAY, &overlay)) {
    root->fd = mount_overlay(overlay.string[0], overlay.string[1], overlay.rest, overlay.rest_length,
                             overlay.scalar[0] & OVERLAY_VOLATILE, path, error);
    if (root->fd < 0) return -1;
  } else {
    root->fd = mount_copy(AT_FDCWD, path, true, error);
    if (root->fd < 0 || mount_at(root->fd, path, error) < 0) return -1;
  }
  uint64_t propagation = record.scalar[1] == 0 ? MS_PRIVATE | MS_REC : record.scalar[1];
  return mount_flags(root->fd, 0, propagation, true, path, error);
}

/* What the kernel's own file systems are mounted on has to be what it seems (CVE-2019-19921, CVE-2026-41579). */
static bool needs_real_folder(const struct record *record) {
  const char *type = record->string[2], *target = record->string[1];
  return strcmp(type, "proc") == 0 || strcmp(type, "sysfs") == 0 || strcmp(target, "/dev") == 0;
}

static int open_target(struct root *root, const struct record *record, int mount, struct sys_error *error) {
  struct stat st;
  if (fstat(mount, &st) < 0) return fail(error, "stat", record->string[0]);
  const char *path = record->string[1];
  int target = beneath_make(root->fd, path, S_ISDIR(st.st_mode), needs_real_folder(record) ? BENEATH_NO_LINKS : 0, error);
  if (target < 0) return -1;
  struct statfs fs;
  /* Nothing of /proc is to look like something else: what is written there reaches the kernel. */
  if (record->scalar[0] != MOUNT_FS && fstatfs(target, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC) {
    close(target);
    return fail_with(error, "mount", EPERM, path);
  }
  return target;
}

static int make_mount(struct root *root, const struct record *record, int *mount, struct sys_error *error) {
  const char *target_path = record->string[1];
  bool is_fs = record->scalar[0] == MOUNT_FS;
  if (is_fs)
    *mount = mount_new(record->string[2], record->string[0], record->string[3], record->scalar[1], target_path, error);
  if (*mount < 0) return -1;
  int target = open_target(root, record, *mount, error);
  if (target < 0) return -1;
  uint64_t propagation = record->scalar[2] == 0 ? MS_PRIVATE | MS_REC : record->scalar[2];
  uint64_t flags = is_fs ? 0 : record->scalar[1];
  bool recursive = record->scalar[0] == MOUNT_RBIND, early = true;
  int result = mount_flags(*mount, flags, propagation, recursive, target_path, error);
  if (result < 0 && error->err == ENOSYS) {
    early = false;
    result = 0;
  }
  if (result == 0) result = mount_place(*mount, target, target_path, error);
  if (result == 0 && !early) result = mount_flags(*mount, flags, propagation, recursive, target_path, error);
  close(target);
  return result;
}

static int make_mounts(struct root *root, struct sys_error *error) {
  struct record record;
  size_t i = 0;
  for (size_t at = 0; config_next(root->config, TAG_MOUNT, &at, &record); i++) {
    bool optional = record.scalar[3] & MOUNT_OPTIONAL;
    if (record.scalar[0] != MOUNT_FS && root->mounts[i] < 0) continue; /* optional, and said so */
    if (make_mount(root, &record, &root->mounts[i], error) == 0) continue;
    if (!optional) return -1;
    report_warning(root->sync, error);
    if (root->mounts[i] >= 0) close(root->mounts[i]);
    root->mounts[i] = -1;
  }
  return 0;
}

/* Last, since until now things were made in them. A bind got its flags when it was made. */
static int make_read_only(struct root *root, struct sys_error *error) {
  struct record record;
  size_t i = 0;
  for (size_t at = 0; config_next(root->config, TAG_MOUNT, &at, &record); i++) {
    if (record.scalar[0] != MOUNT_FS || root->mounts[i] < 0 || !(record.scalar[1] & MS_RDONLY)) continue;
    if (mount_flags(root->mounts[i], MS_RDONLY, 0, false, record.string[1], error) < 0) return -1;
  }
  config_get(root->config, TAG_ROOT, &record);
  if (!(record.scalar[0] & ROOT_READONLY)) return 0;
  return mount_flags(root->fd, MS_RDONLY, 0, false, "/", error);
}

/* A copy of what is there, with other flags, on itself. */
static int cover_read_only(int target, const char *path, struct sys_error *error) {
  int copy = mount_copy(target, "", true, error);
  if (copy < 0) return -1;
  int result = mount_flags(copy, MS_RDONLY, 0, true, path, error);
  bool late = result < 0 && error->err == ENOSYS;
  if (late) result = 0;
  if (result == 0) result = mount_place(copy, target, path, error);
  if (result == 0 && late) result = mount_flags(copy, MS_RDONLY, 0, true, path, error);
  close(copy);
  return result;
}

static int make_read_only_paths(struct root *root, struct sys_error *error) {
  struct record record;
  for (size_t at = 0; config_next(root->config, TAG_READONLY, &at, &record);) {
    int target = beneath_open(root->fd, record.string[0], 0, 0, error);
    if (target < 0 && error->err == ENOENT) continue;
    if (target < 0) return -1;
    int result = cover_read_only(target, record.string[0], error);
    close(target);
    if (result < 0) return -1;
  }
  return 0;
}

/* The host's /dev/null, opened and looked at before anything of the container is (CVE-2025-31133). */
static int open_null(struct sys_error *error) {
  int fd = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) < 0) return fail(error, "open", "/dev/null");
  if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)) return fd;
  close(fd);
  return fail_with(error, "open", ENODEV, "/dev/null");
}

/* Files get /dev/null over them; folders all the same empty folder: `*empty` is its mount once there is one. */
static int mask(int target, const char *path, int null, int *empty, struct sys_error *error) {
  struct stat st;
  if (fstat(target, &st) < 0) return fail(error, "stat", path);
  int cover;
  if (!S_ISDIR(st.st_mode)) cover = mount_copy(null, "", false, error);
  else if (*empty >= 0) cover = mount_copy(*empty, "", false, error);
  else cover = mount_new("tmpfs", "tmpfs", "mode=755,size=0,nr_inodes=2", MS_NOSUID | MS_NODEV | MS_NOEXEC, path, error);
  if (cover < 0) return -1;
  int result = mount_place(cover, target, path, error);
  if (result == 0 && S_ISDIR(st.st_mode) && *empty < 0) {
    *empty = cover;
    return mount_flags(cover, MS_RDONLY, 0, false, path, error);
  }
  close(cover);
  return result;
}

static int make_masks(struct root *root, int null, struct sys_error *error) {
  struct record record;
  int empty = -1, result = 0;
  for (size_t at = 0; result == 0 && config_next(root->config, TAG_MASK, &at, &record);) {
    int target = beneath_open(root->fd, record.string[0], 0, 0, error);
    if (target < 0) {
      if (error->err != ENOENT && error->err != ENOTDIR) result = -1;
      continue;
    }
    result = mask(target, record.string[0], null, &empty, error);
    close(target);
  }
  if (empty >= 0) close(empty);
  return result;
}

static int make_terminal(struct root *root, int *terminal, struct sys_error *error) {
  struct record size = {0};
  int master;
  if (!(config_number(root->config, TAG_OPTIONS, 0) & OPTION_TERMINAL)) return 0;
  config_get(root->config, TAG_CONSOLE, &size);
  if (terminal_open(root->fd, size.scalar[0], size.scalar[1], &master, terminal, error) < 0) return -1;
  report_terminal(root->sync, master);
  close(master);
  int target = beneath_make(root->fd, "/dev/console", false, 0, error);
  int cover = target < 0 ? -1 : mount_copy(*terminal, "", false, error);
  int result = cover < 0 ? -1 : mount_place(cover, target, "/dev/console", error);
  if (cover >= 0) close(cover);
  if (target >= 0) close(target);
  return result;
}

static int enter(struct root *root, int null, int *terminal, struct sys_error *error) {
  if (open_sources(root, error) < 0) return -1;
  /* Nothing of ours reaches the host; what the host mounts below a slave bind still comes. */
  if (mount_change("/", MS_REC | MS_SLAVE, error) < 0) return -1;
  if (make_root(root, error) < 0 || make_mounts(root, error) < 0) return -1;
  if (nodes_make(root->config, root->fd, error) < 0 || make_terminal(root, terminal, error) < 0) return -1;
  if (sysctls_write(root->config, error) < 0) return -1;
  if (make_read_only(root, error) < 0 || make_read_only_paths(root, error) < 0) return -1;
  if (make_masks(root, null, error) < 0) return -1;
  return mount_pivot(root->fd, error);
}

int root_enter(const struct config *config, int sync, int *terminal, struct sys_error *error) {
  struct root root = {.config = config, .sync = sync, .fd = -1, .count = count_mounts(config)};
  root.mounts = malloc((root.count + 1) * sizeof *root.mounts);
  int null = open_null(error);
  if (root.mounts == NULL) return fail_with(error, "malloc", ENOMEM, NULL);
  for (size_t i = 0; i < root.count; i++) root.mounts[i] = -1;
  int result = null < 0 ? -1 : enter(&root, null, terminal, error);
  for (size_t i = 0; i < root.count; i++)
    if (root.mounts[i] >= 0) close(root.mounts[i]);
  if (root.fd >= 0) close(root.fd);
  if (null >= 0) close(null);
  free(root.mounts);
  return result;
}
