/* What the values of each record may be. Everything here is about the text alone, not about the machine. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

static bool absolute(const char *path) {
  return path[0] == '/' && strlen(path) < PATH_MAX;
}

static bool one_kind(uint64_t bits) {
  return bits != 0 && (bits & (bits - 1)) == 0;
}

static bool namespace_ok(const struct config *config, const struct record *record) {
  static const uint64_t can_join = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
  static const uint64_t known = can_join | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWCGROUP | CLONE_NEWTIME;
  uint64_t kind = record->scalar[0];
  const char *path = record->string[0];
  struct record other;
  int same = 0;
  for (size_t at = 0; config_next(config, TAG_NAMESPACE, &at, &other);) same += other.scalar[0] == kind;
  return one_kind(kind) && (kind & ~known) == 0 && same == 1 &&
         (path[0] == '\0' || ((kind & can_join) != 0 && absolute(path)));
}

static bool propagation_ok(uint64_t bits) {
  return bits == 0 || (one_kind(bits & ~(uint64_t)MS_REC) &&
                       (bits & ~(uint64_t)(MS_REC | MS_PRIVATE | MS_SLAVE | MS_SHARED | MS_UNBINDABLE)) == 0);
}

static bool overlay_ok(const struct record *record) {
  const char *upper = record->string[0], *work = record->string[1];
  if ((record->scalar[0] & ~(uint64_t)OVERLAY_VOLATILE) != 0) return false;
  for (const char *at = record->rest; at < record->rest + record->rest_length; at += strlen(at) + 1)
    if (!absolute(at)) return false;
  return (upper[0] == '\0' && work[0] == '\0') || (absolute(upper) && absolute(work));
}

static bool mount_ok(const struct record *record) {
  static const uint64_t flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS | MS_DIRSYNC | 256 /* nosymfollow */ |
                                MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME;
  const char *source = record->string[0], *target = record->string[1], *type = record->string[2];
  if (record->scalar[0] > MOUNT_RBIND || (record->scalar[1] & ~flags) != 0 || !propagation_ok(record->scalar[2]) ||
      (record->scalar[3] & ~(uint64_t)MOUNT_OPTIONAL) != 0 || !absolute(target))
    return false;
  return record->scalar[0] == MOUNT_FS ? type[0] != '\0' && strlen(type) < NAME_MAX : absolute(source);
}

static bool device_ok(const struct record *record) {
  const uint64_t *scalar = record->scalar;
  return (scalar[0] == 'c' || scalar[0] == 'b') && scalar[1] < 1 << 12 && scalar[2] < 1 << 20 && scalar[3] <= 0777 &&
         scalar[4] < UINT32_MAX && scalar[5] < UINT32_MAX && absolute(record->string[0]);
}

static bool begins(const char *text, const char *with) {
  return strncmp(text, with, strlen(with)) == 0;
}

/*
 * Only keys that belong to a namespace which is not the host's (CRI-O's CVE-2022-0811 smuggled a second key into a value):
 * namespaces(7), ipc_namespaces(7), network_namespaces(7).
 */
static bool sysctl_ok(const struct config *config, const struct record *record) {
  const char *key = record->string[0], *value = record->string[1];
  static const char *const ipc[] = {"kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."};
  if (key[0] == '\0' || key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/")] != '\0' ||
      strstr(key, "..") != NULL || strstr(key, "//") != NULL || strlen(key) > 256 || key[strlen(key) - 1] == '.')
    return false;
  for (const char *at = value; *at != '\0'; at++)
    if ((unsigned char)*at < ' ' && *at != '\t') return false;
  if (begins(key, "net.") || begins(key, "net/")) return config_has_namespace(config, CLONE_NEWNET);
  for (size_t i = 0; i < sizeof ipc / sizeof ipc[0]; i++)
    if (begins(key, ipc[i])) return config_has_namespace(config, CLONE_NEWIPC);
  return false;
}

static bool capabilities_ok(const struct record *record) {
  uint64_t effective = record->scalar[1], permitted = record->scalar[2], inheritable = record->scalar[3];
  return (effective & ~permitted) == 0 && (record->scalar[4] & ~(permitted & inheritable)) == 0;
}

