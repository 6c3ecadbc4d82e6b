/*
 * tsbox-mon: makes a container, or a process in one, and stays as its monitor. README.md is its interface. This file reads what
 * it is told and leaves the monitor behind; the rest of the work is in monitor.c (serving), start.c and child.c (making), root.c
 * (the file system), process.c (the last steps to the program).
 */
#include "cgroups.h"
#include "init.h"
#include "monitor.h"
#include "proc.h"
#include "process.h"
#include "self.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { USAGE = 125, UNUSED_MS = 30000, DEFAULT_STOP_MS = 10000, RESTART_MS = 100, LOCK_TRIES = 20, LOCK_WAIT_US = 10000 };

static void write_all(int fd, const void *data, size_t length) {
  for (const char *at = data; length > 0;) {
    ssize_t put = write(fd, at, length);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return;
    at += put;
    length -= (size_t)put;
  }
}

/* The launcher's own failure, before there is a monitor. */
static int answer_error(const struct sys_error *error) {
  struct state state = {0};
  struct bytes out = {0};
  state_fail(&state, error, EXIT_FAILED);
  answer_failure(&state, &out);
  write_all(1, out.data, out.length);
  return EXIT_FAILED;
}

static int read_stdin(struct config *config, struct sys_error *error) {
  uint8_t *data = NULL;
  size_t length = 0, capacity = 0;
  for (;;) {
    if (length == capacity) {
      capacity = capacity == 0 ? 16 << 10 : capacity * 2;
      if (length > CONFIG_MAX) return fail_with(error, "config", EFBIG, "longer than 1 MiB");
      data = realloc(data, capacity);
      if (data == NULL) return fail_with(error, "malloc", ENOMEM, NULL);
    }
    ssize_t got = read(0, data + length, capacity - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(error, "read", "standard input");
    if (got == 0) break;
    length += (size_t)got;
  }
  *config = (struct config){.data = data, .length = length};
  return 0;
}

/* Ours alone: whoever could write there would be root by it. */
static int open_folder(int at, const char *path, struct sys_error *error) {
  int dir = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct stat st;
  if (dir < 0) return fail(error, "open", path);
  if (fstat(dir, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 077) == 0) return dir;
  close(dir);
  return fail_with(error, "open", EPERM, path);
}

static int take_lock(int dir, struct sys_error *error) {
  int fd = openat(dir, "monitor.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
  if (fd < 0) return fail(error, "open", "monitor.lock");
  /* One that was killed just now may still be on its way out. */
  for (int tries = 0; tries < LOCK_TRIES; tries++) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    if (errno != EWOULDBLOCK && errno != EINTR) break;
    usleep(LOCK_WAIT_US);
    errno = EWOULDBLOCK;
  }
  fail(error, "lock", "monitor.lock");
  close(fd);
  return -1;
}

static void name_holder(int lock) {
  char text[64];
  int length = snprintf(text, sizeof text, "%d %llu\n", getpid(), (unsigned long long)proc_starttime(getpid()));
  if (ftruncate(lock, 0) == 0 && pwrite(lock, text, (size_t)length, 0) < 0) return; /* only for people to read */
}

static int open_log(struct monitor *monitor, struct sys_error *error) {
  struct record record;
  monitor->log = (struct log){.fd = -1};
  if (!config_get(&monitor->config, TAG_LOG, &record)) return 0;
  return log_open(&monitor->log, record.string[0], record.scalar[0], record.scalar[1], error);
}

static void read_settings(struct monitor *monitor) {
  struct record record;
  monitor->stop_signal = SIGTERM;
  monitor->stop_timeout_ms = DEFAULT_STOP_MS;
  if (config_get(&monitor->config, TAG_STOP, &record)) {
    monitor->stop_signal = (int)record.scalar[0];
    monitor->stop_timeout_ms = record.scalar[1];
  }
  if (config_get(&monitor->config, TAG_RESTART, &record)) {
    monitor->restart.policy = record.scalar[0];
    monitor->restart.max = record.scalar[1];
  }
  monitor->restart.count = monitor->state.restarts;
}

/*
 * A process of its own: nobody's terminal, no folder, no stream, children of children become ours. Neither it nor what it forks can be
 * looked into (CVE-2016-9962), until execve(2).
 */
static void become_monitor(struct monitor *monitor) {
  sigset_t all;
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  setsid();
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3 && null >= 0; fd++) dup2(null, fd);
  if (null > 2) close(null);
  if (chdir("/") < 0) _exit(EXIT_FAILED); /* cannot be */
  umask(022);
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_NAME, "tsbox-mon", 0, 0, 0); /* executed by descriptor we are called by its number */
  sigaction(SIGPIPE, &ignore, NULL);
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  monitor->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The launcher reads the exit code first, then the line. False: it is gone, and nobody knows of us. */
static bool send_answer(struct monitor *monitor, bool ok) {
  struct bytes out = {0};
  uint8_t code = ok || monitor->state.failure == NULL ? 0 : (uint8_t)monitor->state.failure->exit_code;
  if (ok) answer_ok(&monitor->state, &out);
  else answer_failure(&monitor->state, &out);
  bool sent = write(monitor->answer, &code, 1) == 1;
  write_all(monitor->answer, out.data, out.length);
  bytes_free(&out);
  close(monitor->answer);
  monitor->answer = -1;
  return sent;
}

