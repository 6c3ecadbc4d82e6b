#include "process.h"

#include "init.h"
#include "report.h"
#include "rights.h"
#include "search.h"
#include "terminal.h"
#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

void process_fail(int sync, const struct sys_error *error, int exit_code) {
  report_failed(sync, error, exit_code);
  _exit(exit_code);
}

/* The container's own, if it is one; else the host's stays, which is only a descriptor of a device. */
static void take_null(int fd) {
  int null = open("/dev/null", O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat st;
  if (null < 0) return;
  if (fstat(null, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)) {
    fcntl(null, F_SETFL, 0);
    dup2(null, fd);
  }
  close(null);
}

static int take_streams(struct process *process, const struct user *user, struct sys_error *error) {
  if (process->terminal >= 0) {
    if (fchown(process->terminal, user->uid, (gid_t)-1) < 0) return fail(error, "fchown", "terminal");
    return terminal_take(process->terminal, error);
  }
  for (int fd = 0; fd < 3; fd++) {
    if (process->stream[fd] < 0) {
      take_null(fd);
      continue;
    }
    /* So that it can be opened again as /dev/stdout by a user that is not root. */
    if (fchown(process->stream[fd], user->uid, (gid_t)-1) < 0) return fail(error, "fchown", "standard stream");
    if (dup2(process->stream[fd], fd) < 0) return fail(error, "dup2", "standard stream");
  }
  return 0;
}

/* No descriptor of ours is there any more when a path of the container's is looked at (CVE-2024-21626). */
static void close_others(void) {
  if (syscall(SYS_close_range, FIRST_UNUSED_FD, ~0U, 0) == 0) return;
  for (long fd = sysconf(_SC_OPEN_MAX) - 1; fd >= FIRST_UNUSED_FD; fd--) close((int)fd);
}

static int make_folders(const char *path, struct sys_error *error) {
  char prefix[PATH_MAX];
  for (size_t end = 1; path[end - 1] != '\0' && end < sizeof prefix; end++) {
    if (path[end] != '/' && path[end] != '\0') continue;
    memcpy(prefix, path, end);
    prefix[end] = '\0';
    /* EROFS for one that is there on a read-only root. */
    int err = mkdir(prefix, 0755) < 0 ? errno : 0;
    if (err != 0 && err != EEXIST && access(prefix, F_OK) < 0) return fail_with(error, "mkdir", err, path);
  }
  return 0;
}

/* As the user it is to be. A folder outside of the root has no path: getcwd(2) says "(unreachable)". */
static int go_to(const char *path, struct sys_error *error) {
  char is[PATH_MAX];
  if (chdir(path) < 0) return fail(error, "chdir", path);
  if (syscall(SYS_getcwd, is, sizeof is) < 0) return fail(error, "getcwd", path);
  return is[0] == '/' ? 0 : fail_with(error, "getcwd", ENOENT, path);
}

static char **environment(const struct config *config, const struct user *user, struct sys_error *error) {
  char **env = config_list(config, TAG_ENV);
  size_t count = 0;
  bool has_home = false;
  if (env == NULL) {
    fail_with(error, "malloc", ENOMEM, NULL);
    return NULL;
  }
  for (; env[count] != NULL; count++) has_home |= strncmp(env[count], "HOME=", 5) == 0;
  if (has_home) return env;
  char *home = malloc(strlen(user->home) + 6);
  if (home == NULL) {
    fail_with(error, "malloc", ENOMEM, NULL);
    return NULL;
  }
  sprintf(home, "HOME=%s", user->home);
  env[count] = home; /* config_list left room */
  return env;
}

static void reset_signals(void) {
  sigset_t none;
  struct sigaction action = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++) sigaction(number, &action, NULL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void execute(struct process *process, const char *program, char **argv, char **env) {
  struct sys_error error;
  if (rights_finish(process->config, &error) < 0) process_fail(process->sync, &error, EXIT_FAILED);
  execve(program, argv, env);
  fail(&error, "execve", program);
  process_fail(process->sync, &error, error.err == ENOENT || error.err == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

static int prepare(struct process *process, struct user *user, struct sys_error *error) {
  const struct config *config = process->config;
  const char *cwd = config_text(config, TAG_CWD, "/");
  if (user_find(config_text(config, TAG_USER, ""), "/etc/passwd", "/etc/group", user, error) < 0) return -1;
  if (take_streams(process, user, error) < 0) return -1;
  close_others();
  umask((mode_t)config_number(config, TAG_UMASK, 022));
  if (process->first && make_folders(cwd, error) < 0) return -1;
  if (rlimits_set(config, process->sync, error) < 0) return -1;
  if (rights_drop(config, user, process->sync, error) < 0) return -1;
  /* The change of user took it away (prctl(2), PR_SET_PDEATHSIG); what the monitor does meanwhile shows at report_wait. */
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  return go_to(cwd, error);
}

void process_run(struct process *process) {
  struct sys_error error;
  struct user user;
  char program[PATH_MAX];
  if (prepare(process, &user, &error) < 0) process_fail(process->sync, &error, EXIT_FAILED);
  char **argv = config_list(process->config, TAG_ARG), **env = environment(process->config, &user, &error);
  if (argv == NULL || env == NULL) process_fail(process->sync, &error, EXIT_FAILED);
  int found = search_program(argv[0], env, program, &error);
  if (found != 0) process_fail(process->sync, &error, found);
  report_created(process->sync);
  if (!report_wait(process->sync)) _exit(EXIT_FAILED);
  reset_signals();
  prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0); /* from here on it outlives its monitor */
  if (process->first && config_number(process->config, TAG_OPTIONS, 0) & OPTION_INIT) {
    pid_t child = init_fork(process->terminal >= 0);
    if (child < 0) {
      fail(&error, "fork", NULL);
      process_fail(process->sync, &error, EXIT_FAILED);
    }
    if (child > 0) {
      close(process->sync);
      if (rights_finish(process->config, &error) < 0) _exit(EXIT_FAILED); /* the child says so */
      init_run(child);
    }
  }
  execute(process, program, argv, env);
}
