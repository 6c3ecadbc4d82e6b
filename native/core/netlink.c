#include "netlink.h"

#include "netns.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  BUFFER_BYTES = 4 << 20,
  /* No datagram of the kernel is longer: dumps come in pieces of at most 32 KiB, one attribute has at most 64 KiB. */
  READ_BYTES = 256 * 1024,
};

static int set_option(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value);
}

/* With CAP_NET_ADMIN over the namespace's owner beyond the system's limit, without it up to the limit. */
static void set_buffer(int fd, int forced, int option) {
  if (set_option(fd, SOL_SOCKET, forced, BUFFER_BYTES) < 0) set_option(fd, SOL_SOCKET, option, BUFFER_BYTES);
}

static int configure(int fd, struct sys_error *error) {
  struct sockaddr_nl any = {.nl_family = AF_NETLINK};
  if (set_option(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1) < 0) return fail(error, "setsockopt NETLINK_EXT_ACK", NULL);
  if (set_option(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1) < 0) return fail(error, "setsockopt NETLINK_CAP_ACK", NULL);
  if (set_option(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1) < 0)
    return fail(error, "setsockopt NETLINK_GET_STRICT_CHK", NULL);
  set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
  set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF); /* a request that does not fit is EMSGSIZE */
  if (bind(fd, (struct sockaddr *)&any, sizeof any) < 0) return fail(error, "bind", NULL);
  return 0;
}

static int open_here(void *argument, struct sys_error *error) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, *(const int *)argument);
  if (fd < 0) return fail(error, "socket", NULL);
  if (configure(fd, error) == 0) return fd;
  close(fd);
  return -1;
}

int netlink_open(int protocol, int netns, struct sys_error *error) {
  return netns_run(netns, false, open_here, &protocol, error);
}

int netlink_peer(int fd, struct netlink_peer *peer, struct sys_error *error) {
  struct sockaddr_nl own = {0};
  socklen_t length = sizeof own;
  if (getsockname(fd, (struct sockaddr *)&own, &length) < 0) return fail(error, "getsockname", NULL);
  if (own.nl_family != AF_NETLINK) return fail_with(error, "getsockname", EAFNOSUPPORT, NULL);
  *peer = (struct netlink_peer){.fd = fd, .port = own.nl_pid, .from_kernel = true};
  return 0;
}

int netlink_subscribe(int fd, const uint32_t *groups, size_t count, struct sys_error *error) {
  for (size_t i = 0; i < count; i++)
    if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof groups[i]) < 0)
      return fail(error, "setsockopt NETLINK_ADD_MEMBERSHIP", NULL);
  return 0;
}

int netlink_read(const struct netlink_peer *peer, struct bytes *out, struct sys_error *error) {
  for (;;) {
    if (bytes_reserve(out, READ_BYTES) < 0) return fail(error, "malloc", NULL);
    struct sockaddr_nl sender = {0};
    struct iovec part = {.iov_base = out->data + out->length, .iov_len = READ_BYTES};
    struct msghdr message = {
        .msg_name = &sender, .msg_namelen = sizeof sender, .msg_iov = &part, .msg_iovlen = 1};
    ssize_t got = recvmsg(peer->fd, &message, MSG_DONTWAIT);
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return 0;
      return fail(error, "recvmsg", NULL);
    }
    if (peer->from_kernel && sender.nl_pid != 0) continue;
    if (message.msg_flags & MSG_TRUNC) return fail_with(error, "recvmsg", EMSGSIZE, NULL);
    if (got == 0 && !peer->from_kernel) return fail_with(error, "recvmsg", ECONNRESET, NULL); /* its end was closed */
    out->length += (size_t)got;
    return 1;
  }
}

int netlink_receive(const struct netlink_peer *peer, int stop, int64_t timeout_ms, struct bytes *out,
                    struct sys_error *error) {
  deadline_t deadline = deadline_in(timeout_ms);
  for (;;) {
    int result = netlink_read(peer, out, error);
    if (result != 0) return result;
    struct pollfd wait[2] = {{.fd = peer->fd, .events = POLLIN}, {.fd = stop, .events = POLLIN}};
    int ready = poll(wait, 2, deadline_poll_ms(deadline));
    if (ready < 0 && errno != EINTR) return fail(error, "poll", NULL);
    if (ready > 0 && wait[1].revents != 0) return fail_with(error, "recvmsg", ECANCELED, NULL);
    if (ready == 0 && deadline_left(deadline) == 0) return 0;
  }
}
