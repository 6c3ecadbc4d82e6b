#include "log.h"

#include "json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_file(struct log *log) {
  struct stat st;
  log->fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0640);
  if (log->fd < 0) return -1;
  log->size = fstat(log->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
  return 0;
}

int log_open(struct log *log, const char *path, uint64_t max_bytes, uint64_t max_files, struct sys_error *error) {
  *log = (struct log){.path = path, .fd = -1, .max_bytes = max_bytes, .max_files = max_files};
  return open_file(log) < 0 ? fail(error, "open", path) : 0;
}

/* path.1 becomes path.2 and so on, path becomes path.1. With one file it begins anew. */
static void rotate(struct log *log) {
  char from[PATH_MAX], to[PATH_MAX];
  if (log->max_files == 1) {
    if (ftruncate(log->fd, 0) == 0) log->size = 0;
    return;
  }
  uint64_t last = log->max_files > 1000 ? 999 : log->max_files - 1;
  for (uint64_t i = last; i > 0; i--) {
    snprintf(to, sizeof to, "%s.%llu", log->path, (unsigned long long)i);
    if (i == 1) snprintf(from, sizeof from, "%s", log->path);
    else snprintf(from, sizeof from, "%s.%llu", log->path, (unsigned long long)i - 1);
    rename(from, to);
  }
  close(log->fd);
  open_file(log);
}

static void write_out(struct log *log) {
  if (log->out.length == 0) return;
  if (log->max_bytes > 0 && log->max_files > 0 && log->size > 0 && log->size + log->out.length > log->max_bytes) rotate(log);
  if (log->fd < 0) open_file(log);
  size_t done = 0;
  while (log->fd >= 0 && done < log->out.length) {
    ssize_t put = write(log->fd, log->out.data + done, log->out.length - done);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) break;
    done += (size_t)put;
  }
  size_t whole = done;
  if (done < log->out.length) { /* no space: a piece of a line would spoil the next one */
    while (whole > 0 && log->out.data[whole - 1] != '\n') whole--;
    if (whole < done && ftruncate(log->fd, (off_t)(log->size + whole)) < 0) whole = done;
    log->dropped += log->out.length - whole;
  }
  log->size += whole;
  log->out.length = 0;
}

static void add_line(struct log *log, int stream, int64_t now) {
  char time[TIME_SIZE];
  struct bytes *line = &log->begun[stream];
  json_time(now, time);
  json_add(&log->out, "{\"log\":");
  json_add_string(&log->out, (const char *)line->data, line->length);
  json_add(&log->out, stream == 0 ? ",\"stream\":\"stdout\",\"time\":\"" : ",\"stream\":\"stderr\",\"time\":\"");
  json_add(&log->out, time);
  json_add(&log->out, "\"}\n");
  line->length = 0;
  /* The limit of a file is kept by the line, and memory small. */
  if (log->out.length >= 8 * LOG_LINE || (log->max_bytes > 0 && log->size + log->out.length > log->max_bytes)) write_out(log);
}

void log_add(struct log *log, int stream, const char *data, size_t length, int64_t now) {
  struct bytes *line = &log->begun[stream];
  if (log->path == NULL) return;
  while (length > 0) {
    const char *end = memchr(data, '\n', length);
    size_t piece = end == NULL ? length : (size_t)(end - data) + 1;
    bool ends = end != NULL;
    if (line->length + piece > LOG_LINE + (ends ? 1 : 0)) {
      piece = LOG_LINE - line->length;
      ends = true;
    }
    if (bytes_reserve(line, piece) == 0) {
      memcpy(line->data + line->length, data, piece);
      line->length += piece;
    }
    data += piece;
    length -= piece;
    if (ends) add_line(log, stream, now);
  }
  write_out(log);
}

void log_flush(struct log *log, int64_t now) {
  for (int stream = 0; stream < 2; stream++)
    if (log->path != NULL && log->begun[stream].length > 0) add_line(log, stream, now);
  write_out(log);
}

void log_close(struct log *log) {
  if (log->fd >= 0) close(log->fd);
  for (int stream = 0; stream < 2; stream++) bytes_free(&log->begun[stream]);
  bytes_free(&log->out);
  *log = (struct log){.fd = -1, .dropped = log->dropped};
}
