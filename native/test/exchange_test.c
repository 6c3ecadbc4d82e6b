#include "check.h"
#include "netlink.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Exchanges with a thread posing as the kernel at the other end of a socket pair. */

enum { PORT = 4711, TYPE = 18, STRANGER = 99 };

struct script {
  int fd;
  void (*play)(int fd);
  size_t request_length;
};

static void add(struct bytes *out, uint16_t type, uint16_t flags, uint32_t seq, uint32_t pid, const void *payload,
                size_t size) {
  struct nlmsghdr header = {.nlmsg_len = (uint32_t)(sizeof header + size), .nlmsg_type = type, .nlmsg_flags = flags,
                            .nlmsg_seq = seq, .nlmsg_pid = pid};
  if (bytes_reserve(out, NLMSG_ALIGN(sizeof header + size)) < 0) abort();
  memset(out->data + out->length, 0, NLMSG_ALIGN(sizeof header + size));
  memcpy(out->data + out->length, &header, sizeof header);
  if (size > 0) memcpy(out->data + out->length + sizeof header, payload, size);
  out->length += NLMSG_ALIGN(sizeof header + size);
}

static void add_ack(struct bytes *out, uint32_t seq, int code) {
  struct nlmsgerr ack = {.error = code, .msg = {.nlmsg_seq = seq}};
  add(out, NLMSG_ERROR, 0, seq, PORT, &ack, sizeof ack);
}

static void pause_ms(long ms) {
  struct timespec time = {.tv_nsec = ms * 1000000};
  nanosleep(&time, NULL);
}

static void flush(int fd, struct bytes *out) {
  if (send(fd, out->data, out->length, MSG_NOSIGNAL) < 0) abort();
  bytes_free(out);
}

static void *kernel(void *argument) {
  struct script *script = argument;
  static char request[4096];
  ssize_t got = recv(script->fd, request, sizeof request, 0);
  script->request_length = got < 0 ? 0 : (size_t)got;
  script->play(script->fd);
  return NULL;
}

struct outcome {
  int result;
  struct sys_error error;
  struct bytes answer;
  int messages;
  size_t request_length;
};

