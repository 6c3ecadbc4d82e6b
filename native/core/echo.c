#include "echo.h"

#include "clock.h"
#include "netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

union endpoint {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

/* Behind the ICMP header: nobody else's request has it. */
struct cookie {
  uint8_t bytes[16];
};

enum { ICMP_HEADER = 8, V4_HEADER = 20, V6_HEADER = 40 };

struct question {
  union endpoint to;
  size_t packet;
  deadline_t deadline;
  int64_t round_trip_ns;
  struct cookie cookie;
};

static bool is_v6(const struct question *question) {
  return question->to.any.sa_family == AF_INET6;
}

/* RFC 1071. */
static uint16_t checksum(const uint8_t *data, size_t length) {
  uint32_t sum = 0;
  for (size_t i = 0; i + 1 < length; i += 2) sum += (uint32_t)data[i] << 8 | data[i + 1];
  if (length & 1) sum += (uint32_t)data[length - 1] << 8;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return htons((uint16_t)~sum);
}

static int set_option(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value);
}

/* May not be cut to pieces, whatever is believed of the way; what routers say about it is told to us. */
static int configure(int fd, bool v6) {
  if (!v6)
    return set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE) < 0 ||
                   set_option(fd, IPPROTO_IP, IP_RECVERR, 1) < 0
               ? -1
               : 0;
  struct icmp6_filter filter;
  ICMP6_FILTER_SETBLOCKALL(&filter);
  ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
  return set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE) < 0 ||
                 set_option(fd, IPPROTO_IPV6, IPV6_DONTFRAG, 1) < 0 ||
                 set_option(fd, IPPROTO_IPV6, IPV6_RECVERR, 1) < 0 ||
                 setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) < 0
             ? -1
             : 0;
}

/* Writes the ICMP message; the kernel puts the checksum into an IPv6 one. */
static size_t write_request(const struct question *question, uint8_t *out) {
  size_t length = question->packet - (is_v6(question) ? V6_HEADER : V4_HEADER);
  memset(out, 0, length);
  out[0] = is_v6(question) ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
  memcpy(out + 4, question->cookie.bytes, 2); /* identifier */
  memcpy(out + ICMP_HEADER, &question->cookie, sizeof question->cookie);
  if (!is_v6(question)) {
    uint16_t sum = checksum(out, length);
    memcpy(out + 2, &sum, sizeof sum);
  }
  return length;
}

/* Whether these bytes, as a raw socket gives them (IPv4 with its header), answer the request. */
static bool answers(const struct question *question, const uint8_t *data, size_t length) {
  size_t start = is_v6(question) ? 0 : length == 0 ? 0 : (size_t)(data[0] & 15) * 4;
  if (length < start + ICMP_HEADER + sizeof question->cookie) return false;
  const uint8_t *message = data + start;
  return message[0] == (is_v6(question) ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) &&
         memcmp(message + ICMP_HEADER, &question->cookie, sizeof question->cookie) == 0;
}

static int wait_for_answer(int fd, struct question *question, int64_t sent, uint8_t *buffer, struct sys_error *error) {
  for (;;) {
    ssize_t got = recv(fd, buffer, ECHO_MAX_PACKET, MSG_DONTWAIT);
    if (got >= 0) {
      if (!answers(question, buffer, (size_t)got)) continue;
      question->round_trip_ns = clock_now() - sent;
      return 0;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return fail(error, "recv", NULL);
    if (deadline_left(question->deadline) == 0) return 0;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    if (poll(&wait, 1, deadline_poll_ms(question->deadline)) < 0 && errno != EINTR) return fail(error, "poll", NULL);
  }
}

static int converse(int fd, struct question *question, uint8_t *buffer, struct sys_error *error) {
  socklen_t size = is_v6(question) ? sizeof question->to.v6 : sizeof question->to.v4;
  if (configure(fd, is_v6(question)) < 0) return fail(error, "setsockopt", NULL);
  if (connect(fd, &question->to.any, size) < 0) return fail(error, "connect", NULL);
  size_t length = write_request(question, buffer);
  int64_t sent = clock_now();
  if (send(fd, buffer, length, MSG_NOSIGNAL) < 0) return fail(error, "send", NULL);
  return wait_for_answer(fd, question, sent, buffer, error);
}

static int work(void *argument, struct sys_error *error) {
  struct question *question = argument;
  bool v6 = is_v6(question);
  int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
  if (fd < 0) return fail(error, "socket", NULL);
  uint8_t *buffer = malloc(ECHO_MAX_PACKET);
  int result = buffer == NULL ? fail(error, "malloc", NULL) : converse(fd, question, buffer, error);
  free(buffer);
  close(fd);
  return result;
}

int echo_ask(int netns, bool own_thread, const char *address, size_t packet, int64_t timeout_ms,
             int64_t *round_trip_ns, struct sys_error *error) {
  struct question question = {.packet = packet, .round_trip_ns = ECHO_SILENCE};
  if (inet_pton(AF_INET, address, &question.to.v4.sin_addr) == 1)
    question.to.any.sa_family = AF_INET;
  else if (inet_pton(AF_INET6, address, &question.to.v6.sin6_addr) == 1)
    question.to.any.sa_family = AF_INET6;
  else
    return fail_with(error, "inet_pton", EINVAL, NULL);
  if (packet < ECHO_MIN_PACKET || packet > ECHO_MAX_PACKET) return fail_with(error, "send", EINVAL, NULL);
  if (getrandom(&question.cookie, sizeof question.cookie, 0) != (ssize_t)sizeof question.cookie)
    return fail(error, "getrandom", NULL);
  question.deadline = deadline_in(timeout_ms);
  int result = netns_run(netns, own_thread, work, &question, error);
  *round_trip_ns = question.round_trip_ns;
  return result;
}
