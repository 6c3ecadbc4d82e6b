#ifndef TSBOX_LOG_H
#define TSBOX_LOG_H

#include "bytes.h"
#include "error.h"

/*
 * The container's log, in the form of Docker's json-file: {"log":"text\n","stream":"stdout","time":"…"} a line. Lines of more than
 * 16 KiB are several, of which only the last ends with \n.
 */
enum { LOG_LINE = 16 << 10 };

struct log {
  const char *path;
  int fd; /* -1: there is no log */
  uint64_t size, max_bytes, max_files;
  struct bytes begun[2]; /* of stdout and stderr: a line without its end */
  struct bytes out;
  uint64_t dropped; /* bytes that could not be written */
};

int log_open(struct log *log, const char *path, uint64_t max_bytes, uint64_t max_files, struct sys_error *error);
/* `stream` 0 is stdout, 1 stderr; `now` nanoseconds since the epoch. */
void log_add(struct log *log, int stream, const char *data, size_t length, int64_t now);
/* The lines without end. */
void log_flush(struct log *log, int64_t now);
void log_close(struct log *log);

#endif