/* Sends `request`, has `play` answer, and counts the messages of the answer. */
static void converse(struct bytes *request, void (*play)(int fd), int timeout_ms, struct outcome *outcome) {
  int pair[2];
  pthread_t thread;
  *outcome = (struct outcome){0};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0) abort();
  int size = 1 << 20;
  setsockopt(pair[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  struct script script = {.fd = pair[1], .play = play};
  if (pthread_create(&thread, NULL, kernel, &script) != 0) abort();
  struct netlink_peer peer = {.fd = pair[0], .port = PORT, .from_kernel = false};
  outcome->result =
      netlink_exchange(&peer, request->data, request->length, timeout_ms, &outcome->answer, &outcome->error);
  bytes_free(request);
  close(pair[0]); /* wakes the thread when nothing was sent */
  pthread_join(thread, NULL);
  close(pair[1]);
  outcome->request_length = script.request_length;
  for (size_t at = 0; outcome->result == 0 && at < outcome->answer.length;) {
    struct nlmsghdr header;
    memcpy(&header, outcome->answer.data + at, sizeof header);
    at += NLMSG_ALIGN(header.nlmsg_len);
    outcome->messages++;
  }
  bytes_free(&outcome->answer);
}

static struct bytes request_of(uint16_t flags, uint32_t first, uint32_t count) {
  struct bytes request = {0};
  for (uint32_t i = 0; i < count; i++) add(&request, TYPE, (uint16_t)(NLM_F_REQUEST | flags), first + i, 0, "abcd", 4);
  return request;
}

static void play_nothing(int fd) {
  (void)fd;
}

static void play_late_acks(int fd) {
  for (uint32_t seq = 1; seq <= 3; seq++) {
    struct bytes out = {0};
    pause_ms(30);
    add_ack(&out, seq, 0);
    flush(fd, &out);
  }
}

static void acks_that_come_late_are_waited_for(void) {
  struct outcome is;
  struct bytes request = request_of(NLM_F_ACK, 1, 3);
  converse(&request, play_late_acks, 2000, &is);
  CHECK(is.result == 0);
  CHECK(is.messages == 3);
  CHECK(is.request_length == 60);
}

static void play_acks_together(int fd) {
  struct bytes out = {0};
  for (uint32_t seq = 3; seq >= 1; seq--) add_ack(&out, seq, 0);
  flush(fd, &out);
}

static void acks_in_one_datagram_and_out_of_order(void) {
  struct outcome is;
  struct bytes request = request_of(NLM_F_ACK, 1, 3);
  converse(&request, play_acks_together, 2000, &is);
  CHECK(is.result == 0);
  CHECK(is.messages == 3);
}

static void play_same_number(int fd) {
  struct bytes out = {0};
  for (int i = 0; i < 3; i++) add_ack(&out, 5, 0);
  flush(fd, &out);
}

static void messages_with_the_same_number_each_get_an_ack(void) {
  struct outcome is;
  struct bytes request = request_of(NLM_F_ACK, 5, 1);
  struct bytes more = request_of(NLM_F_ACK, 5, 1);
  for (int i = 0; i < 2; i++) {
    if (bytes_reserve(&request, more.length) < 0) abort();
    memcpy(request.data + request.length, more.data, more.length);
    request.length += more.length;
  }
  bytes_free(&more);
  converse(&request, play_same_number, 2000, &is);
  CHECK(is.result == 0);
  CHECK(is.messages == 3);
}

static void play_split_dump(int fd) {
  for (int part = 0; part < 5; part++) {
    struct bytes out = {0};
    for (int i = 0; i < 10; i++) add(&out, TYPE, NLM_F_MULTI, 7, PORT, "payload", 7);
    if (part % 2 == 1) pause_ms(10);
    flush(fd, &out);
  }
  struct bytes out = {0};
  add(&out, NLMSG_DONE, NLM_F_MULTI, 7, PORT, "\0\0\0\0", 4);
  flush(fd, &out);
}

static void a_dump_in_pieces_is_put_together(void) {
  struct outcome is;
  struct bytes request = request_of(NLM_F_DUMP, 7, 1);
  converse(&request, play_split_dump, 2000, &is);
  CHECK(is.result == 0);
  CHECK(is.messages == 51);
}

static void play_unpadded(int fd) {
  struct bytes out = {0};
  add(&out, TYPE, NLM_F_MULTI, 7, PORT, "odd", 3);
  out.length -= 1; /* the padding of the last message is missing */
  flush(fd, &out);
  out = (struct bytes){0};
  add(&out, NLMSG_DONE, NLM_F_MULTI, 7, PORT, "\0\0\0\0", 4);
  flush(fd, &out);
}

static void missing_padding_between_datagrams_is_put_in(void) {
  struct outcome is;
  struct bytes request = request_of(NLM_F_DUMP, 7, 1);
  converse(&request, play_unpadded, 2000, &is);
  CHECK(is.result == 0);
  CHECK(is.messages == 2);
}

static void play_refused_dump(int fd) {
  struct bytes out = {0};
  add_ack(&out, 7, -EOPNOTSUPP);
  flush(fd, &out);
}

static void a_refused_dump_ends_with_its_error(void) {
  struct outcome is;
  struct bytes request = request_of(NLM_F_DUMP | NLM_F_ACK, 7, 1);
  converse(&request, play_refused_dump, 2000, &is);
  CHECK(is.result == 0);
  CHECK(is.messages == 1);
}

static void play_strangers(int fd) {
  struct bytes out = {0};
  add_ack(&out, STRANGER, 0);
  add(&out, TYPE, 0, 1, PORT + 1, "abcd", 4); /* another port's */
  add(&out, NLMSG_NOOP, 0, 1, PORT, NULL, 0);
  add(&out, TYPE, 0, 1, PORT, "mine", 4);
  add_ack(&out, STRANGER, -EPERM);
  flush(fd, &out);
  pause_ms(20);
  out = (struct bytes){0};
  add_ack(&out, STRANGER, -EPERM);
  flush(fd, &out);
  out = (struct bytes){0};
  add_ack(&out, 1, 0);
  flush(fd, &out);
}

static void other_numbers_and_ports_are_dropped(void) {
  struct outcome is;
  struct bytes request = request_of(NLM_F_ACK, 1, 1);
  converse(&request, play_strangers, 2000, &is);
  CHECK(is.result == 0);
  CHECK(is.messages == 2);
}

static void play_one_reply(int fd) {
  struct bytes out = {0};
  add(&out, TYPE, 0, 3, PORT, "abcd", 4);
  flush(fd, &out);
}

static void a_plain_get_is_done_with_its_reply(void) {
  struct outcome is;
  struct bytes request = request_of(0, 3, 1);
  converse(&request, play_one_reply, 2000, &is);
  CHECK(is.result == 0);
  CHECK(is.messages == 1);
}

static void play_parts(int fd) {
  for (int part = 0; part < 2; part++) {
    struct bytes out = {0};
    add(&out, TYPE, NLM_F_MULTI, 1, PORT, "part", 4);
    flush(fd, &out);
    pause_ms(20);
  }
  struct bytes end = {0};
  add(&end, NLMSG_DONE, NLM_F_MULTI, 1, PORT, NULL, 0);
  flush(fd, &end);
}

static void a_plain_get_with_a_reply_in_parts_is_done_at_its_end(void) {
  struct outcome is;
  struct bytes request = request_of(0, 1, 1);
  converse(&request, play_parts, 2000, &is);
  CHECK(is.result == 0);
  CHECK(is.messages == 3);
}

static void play_aborted_batch(int fd) {
  struct bytes out = {0};
  add_ack(&out, 11, -EEXIST);
  add_ack(&out, 12, -ENOENT);
  flush(fd, &out);
}

static void an_aborted_batch_ends_without_waiting(void) {
  struct outcome is;
  struct bytes request = {0};
  add(&request, NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, 10, 0, "abcd", 4);
  for (uint32_t seq = 11; seq < 15; seq++) add(&request, TYPE, NLM_F_REQUEST | NLM_F_ACK, seq, 0, "abcd", 4);
  add(&request, NFNL_MSG_BATCH_END, NLM_F_REQUEST, 15, 0, "abcd", 4);
  int64_t start = clock_now();
  converse(&request, play_aborted_batch, 5000, &is);
  CHECK(is.result == 0);
  CHECK(is.messages == 2);
  CHECK(clock_now() - start < 2000000000);
}

static void play_too_long(int fd) {
  struct bytes out = {0};
  add_ack(&out, 1, 0);
  ((struct nlmsghdr *)(void *)out.data)->nlmsg_len += 4;
  flush(fd, &out);
}

static void play_too_short(int fd) {
  struct bytes out = {0};
  add_ack(&out, 1, 0);
  ((struct nlmsghdr *)(void *)out.data)->nlmsg_len = 8;
  flush(fd, &out);
}

static void play_half_header(int fd) {
  struct bytes out = {0};
  add(&out, TYPE, 0, 1, PORT, NULL, 0);
  out.length = 9;
  flush(fd, &out);
}

static void malformed_answers_are_refused(void) {
  void (*const plays[])(int) = {play_too_long, play_too_short, play_half_header};
  for (size_t i = 0; i < 3; i++) {
    struct outcome is;
    struct bytes request = request_of(NLM_F_ACK, 1, 1);
    converse(&request, plays[i], 2000, &is);
    CHECK_FAILS(is.result, is.error, EBADMSG);
  }
}

static void play_truncated(int fd) {
  struct bytes out = {0};
  static const char payload[300000];
  add(&out, TYPE, 0, 1, PORT, payload, sizeof payload);
  flush(fd, &out);
}

static void a_datagram_that_does_not_fit_is_no_answer(void) {
  struct outcome is;
  struct bytes request = request_of(NLM_F_ACK, 1, 1);
  converse(&request, play_truncated, 2000, &is);
  CHECK_FAILS(is.result, is.error, EMSGSIZE);
}

static void play_overrun(int fd) {
  struct bytes out = {0};
  add(&out, NLMSG_OVERRUN, 0, 0, 0, NULL, 0);
  flush(fd, &out);
}

static void an_overrun_is_enobufs(void) {
  struct outcome is;
  struct bytes request = request_of(NLM_F_DUMP, 1, 1);
  converse(&request, play_overrun, 2000, &is);
  CHECK_FAILS(is.result, is.error, ENOBUFS);
}

static void play_close(int fd) {
  shutdown(fd, SHUT_RDWR);
}

static void a_closed_peer_is_an_error(void) {
  struct outcome is;
  struct bytes request = request_of(NLM_F_ACK, 1, 1);
  converse(&request, play_close, 2000, &is);
  CHECK_FAILS(is.result, is.error, ECONNRESET);
}

static void silence_is_a_timeout(void) {
  struct outcome is;
  struct bytes request = request_of(NLM_F_ACK, 1, 1);
  int64_t start = clock_now();
  converse(&request, play_nothing, 60, &is);
  CHECK_FAILS(is.result, is.error, ETIMEDOUT);
  int64_t took = clock_now() - start;
  CHECK(took >= 60000000 && took < 1000000000);
}

static void play_half(int fd) {
  struct bytes out = {0};
  add_ack(&out, 1, 0);
  flush(fd, &out);
}

static void a_missing_ack_is_a_timeout(void) {
  struct outcome is;
  struct bytes request = request_of(NLM_F_ACK, 1, 2);
  converse(&request, play_half, 60, &is);
  CHECK_FAILS(is.result, is.error, ETIMEDOUT);
}

static void malformed_requests_are_not_sent(void) {
  struct outcome is;
  struct bytes request = {0};
  converse(&request, play_nothing, 60, &is);
  CHECK_FAILS(is.result, is.error, EINVAL);
  CHECK(is.request_length == 0);
  request = request_of(NLM_F_ACK, 1, 2);
  request.length -= 5;
  converse(&request, play_nothing, 60, &is);
  CHECK_FAILS(is.result, is.error, EINVAL);
  CHECK(is.request_length == 0);
}

int main(void) {
  RUN(acks_that_come_late_are_waited_for);
  RUN(acks_in_one_datagram_and_out_of_order);
  RUN(messages_with_the_same_number_each_get_an_ack);
  RUN(a_dump_in_pieces_is_put_together);
  RUN(missing_padding_between_datagrams_is_put_in);
  RUN(a_refused_dump_ends_with_its_error);
  RUN(other_numbers_and_ports_are_dropped);
  RUN(a_plain_get_is_done_with_its_reply);
  RUN(a_plain_get_with_a_reply_in_parts_is_done_at_its_end);
  RUN(an_aborted_batch_ends_without_waiting);
  RUN(malformed_answers_are_refused);
  RUN(a_datagram_that_does_not_fit_is_no_answer);
  RUN(an_overrun_is_enobufs);
  RUN(a_closed_peer_is_an_error);
  RUN(silence_is_a_timeout);
  RUN(a_missing_ack_is_a_timeout);
  RUN(malformed_requests_are_not_sent);
  return report();
}
