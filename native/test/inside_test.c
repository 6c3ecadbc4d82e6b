#include "check.h"
#include "inside.h"
#include "space.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static void put(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) abort();
}

static void make(const char *path) {
  if (mkdir(path, 0755) < 0) abort();
}

static void point(const char *target, const char *path) {
  if (symlink(target, path) < 0) abort();
}

/* What is read at `path` below `root` begins with `text`. */
static bool holds(const char *path, const char *text) {
  struct sys_error error;
  struct bytes out = {0};
  bool same = file_read_inside("root", path, 100, &out, &error) == 0 && out.length == strlen(text) &&
              memcmp(out.data, text, out.length) == 0;
  bytes_free(&out);
  return same;
}

static int try(const char *path, size_t max, struct sys_error *error) {
  struct bytes out = {0};
  int result = file_read_inside("root", path, max, &out, error);
  bytes_free(&out);
  return result;
}

static void links_end_below_the_root(void) {
  put("secret", "outside");
  make("root");
  make("root/etc");
  put("root/secret", "inside");
  put("root/etc/plain", "plain");
  point("/secret", "root/etc/absolute");
  point("../../../../secret", "root/etc/up");
  point("/etc", "root/folder");
  CHECK(holds("etc/plain", "plain"));
  CHECK(holds("/etc/plain", "plain"));
  CHECK(holds("etc/absolute", "inside"));
  CHECK(holds("etc/up", "inside"));
  CHECK(holds("folder/plain", "plain"));
  CHECK(holds("../../etc/plain", "plain"));
}

static void only_regular_files_are_opened_and_no_more_than_allowed(void) {
  struct sys_error error;
  int descriptors = open_descriptors();
  if (mkfifo("root/fifo", 0600) < 0 || mknod("root/device", S_IFCHR | 0600, 0) < 0) abort();
  point("/proc/self/root/tmp/secret", "root/magic");
  point("loop", "root/loop");
  CHECK_FAILS(try("fifo", 100, &error), error, EINVAL);
  CHECK_FAILS(try("device", 100, &error), error, EINVAL);
  CHECK_FAILS(try("etc", 100, &error), error, EINVAL);
  CHECK_FAILS(try("loop", 100, &error), error, ELOOP);
  CHECK_FAILS(try("magic", 100, &error), error, ENOENT);
  CHECK_FAILS(try("none", 100, &error), error, ENOENT);
  CHECK_FAILS(try("etc/plain", 4, &error), error, EFBIG);
  CHECK_FAILS(file_read_inside("none", "x", 1, &(struct bytes){0}, &error), error, ENOENT);
  CHECK(open_descriptors() == descriptors);
}

int main(void) {
  own_space();
  RUN(links_end_below_the_root);
  RUN(only_regular_files_are_opened_and_no_more_than_allowed);
  return report();
}
