#include "check.h"
#include "clock.h"
#include "lock.h"
#include "space.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static void pause_ms(long ms) {
  struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

/* A process that holds the lock for `ms`, or until killed. Returns when it has it. */
static pid_t holder(long ms) {
  int ready[2];
  char byte;
  if (pipe(ready) < 0) abort();
  pid_t pid = fork();
  if (pid == 0) {
    struct sys_error error;
    if (lock_file("lock", -1, &error) < 0 || write(ready[1], "x", 1) != 1) _exit(1);
    pause_ms(ms);
    _exit(0);
  }
  if (read(ready[0], &byte, 1) != 1) abort();
  close(ready[0]);
  close(ready[1]);
  return pid;
}

static void a_free_lock_is_had_at_once_and_the_file_stays(void) {
  struct sys_error error;
  struct stat st;
  int fd = lock_file("lock", 0, &error);
  CHECK(fd >= 0);
  CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  close(fd);
  CHECK(stat("lock", &st) == 0 && (st.st_mode & 07777) == 0600);
}

static void a_held_lock_is_given_up_in_time(void) {
  struct sys_error error;
  pid_t pid = holder(5000);
  int descriptors = open_descriptors();
  int64_t start = clock_now();
  CHECK_FAILS(lock_file("lock", 0, &error), error, ETIMEDOUT);
  CHECK(clock_now() - start < 50000000);
  start = clock_now();
  CHECK_FAILS(lock_file("lock", 100, &error), error, ETIMEDOUT);
  int64_t took = clock_now() - start;
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  CHECK(took >= 100000000 && took < 400000000);
  CHECK(open_descriptors() == descriptors);
}

static void a_lock_is_had_when_the_holder_ends_or_dies(void) {
  struct sys_error error;
  pid_t pid = holder(150);
  int64_t start = clock_now();
  int fd = lock_file("lock", 5000, &error);
  int64_t took = clock_now() - start;
  CHECK(fd >= 0);
  CHECK(took >= 50000000 && took < 1500000000);
  close(fd);
  waitpid(pid, NULL, 0);
  pid = holder(60000);
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  fd = lock_file("lock", 2000, &error);
  CHECK(fd >= 0);
  close(fd);
}

/* flock(2) is about open files, so another program's plain flock on the same file must count too. */
static void it_is_the_lock_that_flock_knows(void) {
  struct sys_error error;
  int other = open("lock", O_RDWR);
  CHECK(other >= 0 && flock(other, LOCK_EX) == 0);
  CHECK_FAILS(lock_file("lock", 30, &error), error, ETIMEDOUT);
  close(other);
}

/* Of those who wait for a file that its holder removes, one makes the next, and they never hold two of that name. */
static void a_removed_file_is_locked_by_nobody(void) {
  struct sys_error error;
  struct stat named;
  struct stat held;
  int ready[2];
  char byte;
  CHECK(pipe(ready) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    int fd = lock_file("lock", -1, &error);
    if (fd < 0 || write(ready[1], "x", 1) != 1) _exit(1);
    pause_ms(100);
    _exit(unlink("lock") == 0 ? 0 : 1);
  }
  CHECK(read(ready[0], &byte, 1) == 1);
  int fd = lock_file("lock", 5000, &error);
  int status;
  waitpid(pid, &status, 0);
  CHECK(status == 0);
  CHECK(fd >= 0);
  CHECK(fstat(fd, &held) == 0 && stat("lock", &named) == 0 && held.st_ino == named.st_ino && held.st_nlink == 1);
  CHECK_FAILS(lock_file("lock", 0, &error), error, ETIMEDOUT);
  close(fd);
  close(ready[0]);
  close(ready[1]);
}

static int count_up(int rounds, int removing) {
  for (int i = 0; i < rounds; i++) {
    struct sys_error error;
    char text[16] = {0};
    int lock = lock_file("lock", 20000, &error);
    if (lock < 0) return 1;
    int fd = open("count", O_RDWR | O_CREAT, 0600);
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    int length = snprintf(text, sizeof text, "%d", (got > 0 ? atoi(text) : 0) + 1);
    if (pwrite(fd, text, (size_t)length, 0) != length) return 1;
    close(fd);
    if (removing && i % 3 == 0 && unlink("lock") < 0) return 1;
    close(lock);
  }
  return 0;
}

static void hold_in_turn(int removing) {
  enum { PROCESSES = 20, ROUNDS = 25 };
  char text[16] = {0};
  int bad = 0;
  unlink("count");
  for (int i = 0; i < PROCESSES; i++)
    if (fork() == 0) _exit(count_up(ROUNDS, removing));
  for (int i = 0; i < PROCESSES; i++) {
    int status;
    wait(&status);
    if (status != 0) bad++;
  }
  CHECK(bad == 0);
  int fd = open("count", O_RDONLY);
  CHECK(read(fd, text, sizeof text - 1) > 0);
  close(fd);
  CHECK(atoi(text) == PROCESSES * ROUNDS);
}

static void many_processes_never_hold_it_together(void) {
  hold_in_turn(0);
}

static void nor_when_some_remove_it(void) {
  hold_in_turn(1);
}

static void *time_out(void *argument) {
  struct sys_error error;
  /* As on a thread of the addon's: every signal blocked. */
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
  int64_t start = clock_now();
  int result = lock_file("lock", 100, &error);
  *(int *)argument = result < 0 && error.err == ETIMEDOUT && clock_now() - start < 1500000000;
  return NULL;
}

static void many_threads_time_out_each_by_itself(void) {
  enum { THREADS = 16 };
  pthread_t threads[THREADS];
  int good[THREADS] = {0};
  pid_t pid = holder(10000);
  for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, time_out, &good[i]) == 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  for (int i = 0; i < THREADS; i++) CHECK(good[i]);
}

static void what_is_no_file_is_refused_without_waiting(void) {
  struct sys_error error;
  CHECK(mkfifo("fifo", 0600) == 0);
  CHECK_FAILS(lock_file("fifo", 1000, &error), error, EINVAL);
  CHECK_FAILS(lock_file(".", 1000, &error), error, EISDIR);
  CHECK_FAILS(lock_file("missing/lock", 1000, &error), error, ENOENT);
}

static void a_symbolic_link_is_not_followed(void) {
  struct sys_error error;
  CHECK(symlink("elsewhere", "link") == 0);
  CHECK_FAILS(lock_file("link", 0, &error), error, ELOOP);
  CHECK(access("elsewhere", F_OK) < 0);
}

int main(void) {
  own_space();
  RUN(a_free_lock_is_had_at_once_and_the_file_stays);
  RUN(a_held_lock_is_given_up_in_time);
  RUN(a_lock_is_had_when_the_holder_ends_or_dies);
  RUN(it_is_the_lock_that_flock_knows);
  RUN(a_removed_file_is_locked_by_nobody);
  RUN(many_processes_never_hold_it_together);
  RUN(nor_when_some_remove_it);
  RUN(many_threads_time_out_each_by_itself);
  RUN(what_is_no_file_is_refused_without_waiting);
  RUN(a_symbolic_link_is_not_followed);
  return report();
}
