#include "config.h"

#include "check.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>

static struct sys_error error;

/* A configuration that is being written. Held at its exact size, so that the sanitizer sees every byte read past its end. */
static uint8_t *data;
static size_t length;

static void add(const void *bytes, size_t size) {
  data = realloc(data, length + size);
  if (size > 0) memcpy(data + length, bytes, size);
  length += size;
}

static void fix_head(void) {
  uint32_t left = (uint32_t)(length - CONFIG_HEAD);
  memcpy(data + 8, &left, 4);
}

static void begin(void) {
  free(data);
  data = NULL;
  length = 0;
  add("tsboxcf1\0\0\0\0\0\0\0\0", 16);
}

/* A record with `count` scalars and `size` bytes after them. */
static void record(unsigned tag, int count, const uint64_t *scalars, const char *strings, size_t size) {
  uint16_t head[2] = {(uint16_t)tag, 0};
  uint32_t payload = (uint32_t)(count * 8 + (int)size);
  add(head, 4);
  add(&payload, 4);
  if (count > 0) add(scalars, (size_t)count * 8);
  add(strings, size);
  fix_head();
}

#define SCALARS(...) (int)(sizeof((uint64_t[]){__VA_ARGS__}) / 8), (uint64_t[]){__VA_ARGS__}
#define TEXT(text) text, sizeof(text) /* with its NUL */

static void minimal(void) {
  begin();
  record(TAG_NAMESPACE, SCALARS(CLONE_NEWNS), TEXT(""));
  record(TAG_ROOT, SCALARS(0, 0), TEXT("/r"));
  record(TAG_CAPABILITIES, SCALARS(3, 1, 3, 0, 0), "", 0);
  record(TAG_ARG, 0, NULL, TEXT("sh"));
}

static int check_as(int whom) {
  struct config config = {data, length};
  return config_check(&config, whom, &error);
}

static bool accepted(void) {
  return check_as(CONFIG_CREATE) == 0;
}

static bool refused(const char *why) {
  return check_as(CONFIG_CREATE) < 0 && error.err == EINVAL && strcmp(error.op, "config") == 0 && strcmp(error.path, why) == 0;
}

static void records_are_read_back(void) {
  struct record r;
  minimal();
  record(TAG_ARG, 0, NULL, TEXT("-c"));
  record(TAG_MOUNT, SCALARS(1, 2, 0, 1), TEXT("/a\0/b\0\0size=1"));
  record(TAG_OVERLAY, SCALARS(1), TEXT("/u\0/w\0/l1\0/l2"));
  CHECK(accepted());
  struct config config = {data, length};
  CHECK(config_get(&config, TAG_MOUNT, &r) && r.scalar[0] == 1 && r.scalar[1] == 2 && r.scalar[3] == 1);
  CHECK(strcmp(r.string[0], "/a") == 0 && strcmp(r.string[1], "/b") == 0 && r.string[2][0] == '\0');
  CHECK(strcmp(r.string[3], "size=1") == 0);
  CHECK(config_get(&config, TAG_OVERLAY, &r) && strcmp(r.string[1], "/w") == 0 && r.rest_length == 8);
  CHECK(memcmp(r.rest, "/l1\0/l2", 8) == 0);
  char **args = config_list(&config, TAG_ARG);
  CHECK(strcmp(args[0], "sh") == 0 && strcmp(args[1], "-c") == 0 && args[2] == NULL);
  free(args);
  CHECK(config_number(&config, TAG_OPTIONS, 7) == 7 && strcmp(config_text(&config, TAG_CWD, "/x"), "/x") == 0);
  CHECK(config_has_namespace(&config, CLONE_NEWNS) && !config_has_namespace(&config, CLONE_NEWNET));
}

static void the_head_must_fit(void) {
  minimal();
  data[0] = 'x';
  CHECK(refused("not a configuration of this interface"));
  minimal();
  data[12] = 1;
  CHECK(refused("the length in its head is another"));
  minimal();
  add("x", 1);
  CHECK(refused("the length in its head is another"));
  begin();
  CHECK(refused("ROOT"));
}

static void shapes_must_fit(void) {
  static const uint64_t zeros[8];
  minimal();
  record(99, 0, NULL, "", 0);
  CHECK(refused("a record of unknown kind"));
  minimal();
  record(TAG_CWD, 0, NULL, "/no end", 7);
  CHECK(refused("CWD"));
  minimal();
  record(TAG_CWD, 0, NULL, TEXT("/one\0/two"));
  CHECK(refused("CWD"));
  minimal();
  record(TAG_CONSOLE, 1, zeros, "", 0);
  CHECK(refused("CONSOLE"));
  minimal();
  record(TAG_CONSOLE, 3, zeros, "", 0);
  CHECK(refused("CONSOLE"));
  minimal();
  record(TAG_OVERLAY, 1, zeros, TEXT("\0"));
  CHECK(refused("OVERLAY"));
  minimal();
  record(TAG_ROOT, 2, zeros, TEXT("/again"));
  CHECK(refused("ROOT"));
}

