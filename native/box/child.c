#include "child.h"

#include "cgroups.h"
#include "proc.h"
#include "process.h"
#include "report.h"
#include "root.h"
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static pid_t clone_process(uint64_t flags, uint64_t exit_signal) {
  struct clone_args args = {.flags = flags, .exit_signal = exit_signal};
  return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

/* The same, born in the configured cgroup of version 2, if the kernel can; `*born_in` is its record, or -1. */
static pid_t clone_into_cgroup(const struct config *config, uint64_t flags, int *born_in) {
  int folder = cgroups_open_v2(config, TAG_CGROUP, born_in);
  pid_t pid = -1;
  if (folder >= 0) {
    struct clone_args args = {.flags = flags | CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)folder};
    pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
    if (pid != 0) close(folder); /* the child closes all that it was not given */
  }
  if (pid >= 0) return pid;
  *born_in = -1; /* it moves itself, and says why when it cannot */
  return clone_process(flags, SIGCHLD);
}

/* Only what it needs, on known numbers: sync on SYNC_FD, the streams and the pidfd above. All are closed by execve(2). */
static void keep_descriptors(const struct child *child, struct process *process, int *container) {
  int *kept[] = {&process->sync, &process->stream[0], &process->stream[1], &process->stream[2], container};
  const int count = sizeof kept / sizeof kept[0];
  *process = (struct process){.config = child->config, .sync = child->sync, .terminal = -1, .first = child->container < 0};
  for (int i = 0; i < 3; i++) process->stream[i] = child->stream[i];
  *container = child->container;
  /* First out of the way, then to their places. */
  for (int i = 0; i < count; i++)
    if (*kept[i] >= 0) *kept[i] = fcntl(*kept[i], F_DUPFD_CLOEXEC, SYNC_FD + count);
  for (int i = 0; i < count; i++)
    if (*kept[i] >= 0) *kept[i] = dup3(*kept[i], SYNC_FD + i, O_CLOEXEC);
  syscall(SYS_close_range, SYNC_FD + count, ~0U, 0);
}

/* Dies with its monitor and is nobody's in session and keyring. That others cannot look into it, it has from the monitor. */
static void detach(void) {
  sigset_t none;
  struct sigaction action = {.sa_handler = SIG_DFL};
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  sigaction(SIGPIPE, &action, NULL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0); /* ENOSYS: there are no keys */
}

/* Mounts are held as descriptors; the configured limit comes later. */
static void raise_descriptors(struct rlimit *before) {
  getrlimit(RLIMIT_NOFILE, before);
  struct rlimit more = {.rlim_cur = before->rlim_max, .rlim_max = before->rlim_max};
  setrlimit(RLIMIT_NOFILE, &more);
}

static int set_oom_score(const struct config *config, struct sys_error *error) {
  struct record record;
  char text[24];
  if (!config_get(config, TAG_OOM_SCORE_ADJ, &record)) return 0;
  snprintf(text, sizeof text, "%lld", (long long)record.scalar[0]);
  return proc_write("/proc/self/oom_score_adj", text, error);
}

static int join(const struct record *record, struct sys_error *error) {
  const char *path = record->string[0];
  struct statfs fs;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return fail(error, "open", path);
  int result = 0;
  if (fstatfs(fd, &fs) < 0 || fs.f_type != NSFS_MAGIC) result = fail_with(error, "setns", EINVAL, path);
  else if (setns(fd, (int)record->scalar[0]) < 0) result = fail(error, "setns", path);
  close(fd);
  return result;
}

static int enter_namespaces(const struct config *config, struct sys_error *error) {
  struct record record;
  for (size_t at = 0; config_next(config, TAG_NAMESPACE, &at, &record);)
    if (record.string[0][0] != '\0' && join(&record, error) < 0) return -1;
  /* Its root is the cgroup we are in, so not before we are in it. */
  if (config_has_namespace(config, CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) < 0) return fail(error, "unshare", "cgroup");
  return 0;
}

/* Never the host's: its namespace is new or joined by path, and there is one (validate.c). */
static int loopback_up(const struct config *config, struct sys_error *error) {
  if (!(config_number(config, TAG_OPTIONS, 0) & OPTION_LOOPBACK)) return 0;
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(error, "socket", "lo");
  int result = ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? fail(error, "SIOCSIFFLAGS", "lo") : 0;
  close(fd);
  return result;
}

