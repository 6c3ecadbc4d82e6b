#include "cancel.h"
#include "check.h"
#include "netlink.h"
#include "netns.h"
#include "space.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* The real kernel, in a namespace of the test's own. */

static int netns;

struct link_request {
  struct nlmsghdr header;
  struct ifinfomsg link;
};

static struct link_request link_request(uint16_t type, uint16_t flags, uint32_t seq) {
  return (struct link_request){
      .header = {.nlmsg_len = sizeof(struct link_request), .nlmsg_type = type,
                 .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags), .nlmsg_seq = seq},
      .link = {.ifi_family = AF_UNSPEC},
  };
}

static int exchange(int fd, const struct link_request *request, int timeout_ms, struct bytes *answer,
                    struct sys_error *error) {
  struct netlink_peer peer;
  if (netlink_peer(fd, &peer, error) < 0) return -1;
  return netlink_exchange(&peer, (const uint8_t *)request, sizeof *request, timeout_ms, answer, error);
}

static uint16_t type_at(const struct bytes *answer, size_t at) {
  struct nlmsghdr header;
  memcpy(&header, answer->data + at, sizeof header);
  return header.nlmsg_type;
}

static void a_dump_of_links_ends_with_done(void) {
  struct sys_error error;
  struct bytes answer = {0};
  int fd = netlink_open(NETLINK_ROUTE, netns, &error);
  CHECK(fd >= 0);
  struct link_request request = link_request(RTM_GETLINK, NLM_F_DUMP, 1);
  CHECK(exchange(fd, &request, 2000, &answer, &error) == 0);
  CHECK(type_at(&answer, 0) == RTM_NEWLINK);
  CHECK(type_at(&answer, answer.length - NLMSG_LENGTH(4)) == NLMSG_DONE);
  bytes_free(&answer);
  close(fd);
}

static void a_plain_get_needs_no_ack(void) {
  struct sys_error error;
  struct bytes answer = {0};
  int fd = netlink_open(NETLINK_ROUTE, netns, &error);
  struct link_request request = link_request(RTM_GETLINK, 0, 2);
  request.link.ifi_index = 1;
  CHECK(exchange(fd, &request, 2000, &answer, &error) == 0);
  CHECK(type_at(&answer, 0) == RTM_NEWLINK);
  bytes_free(&answer);
  request.link.ifi_index = 12345;
  CHECK(exchange(fd, &request, 2000, &answer, &error) == 0);
  CHECK(type_at(&answer, 0) == NLMSG_ERROR);
  bytes_free(&answer);
  close(fd);
}

/* Anybody with the right may send to our port; only the kernel's word counts. */
static void a_forged_ack_is_not_taken(void) {
  struct sys_error error;
  struct bytes answer = {0};
  struct netlink_peer peer;
  int victim = netlink_open(NETLINK_ROUTE, netns, &error);
  int forger = netlink_open(NETLINK_ROUTE, netns, &error);
  CHECK(victim >= 0 && forger >= 0 && netlink_peer(victim, &peer, &error) == 0);
  struct {
    struct nlmsghdr header;
    struct nlmsgerr error;
  } forged = {.header = {.nlmsg_len = sizeof forged, .nlmsg_type = NLMSG_ERROR, .nlmsg_seq = 3, .nlmsg_pid = peer.port},
              .error = {.error = -EPERM}};
  struct sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_pid = peer.port};
  CHECK(sendto(forger, &forged, sizeof forged, 0, (struct sockaddr *)&to, sizeof to) == (ssize_t)sizeof forged);
  struct link_request request = link_request(RTM_GETLINK, NLM_F_ACK, 3);
  request.link.ifi_index = 1;
  CHECK(exchange(victim, &request, 2000, &answer, &error) == 0);
  CHECK(type_at(&answer, 0) == RTM_NEWLINK);
  bytes_free(&answer);
  close(victim);
  close(forger);
}

static int toggle(int fd, uint32_t seq, struct sys_error *error) {
  struct bytes answer = {0};
  struct link_request request = link_request(RTM_NEWLINK, NLM_F_ACK, seq);
  request.link.ifi_index = 1;
  request.link.ifi_change = IFF_UP;
  request.link.ifi_flags = seq % 2 == 0 ? 0 : IFF_UP;
  int result = exchange(fd, &request, 2000, &answer, error);
  bytes_free(&answer);
  return result;
}

