#include "check.h"
#include "datagram.h"
#include "local.h"
#include "netns.h"
#include "space.h"
#include "stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static void a_datagram_goes_and_its_answer_comes(void) {
  struct sys_error error;
  struct bytes out = {0};
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(5353), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int server = socket(AF_INET, SOCK_DGRAM, 0);
  CHECK(bind(server, (struct sockaddr *)&at, sizeof at) == 0);
  int fd = udp_open(NETNS_OWN, "127.0.0.1", 5353, &error);
  CHECK(fd >= 0);
  CHECK(write_all(fd, (const uint8_t *)"ask", 3, "", &error) == 0);
  struct sockaddr_in from;
  socklen_t size = sizeof from;
  char text[8];
  CHECK(recvfrom(server, text, sizeof text, 0, (struct sockaddr *)&from, &size) == 3);
  CHECK(sendto(server, "answer", 6, 0, (struct sockaddr *)&from, size) == 6);
  CHECK(local_receive(fd, 65535, 1000, &out, &error) == 0 && out.length == 6);
  CHECK_FAILS(local_receive(fd, 65535, 20, &out, &error), error, ETIMEDOUT);
  close(server);
  CHECK(write_all(fd, (const uint8_t *)"ask", 3, "", &error) == 0);
  CHECK_FAILS(local_receive(fd, 65535, 1000, &out, &error), error, ECONNREFUSED);
  close(fd);
  bytes_free(&out);
}

static void frames_come_in_and_not_those_sent(void) {
  struct sys_error error;
  struct bytes out = {0};
  /* To nobody, so that nothing answers it; a loopback gives every frame back once. */
  uint8_t frame[60] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x88, 0xb5, 'x'};
  int fd = packet_open(NETNS_OWN, 1, 0x88b5, &error);
  int other = packet_open(NETNS_OWN, 1, 0x88b6, &error);
  CHECK(fd >= 0 && other >= 0);
  CHECK(write_all(fd, frame, sizeof frame, "", &error) == 0);
  CHECK(local_receive(fd, 65535, 1000, &out, &error) == 0 && out.length == sizeof frame &&
        memcmp(out.data, frame, sizeof frame) == 0);
  CHECK_FAILS(local_receive(fd, 65535, 20, &out, &error), error, ETIMEDOUT);
  CHECK_FAILS(local_receive(other, 65535, 20, &out, &error), error, ETIMEDOUT);
  close(fd);
  close(other);
  bytes_free(&out);
}

static void what_cannot_be_is_an_error(void) {
  struct sys_error error;
  int descriptors = open_descriptors();
  static const char *const addresses[] = {"", "localhost", "1.2.3", "::1%", "fe80::1%nowhere", "1234567890123456789012345678901234567890123456789012345678901234"};
  for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
    CHECK(udp_open(NETNS_OWN, addresses[i], 53, &error) == -1 && (error.err == EINVAL || error.err == ENODEV));
  CHECK_FAILS(udp_open(NETNS_OWN, "192.0.2.1", 53, &error), error, ENETUNREACH);
  CHECK_FAILS(packet_open(NETNS_OWN, 77, 0x0806, &error), error, ENODEV);
  CHECK(open_descriptors() == descriptors);
}

int main(void) {
  own_loopback();
  netns_init();
  RUN(a_datagram_goes_and_its_answer_comes);
  RUN(frames_come_in_and_not_those_sent);
  RUN(what_cannot_be_is_an_error);
  return report();
}
