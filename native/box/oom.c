#include "oom.h"

#include "proc.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t oom_parse(const char *text) {
  static const char key[] = "oom_kill ";
  for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
    if (*line == '\n') line++;
    if (strncmp(line, key, sizeof key - 1) == 0) return strtoull(line + sizeof key - 1, NULL, 10);
  }
  return 0;
}

uint64_t oom_kills(uint64_t version, const char *folder) {
  char path[PATH_MAX], text[1024];
  snprintf(path, sizeof path, "%s/%s", folder, version == 1 ? "memory.oom_control" : "memory.events");
  return proc_read(path, text, sizeof text) ? oom_parse(text) : 0;
}
