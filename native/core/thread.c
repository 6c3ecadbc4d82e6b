#include "thread.h"

#include <signal.h>

/* The deepest path holds a few PATH_MAX buffers; the C library's thread-local data of the whole process comes off it too. */
enum { STACK_BYTES = 256 * 1024 };

int thread_start(pthread_t *thread, int detached, void *(*main)(void *), void *argument) {
  sigset_t all;
  sigset_t before;
  pthread_attr_t attributes;
  int err = pthread_attr_init(&attributes);
  if (err != 0) return err;
  err = pthread_attr_setstacksize(&attributes, STACK_BYTES);
  if (err == 0 && detached) err = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  if (err == 0) {
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* inherited by the new thread */
    err = pthread_create(thread, &attributes, main, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
  pthread_attr_destroy(&attributes);
  return err;
}
