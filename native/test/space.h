#ifndef TSNET_SPACE_H
#define TSNET_SPACE_H

#include <dirent.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

/* A place for a test program: mounts of its own, and a folder on a tmpfs of 64 KiB that is gone with the process. */
static inline const char *own_space(void) {
  static const char folder[] = "/tmp";
  if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
      mount("tsnet-test", folder, "tmpfs", 0, "size=64k") < 0 || chdir(folder) < 0) {
    perror("cannot make mounts of its own (root is needed)");
    exit(2);
  }
  return folder;
}

/* A network namespace of the test program's own, with its loopback up. */
static inline void own_loopback(void) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  int fd = -1;
  if (unshare(CLONE_NEWNET) < 0 || (fd = socket(AF_INET, SOCK_DGRAM, 0)) < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0) {
    perror("cannot make a namespace of its own (root is needed)");
    exit(2);
  }
  close(fd);
}

static inline int entries(const char *path) {
  DIR *dir = opendir(path);
  int count = -2;
  if (dir == NULL) return -1;
  while (readdir(dir) != NULL) count++;
  closedir(dir);
  return count;
}

static inline int open_descriptors(void) {
  return entries("/proc/self/fd");
}

#endif