static void values_must_make_sense(void) {
  static const struct {
    unsigned tag;
    int count;
    uint64_t scalars[6];
    const char *text;
    size_t size;
    const char *name;
  } bad[] = {
      {TAG_NAMESPACE, 1, {CLONE_NEWNS}, TEXT(""), "NAMESPACE"},              /* twice */
      {TAG_NAMESPACE, 1, {CLONE_NEWUSER}, TEXT(""), "NAMESPACE"},            /* not offered */
      {TAG_NAMESPACE, 1, {CLONE_NEWPID | CLONE_NEWNET}, TEXT(""), "NAMESPACE"},
      {TAG_NAMESPACE, 1, {CLONE_NEWPID}, TEXT("/x"), "NAMESPACE"},           /* cannot be joined */
      {TAG_NAMESPACE, 1, {CLONE_NEWNET}, TEXT("relative"), "NAMESPACE"},
      {TAG_MOUNT, 4, {3, 0, 0, 0}, TEXT("/a\0/b\0t\0"), "MOUNT"},
      {TAG_MOUNT, 4, {0, 4096, 0, 0}, TEXT("/a\0/b\0t\0"), "MOUNT"},         /* MS_BIND is not for the caller */
      {TAG_MOUNT, 4, {0, 0, 3 << 18, 0}, TEXT("/a\0/b\0t\0"), "MOUNT"},      /* private and slave */
      {TAG_MOUNT, 4, {0, 0, 0, 2}, TEXT("/a\0/b\0t\0"), "MOUNT"},
      {TAG_MOUNT, 4, {0, 0, 0, 0}, TEXT("/a\0b\0t\0"), "MOUNT"},
      {TAG_MOUNT, 4, {0, 0, 0, 0}, TEXT("/a\0/b\0\0"), "MOUNT"},             /* no type */
      {TAG_MOUNT, 4, {1, 0, 0, 0}, TEXT("a\0/b\0\0"), "MOUNT"},
      {TAG_DEVICE, 6, {'x', 1, 3, 0666, 0, 0}, TEXT("/dev/x"), "DEVICE"},
      {TAG_DEVICE, 6, {'c', 1 << 12, 3, 0666, 0, 0}, TEXT("/dev/x"), "DEVICE"},
      {TAG_DEVICE, 6, {'c', 1, 3, 04755, 0, 0}, TEXT("/dev/x"), "DEVICE"},
      {TAG_RLIMIT, 3, {16, 0, 0}, "", 0, "RLIMIT"},
      {TAG_RLIMIT, 3, {7, 2, 1}, "", 0, "RLIMIT"},
      {TAG_SYSCTL, 0, {0}, TEXT("\0x"), "SYSCTL"},
      {TAG_SYSCTL, 0, {0}, TEXT("kernel.core_pattern\0x"), "SYSCTL"},
      {TAG_SYSCTL, 0, {0}, TEXT("kernel.shm_rmid_forced\0001\n2"), "SYSCTL"},
      {TAG_HOSTNAME, 0, {0}, TEXT("name"), "HOSTNAME"},                      /* the host's namespace */
      {TAG_GROUP, 1, {UINT32_MAX}, "", 0, "GROUP"},
      {TAG_SECCOMP, 1, {0}, "1234567", 7, "SECCOMP"},
      {TAG_SECCOMP, 1, {0}, "", 0, "SECCOMP"},
      {TAG_SECCOMP, 1, {1 << 3}, "12345678", 8, "SECCOMP"},                  /* a listener */
      {TAG_OOM, 1, {3}, TEXT("/x"), "OOM"},
      {TAG_ENV, 0, {0}, TEXT("novalue"), "ENV"},
      {TAG_ENV, 0, {0}, TEXT("=x"), "ENV"},
      {TAG_CWD, 0, {0}, TEXT("tmp"), "CWD"},
      {TAG_OPTIONS, 1, {256}, "", 0, "OPTIONS"},
      {TAG_OPTIONS, 1, {OPTION_LOOPBACK}, "", 0, "OPTIONS"},                 /* would be the host's */
      {TAG_CONSOLE, 2, {65536, 1}, "", 0, "CONSOLE"},
      {TAG_RESTART, 2, {4, 0}, "", 0, "RESTART"},
      {TAG_STOP, 2, {0, 0}, "", 0, "STOP"},
      {TAG_STOP, 2, {65, 0}, "", 0, "STOP"},
      {TAG_OOM_SCORE_ADJ, 1, {1001}, "", 0, "OOM_SCORE_ADJ"},
      {TAG_OOM_SCORE_ADJ, 1, {(uint64_t)-1001}, "", 0, "OOM_SCORE_ADJ"},
      {TAG_END_ARG, 0, {0}, TEXT("relative"), "END_ARG"},
      {TAG_END_ENV, 0, {0}, TEXT("A=b"), "END_ENV"},                         /* of no program */
      {TAG_UMASK, 1, {01000}, "", 0, "UMASK"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    minimal();
    record(bad[i].tag, bad[i].count, bad[i].scalars, bad[i].text, bad[i].size);
    if (!refused(bad[i].name)) printf("  row %zu\n", i);
    CHECK(refused(bad[i].name));
  }
  minimal();
  record(TAG_OOM_SCORE_ADJ, SCALARS((uint64_t)-1000), "", 0);
  record(TAG_NAMESPACE, SCALARS(CLONE_NEWIPC), TEXT(""));
  record(TAG_SYSCTL, 0, NULL, TEXT("kernel.shm_rmid_forced\0001"));
  record(TAG_NAMESPACE, SCALARS(CLONE_NEWNET), TEXT("/run/netns/x"));
  record(TAG_OPTIONS, SCALARS(OPTION_LOOPBACK), "", 0);
  CHECK(accepted());
}

static void capabilities_must_be_within_each_other(void) {
  static const uint64_t bad[][5] = {{3, 4, 3, 0, 0}, {3, 1, 3, 0, 1}, {3, 1, 1, 2, 2}};
  for (size_t i = 0; i < 3; i++) {
    begin();
    record(TAG_NAMESPACE, SCALARS(CLONE_NEWNS), TEXT(""));
    record(TAG_ROOT, SCALARS(0, 0), TEXT("/r"));
    record(TAG_ARG, 0, NULL, TEXT("sh"));
    record(TAG_CAPABILITIES, 5, bad[i], "", 0);
    CHECK(refused("CAPABILITIES"));
  }
}

static void exec_takes_only_what_is_of_a_process(void) {
  minimal();
  CHECK(check_as(CONFIG_EXEC) < 0 && strcmp(error.path, "NAMESPACE") == 0);
  begin();
  record(TAG_ARG, 0, NULL, TEXT("sh"));
  CHECK(check_as(CONFIG_EXEC) < 0 && strcmp(error.path, "CAPABILITIES") == 0);
  record(TAG_CAPABILITIES, SCALARS(0, 0, 0, 0, 0), "", 0);
  CHECK(check_as(CONFIG_EXEC) == 0);
}

static void sizes_are_bounded(void) {
  static char text[(128 << 10) + 2];
  minimal();
  memset(text, 'x', sizeof text - 1);
  record(TAG_ARG, 0, NULL, text, sizeof text);
  CHECK(refused("ARG"));
  minimal();
  text[0] = '/';
  text[5000] = '\0';
  record(TAG_CWD, 0, NULL, text, 5001);
  CHECK(refused("CWD"));
  minimal();
  for (int i = 0; i < CONFIG_MAX_RECORDS; i++) record(TAG_GROUP, SCALARS(1), "", 0);
  CHECK(refused("too many records"));
}

/* Everything after a cut, and every byte changed: refused or accepted, never read past the end (the sanitizer says). */
static void damage_does_no_harm(void) {
  minimal();
  record(TAG_MOUNT, SCALARS(0, 0, 0, 0), TEXT("t\0/b\0tmpfs\0size=1"));
  record(TAG_OVERLAY, SCALARS(1), TEXT("/u\0/w\0/l1\0/l2"));
  record(TAG_SECCOMP, SCALARS(0), "12345678", 8);
  record(TAG_ENV, 0, NULL, TEXT("A=b"));
  CHECK(accepted());
  size_t whole = length;
  uint8_t *good = malloc(whole);
  memcpy(good, data, whole);
  int accepted_cuts = 0;
  for (size_t cut = 0; cut < whole; cut++) {
    free(data);
    data = NULL;
    length = 0;
    if (cut > 0) add(good, cut);
    if (cut >= CONFIG_HEAD) fix_head();
    struct config config = {data, length};
    accepted_cuts += config_check(&config, CONFIG_CREATE, &error) == 0;
  }
  uint32_t seed = 1;
  for (int round = 0; round < 20000; round++) {
    uint8_t *copy = malloc(whole);
    memcpy(copy, good, whole);
    for (int i = 0; i < 1 + round % 4; i++) {
      seed = seed * 1103515245 + 12345;
      copy[16 + (seed >> 8) % (whole - 16)] = (uint8_t)(seed >> 24);
    }
    struct config config = {copy, whole};
    if (config_check(&config, CONFIG_CREATE, &error) == 0) free(config_list(&config, TAG_ENV));
    free(copy);
  }
  free(good);
  CHECK(accepted_cuts == 4); /* after ARG, MOUNT, OVERLAY and SECCOMP: whole records */
}

int main(void) {
  RUN(records_are_read_back);
  RUN(the_head_must_fit);
  RUN(shapes_must_fit);
  RUN(values_must_make_sense);
  RUN(capabilities_must_be_within_each_other);
  RUN(exec_takes_only_what_is_of_a_process);
  RUN(sizes_are_bounded);
  RUN(damage_does_no_harm);
  free(data);
  return report();
}
