#include "check.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MANY = 300000 };

static void pause_ms(long ms) {
  struct timespec time = {.tv_nsec = ms * 1000000};
  nanosleep(&time, NULL);
}

static uint8_t pattern(size_t at) {
  return (uint8_t)(at * 7 + at / 251);
}

static void *write_slowly(void *argument) {
  int fd = *(int *)argument;
  for (size_t at = 0; at < MANY;) {
    uint8_t piece[7000];
    size_t length = MANY - at < sizeof piece ? MANY - at : sizeof piece;
    for (size_t i = 0; i < length; i++) piece[i] = pattern(at + i);
    if (write(fd, piece, length) != (ssize_t)length) abort();
    at += length;
    if (at % 5 == 0) pause_ms(1);
  }
  close(fd);
  return NULL;
}

static void a_slow_non_blocking_pipe_is_read_whole(void) {
  int ends[2];
  pthread_t thread;
  struct sys_error error;
  struct bytes out = {0};
  CHECK(pipe(ends) == 0);
  CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
  CHECK(pthread_create(&thread, NULL, write_slowly, &ends[1]) == 0);
  CHECK(read_all(ends[0], MANY, &out, NULL, &error) == 0);
  pthread_join(thread, NULL);
  close(ends[0]);
  CHECK(out.length == MANY);
  for (size_t i = 0; i < MANY; i++) CHECK(out.data[i] == pattern(i));
  bytes_free(&out);
}

static void one_byte_too_many_is_efbig(void) {
  int ends[2];
  struct sys_error error;
  struct bytes out = {0};
  CHECK(pipe(ends) == 0 && write(ends[1], "0123456789", 10) == 10);
  close(ends[1]);
  int result = read_all(ends[0], 9, &out, NULL, &error);
  bytes_free(&out);
  close(ends[0]);
  CHECK_FAILS(result, error, EFBIG);
  CHECK(pipe(ends) == 0 && write(ends[1], "0123456789", 10) == 10);
  close(ends[1]);
  CHECK(read_all(ends[0], 10, &out, NULL, &error) == 0 && out.length == 10);
  bytes_free(&out);
  close(ends[0]);
}

static void endless_input_is_efbig(void) {
  struct sys_error error;
  struct bytes out = {0};
  int fd = open("/dev/zero", O_RDONLY);
  int result = read_all(fd, 1 << 20, &out, NULL, &error);
  bytes_free(&out);
  close(fd);
  CHECK_FAILS(result, error, EFBIG);
}

static void *read_slowly(void *argument) {
  static uint8_t whole[MANY + 1];
  int fd = *(int *)argument;
  size_t length = 0;
  ssize_t got;
  while ((got = read(fd, whole + length, 5000)) > 0) {
    length += (size_t)got;
    if (length % 3 == 0) pause_ms(1);
  }
  close(fd);
  for (size_t i = 0; i < length; i++)
    if (whole[i] != pattern(i)) return NULL;
  return length == MANY ? whole : NULL;
}

static void a_full_non_blocking_pipe_is_waited_for(void) {
  int ends[2];
  pthread_t thread;
  struct sys_error error;
  void *good = NULL;
  uint8_t *data = malloc(MANY);
  for (size_t i = 0; i < MANY; i++) data[i] = pattern(i);
  CHECK(pipe(ends) == 0 && fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
  CHECK(pthread_create(&thread, NULL, read_slowly, &ends[0]) == 0);
  int result = write_all(ends[1], data, MANY, NULL, &error);
  close(ends[1]);
  pthread_join(thread, &good);
  free(data);
  CHECK(result == 0);
  CHECK(good != NULL);
}

static void *read_a_little_and_close(void *argument) {
  char piece[100];
  int fd = *(int *)argument;
  if (read(fd, piece, sizeof piece) < 0) abort();
  pause_ms(20);
  close(fd);
  return NULL;
}

static void a_reader_that_goes_away_is_epipe(void) {
  int ends[2];
  pthread_t thread;
  struct sys_error error;
  uint8_t *data = calloc(1, MANY);
  for (int flags = 0; flags <= O_NONBLOCK; flags += O_NONBLOCK) {
    CHECK(pipe(ends) == 0 && fcntl(ends[1], F_SETFL, flags) == 0);
    CHECK(pthread_create(&thread, NULL, read_a_little_and_close, &ends[0]) == 0);
    int result = write_all(ends[1], data, MANY, NULL, &error);
    pthread_join(thread, NULL);
    close(ends[1]);
    CHECK_FAILS(result, error, EPIPE);
  }
  free(data);
}

static void full_and_closed_outputs_are_errors(void) {
  struct sys_error error;
  int fd = open("/dev/full", O_WRONLY);
  CHECK_FAILS(write_all(fd, (const uint8_t *)"x", 1, NULL, &error), error, ENOSPC);
  close(fd);
  CHECK_FAILS(write_all(fd, (const uint8_t *)"x", 1, NULL, &error), error, EBADF);
  struct bytes out = {0};
  int result = read_all(fd, 10, &out, NULL, &error);
  bytes_free(&out);
  CHECK_FAILS(result, error, EBADF);
  fd = open("/dev/null", O_RDONLY);
  CHECK_FAILS(write_all(fd, (const uint8_t *)"x", 1, NULL, &error), error, EBADF);
  close(fd);
}

static void errors_read_as_a_sentence(void) {
  struct sys_error error;
  char text[256];
  fail_with(&error, "open", ENOENT, "/run/x");
  error_message(&error, text, sizeof text);
  CHECK(strcmp(text, "open \"/run/x\": ENOENT: No such file or directory") == 0);
  fail_with(&error, "sendmsg", 524, NULL);
  error_message(&error, text, sizeof text);
  CHECK(strncmp(text, "sendmsg: ENOTSUPP: ", 19) == 0);
  error_message(&error, text, 10);
  CHECK(strcmp(text, "sendmsg: ") == 0);
  CHECK(strcmp(errname(9999), "EUNKNOWN") == 0 && strcmp(errname(-1), "EUNKNOWN") == 0);
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  RUN(a_slow_non_blocking_pipe_is_read_whole);
  RUN(one_byte_too_many_is_efbig);
  RUN(endless_input_is_efbig);
  RUN(a_full_non_blocking_pipe_is_waited_for);
  RUN(a_reader_that_goes_away_is_epipe);
  RUN(full_and_closed_outputs_are_errors);
  RUN(errors_read_as_a_sentence);
  return report();
}
