#include "lock.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/*
 * flock(2) has no time limit. Trying again every few milliseconds would be unfair and would wake 100 waiting processes all
 * the time, so we wait in the kernel's queue and have a timer interrupt the call: a signal to this thread alone, whose
 * handler does nothing. It fires again and again because the first one may come just before flock starts to wait.
 */
enum { AGAIN_NS = 20 * 1000 * 1000 };

static void interrupt(int signal) {
  (void)signal;
}

/* A real-time signal with our handler on it: ours from before, or one nobody uses. 0 when there is none. */
static int claim_signal(void) {
  for (int number = SIGRTMAX - 1; number > SIGRTMIN; number--) {
    struct sigaction now;
    if (sigaction(number, NULL, &now) < 0) continue;
    if (now.sa_handler == interrupt) return number;
    if (now.sa_handler != SIG_DFL) continue;
    struct sigaction ours = {.sa_handler = interrupt}; /* no SA_RESTART: flock must fail with EINTR */
    sigemptyset(&ours.sa_mask);
    if (sigaction(number, &ours, NULL) == 0) return number;
  }
  return 0;
}

/* struct sigevent as the kernel has it (asm-generic/siginfo.h); C libraries differ in how they name the thread. */
struct timer_event {
  uint64_t value;
  int32_t signal, notify, thread, unused[11];
};

/* Raw system calls: glibc 2.31 has these in librt. SIGEV_THREAD_ID is timer_create(2)'s way to one thread. */
static int timer_start(int number, deadline_t deadline) {
  struct timer_event event = {
      .signal = number, .notify = SIGEV_THREAD_ID, .thread = (int32_t)syscall(SYS_gettid)};
  int timer;
  if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) < 0) return -1;
  int64_t left = deadline_left(deadline) + 1; /* zero would disarm it */
  struct itimerspec when = {
      .it_value = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000},
      .it_interval = {.tv_nsec = AGAIN_NS},
  };
  if (syscall(SYS_timer_settime, timer, 0, &when, NULL) < 0) {
    int err = errno;
    syscall(SYS_timer_delete, timer);
    errno = err;
    return -1;
  }
  return timer;
}

static int wait_for_lock(int fd, deadline_t deadline) {
  for (;;) {
    if (flock(fd, LOCK_EX) == 0) return 0;
    if (errno != EINTR) return -1;
    if (deadline_left(deadline) == 0) {
      errno = ETIMEDOUT;
      return -1;
    }
  }
}

static int lock(int fd, deadline_t deadline) {
  while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return -1;
    if (deadline == DEADLINE_NEVER) return wait_for_lock(fd, deadline);
    if (deadline_left(deadline) == 0) {
      errno = ETIMEDOUT;
      return -1;
    }
    int number = claim_signal();
    if (number == 0) {
      errno = EBUSY;
      return -1;
    }
    int timer = timer_start(number, deadline);
    if (timer < 0) return -1;
    /* sigprocmask(2) is per thread on Linux; pthread_sigmask is its other name. */
    sigset_t mine;
    sigset_t before;
    sigemptyset(&mine);
    sigaddset(&mine, number);
    sigprocmask(SIG_UNBLOCK, &mine, &before);
    int result = wait_for_lock(fd, deadline);
    int err = errno;
    syscall(SYS_timer_delete, timer);
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = err;
    return result;
  }
  return 0;
}

/* Takes the lock of the file that has that name now. 0 when it has it no more: somebody removed it while we waited. */
static int lock_named(const char *path, deadline_t deadline, int *locked, struct sys_error *error) {
  /*
   * O_NONBLOCK: a fifo of that name must not stop us; it does not change what flock does. O_NOFOLLOW: a link of that name
   * must not make a file elsewhere.
   */
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW, 0600);
  if (fd < 0) return fail(error, "open", path);
  struct statx st;
  int result = -1;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) < 0)
    fail(error, "statx", path);
  else if (!S_ISREG(st.stx_mode))
    fail_with(error, "flock", EINVAL, path);
  else if (lock(fd, deadline) < 0)
    fail(error, "flock", path);
  else if (statx(fd, "", AT_EMPTY_PATH, STATX_NLINK, &st) < 0)
    fail(error, "statx", path);
  else
    result = st.stx_nlink > 0;
  if (result == 1)
    *locked = fd;
  else
    close(fd);
  return result;
}

/* Far more often than files of one name are removed. */
enum { MOST_TRIES = 1000 };

int lock_file(const char *path, int64_t timeout_ms, struct sys_error *error) {
  deadline_t deadline = deadline_in(timeout_ms); /* of all tries */
  int fd = -1;
  for (int i = 0; i < MOST_TRIES; i++) {
    int result = lock_named(path, deadline, &fd, error);
    if (result != 0) return result < 0 ? -1 : fd;
  }
  return fail_with(error, "flock", EBUSY, path);
}
