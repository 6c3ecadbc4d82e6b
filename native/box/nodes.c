#include "nodes.h"

#include "beneath.h"
#include "mountapi.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Where mknod(2) is not allowed (user namespaces): the host's node of the same path, if it is the same device. */
static int bind_device(int root, const char *path, mode_t type, dev_t device, struct sys_error *error) {
  int source = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  struct stat st;
  if (source < 0 || fstat(source, &st) < 0 || (st.st_mode & S_IFMT) != type || st.st_rdev != device) {
    if (source >= 0) close(source);
    return fail_with(error, "mknod", EPERM, path);
  }
  int copy = mount_copy(source, "", false, error);
  close(source);
  if (copy < 0) return -1;
  int target = beneath_make(root, path, false, 0, error);
  int result = target < 0 ? -1 : mount_place(copy, target, path, error);
  if (target >= 0) close(target);
  close(copy);
  return result;
}

static int make_device(int root, const struct record *record, struct sys_error *error) {
  const uint64_t *scalar = record->scalar;
  const char *path = record->string[0];
  mode_t type = scalar[0] == 'c' ? S_IFCHR : S_IFBLK;
  dev_t device = makedev((unsigned)scalar[1], (unsigned)scalar[2]);
  char name[256];
  struct stat st;
  int folder = beneath_parent(root, path, name, error);
  if (folder < 0) return -1;
  if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && ((st.st_mode & S_IFMT) != type || st.st_rdev != device))
    unlinkat(folder, name, 0);
  int result = mknodat(folder, name, type | (mode_t)scalar[3], device);
  if (result < 0 && errno == EPERM) {
    close(folder);
    return bind_device(root, path, type, device, error);
  }
  if (result < 0 && errno != EEXIST) result = fail(error, "mknod", path);
  else if (fchownat(folder, name, (uid_t)scalar[4], (gid_t)scalar[5], AT_SYMLINK_NOFOLLOW) < 0) result = fail(error, "chown", path);
  else result = 0;
  close(folder);
  return result;
}

static int make_link(int root, const struct record *record, struct sys_error *error) {
  const char *target = record->string[0], *path = record->string[1];
  char name[256];
  int folder = beneath_parent(root, path, name, error);
  if (folder < 0) return -1;
  int result = symlinkat(target, folder, name);
  if (result < 0 && errno == EEXIST) {
    unlinkat(folder, name, 0);
    result = symlinkat(target, folder, name);
  }
  if (result < 0) fail(error, "symlink", path);
  close(folder);
  return result;
}

int nodes_make(const struct config *config, int root, struct sys_error *error) {
  struct record record;
  mode_t before = umask(0);
  int result = 0;
  for (size_t at = 0; result == 0 && config_next(config, TAG_DEVICE, &at, &record);) result = make_device(root, &record, error);
  for (size_t at = 0; result == 0 && config_next(config, TAG_SYMLINK, &at, &record);) result = make_link(root, &record, error);
  umask(before);
  return result;
}
