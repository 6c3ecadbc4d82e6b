#include "tty.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>

int tty_size(int fd, uint16_t *rows, uint16_t *columns, struct sys_error *error) {
  struct winsize size;
  if (ioctl(fd, TIOCGWINSZ, &size) < 0) {
    /* EINVAL: some character devices. */
    if (errno == ENOTTY || errno == EINVAL || errno == EBADF) return 0;
    return fail(error, "ioctl TIOCGWINSZ", NULL);
  }
  *rows = size.ws_row;
  *columns = size.ws_col;
  return 1;
}

int tty_raw(int fd, struct bytes *before, struct sys_error *error) {
  struct termios found;
  if (tcgetattr(fd, &found) < 0) return fail(error, "tcgetattr", NULL);
  if (bytes_reserve(before, sizeof found) < 0) return fail(error, "tcgetattr", NULL);
  memcpy(before->data + before->length, &found, sizeof found);
  before->length += sizeof found;
  cfmakeraw(&found);
  /* Output on its way keeps its form; what was typed ahead is kept. */
  return tcsetattr(fd, TCSADRAIN, &found) < 0 ? fail(error, "tcsetattr", NULL) : 0;
}

int tty_restore(int fd, const uint8_t *before, size_t length, struct sys_error *error) {
  struct termios state;
  if (length != sizeof state) return fail_with(error, "tcsetattr", EINVAL, NULL);
  memcpy(&state, before, sizeof state);
  return tcsetattr(fd, TCSADRAIN, &state) < 0 ? fail(error, "tcsetattr", NULL) : 0;
}
