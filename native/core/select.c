#include "netlink.h"

#include <linux/netlink.h>
#include <string.h>

/* Whether any of the stretches is in there; each has its length in a byte before it. */
static bool holds_any(const uint8_t *data, size_t length, const uint8_t *wanted, size_t wanted_length) {
  for (size_t at = 0; at < wanted_length; at += 1 + (size_t)wanted[at]) {
    size_t size = wanted[at];
    if (size <= wanted_length - at - 1 && memmem(data, length, wanted + at + 1, size) != NULL) return true;
  }
  return false;
}

void netlink_select(struct bytes *answer, const uint8_t *wanted, size_t wanted_length) {
  size_t keep = 0;
  for (size_t at = 0; at < answer->length;) {
    struct nlmsghdr header;
    uint8_t *message = answer->data + at;
    size_t left = answer->length - at;
    if (left >= sizeof header) memcpy(&header, message, sizeof header);
    size_t step = left;
    bool readable = left >= sizeof header && header.nlmsg_len >= sizeof header && header.nlmsg_len <= left;
    if (readable && NLMSG_ALIGN((size_t)header.nlmsg_len) < left) step = NLMSG_ALIGN((size_t)header.nlmsg_len);
    bool is_word = !readable || header.nlmsg_type < NLMSG_MIN_TYPE || (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
    if (is_word || holds_any(message, step, wanted, wanted_length)) {
      if (keep != at) memmove(answer->data + keep, message, step);
      keep += step;
    }
    at += step;
  }
  answer->length = keep;
}
