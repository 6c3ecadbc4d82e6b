#include "netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Puts both descriptors into a message on its way over `from`; 0, or -1 when they are not in it. */
static int send_both(int from, int fd, int to) {
  union {
    char bytes[CMSG_SPACE(2 * sizeof(int))];
    struct cmsghdr header;
  } control = {0};
  char one = 0;
  struct iovec part = {.iov_base = &one, .iov_len = 1};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
  const int both[2] = {fd, to};
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof both);
  memcpy(CMSG_DATA(rights), both, sizeof both);
  return sendmsg(from, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -1 : 0;
}

int netlink_close_aside(int fd) {
  int pair[2];
  /* A number that is not open would be given to the pair. */
  if (fcntl(fd, F_GETFD) < 0) return -1;
  if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) == 0) {
    /* Should it fail, close(2) below is what it would have been. */
    send_both(pair[0], fd, pair[1]);
    close(pair[1]);
    int result = close(fd);
    int error = errno;
    /* Last, when nothing else refers to the other two: closing a socket of this family is what wakes the collector. */
    close(pair[0]);
    errno = error;
    return result;
  }
  return close(fd);
}
