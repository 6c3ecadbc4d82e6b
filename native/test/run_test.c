#include "check.h"
#include "clock.h"
#include "run.h"
#include "signame.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 300000, PLENTY = 1 << 20, LONG_MS = 20000 };

static char *const environment[] = {"PATH=/usr/bin:/bin", "GREETING=hello", NULL};

/* `sh -c SCRIPT`, with a limit that only a hanging test meets. */
static int shell(const char *script, const void *input, size_t length, struct run_result *result,
                 struct sys_error *error) {
  char *const argv[] = {"/bin/sh", "-c", (char *)script, NULL};
  const struct program program = {.path = argv[0], .argv = argv, .env = environment};
  return run(&program, input, length, LONG_MS, PLENTY, result, error);
}

/* What a script without input prints; fails the test unless it exits with 0. */
#define OUTPUT_OF(script, text)                                                        \
  do {                                                                                 \
    struct run_result result_;                                                         \
    struct sys_error error_;                                                           \
    int outcome_ = shell(script, NULL, 0, &result_, &error_);                          \
    size_t length_ = result_.out.length < sizeof text ? result_.out.length : sizeof text - 1; \
    memcpy(text, outcome_ == 0 && length_ > 0 ? (const char *)result_.out.data : "", outcome_ == 0 ? length_ : 0); \
    text[outcome_ == 0 ? length_ : 0] = '\0';                                          \
    run_free(&result_);                                                                \
    CHECK(outcome_ == 0 && result_.exit_code == 0 && result_.stop == RUN_NOT_STOPPED); \
  } while (0)

static int open_descriptors(void) {
  int count = 0;
  DIR *dir = opendir("/proc/self/fd");
  while (readdir(dir) != NULL) count++;
  closedir(dir);
  return count;
}

/* Gone, or nobody has waited for it yet. */
static bool has_ended(long pid) {
  char path[64];
  char stat[256] = "";
  snprintf(path, sizeof path, "/proc/%ld/stat", pid);
  int fd = open(path, O_RDONLY);
  if (fd < 0) return true;
  ssize_t got = read(fd, stat, sizeof stat - 1);
  close(fd);
  const char *name_end = strrchr(stat, ')');
  return got <= 0 || name_end == NULL || name_end[2] == 'Z' || name_end[2] == 'X';
}

static bool ends_soon(long pid) {
  for (int i = 0; i < 200; i++) {
    if (has_ended(pid)) return true;
    usleep(10 * 1000);
  }
  return false;
}

static void much_goes_in_and_out_at_once(void) {
  struct run_result result;
  struct sys_error error;
  char *input = malloc(MANY);
  for (size_t i = 0; i < MANY; i++) input[i] = (char)(i * 7 + i / 251);
  int outcome = shell("tee /dev/stderr; exit 3", input, MANY, &result, &error);
  bool same = outcome == 0 && result.out.length == MANY && memcmp(result.out.data, input, MANY) == 0 &&
              result.err.length == MANY && memcmp(result.err.data, input, MANY) == 0;
  run_free(&result);
  free(input);
  CHECK(same);
  CHECK(result.exit_code == 3 && result.signal == 0 && result.stop == RUN_NOT_STOPPED);
}

static void input_may_stay_unread(void) {
  static const uint8_t input[PLENTY];
  static const char *const scripts[] = {"exit 4", "exec <&-; sleep 0.1; exit 4", "head -c 10 >/dev/null; exit 4"};
  for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
    struct run_result result;
    struct sys_error error;
    CHECK(shell(scripts[i], input, sizeof input, &result, &error) == 0);
    run_free(&result);
    CHECK(result.exit_code == 4);
  }
}

static void streams_are_pipes_that_open_by_path(void) {
  char text[64];
  OUTPUT_OF("echo out >/dev/stdout; echo err 2>/dev/null >/dev/stderr; for i in 0 1 2; do [ -p /dev/fd/$i ] || exit 1; done",
            text);
  CHECK(strcmp(text, "out\n") == 0);
}

