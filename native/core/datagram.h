#ifndef TSNET_DATAGRAM_H
#define TSNET_DATAGRAM_H

#include "error.h"

#include <stdint.h>

/* Sockets in a namespace whose reads and writes are a packet each; local_receive and write_all are good for them. */

/*
 * To one address and port, and from there only. What routers say (EHOSTUNREACH …) is told as an error of the next read. EINVAL
 * for what is no address; an IPv6 one of a link has it behind: `fe80::1%eth0`, by name or number in that namespace.
 */
int udp_open(int netns, const char *address, uint16_t port, struct sys_error *error);
/*
 * Whole frames of a link (packet(7)): those of a protocol (linux/if_ether.h, ETH_P_*) that come in; what this host sends is
 * not among them. Needs CAP_NET_RAW.
 */
int packet_open(int netns, uint32_t link, uint16_t protocol, struct sys_error *error);

#endif
