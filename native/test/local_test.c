#include "check.h"
#include "local.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un address = {.sun_family = AF_UNIX};

static int listen_there(void) {
  snprintf(address.sun_path, sizeof address.sun_path, "/tmp/tsnet-local-%d", (int)getpid());
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 0) < 0) abort();
  return fd;
}

static void what_is_sent_arrives_until_the_end(void) {
  struct sys_error error;
  struct bytes out = {0};
  int server = listen_there();
  int fd = local_connect(address.sun_path, &error);
  CHECK(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  int other = accept(server, NULL, NULL);
  CHECK(write(other, "abcdef", 6) == 6);
  CHECK(local_receive(fd, 4, 1000, &out, &error) == 0 && out.length == 4);
  CHECK(local_receive(fd, 4, 1000, &out, &error) == 0 && out.length == 6 && memcmp(out.data, "abcdef", 6) == 0);
  CHECK_FAILS(local_receive(fd, 4, 20, &out, &error), error, ETIMEDOUT);
  close(other);
  CHECK(local_receive(fd, 4, 1000, &out, &error) == 0 && out.length == 6);
  bytes_free(&out);
  close(fd);
  close(server);
  unlink(address.sun_path);
}

static void nobody_there_is_an_error_at_once(void) {
  struct sys_error error;
  char longer[200];
  memset(longer, 'a', sizeof longer);
  longer[sizeof longer - 1] = 0;
  CHECK_FAILS(local_connect("/tmp/tsnet-nowhere/socket", &error), error, ENOENT);
  CHECK_FAILS(local_connect("/etc/hostname", &error), error, ECONNREFUSED);
  CHECK_FAILS(local_connect(longer, &error), error, ENAMETOOLONG);
}

/* A daemon that accepts nobody must not hang a plugin. */
static void a_full_queue_does_not_block(void) {
  struct sys_error error;
  int server = listen_there();
  int waiting[8];
  int count = 0, fd = 0;
  while (count < 8 && (fd = local_connect(address.sun_path, &error)) >= 0) waiting[count++] = fd;
  CHECK_FAILS(fd, error, EAGAIN);
  while (count > 0) close(waiting[--count]);
  close(server);
  unlink(address.sun_path);
}

int main(void) {
  RUN(what_is_sent_arrives_until_the_end);
  RUN(nobody_there_is_an_error_at_once);
  RUN(a_full_queue_does_not_block);
  return report();
}
