#ifndef TSNET_LAUNCHER_TEXT_H
#define TSNET_LAUNCHER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The few string functions the launcher needs. */

static inline size_t text_length(const char *text) {
  size_t length = 0;
  while (text[length] != '\0') length++;
  return length;
}

/* Whether `text` starts with `prefix`. */
static inline bool text_begins(const char *text, const char *prefix) {
  while (*prefix != '\0')
    if (*text++ != *prefix++) return false;
  return true;
}

static inline bool text_equals(const char *a, const char *b) {
  while (*a != '\0' && *a == *b) a++, b++;
  return *a == *b;
}

/* What follows the last slash; all of it when there is none. */
static inline const char *text_basename(const char *path) {
  const char *name = path;
  for (; *path != '\0'; path++)
    if (*path == '/') name = path + 1;
  return name;
}

/* A text that grows in a fixed place; what does not fit is left out and `full` says so. Always ends with NUL. */
struct text {
  char *data;
  size_t size;
  size_t length;
  bool full;
};

static inline void text_put(struct text *text, char c) {
  if (text->length + 1 >= text->size) {
    text->full = true;
    return;
  }
  text->data[text->length++] = c;
  text->data[text->length] = '\0';
}

static inline void text_add(struct text *text, const char *more) {
  while (*more != '\0') text_put(text, *more++);
}

static inline void text_add_number(struct text *text, long number) {
  if (number >= 10) text_add_number(text, number / 10);
  text_put(text, (char)('0' + number % 10));
}

/* As the inside of a JSON string. Control characters become spaces. */
static inline void text_add_json(struct text *text, const char *more) {
  for (; *more != '\0'; more++) {
    if (*more == '"' || *more == '\\') text_put(text, '\\');
    text_put(text, (unsigned char)*more < ' ' ? ' ' : *more);
  }
}

#endif
