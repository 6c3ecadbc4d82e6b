#include "cancel.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct cancel *waiters;

int cancel_join(struct cancel *cancel, int fd, struct sys_error *error) {
  cancel->fd = fd;
  cancel->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (cancel->event < 0) return fail(error, "eventfd", NULL);
  pthread_mutex_lock(&mutex);
  cancel->next = waiters;
  waiters = cancel;
  pthread_mutex_unlock(&mutex);
  return 0;
}

void cancel_leave(struct cancel *cancel) {
  pthread_mutex_lock(&mutex);
  for (struct cancel **at = &waiters; *at != NULL; at = &(*at)->next)
    if (*at == cancel) {
      *at = cancel->next;
      break;
    }
  pthread_mutex_unlock(&mutex);
  close(cancel->event);
}

void cancel_all(int fd) {
  pthread_mutex_lock(&mutex);
  for (const struct cancel *at = waiters; at != NULL; at = at->next)
    if (at->fd == fd) eventfd_write(at->event, 1);
  pthread_mutex_unlock(&mutex);
}
