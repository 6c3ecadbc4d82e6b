#include "json.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void add_bytes(struct bytes *out, const char *data, size_t length) {
  if (bytes_reserve(out, length) < 0) return;
  memcpy(out->data + out->length, data, length);
  out->length += length;
}

void json_add(struct bytes *out, const char *text) {
  add_bytes(out, text, strlen(text));
}

/* The number of bytes of the UTF-8 character at `at` (RFC 3629, 4), 0 when it is none. */
static size_t character(const unsigned char *at, size_t length) {
  size_t size = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
  if (size == 0 || size > length) return 0;
  for (size_t i = 1; i < size; i++)
    if ((at[i] & 0xc0) != 0x80) return 0;
  if (size == 3 && ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f))) return 0;
  if (size == 4 && ((at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))) return 0;
  return size;
}

static const char *escape(unsigned char c, char out[8]) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      snprintf(out, 8, "\\u%04x", c);
      return out;
  }
}

void json_add_string(struct bytes *out, const char *text, size_t length) {
  const unsigned char *at = (const unsigned char *)text, *end = at + length;
  json_add(out, "\"");
  while (at < end) {
    const unsigned char *from = at;
    size_t size = 0;
    /* A run that needs nothing done to it. */
    while (at < end && *at >= ' ' && *at != '"' && *at != '\\' && *at != 0x7f && (size = character(at, (size_t)(end - at))) > 0)
      at += size;
    add_bytes(out, (const char *)from, (size_t)(at - from));
    if (at == end) break;
    char buffer[8];
    json_add(out, *at < 0x80 ? escape(*at, buffer) : "\xef\xbf\xbd");
    at++;
  }
  json_add(out, "\"");
}

void json_add_number(struct bytes *out, int64_t number) {
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)number);
  json_add(out, text);
}

void json_name(struct bytes *out, const char *name) {
  bool first = out->length > 0 && out->data[out->length - 1] == '{';
  json_add(out, first ? "\"" : ",\"");
  json_add(out, name);
  json_add(out, "\":");
}

void json_text(struct bytes *out, const char *name, const char *value) {
  json_name(out, name);
  json_add_string(out, value, strlen(value));
}

void json_number(struct bytes *out, const char *name, int64_t value) {
  json_name(out, name);
  json_add_number(out, value);
}

void json_bool(struct bytes *out, const char *name, int value) {
  json_name(out, name);
  json_add(out, value ? "true" : "false");
}

void json_time(int64_t ns, char out[TIME_SIZE]) {
  time_t seconds = (time_t)(ns / 1000000000);
  struct tm utc;
  out[0] = '\0';
  if (ns == 0 || gmtime_r(&seconds, &utc) == NULL) return;
  size_t length = strftime(out, TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
  snprintf(out + length, TIME_SIZE - length, ".%09lldZ", (long long)(ns % 1000000000));
}
