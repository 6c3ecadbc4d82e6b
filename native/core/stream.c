#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

enum { FIRST_READ = 4096 };

/* True when the call is to be made again: it was interrupted, or the descriptor had to be waited for. */
static bool again(int fd, short events) {
  if (errno == EINTR) return true;
  if (errno != EAGAIN) return false;
  struct pollfd wait = {.fd = fd, .events = events};
  /* Whatever poll answers (POLLERR, POLLHUP, EINTR), the next read or write says what it means. */
  int ready = poll(&wait, 1, -1);
  return ready >= 0 || errno == EINTR;
}

int read_all(int fd, size_t max, struct bytes *out, const char *path, struct sys_error *error) {
  for (;;) {
    /* One byte more than allowed, so that a full buffer proves that there is too much. */
    size_t room = max - out->length + 1;
    if (room > FIRST_READ && room > out->length) room = out->length < FIRST_READ ? FIRST_READ : out->length;
    if (bytes_reserve(out, room) < 0) return fail(error, "read", path);
    ssize_t got = read(fd, out->data + out->length, room);
    if (got < 0) {
      if (again(fd, POLLIN)) continue;
      return fail(error, "read", path);
    }
    if (got == 0) return 0;
    out->length += (size_t)got;
    if (out->length > max) return fail_with(error, "read", EFBIG, path);
  }
}

int write_all(int fd, const uint8_t *data, size_t length, const char *path, struct sys_error *error) {
  size_t done = 0;
  while (done < length) {
    ssize_t put = write(fd, data + done, length - done);
    if (put < 0) {
      if (again(fd, POLLOUT)) continue;
      return fail(error, "write", path);
    }
    if (put == 0) return fail_with(error, "write", EIO, path);
    done += (size_t)put;
  }
  return 0;
}
