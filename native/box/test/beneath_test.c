#include "beneath.h"
#include "check.h"
#include "space.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* A root `r` in the folder of the test, beside `outside`, which nothing may touch. */
static int root;
static struct sys_error error;

static bool same(int fd, const char *path) {
  struct stat a, b;
  return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static bool opens(const char *path, int flags, const char *what) {
  int fd = beneath_open(root, path, flags, 0, &error);
  bool good = fd >= 0 && same(fd, what);
  if (fd >= 0) close(fd);
  return good;
}

static bool makes(const char *path, bool folder, const char *what) {
  int fd = beneath_make(root, path, folder, 0, &error);
  bool good = fd >= 0 && same(fd, what);
  if (fd >= 0) close(fd);
  return good;
}

static void set_up(void) {
  mkdir("r", 0755);
  mkdir("r/a", 0755);
  mkdir("r/a/b", 0755);
  mkdir("outside", 0755);
  close(open("outside/secret", O_CREAT | O_WRONLY, 0600));
  close(open("r/file", O_CREAT | O_WRONLY, 0600));
  symlink("/outside", "r/absolute");
  symlink("../../../../outside", "r/a/up");
  symlink("/tmp/outside/secret", "r/host");
  symlink("b", "r/a/inside");
  symlink("/a/b", "r/to-b");
  symlink("loop2", "r/loop1");
  symlink("loop1", "r/loop2");
  symlink("../run/new/file", "r/a/dangling");
  symlink("/proc/self/root", "r/magic");
  root = open("r", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void paths_stay_beneath_the_root(void) {
  CHECK(opens("/", 0, "r") && opens("a/b", 0, "r/a/b") && opens("//a//./b/", O_DIRECTORY, "r/a/b"));
  CHECK(opens("..", 0, "r") && opens("/../../a/../..", 0, "r") && opens("a/b/../../file", 0, "r/file"));
  CHECK(opens("a/inside", 0, "r/a/b") && opens("to-b", 0, "r/a/b") && opens("to-b/..", 0, "r/a"));
}

static void links_do_not_lead_outside(void) {
  CHECK_FAILS(beneath_open(root, "absolute/secret", 0, 0, &error), error, ENOENT);
  CHECK(strcmp(error.path, "absolute/secret") == 0);
  CHECK_FAILS(beneath_open(root, "a/up/secret", 0, 0, &error), error, ENOENT);
  CHECK_FAILS(beneath_open(root, "host", 0, 0, &error), error, ENOENT);
  CHECK_FAILS(beneath_open(root, "loop1", 0, 0, &error), error, ELOOP);
  CHECK_FAILS(beneath_open(root, "magic", 0, 0, &error), error, ENOENT);
  CHECK_FAILS(beneath_open(root, "file/x", 0, 0, &error), error, ENOTDIR);
  CHECK_FAILS(beneath_open(root, "file", O_DIRECTORY, 0, &error), error, ENOTDIR);
}

static void links_are_refused_where_they_may_not_be(void) {
  CHECK_FAILS(beneath_open(root, "to-b", 0, BENEATH_NO_LINKS, &error), error, ELOOP);
  CHECK_FAILS(beneath_open(root, "a/inside/..", 0, BENEATH_NO_LINKS, &error), error, ELOOP);
  CHECK_FAILS(beneath_make(root, "to-b/new", true, BENEATH_NO_LINKS, &error), error, ELOOP);
  CHECK_FAILS(beneath_make(root, "a/dangling", true, BENEATH_NO_LINKS, &error), error, ELOOP);
  int fd = beneath_open(root, "a/b", 0, BENEATH_NO_LINKS, &error);
  CHECK(fd >= 0 && same(fd, "r/a/b"));
  close(fd);
}

static void what_is_missing_is_made_beneath_the_root(void) {
  CHECK(makes("/n1/n2/n3", true, "r/n1/n2/n3") && makes("n1/f1", false, "r/n1/f1"));
  CHECK(makes("a/../n4/../n5", true, "r/n5"));
  CHECK(makes("a/b", true, "r/a/b") && makes("file", false, "r/file"));
  CHECK(makes("absolute/x/y", true, "r/outside/x/y") && makes("a/up/z", false, "r/outside/z"));
  CHECK(makes("a/dangling", false, "r/run/new/file"));
  CHECK(makes("host", false, "r/tmp/outside/secret"));
  CHECK_FAILS(beneath_make(root, "loop1", true, 0, &error), error, ELOOP);
  CHECK_FAILS(beneath_make(root, "file/x", true, 0, &error), error, ENOTDIR);
  CHECK_FAILS(beneath_make(root, "file", true, 0, &error), error, ENOTDIR);
  CHECK(entries("outside") == 1);
}

static void a_parent_is_a_folder_and_a_name(void) {
  char name[256];
  int fd = beneath_parent(root, "/dev/shm/x//", name, &error);
  CHECK(fd >= 0 && same(fd, "r/dev/shm") && strcmp(name, "x") == 0);
  close(fd);
  fd = beneath_parent(root, "top", name, &error);
  CHECK(fd >= 0 && same(fd, "r") && strcmp(name, "top") == 0);
  close(fd);
  CHECK_FAILS(beneath_parent(root, "/", name, &error), error, EINVAL);
  CHECK_FAILS(beneath_parent(root, "/a/..", name, &error), error, EINVAL);
  CHECK_FAILS(beneath_parent(root, "/a/.", name, &error), error, EINVAL);
}

static volatile bool stop;

/* A hostile process that swaps a folder with a link to the outside. */
static void *swap(void *unused) {
  (void)unused;
  while (!stop) syscall(SYS_renameat2, AT_FDCWD, "r/race/dir", AT_FDCWD, "r/race/link", 2 /* RENAME_EXCHANGE */);
  return NULL;
}

static void a_race_does_not_lead_outside(void) {
  mkdir("r/race", 0755);
  mkdir("r/race/dir", 0755);
  symlink("../../outside", "r/race/link");
  pthread_t thread;
  stop = false;
  CHECK(pthread_create(&thread, NULL, swap, NULL) == 0);
  for (int i = 0; i < 3000; i++) {
    int fd = beneath_make(root, "/race/dir/made/deep", true, 0, &error);
    if (fd >= 0) close(fd);
    fd = beneath_open(root, "/race/dir/secret", 0, 0, &error);
    if (fd >= 0) break;
  }
  stop = true;
  pthread_join(thread, NULL);
  CHECK(entries("outside") == 1);
  CHECK(access("r/race/link/made/deep", F_OK) == 0 || access("r/race/dir/made/deep", F_OK) == 0 ||
        access("r/outside/made/deep", F_OK) == 0);
}

static void no_descriptor_is_left(void) {
  int before = open_descriptors();
  paths_stay_beneath_the_root();
  links_are_refused_where_they_may_not_be();
  what_is_missing_is_made_beneath_the_root();
  CHECK(open_descriptors() == before);
}

static void run_all(void) {
  system("rm -rf r outside");
  set_up();
  RUN(paths_stay_beneath_the_root);
  RUN(links_do_not_lead_outside);
  RUN(links_are_refused_where_they_may_not_be);
  RUN(what_is_missing_is_made_beneath_the_root);
  RUN(a_parent_is_a_folder_and_a_name);
  RUN(no_descriptor_is_left);
  RUN(a_race_does_not_lead_outside);
  close(root);
}

int main(void) {
  own_space();
  umask(022);
  run_all();
  beneath_without_openat2 = true;
  run_all();
  return report();
}
