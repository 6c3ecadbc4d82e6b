#include "datagram.h"

#include "netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_ADDRESS = 64 };

struct endpoint {
  const char *address;
  uint16_t port;
};

static int close_after(int fd, int result) {
  if (result < 0) close(fd);
  return result < 0 ? -1 : fd;
}

static int told_errors(int fd, bool v6) {
  int on = 1;
  return v6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on)
            : setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
}

static int connect_to(const void *to, socklen_t size, bool v6, struct sys_error *error) {
  int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail(error, "socket", NULL);
  if (told_errors(fd, v6) < 0) return close_after(fd, fail(error, "setsockopt", NULL));
  if (connect(fd, to, size) < 0) return close_after(fd, fail(error, "connect", NULL));
  return fd;
}

static int open_udp(void *argument, struct sys_error *error) {
  const struct endpoint *to = argument;
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(to->port)};
  if (inet_pton(AF_INET, to->address, &v4.sin_addr) == 1) return connect_to(&v4, sizeof v4, false, error);
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(to->port)};
  char address[MAX_ADDRESS];
  if (strlen(to->address) >= sizeof address) return fail_with(error, "inet_pton", EINVAL, NULL);
  strcpy(address, to->address);
  char *link = strchr(address, '%');
  if (link != NULL) {
    *link++ = '\0';
    v6.sin6_scope_id = if_nametoindex(link);
    if (v6.sin6_scope_id == 0) v6.sin6_scope_id = (uint32_t)strtoul(link, NULL, 10);
    if (v6.sin6_scope_id == 0) return fail_with(error, "if_nametoindex", ENODEV, NULL);
  }
  if (inet_pton(AF_INET6, address, &v6.sin6_addr) != 1) return fail_with(error, "inet_pton", EINVAL, NULL);
  return connect_to(&v6, sizeof v6, true, error);
}

int udp_open(int netns, const char *address, uint16_t port, struct sys_error *error) {
  struct endpoint to = {address, port};
  return netns_run(netns, false, open_udp, &to, error);
}

static int open_packet(void *argument, struct sys_error *error) {
  const struct sockaddr_ll *at = argument;
  /* Of no protocol until it is bound: frames of other links would come in meanwhile. */
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail(error, "socket", NULL);
  int on = 1;
  if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) < 0)
    return close_after(fd, fail(error, "setsockopt", NULL));
  if (bind(fd, (const struct sockaddr *)at, sizeof *at) < 0) return close_after(fd, fail(error, "bind", NULL));
  return fd;
}

int packet_open(int netns, uint32_t link, uint16_t protocol, struct sys_error *error) {
  struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = (int)link};
  return netns_run(netns, false, open_packet, &at, error);
}
