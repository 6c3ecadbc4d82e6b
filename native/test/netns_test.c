#include "check.h"
#include "netns.h"
#include "space.h"
#include "sysctl.h"
#include "thread.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static bool same(int a, int b) {
  struct sys_error error;
  char left[64];
  char right[64];
  if (netns_identity(a, left, sizeof left, &error) < 0 || netns_identity(b, right, sizeof right, &error) < 0) abort();
  return strcmp(left, right) == 0;
}

/* What this thread is in, as the kernel shows it. */
static void current(char out[64]) {
  ssize_t length = readlink("/proc/thread-self/ns/net", out, 63);
  out[length < 0 ? 0 : length] = '\0';
}

static void a_namespace_is_made_opened_and_deleted(void) {
  struct sys_error error;
  struct stat st;
  char before[64];
  char after[64];
  int descriptors = open_descriptors();
  current(before);
  CHECK(netns_create("a", &error) == 0);
  CHECK(netns_create("b", &error) == 0);
  int a = netns_open("a", &error);
  int again = netns_open("a", &error);
  int b = netns_open("b", &error);
  CHECK(a >= 0 && again >= 0 && b >= 0);
  CHECK(same(a, again) && !same(a, b) && !same(a, NETNS_OWN) && same(NETNS_OWN, NETNS_OWN));
  CHECK(stat("a", &st) == 0 && (st.st_mode & 0777) == 0444);
  current(after);
  CHECK(strcmp(before, after) == 0);
  CHECK(netns_delete("a", &error) == 0 && netns_delete("b", &error) == 0);
  CHECK(access("a", F_OK) < 0 && access("b", F_OK) < 0);
  CHECK(!same(a, NETNS_OWN)); /* lives on while somebody holds it */
  close(a);
  close(again);
  close(b);
  CHECK(open_descriptors() == descriptors);
}

static void what_is_there_is_neither_replaced_nor_deleted(void) {
  struct sys_error error;
  int fd = open("data", O_WRONLY | O_CREAT, 0600);
  CHECK(fd >= 0 && write(fd, "x", 1) == 1);
  close(fd);
  CHECK_FAILS(netns_create("data", &error), error, EEXIST);
  CHECK_FAILS(netns_delete("data", &error), error, EINVAL);
  CHECK_FAILS(netns_delete(".", &error), error, EINVAL);
  CHECK(access("data", F_OK) == 0);
  CHECK(netns_create("target", &error) == 0 && symlink("target", "link") == 0);
  CHECK_FAILS(netns_delete("link", &error), error, EINVAL);
  CHECK(netns_delete("target", &error) == 0);
  CHECK_FAILS(netns_delete("missing", &error), error, ENOENT);
  CHECK_FAILS(netns_create("missing/a", &error), error, ENOENT);
}

static void an_empty_file_of_a_killed_create_is_deleted(void) {
  struct sys_error error;
  close(open("left", O_RDONLY | O_CREAT, 0444));
  CHECK(netns_delete("left", &error) == 0);
  CHECK(access("left", F_OK) < 0);
}

static void what_is_no_network_namespace_is_einval_without_waiting(void) {
  struct sys_error error;
  CHECK(mkfifo("fifo", 0600) == 0);
  CHECK_FAILS(netns_open("fifo", &error), error, EINVAL);
  CHECK_FAILS(netns_open("data", &error), error, EINVAL);
  CHECK_FAILS(netns_open(".", &error), error, EINVAL);
  CHECK_FAILS(netns_open("/dev/null", &error), error, EINVAL);
  CHECK_FAILS(netns_open("/proc/self/ns/mnt", &error), error, EINVAL);
  CHECK_FAILS(netns_open("/proc/self/ns/missing", &error), error, ENOENT);
  int own = netns_open("/proc/self/ns/net", &error);
  CHECK(own >= 0 && same(own, NETNS_OWN));
  close(own);
}

