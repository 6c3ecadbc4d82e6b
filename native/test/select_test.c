#include "check.h"
#include "netlink.h"

#include <linux/netlink.h>
#include <string.h>

enum { DATA = 18 };

static void add(struct bytes *out, uint16_t type, uint16_t flags, const char *payload) {
  size_t size = strlen(payload);
  struct nlmsghdr header = {.nlmsg_len = (uint32_t)(sizeof header + size), .nlmsg_type = type, .nlmsg_flags = flags};
  size_t step = NLMSG_ALIGN(sizeof header + size);
  if (bytes_reserve(out, step) < 0) abort();
  memset(out->data + out->length, 0, step);
  memcpy(out->data + out->length, &header, sizeof header);
  memcpy(out->data + out->length + sizeof header, payload, size);
  out->length += step;
}

static struct bytes answer_of_many(void) {
  struct bytes answer = {0};
  add(&answer, DATA, NLM_F_MULTI, "one");
  add(&answer, DATA, NLM_F_MULTI, "two, longer");
  add(&answer, DATA, NLM_F_MULTI | NLM_F_DUMP_INTR, "torn");
  add(&answer, DATA, NLM_F_MULTI, "three");
  add(&answer, NLMSG_DONE, NLM_F_MULTI, "");
  return answer;
}

/* `wanted` is a text: stretches behind their lengths. */
static void expect_left(const char *wanted, size_t count, const char *const left[]) {
  struct bytes answer = answer_of_many();
  netlink_select(&answer, (const uint8_t *)wanted, strlen(wanted));
  size_t at = 0;
  for (size_t i = 0; i < count; i++) {
    struct nlmsghdr header;
    CHECK(answer.length - at >= sizeof header);
    memcpy(&header, answer.data + at, sizeof header);
    CHECK(header.nlmsg_len == sizeof header + strlen(left[i]));
    CHECK(memcmp(answer.data + at + sizeof header, left[i], strlen(left[i])) == 0);
    at += NLMSG_ALIGN(header.nlmsg_len);
  }
  CHECK(at == answer.length);
  bytes_free(&answer);
}

static void what_holds_a_stretch_and_what_is_no_data_is_left(void) {
  expect_left("\3two", 3, (const char *const[]){"two, longer", "torn", ""});
  expect_left("\5three\3one", 4, (const char *const[]){"one", "torn", "three", ""});
  expect_left("\4four", 2, (const char *const[]){"torn", ""});
  expect_left("\1o", 4, (const char *const[]){"one", "two, longer", "torn", ""});
  /* Longer than what is there: none. */
  expect_left("\377on", 2, (const char *const[]){"torn", ""});
}

static void an_answer_cut_anywhere_keeps_its_rest(void) {
  struct bytes whole = answer_of_many();
  for (size_t length = 0; length <= whole.length; length++) {
    struct bytes cut = {0};
    if (bytes_reserve(&cut, length + 1) < 0) abort();
    memcpy(cut.data, whole.data, length);
    cut.length = length;
    netlink_select(&cut, (const uint8_t *)"\4four", 5);
    CHECK(cut.length <= length);
    bytes_free(&cut);
  }
  /* A length that leads nowhere is left for the reader to refuse. */
  for (uint32_t wrong = 0; wrong < 40; wrong++) {
    struct bytes cut = answer_of_many();
    memcpy(cut.data, &wrong, sizeof wrong);
    netlink_select(&cut, (const uint8_t *)"\4four", 5);
    if (wrong < sizeof(struct nlmsghdr)) CHECK(cut.length == whole.length);
    bytes_free(&cut);
  }
  bytes_free(&whole);
}

int main(void) {
  RUN(what_holds_a_stretch_and_what_is_no_data_is_left);
  RUN(an_answer_cut_anywhere_keeps_its_rest);
  return report();
}
