#include "check.h"
#include "fileat.h"
#include "files.h"
#include "space.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static const uint8_t HELLO[] = {'h', 'e', 'l', 'l', 'o'};

static bool holds(const char *path, const char *text) {
  struct sys_error error;
  struct bytes out = {0};
  bool good = file_read(path, 1 << 20, &out, &error) == 0 && out.length == strlen(text) &&
              memcmp(out.data, text, out.length) == 0;
  bytes_free(&out);
  return good;
}

static void a_file_is_created_once(void) {
  struct sys_error error;
  struct stat st;
  CHECK(file_create("new", HELLO, 5, 0640, &error) == 0);
  CHECK(holds("new", "hello"));
  CHECK(stat("new", &st) == 0 && (st.st_mode & 07777) == 0640);
  CHECK_FAILS(file_create("new", HELLO, 1, 0644, &error), error, EEXIST);
  CHECK(holds("new", "hello"));
  CHECK(file_create("empty", NULL, 0, 0644, &error) == 0 && holds("empty", ""));
}

/* The tmpfs of the test has 64 KiB. */
static void a_full_disk_leaves_nothing_new_and_nothing_broken(void) {
  struct sys_error error;
  static const uint8_t many[200000];
  int before = entries(".");
  CHECK_FAILS(file_create("big", many, sizeof many, 0644, &error), error, ENOSPC);
  CHECK_FAILS(file_replace("new", many, sizeof many, 0644, &error), error, ENOSPC);
  CHECK(strcmp(error.path, "new") == 0);
  CHECK(holds("new", "hello"));
  CHECK(entries(".") == before);
}

static void a_file_is_replaced_whole(void) {
  struct sys_error error;
  int before = entries(".");
  CHECK(file_replace("new", (const uint8_t *)"other", 5, 0600, &error) == 0);
  CHECK(holds("new", "other"));
  CHECK(file_replace("./fresh", HELLO, 5, 0600, &error) == 0 && holds("fresh", "hello"));
  CHECK(entries(".") == before + 1);
  CHECK(mkdir("folder", 0755) == 0);
  CHECK_FAILS(file_replace("folder", HELLO, 5, 0600, &error), error, EISDIR);
  CHECK_FAILS(file_replace("missing/x", HELLO, 5, 0600, &error), error, ENOENT);
  CHECK(entries(".") == before + 2);
}

static void only_regular_files_are_read_and_only_so_much(void) {
  struct sys_error error;
  struct bytes out = {0};
  CHECK(mkfifo("fifo", 0600) == 0);
  CHECK_FAILS(file_read("fifo", 10, &out, &error), error, EINVAL);
  CHECK_FAILS(file_read(".", 10, &out, &error), error, EINVAL);
  CHECK_FAILS(file_read("/dev/zero", 10, &out, &error), error, EINVAL);
  CHECK_FAILS(file_read("missing", 10, &out, &error), error, ENOENT);
  CHECK_FAILS(file_read("new", 4, &out, &error), error, EFBIG);
  out.length = 0;
  CHECK(file_read("/proc/self/status", 1 << 20, &out, &error) == 0 && out.length > 100);
  bytes_free(&out);
}

static void names_are_linked_renamed_and_removed(void) {
  struct sys_error error;
  CHECK(file_link("new", "second", &error) == 0 && holds("second", "other"));
  CHECK_FAILS(file_link("fresh", "second", &error), error, EEXIST);
  CHECK(strcmp(error.path, "second") == 0);
  CHECK_FAILS(file_link("missing", "third", &error), error, ENOENT);
  CHECK(strcmp(error.path, "missing") == 0);
  CHECK(file_rename("second", "third", &error) == 0 && access("second", F_OK) < 0);
  CHECK(file_remove("third", &error) == 0);
  CHECK_FAILS(file_remove("third", &error), error, ENOENT);
  CHECK_FAILS(file_rename("third", "x", &error), error, ENOENT);
  CHECK_FAILS(file_remove("folder", &error), error, EISDIR);
}

static void folders_are_made_with_their_parents(void) {
  struct sys_error error;
  struct stat st;
  CHECK(dir_make("p/q//r/", 0750, &error) == 0);
  CHECK(stat("p/q/r", &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 0777) == 0750);
  CHECK(dir_make("p/q/r", 0700, &error) == 0 && dir_make("/", 0700, &error) == 0);
  CHECK_FAILS(dir_make("new/under", 0755, &error), error, ENOTDIR);
  CHECK_FAILS(dir_make("new", 0755, &error), error, ENOTDIR);
  CHECK_FAILS(dir_make("/proc/x/y", 0755, &error), error, ENOENT);
  CHECK_FAILS(dir_remove("p/q", &error), error, ENOTEMPTY);
  CHECK(dir_remove("p/q/r", &error) == 0);
  CHECK_FAILS(dir_remove("p/q/r", &error), error, ENOENT);
}

static void names_are_listed_up_to_a_number(void) {
  struct sys_error error;
  struct bytes names = {0};
  size_t count;
  CHECK(mkdir("list", 0755) == 0);
  CHECK(dir_list("list", 0, &names, &count, &error) == 0 && count == 0);
  CHECK(file_create("list/one", NULL, 0, 0600, &error) == 0 && file_create("list/two", NULL, 0, 0600, &error) == 0);
  CHECK(dir_list("list", 2, &names, &count, &error) == 0 && count == 2 && names.length == 8);
  names.length = 0;
  CHECK_FAILS(dir_list("list", 1, &names, &count, &error), error, EFBIG);
  CHECK_FAILS(dir_list("missing", 1, &names, &count, &error), error, ENOENT);
  CHECK_FAILS(dir_list("new", 1, &names, &count, &error), error, ENOTDIR);
  bytes_free(&names);
}

