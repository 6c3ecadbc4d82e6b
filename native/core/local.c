#include "local.h"

#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int local_connect(const char *path, struct sys_error *error) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if (length >= sizeof address.sun_path) return fail_with(error, "connect", ENAMETOOLONG, path);
  memcpy(address.sun_path, path, length);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail(error, "socket", path);
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
  fail(error, "connect", path);
  close(fd);
  return -1;
}

int local_receive(int fd, size_t max, int64_t timeout_ms, struct bytes *out, struct sys_error *error) {
  deadline_t deadline = deadline_in(timeout_ms);
  if (bytes_reserve(out, max) < 0) return fail(error, "recv", NULL);
  for (;;) {
    ssize_t got = recv(fd, out->data + out->length, max, MSG_DONTWAIT);
    if (got >= 0) {
      out->length += (size_t)got;
      return 0;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return fail(error, "recv", NULL);
    if (deadline_left(deadline) == 0) return fail_with(error, "recv", ETIMEDOUT, NULL);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    if (poll(&wait, 1, deadline_poll_ms(deadline)) < 0 && errno != EINTR) return fail(error, "poll", NULL);
  }
}
