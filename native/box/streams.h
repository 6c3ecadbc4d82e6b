#ifndef TSBOX_STREAMS_H
#define TSBOX_STREAMS_H

#include "bytes.h"
#include "error.h"

#include <stdbool.h>

/*
 * The standard streams of a container, the monitor's side: fifos in the state folder, or the master side of a terminal. The container
 * has its output fifos open for reading and writing, so that writing never fails while there is no monitor.
 */
struct streams {
  int in;     /* non-blocking; -1 when there is none (any more) */
  int out[2]; /* stdout (or the terminal's master), stderr; -1 at their end */
  bool terminal;
  struct bytes pending; /* input that did not fit yet */
  size_t pending_at;
  bool ends; /* close `in` when nothing is pending */
};

enum { PENDING_MAX = 64 << 10 };

/* Makes the fifos anew and opens both sides: `child[0]` is -1 without stdin. */
int streams_make(struct streams *streams, int dir, bool with_stdin, int child[3], struct sys_error *error);
/* Opens the monitor's side of those of a container whose monitor was lost. */
void streams_adopt(struct streams *streams, int dir);
/* The terminal's master side becomes all of them. */
void streams_take_terminal(struct streams *streams, int master);
void streams_resize(struct streams *streams, unsigned rows, unsigned columns);
void streams_input(struct streams *streams, const void *data, size_t length);
/* No more input: end of file for the container once everything is written. Nothing with a terminal. */
void streams_end_input(struct streams *streams);
/* `in` can be written. */
void streams_write(struct streams *streams);
bool streams_input_full(const struct streams *streams);
void streams_close(struct streams *streams);
/* Removes the fifos. */
void streams_remove(int dir);

#endif