/* The bind mount needs /proc; in a process without it, no empty file may be left. */
static void a_create_that_fails_leaves_nothing(void) {
  pid_t pid = fork();
  if (pid == 0) {
    struct sys_error error;
    if (unshare(CLONE_NEWNS) < 0 || umount2("/proc", MNT_DETACH) < 0) _exit(1);
    if (netns_create("torn", &error) == 0 || error.err != ENOENT || strcmp(error.op, "mount") != 0) _exit(2);
    _exit(access("torn", F_OK) < 0 ? 0 : 3);
  }
  int status = -1;
  waitpid(pid, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int note_current(void *argument, struct sys_error *error) {
  (void)error;
  current(argument);
  return 7;
}

static int refuse(void *argument, struct sys_error *error) {
  return fail_with(error, "work", EPERM, argument);
}

static void work_runs_inside_and_the_thread_comes_back(void) {
  struct sys_error error;
  char before[64];
  char inside[64];
  char after[64];
  CHECK(netns_create("work", &error) == 0);
  int netns = netns_open("work", &error);
  int descriptors = open_descriptors();
  current(before);
  CHECK(netns_run(netns, false, note_current, inside, &error) == 7);
  current(after);
  CHECK(strcmp(before, after) == 0 && strcmp(before, inside) != 0);
  CHECK_FAILS(netns_run(netns, false, refuse, "why", &error), error, EPERM);
  current(after);
  CHECK(strcmp(before, after) == 0);
  CHECK_FAILS(netns_run(0, false, note_current, inside, &error), error, EINVAL);
  CHECK(open_descriptors() == descriptors);
  close(netns);
  CHECK(netns_delete("work", &error) == 0);
}

struct visit {
  int netns;
  int result;
  char inside[64];
};

static void *visit(void *argument) {
  struct visit *visit = argument;
  struct sys_error error;
  visit->result = netns_run(visit->netns, true, note_current, visit->inside, &error);
  return NULL;
}

static void many_threads_are_each_in_their_own(void) {
  enum { THREADS = 12 };
  struct sys_error error;
  struct visit visits[THREADS] = {0};
  pthread_t threads[THREADS];
  char name[16];
  char before[64];
  char after[64];
  current(before);
  for (int i = 0; i < THREADS; i++) {
    snprintf(name, sizeof name, "t%d", i);
    CHECK(netns_create(name, &error) == 0);
    visits[i].netns = netns_open(name, &error);
  }
  for (int i = 0; i < THREADS; i++) CHECK(thread_start(&threads[i], 0, visit, &visits[i]) == 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < THREADS; i++) {
    CHECK(visits[i].result == 7 && strcmp(visits[i].inside, before) != 0);
    for (int j = 0; j < i; j++) CHECK(strcmp(visits[i].inside, visits[j].inside) != 0);
  }
  for (int i = 0; i < THREADS; i++) {
    close(visits[i].netns);
    snprintf(name, sizeof name, "t%d", i);
    CHECK(netns_delete(name, &error) == 0);
  }
  current(after);
  CHECK(strcmp(before, after) == 0);
}

static const char FORWARD[] = "net/ipv4/ip_forward";

static bool is_value(int netns, const char *key, const char *value) {
  struct sys_error error;
  struct bytes out = {0};
  bool good = sysctl_get(netns, false, key, &out, &error) == 0 && out.length == strlen(value) &&
              memcmp(out.data, value, out.length) == 0;
  bytes_free(&out);
  return good;
}

static void a_sysctl_is_set_inside_and_nowhere_else(void) {
  struct sys_error error;
  CHECK(netns_create("c", &error) == 0 && netns_create("d", &error) == 0);
  int c = netns_open("c", &error);
  int d = netns_open("d", &error);
  CHECK(sysctl_set(c, false, FORWARD, "0", &error) == 0 && sysctl_set(d, false, FORWARD, "1", &error) == 0);
  CHECK(is_value(c, FORWARD, "0") && is_value(d, FORWARD, "1"));
  CHECK_FAILS(sysctl_set(c, false, FORWARD, "word", &error), error, EINVAL);
  CHECK(strcmp(error.path, "/proc/sys/net/ipv4/ip_forward") == 0);
  CHECK_FAILS(sysctl_set(c, false, "net/ipv4/conf/eth0.5/forwarding", "1", &error), error, ENOENT);
  close(c);
  close(d);
  CHECK(netns_delete("c", &error) == 0 && netns_delete("d", &error) == 0);
}

static void a_key_cannot_lead_elsewhere(void) {
  static const char *const keys[] = {"", "/net/ipv4/ip_forward", "net/../kernel/hostname", "net//ipv4", "../../etc/passwd",
                                     "net/ipv4/.", "net/ipv4/"};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    struct sys_error error;
    struct bytes out = {0};
    int result = sysctl_get(NETNS_OWN, false, keys[i], &out, &error);
    bytes_free(&out);
    CHECK_FAILS(result, error, EINVAL);
  }
}

int main(void) {
  own_space();
  netns_init();
  RUN(a_namespace_is_made_opened_and_deleted);
  RUN(what_is_there_is_neither_replaced_nor_deleted);
  RUN(an_empty_file_of_a_killed_create_is_deleted);
  RUN(what_is_no_network_namespace_is_einval_without_waiting);
  RUN(a_create_that_fails_leaves_nothing);
  RUN(work_runs_inside_and_the_thread_comes_back);
  RUN(many_threads_are_each_in_their_own);
  RUN(a_sysctl_is_set_inside_and_nowhere_else);
  RUN(a_key_cannot_lead_elsewhere);
  return report();
}
