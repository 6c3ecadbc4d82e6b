#include "netlink.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* What one message of the request is still waiting for. */
enum wait { NOTHING, ACK, DUMP, REPLY };

struct pending {
  uint32_t seq;
  enum wait wait;
};

struct exchange {
  struct pending *messages;
  size_t count;
  size_t open;    /* how many still wait */
  size_t last;    /* where the last answer belonged: answers come in the order of the request */
  bool had_error; /* a non-zero NLMSG_ERROR was among the answers */
};

/* Copies the header at `at`, checks it against what is left, and returns the step to the next one; 0 when malformed. */
static size_t header_at(const uint8_t *data, size_t left, struct nlmsghdr *header) {
  if (left < sizeof *header) return 0;
  memcpy(header, data, sizeof *header);
  if (header->nlmsg_len < sizeof *header || header->nlmsg_len > left) return 0;
  size_t step = NLMSG_ALIGN((size_t)header->nlmsg_len);
  return step < left ? step : left;
}

static enum wait waits_for(const struct nlmsghdr *header) {
  /* Both bits: one alone means something else in requests that are no GET (NLM_F_REPLACE, NLM_F_EXCL). */
  if ((header->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP) return DUMP;
  return header->nlmsg_flags & NLM_F_ACK ? ACK : NOTHING;
}

static int plan(struct exchange *exchange, const uint8_t *request, size_t length) {
  struct nlmsghdr header;
  size_t step;
  size_t count = 0;
  for (size_t at = 0; at < length; at += step, count++) {
    step = header_at(request + at, length - at, &header);
    if (step == 0) break;
  }
  if (count == 0 || step == 0) {
    errno = EINVAL;
    return -1;
  }
  exchange->messages = calloc(count, sizeof *exchange->messages);
  if (exchange->messages == NULL) return -1;
  for (size_t at = 0; at < length; at += step) {
    step = header_at(request + at, length - at, &header);
    struct pending *message = &exchange->messages[exchange->count++];
    *message = (struct pending){.seq = header.nlmsg_seq, .wait = waits_for(&header)};
    if (message->wait != NOTHING) exchange->open++;
  }
  if (exchange->open > 0) return 0;
  size_t i = 0;
  for (size_t at = 0; at < length; at += step, i++) {
    step = header_at(request + at, length - at, &header);
    if (header.nlmsg_type == NFNL_MSG_BATCH_BEGIN || header.nlmsg_type == NFNL_MSG_BATCH_END) continue;
    exchange->messages[i].wait = REPLY;
    exchange->open++;
  }
  return 0;
}

/* The request's message this answer belongs to: one that still waits, else any of that number, else NULL. */
static struct pending *find(struct exchange *exchange, uint32_t seq) {
  struct pending *done = NULL;
  for (size_t i = 0; i < exchange->count; i++) {
    size_t at = (exchange->last + i) % exchange->count;
    struct pending *message = &exchange->messages[at];
    if (message->seq != seq) continue;
    if (message->wait != NOTHING) {
      exchange->last = at;
      return message;
    }
    if (done == NULL) done = message;
  }
  return done;
}

/* Takes note of one answer; false when it is none of ours and is to be dropped. */
static bool take(struct exchange *exchange, uint32_t port, const struct nlmsghdr *header, const uint8_t *payload) {
  if (header->nlmsg_type == NLMSG_NOOP) return false;
  if (header->nlmsg_pid != port && header->nlmsg_pid != 0) return false;
  struct pending *message = find(exchange, header->nlmsg_seq);
  if (message == NULL) return false;
  bool finished = false;
  if (header->nlmsg_type == NLMSG_ERROR) {
    int code = 0;
    if (header->nlmsg_len >= sizeof *header + sizeof code) memcpy(&code, payload, sizeof code);
    if (code != 0) exchange->had_error = true;
    finished = true;
  } else if (header->nlmsg_type == NLMSG_DONE)
    finished = true;
  else
    /* A reply in several parts ends with NLMSG_DONE. */
    finished = message->wait == REPLY && !(header->nlmsg_flags & NLM_F_MULTI);
  if (finished && message->wait != NOTHING) {
    message->wait = NOTHING;
    exchange->open--;
  }
  return true;
}

/* Goes through what was read from `from` on and closes the gaps that dropped messages leave. */
static int sift(struct exchange *exchange, uint32_t port, struct bytes *answer, size_t from) {
  size_t keep = from;
  size_t step;
  for (size_t at = from; at < answer->length; at += step) {
    struct nlmsghdr header;
    uint8_t *message = answer->data + at;
    step = header_at(message, answer->length - at, &header);
    if (step == 0) {
      errno = EBADMSG;
      return -1;
    }
    if (header.nlmsg_type == NLMSG_OVERRUN) {
      errno = ENOBUFS;
      return -1;
    }
    if (!take(exchange, port, &header, message + sizeof header)) continue;
    /* The last one of a datagram may lack its padding, and another datagram will follow: put the zeros there. */
    size_t aligned = NLMSG_ALIGN(step);
    if (keep != at) memmove(answer->data + keep, message, step);
    if (aligned > step) memset(answer->data + keep + step, 0, aligned - step);
    keep += aligned;
  }
  answer->length = keep;
  return 0;
}

static int send_request(int fd, const uint8_t *request, size_t length) {
  struct iovec part = {.iov_base = (void *)(uintptr_t)request, .iov_len = length};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1}; /* no name: to port 0, the kernel */
  for (;;) {
    ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    if (sent >= 0) {
      if ((size_t)sent == length) return 0;
      errno = EMSGSIZE;
      return -1;
    }
    if (errno != EINTR) return -1;
  }
}