static void remove_all(struct monitor *monitor) {
  clients_stop_listening(&monitor->clients, monitor->dir);
  streams_remove(monitor->dir);
  unlinkat(monitor->dir, "pid", 0);
  unlinkat(monitor->dir, "state.json", 0);
  if (monitor->is_exec) unlinkat(monitor->parent, monitor->name, AT_REMOVEDIR);
  else unlinkat(monitor->dir, "monitor.lock", 0);
}

static _Noreturn void give_up(struct monitor *monitor, const struct sys_error *error) {
  if (monitor->state.failure == NULL) state_fail(&monitor->state, error, EXIT_FAILED);
  remove_all(monitor);
  send_answer(monitor, false);
  _exit(EXIT_FAILED);
}

/* The monitor of something new. */
static _Noreturn void monitor_new(struct monitor *monitor) {
  struct sys_error error;
  become_monitor(monitor);
  if (monitor->lock >= 0) name_holder(monitor->lock);
  if (cgroups_join(&monitor->config, TAG_MONITOR_CGROUP, -1, &error) < 0 || open_log(monitor, &error) < 0 ||
      clients_listen(&monitor->clients, monitor->dir, &error) < 0)
    give_up(monitor, &error);
  monitor->state.created_ns = now_ns();
  read_settings(monitor);
  if (monitor_make(monitor) < 0) give_up(monitor, &error);
  monitor_write_state(monitor);
  if (monitor->is_exec) monitor->unused_until = monotonic_ms() + UNUSED_MS;
  if (!send_answer(monitor, true)) {
    kill(monitor->state.pid, SIGKILL);
    remove_all(monitor);
    _exit(EXIT_FAILED);
  }
  monitor_run(monitor);
  _exit(0);
}

/* A pidfd of just this process, if it has not ended; a zombie, whose pidfd can be read, has. */
static int open_process(pid_t pid, uint64_t starttime) {
  int pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
  if (pidfd < 0) return -1;
  struct pollfd ended = {.fd = pidfd, .events = POLLIN};
  if (proc_starttime(pid) == starttime && poll(&ended, 1, 0) == 0) return pidfd;
  close(pidfd);
  return -1;
}

