#ifndef TSNET_ECHO_H
#define TSNET_ECHO_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nobody answered in time. */
#define ECHO_SILENCE (-1)

enum { ECHO_MIN_PACKET = 64, ECHO_MAX_PACKET = 65535 };

/*
 * Sends one ICMP echo request from a namespace, an IP packet of exactly `packet` bytes that nobody may cut to pieces, and
 * waits for its answer: `*round_trip_ns` is the time or ECHO_SILENCE. EMSGSIZE when the packet does not fit somewhere on
 * the way and that was told, EHOSTUNREACH and the like when the network says so. EINVAL for what is no address.
 */
int echo_ask(int netns, bool own_thread, const char *address, size_t packet, int64_t timeout_ms,
             int64_t *round_trip_ns, struct sys_error *error);

#endif
