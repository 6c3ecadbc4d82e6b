#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES = -1, AT_LEAST_3 = -3 };
enum { ONCE, MAYBE, MANY };
enum { CREATE, BOTH };

struct shape {
  enum tag tag;
  const char *name;
  int scalars;
  int strings; /* BYTES, AT_LEAST_3, or so many */
  int times;
  int whom;
};

static const struct shape shapes[] = {
#define RECORD(name, tag, scalars, strings, times, whom) {tag, #name, scalars, strings, times, whom},
#include "schema.def"
#undef RECORD
};
enum { SHAPES = sizeof shapes / sizeof shapes[0], STRING_MAX = 128 << 10, RECORD_HEAD = 8 };

static const char magic[] = "tsboxcf1";

static uint64_t number(const uint8_t *at, size_t size) {
  uint64_t value = 0;
  memcpy(&value, at, size); /* x86-64 is little-endian */
  return value;
}

static const struct shape *shape_of(uint64_t tag) {
  for (size_t i = 0; i < SHAPES; i++)
    if (shapes[i].tag == tag) return &shapes[i];
  return NULL;
}

static int bad(struct sys_error *error, const char *what) {
  return fail_with(error, "config", EINVAL, what);
}

/* A string within `length` bytes; the number of its bytes with the NUL, 0 when there is none. */
static size_t string_size(const char *at, size_t length) {
  size_t size = strnlen(at, length) + 1;
  return size <= length && size <= STRING_MAX ? size : 0;
}

/* Reads the payload of a record; false when it has not the shape. */
static bool decode(const struct shape *shape, const uint8_t *payload, size_t length, struct record *record) {
  size_t head = (size_t)shape->scalars * 8;
  if (length < head) return false;
  record->tag = shape->tag;
  for (int i = 0; i < shape->scalars; i++) record->scalar[i] = number(payload + i * 8, 8);
  const char *at = (const char *)payload + head;
  size_t left = length - head;
  int wanted = shape->strings == BYTES ? 0 : shape->strings == AT_LEAST_3 ? 2 : shape->strings;
  for (int i = 0; i < wanted; i++) {
    size_t size = string_size(at, left);
    if (size == 0) return false;
    record->string[i] = at;
    at += size;
    left -= size;
  }
  record->rest = at;
  record->rest_length = left;
  if (shape->strings == BYTES) return true;
  if (shape->strings != AT_LEAST_3) return left == 0;
  size_t more = 0;
  for (size_t size; left > 0; at += size, left -= size, more++)
    if ((size = string_size(at, left)) == 0) return false;
  return more >= 1;
}

static int check_head(const struct config *config, struct sys_error *error) {
  if (config->length < CONFIG_HEAD || config->length > CONFIG_MAX || memcmp(config->data, magic, 8) != 0)
    return bad(error, "not a configuration of this interface");
  if (number(config->data + 8, 4) != config->length - CONFIG_HEAD || number(config->data + 12, 4) != 0)
    return bad(error, "the length in its head is another");
  return 0;
}

static int check_records(const struct config *config, int whom, unsigned *seen, struct sys_error *error) {
  size_t at = CONFIG_HEAD, records = 0;
  while (at < config->length) {
    if (config->length - at < RECORD_HEAD) return bad(error, "a record is cut");
    uint64_t tag = number(config->data + at, 2), length = number(config->data + at + 4, 4);
    const struct shape *shape = shape_of(tag);
    if (shape == NULL) return bad(error, "a record of unknown kind");
    if (number(config->data + at + 2, 2) != 0 || length > config->length - at - RECORD_HEAD) return bad(error, shape->name);
    if (++records > CONFIG_MAX_RECORDS) return bad(error, "too many records");
    if (whom == CONFIG_EXEC && shape->whom == CREATE) return bad(error, shape->name);
    if (seen[shape - shapes]++ > 0 && shape->times != MANY) return bad(error, shape->name);
    struct record record;
    if (!decode(shape, config->data + at + RECORD_HEAD, length, &record)) return bad(error, shape->name);
    if (record_check(config, &record, error) < 0) {
      if (error->path[0] == '\0') return bad(error, shape->name);
      return -1;
    }
    at += RECORD_HEAD + length;
  }
  return 0;
}

int config_check(const struct config *config, int whom, struct sys_error *error) {
  unsigned seen[SHAPES] = {0};
  if (check_head(config, error) < 0 || check_records(config, whom, seen, error) < 0) return -1;
  for (size_t i = 0; i < SHAPES; i++) {
    bool needed = shapes[i].times == ONCE || shapes[i].tag == TAG_ARG;
    if (needed && seen[i] == 0 && (whom == CONFIG_CREATE || shapes[i].whom == BOTH)) return bad(error, shapes[i].name);
  }
  return 0;
}

bool config_next(const struct config *config, enum tag tag, size_t *at, struct record *record) {
  if (*at == 0) *at = CONFIG_HEAD;
  while (config->length - *at >= RECORD_HEAD) {
    const uint8_t *head = config->data + *at;
    uint64_t found = number(head, 2), length = number(head + 4, 4);
    if (length > config->length - *at - RECORD_HEAD) return false;
    *at += RECORD_HEAD + length;
    if (found == (uint64_t)tag) return decode(shape_of(found), head + RECORD_HEAD, length, record);
  }
  return false;
}

bool config_get(const struct config *config, enum tag tag, struct record *record) {
  size_t at = 0;
  return config_next(config, tag, &at, record);
}

uint64_t config_number(const struct config *config, enum tag tag, uint64_t otherwise) {
  struct record record;
  return config_get(config, tag, &record) ? record.scalar[0] : otherwise;
}

const char *config_text(const struct config *config, enum tag tag, const char *otherwise) {
  struct record record;
  return config_get(config, tag, &record) ? record.string[0] : otherwise;
}

char **config_list(const struct config *config, enum tag tag) {
  struct record record;
  size_t count = 0;
  for (size_t at = 0; config_next(config, tag, &at, &record);) count++;
  char **list = calloc(count + 2, sizeof *list); /* room for one that the caller adds */
  if (list == NULL) return NULL;
  count = 0;
  for (size_t at = 0; config_next(config, tag, &at, &record);) list[count++] = (char *)record.string[0];
  return list;
}

bool config_has_namespace(const struct config *config, uint64_t kind) {
  struct record record;
  for (size_t at = 0; config_next(config, TAG_NAMESPACE, &at, &record);)
    if (record.scalar[0] == kind) return true;
  return false;
}