static void arguments_environment_and_folder(void) {
  struct run_result result;
  struct sys_error error;
  char *const argv[] = {"name of its own", "-c", "echo \"$0|$1|$GREETING|$(pwd)\"; env | wc -l", "a b", "", NULL};
  const struct program program = {.path = "../bin/sh", .argv = argv, .env = environment, .cwd = "/usr"};
  CHECK(run(&program, NULL, 0, LONG_MS, PLENTY, &result, &error) == 0);
  static const char wanted[] = "a b||hello|/usr\n";
  bool good = result.out.length > sizeof wanted && memcmp(result.out.data, wanted, sizeof wanted - 1) == 0;
  run_free(&result);
  CHECK(good);
}

static void no_descriptor_and_no_signal_setting_is_inherited(void) {
  char text[1024];
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigaddset(&blocked, SIGRTMIN + 5);
  int leak = fcntl(0, F_DUPFD, 100); /* without FD_CLOEXEC */
  signal(SIGXFSZ, SIG_IGN);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  OUTPUT_OF("exec /bin/sed -n '/^Sig[BI]/s/.*:.//p' /proc/self/status", text);
  CHECK(strcmp(text, "0000000000000000\n0000000000000000\n") == 0);
  OUTPUT_OF("echo /proc/self/fd/*", text); /* by the shell itself: 3 may be the folder it reads, or its script */
  close(leak);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  signal(SIGXFSZ, SIG_DFL);
  CHECK(strncmp(text, "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2", 47) == 0);
  CHECK(strstr(text, "/100") == NULL && strlen(text) < 70);
  struct sigaction ours;
  CHECK(sigaction(SIGPIPE, NULL, &ours) == 0 && ours.sa_handler == SIG_IGN);
}

static void begin(const char *path, const char *cwd, int *outcome, struct sys_error *error) {
  struct run_result result;
  char *const argv[] = {(char *)path, NULL};
  const struct program program = {.path = path, .argv = argv, .env = environment, .cwd = cwd};
  *outcome = run(&program, NULL, 0, LONG_MS, PLENTY, &result, error);
  run_free(&result);
}

static void write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) abort();
  close(fd);
}

static void what_cannot_begin_says_why(void) {
  char folder[] = "/tmp/tsnet-run-XXXXXX";
  char path[64];
  struct sys_error error;
  int outcome;
  CHECK(mkdtemp(folder) != NULL);
  snprintf(path, sizeof path, "%s/program", folder);
  int before = open_descriptors();
  begin(path, NULL, &outcome, &error);
  CHECK_FAILS(outcome, error, ENOENT);
  CHECK(strcmp(error.op, "execve") == 0 && strcmp(error.path, path) == 0);
  begin("/bin/sh", path, &outcome, &error);
  CHECK_FAILS(outcome, error, ENOENT);
  CHECK(strcmp(error.op, "chdir") == 0 && strcmp(error.path, path) == 0);
  write_file(path, "\x7f" "ELF no program");
  begin(path, NULL, &outcome, &error);
  CHECK_FAILS(outcome, error, ENOEXEC);
  write_file(path, "#!/bin/sh\nexit 0\n");
  int busy = open(path, O_WRONLY | O_CLOEXEC);
  begin(path, NULL, &outcome, &error);
  close(busy);
  CHECK_FAILS(outcome, error, ETXTBSY);
  begin(path, NULL, &outcome, &error);
  CHECK(outcome == 0);
  write_file(path, "#!/no/such/interpreter\n");
  begin(path, NULL, &outcome, &error);
  CHECK_FAILS(outcome, error, ENOENT);
  chmod(path, 0644);
  begin(path, NULL, &outcome, &error);
  CHECK_FAILS(outcome, error, EACCES);
  begin(folder, NULL, &outcome, &error);
  CHECK_FAILS(outcome, error, EACCES);
  unlink(path);
  rmdir(folder);
  CHECK(open_descriptors() == before);
  CHECK(waitpid(-1, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD);
}

static void a_time_limit_ends_the_whole_group(void) {
  static const char *const scripts[] = {
      "sleep 30 & echo $!; echo half >&2; sleep 30",
      "trap '' TERM HUP; exec >&- 2>&-; sleep 30",
      "exec <&-; while :; do sleep 0.01; echo; done", /* always something to read */
  };
  for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
    struct run_result result;
    struct sys_error error;
    char *const argv[] = {"/bin/sh", "-c", (char *)scripts[i], NULL};
    const struct program program = {.path = argv[0], .argv = argv, .env = environment};
    int64_t start = clock_now();
    CHECK(run(&program, NULL, 0, 200, PLENTY, &result, &error) == 0);
    int64_t ms = (clock_now() - start) / 1000000;
    long other = i == 0 && result.out.length > 0 ? strtol((const char *)result.out.data, NULL, 10) : 0;
    bool heard = i != 0 || (result.err.length == 5 && other > 0);
    run_free(&result);
    CHECK(heard);
    CHECK(result.stop == RUN_TIMEOUT && result.exit_code == -1 && result.signal == SIGKILL);
    CHECK(ms >= 190 && ms < 3000);
    CHECK(other == 0 || ends_soon(other));
  }
}