/* Of a container whose monitor was killed. Its first process may have ended too, or may have been another's for long. */
static _Noreturn void monitor_adopted(struct monitor *monitor) {
  struct sys_error error;
  struct record record;
  become_monitor(monitor);
  name_holder(monitor->lock);
  if (cgroups_join(&monitor->config, TAG_MONITOR_CGROUP, -1, &error) < 0 || open_log(monitor, &error) < 0 ||
      clients_listen(&monitor->clients, monitor->dir, &error) < 0) {
    state_fail(&monitor->state, &error, EXIT_FAILED);
    send_answer(monitor, false);
    _exit(EXIT_FAILED);
  }
  if (config_get(&monitor->config, TAG_OOM, &record)) monitor->oom_before = 0;
  read_settings(monitor);
  pid_t pid = monitor->state.pid;
  monitor->state.status = monitor->state.started_ns != 0 ? STATUS_RUNNING : STATUS_CREATED;
  monitor->pidfd = open_process(pid, monitor->state.starttime);
  /* Its next run was due, or was being made and died with its monitor. */
  bool between_runs = monitor->pidfd < 0 && (pid == 0 ? monitor->state.started_ns != 0
                                                      : monitor->state.started_ns == 0 && monitor->state.restarts > 0);
  streams_adopt(&monitor->streams, monitor->dir);
  if (monitor->pidfd < 0 && !between_runs) {
    monitor_ended(monitor, -1);
  } else {
    if (between_runs) {
      monitor->state.status = STATUS_RESTARTING;
      monitor->restart_at = monotonic_ms() + RESTART_MS;
    }
    monitor_write_state(monitor);
  }
  send_answer(monitor, true);
  monitor_run(monitor);
  _exit(0);
}

/*
 * What our caller may hand us besides the standard streams: a lock that is to be held until we have answered, by us and not by the
 * monitor. Nothing else is open when we begin, and all that we open goes when we execute ourselves again.
 */
enum { HELD_FD = 3 };
static bool holds_lock;

