#include "check.h"
#include "echo.h"
#include "netns.h"
#include "space.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Loopback of a namespace of the program's own answers; nothing else does. */
static void loopback_up(void) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strcpy(request.ifr_name, "lo");
  int fd = -1;
  request.ifr_flags = IFF_UP;
  if (unshare(CLONE_NEWNET) < 0 || (fd = socket(AF_INET, SOCK_DGRAM, 0)) < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0) {
    perror("cannot make a namespace");
    exit(2);
  }
  close(fd);
}

static void an_answer_comes_at_every_size(void) {
  struct sys_error error;
  int64_t ns;
  static const char *const addresses[] = {"127.0.0.1", "::1"};
  for (int i = 0; i < 2; i++) {
    for (size_t packet = ECHO_MIN_PACKET; packet <= 1600; packet += 97) {
      CHECK(echo_ask(NETNS_OWN, false, addresses[i], packet, 2000, &ns, &error) == 0);
      CHECK(ns > 0 && ns < INT64_C(2000000000));
    }
    CHECK(echo_ask(NETNS_OWN, false, addresses[i], 65535, 2000, &ns, &error) == 0 || error.err == EMSGSIZE);
  }
}

static void what_cannot_be_is_an_error(void) {
  struct sys_error error;
  int64_t ns;
  int descriptors = open_descriptors();
  CHECK_FAILS(echo_ask(NETNS_OWN, false, "localhost", 100, 10, &ns, &error), error, EINVAL);
  CHECK_FAILS(echo_ask(NETNS_OWN, false, "127.0.0.1", ECHO_MIN_PACKET - 1, 10, &ns, &error), error, EINVAL);
  CHECK_FAILS(echo_ask(NETNS_OWN, false, "127.0.0.1", ECHO_MAX_PACKET + 1, 10, &ns, &error), error, EINVAL);
  CHECK_FAILS(echo_ask(NETNS_OWN, false, "192.0.2.1", 100, 10, &ns, &error), error, ENETUNREACH);
  CHECK(open_descriptors() == descriptors);
}

static void silence_ends_in_time(void) {
  struct sys_error error;
  int64_t ns = 0;
  FILE *ignore = fopen("/proc/sys/net/ipv4/icmp_echo_ignore_all", "w");
  CHECK(ignore != NULL && fputs("1", ignore) >= 0 && fclose(ignore) == 0);
  CHECK(echo_ask(NETNS_OWN, false, "127.0.0.1", 100, 30, &ns, &error) == 0);
  CHECK(ns == ECHO_SILENCE);
}

int main(void) {
  loopback_up();
  netns_init();
  RUN(an_answer_comes_at_every_size);
  RUN(what_cannot_be_is_an_error);
  RUN(silence_ends_in_time);
  return report();
}