static int set_names(const struct config *config, struct sys_error *error) {
  const char *host = config_text(config, TAG_HOSTNAME, NULL), *domain = config_text(config, TAG_DOMAINNAME, NULL);
  if (host != NULL && sethostname(host, strlen(host)) < 0) return fail(error, "sethostname", host);
  if (domain != NULL && setdomainname(domain, strlen(domain)) < 0) return fail(error, "setdomainname", domain);
  return 0;
}

static _Noreturn void first_process(const struct child *child, int born_in) {
  struct sys_error error;
  struct process process;
  struct rlimit descriptors;
  int container;
  detach();
  keep_descriptors(child, &process, &container);
  raise_descriptors(&descriptors);
  if (cgroups_join(child->config, TAG_CGROUP, born_in, &error) < 0 || enter_namespaces(child->config, &error) < 0 ||
      loopback_up(child->config, &error) < 0 || set_names(child->config, &error) < 0 || set_oom_score(child->config, &error) < 0 ||
      root_enter(child->config, process.sync, &process.terminal, &error) < 0)
    process_fail(process.sync, &error, EXIT_FAILED);
  setrlimit(RLIMIT_NOFILE, &descriptors);
  process_run(&process);
}

pid_t child_make(const struct child *child, struct sys_error *error) {
  struct record record;
  uint64_t flags = 0;
  for (size_t at = 0; config_next(child->config, TAG_NAMESPACE, &at, &record);)
    if (record.string[0][0] == '\0' && record.scalar[0] != CLONE_NEWCGROUP) flags |= record.scalar[0];
  int born_in;
  pid_t pid = clone_into_cgroup(child->config, flags, &born_in);
  if (pid < 0) return fail(error, "clone3", NULL);
  if (pid == 0) first_process(child, born_in);
  return pid;
}

/* All at once where the kernel can (Linux 5.8), so that there is no moment in between. */
static int enter_container(int container, struct sys_error *error) {
  static const int all = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP;
  if (setns(container, all | CLONE_NEWTIME) == 0) return 0;
  if (errno == EINVAL && setns(container, all) == 0) return 0;
  return fail(error, "setns", "the container's namespaces");
}

/* `gate` ends when the process that made us has ended: only then does the monitor know our pid for sure. */
static _Noreturn void process_inside(struct process *process, const int gate[2]) {
  struct sys_error error;
  struct record size = {0};
  char byte;
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  close(gate[1]);
  while (read(gate[0], &byte, 1) < 0 && errno == EINTR) continue;
  close(gate[0]);
  setsid();
  if (config_number(process->config, TAG_OPTIONS, 0) & OPTION_TERMINAL) {
    int master, root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    config_get(process->config, TAG_CONSOLE, &size);
    if (terminal_open(root, size.scalar[0], size.scalar[1], &master, &process->terminal, &error) < 0)
      process_fail(process->sync, &error, EXIT_FAILED);
    report_terminal(process->sync, master);
  }
  process_run(process);
}

static _Noreturn void enter(const struct child *child, int born_in) {
  struct sys_error error;
  struct process process;
  int container, gate[2];
  detach();
  keep_descriptors(child, &process, &container);
  if (pipe2(gate, O_CLOEXEC) < 0) {
    fail(&error, "pipe2", NULL);
    process_fail(process.sync, &error, EXIT_FAILED);
  }
  if (cgroups_join(child->config, TAG_CGROUP, born_in, &error) < 0 || set_oom_score(child->config, &error) < 0 ||
      enter_container(container, &error) < 0)
    process_fail(process.sync, &error, EXIT_FAILED);
  close(container);
  /* Only a child is in the pid namespace. It is the monitor's, as we are. */
  pid_t pid = clone_process(CLONE_PARENT, 0);
  if (pid == 0) process_inside(&process, gate);
  if (pid < 0) {
    fail(&error, "clone3", NULL);
    process_fail(process.sync, &error, EXIT_FAILED);
  }
  report_pid(process.sync, pid);
  _exit(0);
}

pid_t child_make_inside(const struct child *child, struct sys_error *error) {
  int born_in;
  pid_t pid = clone_into_cgroup(child->config, 0, &born_in);
  if (pid < 0) return fail(error, "clone3", NULL);
  if (pid == 0) enter(child, born_in);
  return pid;
}
