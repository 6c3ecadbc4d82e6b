/* What is written and read as text: JSON, the log, passwd and group, /proc, restarts. */
#include "check.h"
#include "config.h"
#include "json.h"
#include "log.h"
#include "oom.h"
#include "proc.h"
#include "restart.h"
#include "search.h"
#include "space.h"
#include "user.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static struct sys_error error;

static void write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (write(fd, text, strlen(text)) < 0) abort();
  close(fd);
}

static bool json_is(const char *text, size_t length, const char *expected) {
  struct bytes out = {0};
  json_add_string(&out, text, length);
  bool good = out.length == strlen(expected) && memcmp(out.data, expected, out.length) == 0;
  if (!good) printf("  %.*s\n", (int)out.length, (const char *)out.data);
  bytes_free(&out);
  return good;
}

#define JSON(text, expected) json_is(text, sizeof(text) - 1, expected)
#define BAD "\xef\xbf\xbd"

static void strings_become_json(void) {
  CHECK(JSON("", "\"\"") && JSON("plain", "\"plain\""));
  CHECK(JSON("a\"b\\c\n\r\t\x01\x7f\0", "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f\\u0000\""));
  CHECK(JSON("\xc3\xa4\xe2\x82\xac\xf0\x9f\x99\x82", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x99\x82\""));
  CHECK(JSON("\xff", "\"" BAD "\"") && JSON("\xc3", "\"" BAD "\"") && JSON("\xc0\xaf", "\"" BAD BAD "\""));
  CHECK(JSON("\xed\xa0\x80", "\"" BAD BAD BAD "\"") && JSON("\xf4\x90\x80\x80", "\"" BAD BAD BAD BAD "\""));
  CHECK(JSON("x\xe2\x82y", "\"x" BAD BAD "y\""));
}

static void times_are_rfc_3339(void) {
  char text[TIME_SIZE];
  json_time(0, text);
  CHECK(strcmp(text, "") == 0);
  json_time(1700000000000000001, text);
  CHECK(strcmp(text, "2023-11-14T22:13:20.000000001Z") == 0);
}

/* Only one of many lines of the log is looked at here; the end-to-end tests read whole ones. */
static size_t log_lines(const char *path, size_t *longest) {
  static char text[1 << 20];
  int fd = open(path, O_RDONLY);
  ssize_t got = read(fd, text, sizeof text);
  size_t lines = 0, begun = 0;
  *longest = 0;
  for (ssize_t i = 0; i < got; i++) {
    if (text[i] != '\n') continue;
    if ((size_t)i - begun > *longest) *longest = (size_t)i - begun;
    begun = (size_t)i + 1;
    lines++;
  }
  close(fd);
  return lines;
}

static void log_pieces_are_the_same_however_they_come(void) {
  static char line[40000];
  struct log log;
  size_t longest;
  memset(line, 'x', sizeof line);
  line[sizeof line - 1] = '\n';
  for (size_t step = 1; step < 40000; step = step * 3 + 1) {
    unlink("log");
    CHECK(log_open(&log, "log", 0, 0, &error) == 0);
    for (size_t at = 0; at < sizeof line; at += step)
      log_add(&log, 0, line + at, step < sizeof line - at ? step : sizeof line - at, 1);
    CHECK(log.begun[0].length == 0);
    log_add(&log, 1, "end", 3, 1);
    log_flush(&log, 1);
    log_close(&log);
    CHECK(log_lines("log", &longest) == 4 && longest < LOG_LINE + 100);
  }
  unlink("log");
}

static void a_line_of_just_the_limit_is_one(void) {
  static char line[LOG_LINE + 2];
  struct log log;
  size_t longest;
  memset(line, 'x', sizeof line);
  line[LOG_LINE] = '\n';
  CHECK(log_open(&log, "log", 0, 0, &error) == 0);
  log_add(&log, 0, line, LOG_LINE + 1, 1);
  CHECK(log_lines("log", &longest) == 1);
  line[LOG_LINE] = 'x';
  line[LOG_LINE + 1] = '\n';
  log_add(&log, 0, line, LOG_LINE + 2, 1);
  CHECK(log_lines("log", &longest) == 3);
  log_close(&log);
  CHECK_FAILS(log_open(&log, "missing/log", 0, 0, &error), error, ENOENT);
  CHECK(symlink("log", "link") == 0);
  CHECK_FAILS(log_open(&log, "link", 0, 0, &error), error, ELOOP);
  unlink("log");
}

static struct user user;

static int find(const char *spec) {
  return user_find(spec, "passwd", "group", &user, &error);
}

static void users_are_found(void) {
  write_file("passwd",
             "\n:::\nroot:x:0:0:root:/root:/bin/sh\nbad:x:1x:1::/\nshort:x\nweb:x:33:34:w:/srv/web:/bin/sh\n"
             "12:x:12:12::relative:\nnoend:x:5:6::/five");
  write_file("group", "root:x:0:\nstaff:x:50:web,webby\nother:x:51:webby,xweb\nbroken:x:1x:web\nlast:x:52:a,web");
  CHECK(find("") == 0 && user.uid == 0 && user.gid == 0 && user.count == 0 && strcmp(user.home, "/root") == 0);
  CHECK(find("web") == 0 && user.uid == 33 && user.gid == 34 && strcmp(user.home, "/srv/web") == 0);
  CHECK(user.count == 2 && user.groups[0] == 50 && user.groups[1] == 52);
  CHECK(find("33") == 0 && user.uid == 33 && user.count == 2 && find("033") == 0 && user.uid == 33);
  CHECK(find("web:staff") == 0 && user.gid == 50 && user.count == 0 && find("web:77") == 0 && user.gid == 77);
  CHECK(find(":staff") == 0 && user.uid == 0 && user.gid == 50 && find("web:") == 0 && user.gid == 34);
  CHECK(find("noend") == 0 && user.uid == 5 && strcmp(user.home, "/five") == 0);
  CHECK(find("12") == 0 && user.uid == 12 && strcmp(user.home, "/") == 0);
  CHECK(find("4000") == 0 && user.uid == 4000 && user.gid == 0 && strcmp(user.home, "/") == 0);
}

