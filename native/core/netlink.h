#ifndef TSNET_NETLINK_H
#define TSNET_NETLINK_H

#include "bytes.h"
#include "clock.h"
#include "error.h"

#include <stdbool.h>
#include <stdint.h>

/* netlink(7), linux/netlink.h. One exchange at a time per socket; different sockets are independent. */

/* Where an exchange takes place: a netlink socket, or in tests a datagram socket behind which somebody plays the kernel. */
struct netlink_peer {
  int fd;
  uint32_t port;    /* our own nlmsg_pid */
  bool from_kernel; /* take only what comes from port 0, the kernel: anybody may send to our port */
};

/* Opens a socket in a namespace (NETNS_OWN: the process's): extended and capped acks, strict checks, large buffers. */
int netlink_open(int protocol, int netns, struct sys_error *error);
/* `fd` as the peer of an exchange. */
int netlink_peer(int fd, struct netlink_peer *peer, struct sys_error *error);

/*
 * close(2) for a socket that deleted something in nf_tables. The last close of any such socket waits until the kernel has
 * freed it, a grace period of RCU later (nft_rcv_nl_event, net/netfilter/nf_tables_api.c): 5 to 15 ms, for nothing that
 * anybody could see. So the socket is left in a message, together with the socket that this message is to be read from:
 * nobody will, and the kernel's collector of such cycles closes it (unix_gc, net/unix/garbage.c), since Linux 6.9 in a
 * thread of its own. Before, it does so here, and nothing is lost.
 */
int netlink_close_aside(int fd);

/* More than this in one answer is E2BIG. */
#define NETLINK_MAX_ANSWER ((size_t)256 << 20)

/*
 * Sends the concatenated messages of `request` and collects the answer:
 *  - a message with NLM_F_DUMP is done with its NLMSG_DONE (or NLMSG_ERROR), one with NLM_F_ACK with its NLMSG_ERROR;
 *  - other messages are not waited for, except when the request has none of those two kinds: then each is taken for a
 *    plain GET and is done with its one reply (the two marks of an nf_tables batch apart; their numbers are also those of
 *    RTM_NEWLINK and RTM_DELLINK, which are no GET either);
 *  - an NLMSG_ERROR that is not 0 ends the answer as soon as nothing more can be read: the kernel works through a request
 *    inside sendmsg, so what is not there by then never comes (nf_tables answers nothing more after an aborted batch).
 * Kept are messages with a sequence number of the request's and our port (or 0). EINVAL for a request that is no sequence
 * of messages, ETIMEDOUT, ENOBUFS (the receive buffer ran over), EBADMSG (the answer is no sequence of messages).
 */
int netlink_exchange(const struct netlink_peer *peer, const uint8_t *request, size_t length, int64_t timeout_ms,
                     struct bytes *answer, struct sys_error *error);

/*
 * Leaves in an answer what holds any of the stretches in `wanted` (each behind a byte with its length), and what is no
 * data: errors, the ends of lists, the mark that a list is torn. Of thousands of messages few concern anybody, and the
 * interpreter takes 7 us for each.
 */
void netlink_select(struct bytes *answer, const uint8_t *wanted, size_t wanted_length);

int netlink_subscribe(int fd, const uint32_t *groups, size_t count, struct sys_error *error);
/*
 * The next datagram from the kernel: 1 and appended to `out`, or 0 after `timeout_ms` (negative: never). When `stop` is
 * not negative and gets readable, ECANCELED. ENOBUFS when messages were lost.
 */
int netlink_receive(const struct netlink_peer *peer, int stop, int64_t timeout_ms, struct bytes *out,
                    struct sys_error *error);

/* One datagram without waiting, for the two above: 1 appended, 0 nothing there, -1 error. Others' datagrams are dropped. */
int netlink_read(const struct netlink_peer *peer, struct bytes *out, struct sys_error *error);

#endif
