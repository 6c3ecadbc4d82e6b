#ifndef TSBOX_JSON_H
#define TSBOX_JSON_H

#include "bytes.h"

/* Appends to a text of JSON. Without memory they append nothing. */
void json_add(struct bytes *out, const char *text);
/* A string with its quotes. Bytes that are no UTF-8 become U+FFFD. */
void json_add_string(struct bytes *out, const char *text, size_t length);
void json_add_number(struct bytes *out, int64_t number);

/* `"name":` with a comma before it unless it follows a brace. */
void json_name(struct bytes *out, const char *name);
void json_text(struct bytes *out, const char *name, const char *value);
void json_number(struct bytes *out, const char *name, int64_t value);
void json_bool(struct bytes *out, const char *name, int value);

enum { TIME_SIZE = 40 };
/* RFC 3339 in UTC with nanoseconds; "" for 0. */
void json_time(int64_t ns, char out[TIME_SIZE]);

#endif