static void what_is_left_running_is_not_waited_for(void) {
  struct run_result result;
  struct sys_error error;
  int64_t start = clock_now();
  CHECK(shell("sleep 30 & echo $!", NULL, 0, &result, &error) == 0);
  int64_t ms = (clock_now() - start) / 1000000;
  long daemon = result.out.length > 0 ? strtol((const char *)result.out.data, NULL, 10) : 0;
  run_free(&result);
  CHECK(daemon > 0 && !has_ended(daemon));
  kill((pid_t)daemon, SIGKILL);
  CHECK(result.exit_code == 0 && result.stop == RUN_NOT_STOPPED && ms >= 95 && ms < 3000);
  char text[64];
  OUTPUT_OF("(for i in 1 2 3; do sleep 0.05; echo $i; done) & echo 0", text);
  CHECK(strcmp(text, "0\n1\n2\n3\n") == 0);
}

static void one_descriptor_may_be_kept(void) {
  for (int number = 3; number <= 40; number += 37) {
    int lock = open("/tmp", O_RDONLY | O_DIRECTORY);
    int keep = dup3(lock, number, O_CLOEXEC) < 0 ? lock : number;
    struct run_result result;
    struct sys_error error;
    char *const argv[] = {"/bin/sh", "-c", "readlink /proc/self/fd/3; readlink /proc/self/fd/4 || echo 0", NULL};
    const struct program program = {.path = argv[0], .argv = argv, .env = environment, .keep = keep};
    int outcome = run(&program, NULL, 0, LONG_MS, PLENTY, &result, &error);
    bool kept = outcome == 0 && result.out.length == 7 && memcmp(result.out.data, "/tmp\n0\n", 7) == 0;
    run_free(&result);
    if (keep != lock) close(keep);
    close(lock);
    CHECK(kept);
  }
}

static void output_is_limited(void) {
  struct run_result result;
  struct sys_error error;
  char *const endless[] = {"/usr/bin/yes", NULL};
  const struct program program = {.path = endless[0], .argv = endless, .env = environment};
  CHECK(run(&program, NULL, 0, -1, 100000, &result, &error) == 0);
  size_t length = result.out.length;
  run_free(&result);
  CHECK(result.stop == RUN_OUTPUT && result.signal == SIGKILL && length > 100000 && length < 400000);
  char *const both[] = {"/bin/sh", "-c", "printf 12345; printf 1234 >&2", NULL};
  const struct program counted = {.path = both[0], .argv = both, .env = environment};
  CHECK(run(&counted, NULL, 0, LONG_MS, 9, &result, &error) == 0);
  run_free(&result);
  CHECK(result.stop == RUN_NOT_STOPPED && result.exit_code == 0);
  CHECK(run(&counted, NULL, 0, LONG_MS, 8, &result, &error) == 0);
  run_free(&result);
  CHECK(result.stop == RUN_OUTPUT);
}

