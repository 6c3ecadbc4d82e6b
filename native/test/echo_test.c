#include "check.h"
#include "echo.h"
#include "netns.h"
#include "space.h"

#include <errno.h>

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
  own_loopback(); /* it answers; nothing else does */
  netns_init();
  RUN(an_answer_comes_at_every_size);
  RUN(what_cannot_be_is_an_error);
  RUN(silence_ends_in_time);
  return report();
}