static void stat_tells_kinds_and_absence(void) {
  struct sys_error error;
  struct file_stat st;
  struct stat witness;
  struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "socket"};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  CHECK(bind(fd, (struct sockaddr *)&name, sizeof name) == 0 && symlink("new", "sym") == 0);
  close(fd);
  CHECK(stat("new", &witness) == 0);
  CHECK(file_stat("new", false, &st, &error) == 1 && strcmp(st.kind, "file") == 0);
  CHECK(st.size == 5 && st.uid == 0 && st.mode == 0600 && st.dev == witness.st_dev && st.ino == witness.st_ino);
  CHECK(st.mtime_ns == witness.st_mtim.tv_sec * 1000000000L + witness.st_mtim.tv_nsec);
  CHECK(file_stat("sym", false, &st, &error) == 1 && strcmp(st.kind, "symlink") == 0);
  CHECK(file_stat("sym", true, &st, &error) == 1 && strcmp(st.kind, "file") == 0);
  CHECK(file_stat("socket", true, &st, &error) == 1 && strcmp(st.kind, "socket") == 0);
  CHECK(file_stat("fifo", true, &st, &error) == 1 && strcmp(st.kind, "other") == 0);
  CHECK(file_stat(".", true, &st, &error) == 1 && strcmp(st.kind, "directory") == 0);
  CHECK(file_stat("missing", true, &st, &error) == 0 && file_stat("new/x", true, &st, &error) == 0);
  CHECK(symlink("loop", "loop") == 0);
  CHECK_FAILS(file_stat("loop", true, &st, &error), error, ELOOP);
}

static void times_are_set_to_the_nanosecond(void) {
  struct sys_error error;
  struct file_stat st;
  static const int64_t times[] = {1700000000123456789, 0, -1, -1500000000};
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    CHECK(file_set_mtime("new", times[i], &error) == 0);
    CHECK(file_stat("new", true, &st, &error) == 1 && st.mtime_ns == times[i]);
  }
  CHECK(file_set_mtime("folder", times[0], &error) == 0);
  CHECK_FAILS(file_set_mtime("missing", 0, &error), error, ENOENT);
}

static void links_are_read_where_there_are_any(void) {
  struct sys_error error;
  char target[PATH_MAX];
  CHECK(file_readlink("sym", target, &error) == 1 && strcmp(target, "new") == 0);
  CHECK(file_readlink("new", target, &error) == 0 && file_readlink("missing", target, &error) == 0);
  CHECK_FAILS(file_readlink("loop/x", target, &error), error, ELOOP);
}

static void writable_says_no_on_a_read_only_mount(void) {
  struct sys_error error;
  CHECK(file_writable("new", &error) == 1 && file_writable("folder", &error) == 1);
  CHECK(file_writable("missing", &error) == 0 && file_writable("new/x", &error) == 0);
  CHECK(mount("tsnet-test", "folder", "tmpfs", MS_RDONLY, "size=4k") == 0);
  CHECK(file_writable("folder", &error) == 0);
  CHECK(umount2("folder", 0) == 0);
  CHECK_FAILS(file_writable("loop", &error), error, ELOOP);
}

static void pieces_are_written_and_read_in_place(void) {
  struct sys_error error;
  struct bytes out = {0};
  CHECK(file_write_at("pieces", 3, HELLO, 5, 0600, false, &error) == 0);
  CHECK(file_write_at("pieces", 0, (const uint8_t *)"abc", 3, 0600, false, &error) == 0 && holds("pieces", "abchello"));
  CHECK(file_read_at("pieces", 2, 3, &out, &error) == 0 && out.length == 3 && memcmp(out.data, "che", 3) == 0);
  CHECK(file_read_at("pieces", 100, 3, &out, &error) == 0 && out.length == 3);
  CHECK(file_write_at("pieces", 0, HELLO, 5, 0600, true, &error) == 0 && holds("pieces", "hello"));
  CHECK(symlink("pieces", "aside") == 0);
  CHECK_FAILS(file_write_at("aside", 0, HELLO, 5, 0600, true, &error), error, ELOOP);
  CHECK_FAILS(file_read_at("fifo", 0, 1, &out, &error), error, EINVAL);
  CHECK_FAILS(file_read_at("missing", 0, 1, &out, &error), error, ENOENT);
  bytes_free(&out);
}

int main(void) {
  own_space();
  umask(0);
  RUN(a_file_is_created_once);
  RUN(a_full_disk_leaves_nothing_new_and_nothing_broken);
  RUN(a_file_is_replaced_whole);
  RUN(only_regular_files_are_read_and_only_so_much);
  RUN(names_are_linked_renamed_and_removed);
  RUN(folders_are_made_with_their_parents);
  RUN(names_are_listed_up_to_a_number);
  RUN(stat_tells_kinds_and_absence);
  RUN(times_are_set_to_the_nanosecond);
  RUN(links_are_read_where_there_are_any);
  RUN(writable_says_no_on_a_read_only_mount);
  RUN(pieces_are_written_and_read_in_place);
  return report();
}