static void the_signal_that_ended_it_is_told(void) {
  struct run_result result;
  struct sys_error error;
  char name[16];
  CHECK(shell("kill -SEGV $$", NULL, 0, &result, &error) == 0);
  run_free(&result);
  CHECK(result.exit_code == -1 && result.signal == SIGSEGV && result.stop == RUN_NOT_STOPPED);
  CHECK(strcmp(signame(SIGSEGV, name), "SIGSEGV") == 0 && strcmp(signame(40, name), "SIG40") == 0);
  CHECK(strcmp(signame(SIGSYS, name), "SIGSYS") == 0 && strcmp(signame(0, name), "SIG0") == 0);
}

static void an_ignored_sigchld_loses_no_exit_status(void) {
  struct run_result result;
  struct sys_error error;
  signal(SIGCHLD, SIG_IGN);
  int outcome = shell("exit 7", NULL, 0, &result, &error);
  signal(SIGCHLD, SIG_DFL);
  run_free(&result);
  CHECK(outcome == 0 && result.exit_code == 7);
}

static void closed_standard_streams_do_not_matter(void) {
  pid_t pid = fork();
  if (pid == 0) {
    struct run_result result;
    struct sys_error error;
    for (int fd = 0; fd < 3; fd++) close(fd);
    bool good = shell("cat; cat /dev/stdin >&2; echo err >&2; exit 9", "in", 2, &result, &error) == 0 &&
                result.exit_code == 9 && result.out.length == 2 && result.err.length == 4;
    _exit(good ? 0 : 1);
  }
  int status;
  CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void *run_some(void *argument) {
  char script[64];
  for (int i = 0; i < 10; i++) {
    struct run_result result;
    struct sys_error error;
    char wanted[32];
    snprintf(wanted, sizeof wanted, "%ld %d", (long)argument, i);
    snprintf(script, sizeof script, "printf '%s'; exit %d", wanted, i);
    bool good = shell(script, NULL, 0, &result, &error) == 0 && result.exit_code == i &&
                result.out.length == strlen(wanted) && memcmp(result.out.data, wanted, strlen(wanted)) == 0;
    run_free(&result);
    if (!good) return NULL;
  }
  return argument;
}

static void many_at_once_do_not_meet(void) {
  pthread_t threads[8];
  int before = open_descriptors();
  for (long i = 0; i < 8; i++) CHECK(pthread_create(&threads[i], NULL, run_some, (void *)(i + 1)) == 0);
  int good = 0;
  for (long i = 0; i < 8; i++) {
    void *outcome;
    pthread_join(threads[i], &outcome);
    if (outcome != NULL) good++;
  }
  CHECK(good == 8);
  CHECK(open_descriptors() == before);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int number) {
  (void)number;
  alarms++;
}

static void interruptions_change_nothing(void) {
  struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART */
  struct itimerval every = {{0, 500}, {0, 500}};
  struct itimerval never = {{0, 0}, {0, 0}};
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &every, NULL);
  char text[64];
  OUTPUT_OF("sleep 0.2; echo done", text);
  setitimer(ITIMER_REAL, &never, NULL);
  signal(SIGALRM, SIG_DFL);
  CHECK(strcmp(text, "done\n") == 0);
  CHECK(alarms > 10);
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  RUN(much_goes_in_and_out_at_once);
  RUN(input_may_stay_unread);
  RUN(streams_are_pipes_that_open_by_path);
  RUN(arguments_environment_and_folder);
  RUN(no_descriptor_and_no_signal_setting_is_inherited);
  RUN(what_cannot_begin_says_why);
  RUN(a_time_limit_ends_the_whole_group);
  RUN(what_is_left_running_is_not_waited_for);
  RUN(one_descriptor_may_be_kept);
  RUN(output_is_limited);
  RUN(the_signal_that_ended_it_is_told);
  RUN(an_ignored_sigchld_loses_no_exit_status);
  RUN(closed_standard_streams_do_not_matter);
  RUN(many_at_once_do_not_meet);
  RUN(interruptions_change_nothing);
  return report();
}
