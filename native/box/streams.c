#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static const char *const names[] = {"stdin", "stdout", "stderr"};

static int make_fifo(int dir, const char *name, struct sys_error *error) {
  unlinkat(dir, name, 0);
  return mkfifoat(dir, name, 0600) < 0 ? fail(error, "mkfifo", name) : 0;
}

int streams_make(struct streams *streams, int dir, bool with_stdin, int child[3], struct sys_error *error) {
  *streams = (struct streams){.in = -1, .out = {-1, -1}};
  for (int i = 0; i < 3; i++) child[i] = -1;
  for (int i = with_stdin ? 0 : 1; i < 3; i++) {
    if (make_fifo(dir, names[i], error) < 0) return -1;
    /* Of stdin the container must see the end: for reading only. Opened for both first, since that never waits. */
    child[i] = openat(dir, names[i], O_RDWR | O_CLOEXEC);
    if (child[i] < 0) return fail(error, "open", names[i]);
    int own = openat(dir, names[i], (i == 0 ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_CLOEXEC);
    if (own < 0) return fail(error, "open", names[i]);
    if (i > 0) streams->out[i - 1] = own;
    else streams->in = own;
  }
  if (with_stdin) {
    int reader = openat(dir, names[0], O_RDONLY | O_CLOEXEC);
    if (reader < 0) return fail(error, "open", names[0]);
    close(child[0]);
    child[0] = reader;
  }
  return 0;
}

void streams_adopt(struct streams *streams, int dir) {
  *streams = (struct streams){.in = -1, .out = {-1, -1}};
  for (int i = 0; i < 2; i++) streams->out[i] = openat(dir, names[i + 1], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

void streams_take_terminal(struct streams *streams, int master) {
  streams_close(streams);
  streams->terminal = true;
  streams->in = master;
  streams->out[0] = master;
  fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
}

void streams_resize(struct streams *streams, unsigned rows, unsigned columns) {
  struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
  if (streams->terminal && streams->in >= 0) ioctl(streams->in, TIOCSWINSZ, &size);
}

static void drop_input(struct streams *streams) {
  bytes_free(&streams->pending);
  streams->pending_at = 0;
}

static void close_input(struct streams *streams) {
  drop_input(streams);
  if (streams->in >= 0 && !streams->terminal) {
    close(streams->in);
    streams->in = -1;
  }
}

void streams_write(struct streams *streams) {
  while (streams->in >= 0 && streams->pending_at < streams->pending.length) {
    ssize_t put = write(streams->in, streams->pending.data + streams->pending_at, streams->pending.length - streams->pending_at);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) return;
    if (put < 0) { /* nobody reads it any more */
      close_input(streams);
      return;
    }
    streams->pending_at += (size_t)put;
  }
  if (streams->ends) close_input(streams);
  else drop_input(streams);
}

void streams_input(struct streams *streams, const void *data, size_t length) {
  if (streams->in < 0 || streams->ends || bytes_reserve(&streams->pending, length) < 0) return;
  memcpy(streams->pending.data + streams->pending.length, data, length);
  streams->pending.length += length;
  streams_write(streams);
}

void streams_end_input(struct streams *streams) {
  if (streams->terminal) return;
  streams->ends = true;
  streams_write(streams);
}

bool streams_input_full(const struct streams *streams) {
  return streams->pending.length - streams->pending_at >= PENDING_MAX;
}

void streams_close(struct streams *streams) {
  drop_input(streams);
  if (streams->in >= 0 && streams->in != streams->out[0]) close(streams->in);
  for (int i = 0; i < 2; i++)
    if (streams->out[i] >= 0) close(streams->out[i]);
  *streams = (struct streams){.in = -1, .out = {-1, -1}};
}

void streams_remove(int dir) {
  for (int i = 0; i < 3; i++) unlinkat(dir, names[i], 0);
}