/* BPF_MAXINSNS of linux/bpf_common.h, 8 bytes each; SECCOMP_FILTER_FLAG_LOG and _SPEC_ALLOW. */
static bool seccomp_ok(const struct record *record) {
  return record->rest_length > 0 && record->rest_length % 8 == 0 && record->rest_length <= 4096 * 8 &&
         (record->scalar[0] & ~(uint64_t)(2 | 4)) == 0;
}

static bool variable_ok(const char *text) {
  const char *equals = strchr(text, '=');
  return equals != NULL && equals != text;
}

static bool end_ok(const struct config *config, const struct record *record) {
  struct record first;
  return config_get(config, TAG_END_ARG, &first) && absolute(first.string[0]) && record->string[0] != NULL;
}

static bool argument_ok(const struct config *config) {
  return config_text(config, TAG_ARG, "")[0] != '\0';
}

static bool options_ok(const struct config *config, uint64_t bits) {
  return bits < OPTION_END_IF_ALONE * 2 && (!(bits & OPTION_LOOPBACK) || config_has_namespace(config, CLONE_NEWNET));
}

/* Signed values come in two's complement. */
static bool oom_score_ok(uint64_t value) {
  int64_t number = (int64_t)value;
  return number >= -1000 && number <= 1000;
}

static bool record_ok(const struct config *config, const struct record *record) {
  const uint64_t *scalar = record->scalar;
  const char *text = record->string[0];
  switch (record->tag) {
    case TAG_NAMESPACE:
      return namespace_ok(config, record);
    case TAG_ROOT:
      return scalar[0] <= ROOT_READONLY && propagation_ok(scalar[1]) && absolute(text) &&
             config_has_namespace(config, CLONE_NEWNS);
    case TAG_OVERLAY:
      return overlay_ok(record);
    case TAG_MOUNT:
      return mount_ok(record);
    case TAG_DEVICE:
      return device_ok(record);
    case TAG_SYMLINK:
      return text[0] != '\0' && strlen(text) < PATH_MAX && absolute(record->string[1]);
    case TAG_RLIMIT:
      return scalar[0] < RLIM_NLIMITS && scalar[1] <= scalar[2];
    case TAG_SYSCTL:
      return sysctl_ok(config, record);
    case TAG_HOSTNAME:
    case TAG_DOMAINNAME:
      return strlen(text) <= 64 && config_has_namespace(config, CLONE_NEWUTS);
    case TAG_USER:
      return strlen(text) <= 512;
    case TAG_GROUP:
      return scalar[0] < UINT32_MAX;
    case TAG_CAPABILITIES:
      return capabilities_ok(record);
    case TAG_SECCOMP:
      return seccomp_ok(record);
    case TAG_OOM:
      return (scalar[0] == 1 || scalar[0] == 2) && absolute(text);
    case TAG_ARG:
      return argument_ok(config);
    case TAG_ENV:
      return variable_ok(text);
    case TAG_OPTIONS:
      return options_ok(config, scalar[0]);
    case TAG_CONSOLE:
      return scalar[0] <= UINT16_MAX && scalar[1] <= UINT16_MAX;
    case TAG_RESTART:
      return scalar[0] <= RESTART_UNLESS_STOPPED;
    case TAG_STOP:
      return scalar[0] >= 1 && scalar[0] < NSIG;
    case TAG_OOM_SCORE_ADJ:
      return oom_score_ok(scalar[0]);
    case TAG_END_ARG:
    case TAG_END_ENV:
      return end_ok(config, record);
    case TAG_UMASK:
      return scalar[0] <= 0777;
    case TAG_MASK:
    case TAG_READONLY:
    case TAG_CGROUP:
    case TAG_MONITOR_CGROUP:
    case TAG_CWD:
    case TAG_LOG:
    case TAG_RECORD:
      return absolute(text);
  }
  return false;
}

int record_check(const struct config *config, const struct record *record, struct sys_error *error) {
  return record_ok(config, record) ? 0 : fail_with(error, "config", EINVAL, NULL);
}
