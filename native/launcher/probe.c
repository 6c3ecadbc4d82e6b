/*
 * Stands in for the runtime in the launcher's tests: prints what it was started with, one `key=value` per line, to the file
 * PROBE_OUT names (standard output may be closed). Built static, so that it needs nothing around it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static const char *try_read(int fd) {
  char byte;
  ssize_t got = read(fd, &byte, 1);
  return got == 0 ? "end" : got > 0 ? "data" : strerrorname_np(errno);
}

static const char *try_write(int fd) {
  return write(fd, "", 1) == 1 ? "written" : strerrorname_np(errno);
}

int main(int argc, char **argv) {
  char cwd[4096];
  FILE *out = fopen(getenv("PROBE_OUT"), "w");
  if (out == NULL) return 9;
  fprintf(out, "cwd=%s\n", getcwd(cwd, sizeof cwd) == NULL ? "?" : cwd);
  for (int i = 0; i < argc; i++) fprintf(out, "argv=%s\n", argv[i]);
  for (char **at = environ; *at != NULL; at++) fprintf(out, "env=%s\n", *at);
  fprintf(out, "outfd=%d\n", fileno(out));
  if (getenv("PROBE_STREAMS") != NULL)
    fprintf(out, "stdin=%s\nstdout=%s\nstderr=%s\n", try_read(0), try_write(1), try_write(2));
  fclose(out);
  return 42;
}