static void a_subscriber_hears_changes_and_learns_of_losses(void) {
  struct sys_error error;
  struct bytes out = {0};
  struct netlink_peer peer;
  uint32_t group = RTNLGRP_LINK;
  int listener = netlink_open(NETLINK_ROUTE, netns, &error);
  int actor = netlink_open(NETLINK_ROUTE, netns, &error);
  CHECK(netlink_subscribe(listener, &group, 1, &error) == 0);
  CHECK(netlink_peer(listener, &peer, &error) == 0);
  CHECK(netlink_receive(&peer, -1, 20, &out, &error) == 0);
  CHECK(toggle(actor, 1, &error) == 0);
  CHECK(netlink_receive(&peer, -1, 2000, &out, &error) == 1);
  CHECK(type_at(&out, 0) == RTM_NEWLINK);
  int size = 4096;
  CHECK(setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) == 0);
  for (uint32_t seq = 2; seq < 60; seq++) CHECK(toggle(actor, seq, &error) == 0);
  /* What fitted comes first or not, as the kernel likes; the loss is reported, and then it goes on. */
  int result;
  int received = 0;
  while ((result = netlink_receive(&peer, -1, 0, &out, &error)) == 1) received++;
  CHECK_FAILS(result, error, ENOBUFS);
  while (netlink_receive(&peer, -1, 0, &out, &error) == 1) received++;
  CHECK(received < 58);
  CHECK(toggle(actor, 60, &error) == 0);
  CHECK(netlink_receive(&peer, -1, 2000, &out, &error) == 1);
  bytes_free(&out);
  close(listener);
  close(actor);
}

static void a_dump_on_an_overrun_socket_is_enobufs_once(void) {
  struct sys_error error;
  struct bytes answer = {0};
  uint32_t group = RTNLGRP_LINK;
  int fd = netlink_open(NETLINK_ROUTE, netns, &error);
  int actor = netlink_open(NETLINK_ROUTE, netns, &error);
  int size = 4096;
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size) == 0);
  CHECK(netlink_subscribe(fd, &group, 1, &error) == 0);
  for (uint32_t seq = 2; seq < 60; seq++) CHECK(toggle(actor, seq, &error) == 0);
  struct link_request request = link_request(RTM_GETLINK, NLM_F_DUMP, 100);
  int result = exchange(fd, &request, 2000, &answer, &error);
  bytes_free(&answer);
  CHECK_FAILS(result, error, ENOBUFS);
  request.header.nlmsg_seq = 101;
  CHECK(exchange(fd, &request, 2000, &answer, &error) == 0);
  CHECK(type_at(&answer, 0) == RTM_NEWLINK);
  bytes_free(&answer);
  close(fd);
  close(actor);
}

struct waiter {
  struct netlink_peer peer;
  struct cancel cancel;
  int result;
  struct sys_error error;
};

static void *wait_for_ever(void *argument) {
  struct waiter *waiter = argument;
  struct bytes out = {0};
  waiter->result = netlink_receive(&waiter->peer, waiter->cancel.event, -1, &out, &waiter->error);
  bytes_free(&out);
  return NULL;
}

static void a_wait_is_cancelled_by_the_number_of_its_socket(void) {
  struct sys_error error;
  struct waiter waiter = {0};
  pthread_t thread;
  int before = open_descriptors();
  int fd = netlink_open(NETLINK_ROUTE, netns, &error);
  CHECK(netlink_peer(fd, &waiter.peer, &error) == 0);
  CHECK(cancel_join(&waiter.cancel, fd, &error) == 0);
  CHECK(pthread_create(&thread, NULL, wait_for_ever, &waiter) == 0);
  cancel_all(fd + 1);
  struct timespec moment = {.tv_nsec = 20000000};
  nanosleep(&moment, NULL);
  cancel_all(fd);
  pthread_join(thread, NULL);
  cancel_leave(&waiter.cancel);
  close(fd);
  CHECK_FAILS(waiter.result, waiter.error, ECANCELED);
  CHECK(open_descriptors() == before);
}

static void wrong_descriptors_are_refused(void) {
  struct sys_error error;
  struct netlink_peer peer;
  int pair[2];
  CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
  CHECK_FAILS(netlink_peer(pair[0], &peer, &error), error, EAFNOSUPPORT);
  CHECK_FAILS(netlink_peer(12345, &peer, &error), error, EBADF);
  CHECK_FAILS(netlink_open(12345, NETNS_OWN, &error), error, EPROTONOSUPPORT);
  CHECK_FAILS(netlink_open(NETLINK_ROUTE, pair[0], &error), error, EINVAL);
  uint32_t group = RTNLGRP_LINK;
  CHECK_FAILS(netlink_subscribe(pair[0], &group, 1, &error), error, EOPNOTSUPP);
  close(pair[0]);
  close(pair[1]);
}

int main(void) {
  struct sys_error error;
  own_space();
  netns_init();
  if (netns_create("netns", &error) < 0 || (netns = netns_open("netns", &error)) < 0) {
    perror("netns");
    return 2;
  }
  RUN(a_dump_of_links_ends_with_done);
  RUN(a_plain_get_needs_no_ack);
  RUN(a_forged_ack_is_not_taken);
  RUN(a_subscriber_hears_changes_and_learns_of_losses);
  RUN(a_dump_on_an_overrun_socket_is_enobufs_once);
  RUN(a_wait_is_cancelled_by_the_number_of_its_socket);
  RUN(wrong_descriptors_are_refused);
  return report();
}
