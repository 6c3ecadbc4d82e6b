#ifndef TSNET_CANCEL_H
#define TSNET_CANCEL_H

#include "error.h"

/*
 * Ends waits on a descriptor that is being closed: close(2) does not wake a poll(2) on it in another thread. A waiter
 * registers under the number it was given (and works on a duplicate of it), waits for `event` too, and leaves at the end.
 */
struct cancel {
  struct cancel *next;
  int fd;
  int event; /* an eventfd(2): readable once cancelled */
};

int cancel_join(struct cancel *cancel, int fd, struct sys_error *error);
void cancel_leave(struct cancel *cancel);
/* Wakes all that wait on `fd`. */
void cancel_all(int fd);

#endif