/* Forks the monitor and passes on its answer. */
static int launch(struct monitor *monitor, void (*serve)(struct monitor *)) {
  struct sys_error error;
  int answer[2];
  if (pipe2(answer, O_CLOEXEC) < 0) return fail(&error, "pipe2", NULL), answer_error(&error);
  pid_t pid = fork();
  if (pid < 0) return fail(&error, "fork", NULL), answer_error(&error);
  if (pid == 0) {
    close(answer[0]);
    if (holds_lock) close(HELD_FD);
    monitor->answer = answer[1];
    serve(monitor);
    _exit(EXIT_FAILED);
  }
  close(answer[1]);
  uint8_t data[8192];
  size_t length = 0;
  while (length < sizeof data) {
    ssize_t got = read(answer[0], data + length, sizeof data - length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    length += (size_t)got;
  }
  bool answered = length >= 2;
  /* A monitor that failed is on its way out; when that is told, nothing is left. */
  if (!answered || data[0] != 0)
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
  if (!answered) return fail_with(&error, "create", ECHILD, "the monitor was killed"), answer_error(&error);
  write_all(1, data + 1, length - 1);
  return data[0];
}

static struct monitor empty_monitor(void) {
  return (struct monitor){
      .dir = -1,
      .parent = -1,
      .container = -1,
      .lock = -1,
      .answer = -1,
      .signals = -1,
      .sync = -1,
      .pidfd = -1,
      .streams = {.in = -1, .out = {-1, -1}},
      .clients = {.listener = -1},
      .log = {.fd = -1},
  };
}

static int create(const char *path) {
  struct monitor monitor = empty_monitor();
  struct sys_error error;
  if (read_stdin(&monitor.config, &error) < 0 || config_check(&monitor.config, CONFIG_CREATE, &error) < 0 ||
      (monitor.dir = open_folder(AT_FDCWD, path, &error)) < 0 || (monitor.lock = take_lock(monitor.dir, &error)) < 0 ||
      state_write_file(monitor.dir, "config", monitor.config.data, monitor.config.length, &error) < 0)
    return answer_error(&error);
  return launch(&monitor, monitor_new);
}

static int read_config(int dir, struct config *config, struct sys_error *error) {
  int fd = openat(dir, "config", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return fail(error, "open", "config");
  struct stat st;
  uint8_t *data = NULL;
  if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > CONFIG_MAX) return fail_with(error, "open", EINVAL, "config");
  data = malloc((size_t)st.st_size + 1);
  if (data == NULL || read(fd, data, (size_t)st.st_size) != st.st_size) return fail(error, "read", "config");
  close(fd);
  *config = (struct config){.data = data, .length = (size_t)st.st_size};
  return config_check(config, CONFIG_CREATE, error);
}

static int adopt(const char *path) {
  struct monitor monitor = empty_monitor();
  struct sys_error error;
  if ((monitor.dir = open_folder(AT_FDCWD, path, &error)) < 0 || (monitor.lock = take_lock(monitor.dir, &error)) < 0 ||
      read_config(monitor.dir, &monitor.config, &error) < 0)
    return answer_error(&error);
  state_read_pid(&monitor.state, monitor.dir);
  return launch(&monitor, monitor_adopted);
}

/* A pidfd of the container's first process, which must be running its program. */
static int open_container(int dir, struct sys_error *error) {
  struct state state = {0};
  if (!state_read_pid(&state, dir) || state.started_ns == 0) return fail_with(error, "exec", ESRCH, "the container does not run");
  int pidfd = open_process(state.pid, state.starttime);
  return pidfd < 0 ? fail_with(error, "exec", ESRCH, "the container does not run") : pidfd;
}

static bool name_ok(const char *name) {
  return name[0] != '\0' && strlen(name) <= 64 && name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")] == '\0';
}

static int make_folder(int at, const char *name, bool anew, struct sys_error *error) {
  if (mkdirat(at, name, 0700) < 0 && (anew || errno != EEXIST)) return fail(error, "mkdir", name);
  return open_folder(at, name, error);
}

static int execute(const char *path, const char *name) {
  struct monitor monitor = empty_monitor();
  struct sys_error error;
  int dir;
  monitor.is_exec = true;
  monitor.name = name;
  if (!name_ok(name)) return fail_with(&error, "config", EINVAL, name), answer_error(&error);
  if (read_stdin(&monitor.config, &error) < 0 || config_check(&monitor.config, CONFIG_EXEC, &error) < 0 ||
      (dir = open_folder(AT_FDCWD, path, &error)) < 0 || (monitor.container = open_container(dir, &error)) < 0 ||
      (monitor.parent = make_folder(dir, "exec", false, &error)) < 0 ||
      (monitor.dir = make_folder(monitor.parent, name, true, &error)) < 0)
    return answer_error(&error);
  close(dir);
  return launch(&monitor, monitor_new);
}

static int usage(void) {
  static const char text[] =
      "usage: tsbox-mon create DIR < CONFIGURATION\n       tsbox-mon adopt DIR\n       tsbox-mon exec DIR EID < CONFIGURATION\n"
      "It is called by tsbox and of no use by hand.\n";
  write_all(2, text, sizeof text - 1);
  return USAGE;
}

int main(int argc, char **argv, char **env) {
  struct sys_error error;
  holds_lock = fcntl(HELD_FD, F_GETFD) >= 0;
  if (argc == 2 && strcmp(argv[1], "version") == 0) {
    write_all(1, "tsbox-mon 1\n", 12);
    return 0;
  }
  bool is_exec = argc == 4 && strcmp(argv[1], "exec") == 0;
  bool is_create = argc == 3 && strcmp(argv[1], "create") == 0, is_adopt = argc == 3 && strcmp(argv[1], "adopt") == 0;
  if (!is_exec && !is_create && !is_adopt) return usage();
  if (self_protect(argv, env, &error) < 0) return answer_error(&error);
  init_remember_arguments(argc, argv);
  if (argv[2][0] != '/') return fail_with(&error, "open", EINVAL, argv[2]), answer_error(&error);
  return is_exec ? execute(argv[2], argv[3]) : is_create ? create(argv[2]) : adopt(argv[2]);
}
