#include "netns.h"

#include "thread.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The calling thread's namespace. `/proc/self` would be the one of the process's first thread. */
static const char THREAD_NETNS[] = "/proc/thread-self/ns/net";

static int own_netns = -1;

void netns_init(void) {
  if (own_netns < 0) own_netns = open(THREAD_NETNS, O_RDONLY | O_CLOEXEC);
}

int netns_open(const char *path, struct sys_error *error) {
  /* O_PATH first: opening a fifo would block and opening a device may do something. */
  int place = open(path, O_PATH | O_CLOEXEC);
  if (place < 0) return fail(error, "open", path);
  struct statfs fs;
  int result = -1;
  if (fstatfs(place, &fs) < 0)
    fail(error, "fstatfs", path);
  else if (fs.f_type != NSFS_MAGIC)
    fail_with(error, "setns", EINVAL, path);
  else {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", place);
    result = open(link, O_RDONLY | O_CLOEXEC);
    if (result < 0) fail(error, "open", path);
  }
  close(place);
  if (result < 0) return -1;
  if (ioctl(result, NS_GET_NSTYPE) != CLONE_NEWNET) {
    close(result);
    return fail_with(error, "setns", EINVAL, path);
  }
  return result;
}

int netns_identity(int netns, char *out, size_t size, struct sys_error *error) {
  struct statx st;
  int fd = netns == NETNS_OWN ? own_netns : netns;
  if (fd < 0 && netns == NETNS_OWN) return fail_with(error, "open", ENOENT, THREAD_NETNS);
  if (statx(fd, "", AT_EMPTY_PATH, STATX_INO, &st) < 0) return fail(error, "statx", NULL);
  unsigned long long dev = makedev(st.stx_dev_major, st.stx_dev_minor);
  snprintf(out, size, "%llu:%llu", dev, (unsigned long long)st.stx_ino);
  return 0;
}

struct creation {
  const char *path;
  struct sys_error *error;
  int result;
};

static void *create_on_thread(void *argument) {
  struct creation *creation = argument;
  if (unshare(CLONE_NEWNET) < 0)
    creation->result = fail(creation->error, "unshare", NULL);
  else if (mount(THREAD_NETNS, creation->path, NULL, MS_BIND, NULL) < 0)
    creation->result = fail(creation->error, "mount", creation->path);
  return NULL;
}

int netns_create(const char *path, struct sys_error *error) {
  int file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
  if (file < 0) return fail(error, "open", path);
  close(file);
  /* On a thread made for it: the namespace of the calling thread never changes, and no way back can fail. */
  struct creation creation = {.path = path, .error = error, .result = 0};
  pthread_t thread;
  int err = thread_start(&thread, 0, create_on_thread, &creation);
  if (err != 0)
    creation.result = fail_with(error, "pthread_create", err, NULL);
  else
    pthread_join(thread, NULL);
  if (creation.result < 0) unlink(path);
  return creation.result;
}

int netns_delete(const char *path, struct sys_error *error) {
  struct statx st;
  struct statfs fs;
  if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_SIZE, &st) < 0) return fail(error, "statx", path);
  if (!S_ISREG(st.stx_mode)) return fail_with(error, "umount2", EINVAL, path);
  if (statfs(path, &fs) < 0) return fail(error, "statfs", path);
  if (fs.f_type == NSFS_MAGIC) {
    /* Lazily: somebody may hold the namespace open, and it lives on for them. */
    if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0) return fail(error, "umount2", path);
  } else if (st.stx_size != 0)
    return fail_with(error, "umount2", EINVAL, path);
  if (unlink(path) < 0) return fail(error, "unlink", path);
  return 0;
}

int netns_run(int netns, bool own_thread, netns_work work, void *argument, struct sys_error *error) {
  if (netns == NETNS_OWN) return work(argument, error);
  int back = -1;
  if (!own_thread) {
    back = open(THREAD_NETNS, O_RDONLY | O_CLOEXEC);
    if (back < 0) return fail(error, "open", THREAD_NETNS);
  }
  int result;
  if (setns(netns, CLONE_NEWNET) < 0)
    result = fail(error, "setns", NULL);
  else {
    result = work(argument, error);
    if (!own_thread && setns(back, CLONE_NEWNET) < 0) abort();
  }
  if (back >= 0) close(back);
  return result;
}