static int collect(const struct netlink_peer *peer, struct exchange *exchange, deadline_t deadline,
                   struct bytes *answer, struct sys_error *error) {
  while (exchange->open > 0) {
    size_t from = answer->length;
    int got = netlink_read(peer, answer, error);
    if (got < 0) return -1;
    if (got > 0) {
      if (sift(exchange, peer->port, answer, from) < 0) return fail(error, "recvmsg", NULL);
      if (answer->length > NETLINK_MAX_ANSWER) return fail_with(error, "recvmsg", E2BIG, NULL);
      continue;
    }
    if (exchange->had_error) return 0;
    struct pollfd wait = {.fd = peer->fd, .events = POLLIN};
    int ready = poll(&wait, 1, deadline_poll_ms(deadline));
    if (ready < 0 && errno != EINTR) return fail(error, "poll", NULL);
    if (ready == 0 && deadline_left(deadline) == 0) return fail_with(error, "recvmsg", ETIMEDOUT, NULL);
  }
  return 0;
}

/*
 * After a failure, what the kernel still has for us, so that the next exchange starts clean: a dump that was not read to
 * its end would answer EBUSY to the next one. A failed read may be the overrun itself, hence more than one is allowed.
 */
static void drain(const struct netlink_peer *peer) {
  enum { MAX_DATAGRAMS = 65536, MAX_ERRORS = 3 };
  struct bytes rest = {0};
  struct sys_error ignored;
  int errors = 0;
  for (int i = 0; i < MAX_DATAGRAMS && errors < MAX_ERRORS; i++) {
    int got = netlink_read(peer, &rest, &ignored);
    if (got == 0) break;
    if (got < 0) errors++;
    rest.length = 0;
  }
  bytes_free(&rest);
}

int netlink_exchange(const struct netlink_peer *peer, const uint8_t *request, size_t length, int64_t timeout_ms,
                     struct bytes *answer, struct sys_error *error) {
  struct exchange exchange = {0};
  int result;
  if (plan(&exchange, request, length) < 0 || send_request(peer->fd, request, length) < 0)
    result = fail(error, "sendmsg", NULL);
  else {
    result = collect(peer, &exchange, deadline_in(timeout_ms), answer, error);
    if (result < 0) drain(peer);
  }
  free(exchange.messages);
  return result;
}
