#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 4 << 20, FIELDS = 7 };

/* A whole number of an ID and nothing else; (uid_t)-1 means "none" to the kernel and is none. */
static bool parse_id(const char *text, uint32_t *id) {
  uint64_t value = 0;
  if (text[0] == '\0') return false;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9') return false;
    value = value * 10 + (uint64_t)(*text - '0');
    if (value >= UINT32_MAX) return false;
  }
  *id = (uint32_t)value;
  return true;
}

/* The whole file, NUL-terminated, to be freed; "" when there is none. The container made it: no fifo or device may hold us. */
static char *read_file(const char *path, struct sys_error *error) {
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return strdup("");
  if (fd < 0) {
    fail(error, "open", path);
    return NULL;
  }
  struct stat st;
  char *text = NULL;
  size_t length = 0;
  if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) fail_with(error, "open", EINVAL, path);
  else if (st.st_size > FILE_MAX) fail_with(error, "open", EFBIG, path);
  else if ((text = malloc((size_t)st.st_size + 1)) == NULL) fail_with(error, "malloc", ENOMEM, path);
  while (text != NULL && length < (size_t)st.st_size) {
    ssize_t got = read(fd, text + length, (size_t)st.st_size - length);
    if (got <= 0) break;
    length += (size_t)got;
  }
  if (text != NULL) text[length] = '\0';
  close(fd);
  return text;
}

/* Takes the next line off `*rest` and cuts it at its colons; how many fields there are, -1 at the end. Missing ones are "". */
static int next_line(char **rest, char *fields[FIELDS]) {
  if (**rest == '\0') return -1;
  char *line = *rest;
  char *end = line + strcspn(line, "\n");
  *rest = *end == '\n' ? end + 1 : end;
  *end = '\0';
  int count = 0;
  for (; count < FIELDS; count++) {
    fields[count] = line;
    char *colon = strchr(line, ':');
    if (colon == NULL) {
      count++;
      break;
    }
    *colon = '\0';
    line = colon + 1;
  }
  for (int i = count; i < FIELDS; i++) fields[i] = end;
  return count;
}

/* Whether the entry is meant: by its name, or by its number. */
static bool is_meant(const char *wanted, const char *name, const char *number) {
  uint32_t a, b;
  return strcmp(wanted, name) == 0 || (parse_id(wanted, &a) && parse_id(number, &b) && a == b);
}

static int find_user(const char *wanted, char *text, const char *path, struct user *user, char name[256],
                     struct sys_error *error) {
  char *fields[FIELDS];
  uint32_t uid, gid;
  int count;
  while ((count = next_line(&text, fields)) >= 0) {
    if (count < 4 || !is_meant(wanted, fields[0], fields[2])) continue;
    if (!parse_id(fields[2], &uid) || !parse_id(fields[3], &gid)) continue;
    user->uid = uid;
    user->gid = gid;
    if (fields[5][0] == '/' && strlen(fields[5]) < sizeof user->home) strcpy(user->home, fields[5]);
    if (strlen(fields[0]) < 256) strcpy(name, fields[0]);
    return 0;
  }
  if (!parse_id(wanted, &uid)) return fail_with(error, "user", ENOENT, path);
  user->uid = uid;
  user->gid = 0;
  return 0;
}

static int find_group(const char *wanted, char *text, struct user *user, struct sys_error *error) {
  char *fields[FIELDS];
  uint32_t gid;
  int count;
  while ((count = next_line(&text, fields)) >= 0) {
    if (count < 3 || !is_meant(wanted, fields[0], fields[2]) || !parse_id(fields[2], &gid)) continue;
    user->gid = gid;
    return 0;
  }
  if (!parse_id(wanted, &gid)) return fail_with(error, "group", ENOENT, wanted);
  user->gid = gid;
  return 0;
}

static bool is_member(char *members, const char *name) {
  char *rest = NULL;
  for (char *member = strtok_r(members, ",", &rest); member != NULL; member = strtok_r(NULL, ",", &rest))
    if (strcmp(member, name) == 0) return true;
  return false;
}

static int find_memberships(const char *name, char *text, struct user *user, struct sys_error *error) {
  char *fields[FIELDS];
  uint32_t gid;
  int count;
  while ((count = next_line(&text, fields)) >= 0) {
    if (count < 4 || !parse_id(fields[2], &gid) || !is_member(fields[3], name)) continue;
    if (user->count == USER_MAX_GROUPS) return fail_with(error, "group", E2BIG, name);
    user->groups[user->count++] = gid;
  }
  return 0;
}

int user_find(const char *spec, const char *passwd, const char *group, struct user *user, struct sys_error *error) {
  char wanted[600], name[256] = "";
  *user = (struct user){.home = "/"};
  if (strlen(spec) >= sizeof wanted) return fail_with(error, "user", ENAMETOOLONG, spec);
  strcpy(wanted, spec);
  char *wanted_group = strchr(wanted, ':');
  if (wanted_group != NULL) *wanted_group++ = '\0';
  char *users = read_file(passwd, error);
  if (users == NULL) return -1;
  char *groups = read_file(group, error);
  int result = groups == NULL ? -1 : find_user(wanted[0] == '\0' ? "0" : wanted, users, wanted, user, name, error);
  if (result == 0) {
    if (wanted_group != NULL && wanted_group[0] != '\0') result = find_group(wanted_group, groups, user, error);
    else if (name[0] != '\0') result = find_memberships(name, groups, user, error);
  }
  free(users);
  free(groups);
  return result;
}