static void users_that_are_none_are_refused(void) {
  static const char *const none[] = {"nobody", "33x", "-1", "+1", " 33", "33 ", "0x21", "4294967295", "99999999999999999999",
                                     "bad",    "web:none", "web:-1", "web:5x", "short", "web:4294967295"};
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) CHECK_FAILS(find(none[i]), error, ENOENT);
  CHECK_FAILS(user_find("web", "nofile", "group", &user, &error), error, ENOENT);
  CHECK(user_find("7:8", "nofile", "nofile", &user, &error) == 0 && user.uid == 7 && user.gid == 8);
  CHECK_FAILS(user_find("7", ".", "group", &user, &error), error, EINVAL);
  CHECK(mkfifo("fifo", 0600) == 0);
  CHECK_FAILS(user_find("7", "passwd", "fifo", &user, &error), error, EINVAL);
}

static void too_many_groups_are_refused(void) {
  FILE *file = fopen("many", "w");
  for (int i = 0; i <= USER_MAX_GROUPS; i++) fprintf(file, "g%d:x:%d:web\n", i, 100 + i);
  fclose(file);
  CHECK_FAILS(user_find("web", "passwd", "many", &user, &error), error, E2BIG);
  CHECK(user_find("web:1", "passwd", "many", &user, &error) == 0);
}

static void start_times_are_read_whatever_the_name(void) {
  static const char rest[] = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21";
  char text[200];
  static const char *const names[] = {"x", "a b", ") S 1", "((", "1 (2) 3"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    snprintf(text, sizeof text, "12 (%s)%s", names[i], rest);
    CHECK(proc_parse_starttime(text) == 4711);
  }
  CHECK(proc_parse_starttime("") == 0 && proc_parse_starttime("1 (x) S 1 2") == 0 && proc_parse_starttime("no name") == 0);
  CHECK(proc_starttime(getpid()) > 0 && proc_starttime(1 << 30) == 0);
}

static void kills_are_counted(void) {
  CHECK(oom_parse("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n") == 3);
  CHECK(oom_parse("low 0\nhigh 9\noom 5\noom_kill 2\noom_group_kill 7\n") == 2);
  CHECK(oom_parse("oom_kill 1") == 1 && oom_parse("") == 0 && oom_parse("x oom_kill 5\n\n") == 0);
}

static void restarts_wait_longer_each_time(void) {
  struct restart restart = {.policy = RESTART_ALWAYS};
  static const int64_t waits[] = {100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000};
  for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) CHECK(restart_after(&restart, 0, 50, false) == waits[i]);
  CHECK(restart_after(&restart, 0, 9999, false) == 60000 && restart_after(&restart, 0, 10000, false) == 100);
  CHECK(restart.count == 14 && restart_after(&restart, 1, 0, true) == -1);
}

static void restarts_are_for_failures_or_for_all(void) {
  struct restart restart = {.policy = RESTART_NO};
  CHECK(restart_after(&restart, 1, 0, false) == -1);
  restart = (struct restart){.policy = RESTART_ON_FAILURE, .max = 2};
  CHECK(restart_after(&restart, 0, 0, false) == -1);
  CHECK(restart_after(&restart, 1, 0, false) == 100 && restart_after(&restart, 255, 0, false) == 200);
  CHECK(restart_after(&restart, 1, 0, false) == -1);
  restart = (struct restart){.policy = RESTART_ON_FAILURE, .count = 1000};
  CHECK(restart_after(&restart, 1, 0, false) == 100);
  restart = (struct restart){.policy = RESTART_UNLESS_STOPPED};
  CHECK(restart_after(&restart, 0, 0, false) == 100);
}

static void programs_are_searched(void) {
  char program[PATH_MAX];
  char *env[] = {"OTHER=x", "PATH=/none::bin:/tmp/bin2", NULL}, *no_path[] = {NULL};
  mkdir("bin2", 0755);
  mkdir("bin2/folder", 0755);
  write_file("bin2/plain", "");
  write_file("bin2/tool", "");
  write_file("here", "");
  chmod("bin2/tool", 0755);
  chmod("here", 0755);
  CHECK(search_program("tool", env, program, &error) == 0 && strcmp(program, "/tmp/bin2/tool") == 0);
  CHECK(search_program("plain", env, program, &error) == 126 && error.err == EACCES);
  CHECK(search_program("folder", env, program, &error) == 126);
  CHECK(search_program("here", env, program, &error) == 127 && error.err == ENOENT); /* not in the working folder */
  CHECK(search_program("./here", env, program, &error) == 0 && search_program("bin2/tool/x", env, program, &error) == 127);
  CHECK(search_program("/tmp/bin2/plain", env, program, &error) == 126);
  CHECK(search_program("sh", no_path, program, &error) == 0);
}

int main(void) {
  own_space();
  umask(022);
  RUN(strings_become_json);
  RUN(times_are_rfc_3339);
  RUN(log_pieces_are_the_same_however_they_come);
  RUN(a_line_of_just_the_limit_is_one);
  RUN(users_are_found);
  RUN(users_that_are_none_are_refused);
  RUN(too_many_groups_are_refused);
  RUN(start_times_are_read_whatever_the_name);
  RUN(kills_are_counted);
  RUN(restarts_wait_longer_each_time);
  RUN(restarts_are_for_failures_or_for_all);
  RUN(programs_are_searched);
  return report();
}
