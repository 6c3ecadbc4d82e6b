#ifndef TSBOX_CLIENTS_H
#define TSBOX_CLIENTS_H

#include "bytes.h"
#include "error.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

/* The monitor's socket and those who are connected to it (README.md, "Socket protocol"). */

enum {
  ASK_ATTACH = 1,
  ASK_START,
  ASK_SIGNAL,
  ASK_RESIZE,
  ASK_STDIN,
  ASK_STDIN_END,
  ASK_DETACH,
  ASK_STOP,
  ASK_WAIT,
  ASK_RESTART,
  SAY_OK = 101,
  SAY_ERROR,
  SAY_STDOUT,
  SAY_STDERR,
  SAY_EXIT,
};

enum { ATTACH_STDIN = 1, ATTACH_OUTPUT = 2, ATTACH_LOSSLESS = 4 };

enum {
  MAX_CLIENTS = 64,
  FRAME_HEAD = 8,
  FRAME_MAX = 65536,
  CONGESTED_AT = 64 << 10, /* a lossless client's queue: the container waits */
  DROPPED_AT = 256 << 10,  /* another's: it goes */
};

struct client {
  int fd;
  unsigned attached; /* ATTACH_* */
  bool waits;        /* wants EXIT */
  bool counted;      /* its going may end stdin or the exec */
  bool leaves;       /* closed when its queue is empty */
  bool deaf;         /* it does not read any more, but what it has sent still counts */
  struct bytes in;
  struct bytes out;
  size_t out_at;
};

struct clients {
  int listener;
  size_t count;
  struct client *client[MAX_CLIENTS];
};

/* Binds `attach.sock` in the folder, for us alone. */
int clients_listen(struct clients *clients, int dir, struct sys_error *error);
/* No new ones; those that are there stay. */
void clients_stop_listening(struct clients *clients, int dir);
void clients_close(struct clients *clients);

/* Accepts whoever is waiting; only root and ourselves. */
void clients_accept(struct clients *clients);
/* Closes one; its place is taken by the last. */
void clients_remove(struct clients *clients, size_t index);

/*
 * Reads what is there; 1 with a whole frame (`*payload` of `*length` bytes, good until the next call), 0 when there is none
 * yet, -1 when the client is gone or sends nonsense.
 */
int client_read(struct client *client, uint32_t *type, const uint8_t **payload, uint32_t *length);
/* Sends what is queued, as far as the client takes it now. */
void client_write(struct client *client);

void client_say(struct client *client, uint32_t type, const void *payload, size_t length);
void client_ok(struct client *client);
void client_error(struct client *client, int exit_code, int err, const char *text);
/* To all attached to output. */
void clients_output(struct clients *clients, int stream, const void *data, size_t length);
/* To all attached or waiting. */
void clients_exit(struct clients *clients, uint32_t exit_code, uint32_t signal, uint32_t bits);

/* Whether the container has to wait for one of them. */
bool clients_congested(const struct clients *clients);
bool clients_have_queued(const struct clients *clients);
/* How many are attached. */
size_t clients_attached(const struct clients *clients, unsigned what);

#endif
