#include "rights.h"

#include "report.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct sets {
  uint64_t effective, permitted, inheritable;
};

static int caps_get(struct sets *sets, struct sys_error *error) {
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &head, data) < 0) return fail(error, "capget", NULL);
  sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
  sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
  sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
  return 0;
}

static int caps_set(const struct sets *sets, struct sys_error *error) {
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2];
  for (int i = 0; i < 2; i++) {
    data[i].effective = (uint32_t)(sets->effective >> 32 * i);
    data[i].permitted = (uint32_t)(sets->permitted >> 32 * i);
    data[i].inheritable = (uint32_t)(sets->inheritable >> 32 * i);
  }
  return syscall(SYS_capset, &head, data) < 0 ? fail(error, "capset", NULL) : 0;
}

static int drop_bounding(uint64_t keep, struct sys_error *error) {
  for (unsigned long cap = 0; cap < 64; cap++) {
    int has = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
    if (has < 0) break; /* past the last that this kernel knows */
    if (has == 1 && !(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
      return fail(error, "prctl", "PR_CAPBSET_DROP");
  }
  return 0;
}

static bool has_filter(const struct config *config) {
  struct record record;
  return config_get(config, TAG_SECCOMP, &record);
}

static bool no_new_privs(const struct config *config) {
  return config_number(config, TAG_OPTIONS, 0) & OPTION_NO_NEW_PRIVS;
}

/* What the configuration says, as far as we have it ourselves. */
static int wanted(const struct config *config, struct sets *sets, struct sys_error *error) {
  struct record record;
  struct sets own = {0};
  if (caps_get(&own, error) < 0) return -1;
  config_get(config, TAG_CAPABILITIES, &record);
  *sets = (struct sets){
      .effective = record.scalar[1] & own.permitted,
      .permitted = record.scalar[2] & own.permitted,
      .inheritable = record.scalar[3] & own.permitted,
  };
  return 0;
}

static int change_user(const struct config *config, const struct user *user, struct sys_error *error) {
  struct record record;
  size_t count = user->count;
  gid_t groups[USER_MAX_GROUPS * 2];
  memcpy(groups, user->groups, count * sizeof *groups);
  for (size_t at = 0; config_next(config, TAG_GROUP, &at, &record);) {
    if (count == sizeof groups / sizeof groups[0]) return fail_with(error, "setgroups", E2BIG, NULL);
    groups[count++] = (gid_t)record.scalar[0];
  }
  /* Raw calls: there is one thread, and the C library's would signal others. */
  if (syscall(SYS_setgroups, count, groups) < 0) return fail(error, "setgroups", NULL);
  if (syscall(SYS_setresgid, user->gid, user->gid, user->gid) < 0) return fail(error, "setresgid", NULL);
  if (syscall(SYS_setresuid, user->uid, user->uid, user->uid) < 0) return fail(error, "setresuid", NULL);
  return 0;
}

static void warn_of_lost(const struct config *config, const struct sets *sets, int sync) {
  struct record record;
  struct sys_error error;
  char text[64];
  config_get(config, TAG_CAPABILITIES, &record);
  uint64_t lost = record.scalar[2] & ~sets->permitted;
  if (lost == 0) return;
  snprintf(text, sizeof text, "capabilities that we lack ourselves: 0x%llx", (unsigned long long)lost);
  fail_with(&error, "capset", EPERM, text);
  report_warning(sync, &error);
}

int rights_drop(const struct config *config, const struct user *user, int sync, struct sys_error *error) {
  static const uint64_t admin = 1ULL << CAP_SYS_ADMIN;
  struct record record;
  struct sets sets;
  config_get(config, TAG_CAPABILITIES, &record);
  if (wanted(config, &sets, error) < 0 || drop_bounding(record.scalar[0], error) < 0) return -1;
  warn_of_lost(config, &sets, sync);
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return fail(error, "prctl", "PR_SET_KEEPCAPS");
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* EINVAL: before Linux 4.3 there are none */
  if (change_user(config, user, error) < 0) return -1;
  if (no_new_privs(config) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return fail(error, "prctl", "PR_SET_NO_NEW_PRIVS");
  if (has_filter(config) && !no_new_privs(config)) {
    sets.permitted |= admin;
    sets.effective |= admin;
  }
  return caps_set(&sets, error);
}

static int install_filter(const struct config *config, struct sys_error *error) {
  struct record record;
  if (!config_get(config, TAG_SECCOMP, &record)) return 0;
  /* The bytes lie where they lie: a copy that is aligned. */
  struct sock_filter *code = malloc(record.rest_length);
  if (code == NULL) return fail_with(error, "malloc", ENOMEM, NULL);
  memcpy(code, record.rest, record.rest_length);
  struct sock_fprog program = {.len = (unsigned short)(record.rest_length / sizeof *code), .filter = code};
  int result = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, (unsigned)record.scalar[0], &program);
  if (result < 0) fail(error, "seccomp", NULL);
  return result; /* not freed: the filter judges munmap(2) too */
}

int rights_finish(const struct config *config, struct sys_error *error) {
  struct record record;
  struct sets sets;
  if (wanted(config, &sets, error) < 0) return -1; /* before the filter: capget(2) */
  config_get(config, TAG_CAPABILITIES, &record);
  uint64_t ambient = record.scalar[4] & sets.permitted & sets.inheritable;
  /* CAP_SYS_ADMIN is still there for the filter; `wanted` is what was configured, which may be without. */
  if (install_filter(config, error) < 0 || caps_set(&sets, error) < 0) return -1;
  for (unsigned long cap = 0; cap < 64; cap++)
    if (ambient >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
      return fail(error, "prctl", "PR_CAP_AMBIENT_RAISE");
  return 0;
}

static int rlimit_set(const struct record *record, int sync, struct sys_error *error) {
  struct rlimit wanted_limit = {.rlim_cur = record->scalar[1], .rlim_max = record->scalar[2]}, is;
  /* In the order of their numbers, asm-generic/resource.h. */
  static const char *const names[RLIM_NLIMITS] = {"cpu",     "fsize", "data",       "stack",    "core", "rss",    "nproc", "nofile",
                                                  "memlock", "as",    "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime"};
  const char *name = names[record->scalar[0]];
  if (setrlimit((__rlimit_resource_t)record->scalar[0], &wanted_limit) == 0) return 0;
  fail(error, "setrlimit", name);
  if (error->err != EPERM || getrlimit((__rlimit_resource_t)record->scalar[0], &is) < 0) return -1;
  /* Without CAP_SYS_RESOURCE no hard limit grows: what can be had, and a word about it. */
  report_warning(sync, error);
  if (wanted_limit.rlim_max > is.rlim_max) wanted_limit.rlim_max = is.rlim_max;
  if (wanted_limit.rlim_cur > wanted_limit.rlim_max) wanted_limit.rlim_cur = wanted_limit.rlim_max;
  if (setrlimit((__rlimit_resource_t)record->scalar[0], &wanted_limit) < 0) return fail(error, "setrlimit", name);
  return 0;
}

int rlimits_set(const struct config *config, int sync, struct sys_error *error) {
  struct record record;
  for (size_t at = 0; config_next(config, TAG_RLIMIT, &at, &record);)
    if (rlimit_set(&record, sync, error) < 0) return -1;
  return 0;
}
