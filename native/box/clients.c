#include "clients.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char name[] = "attach.sock";

int clients_listen(struct clients *clients, int dir, struct sys_error *error) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  unlinkat(dir, name, 0);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail(error, "socket", name);
  /* Through the folder's descriptor: the path may be longer than an address can be. Only the folder's owner gets that far. */
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir, name);
  mode_t before = umask(0177);
  int result = bind(fd, (struct sockaddr *)&address, sizeof address);
  umask(before);
  if (result < 0 || listen(fd, MAX_CLIENTS) < 0) {
    fail(error, "bind", name);
    close(fd);
    return -1;
  }
  *clients = (struct clients){.listener = fd};
  return 0;
}

void clients_stop_listening(struct clients *clients, int dir) {
  if (clients->listener < 0) return;
  unlinkat(dir, name, 0);
  close(clients->listener);
  clients->listener = -1;
}

void clients_remove(struct clients *clients, size_t index) {
  struct client *client = clients->client[index];
  close(client->fd);
  bytes_free(&client->in);
  bytes_free(&client->out);
  free(client);
  clients->client[index] = clients->client[--clients->count];
}

void clients_close(struct clients *clients) {
  while (clients->count > 0) clients_remove(clients, 0);
  if (clients->listener >= 0) close(clients->listener);
  clients->listener = -1;
}

static bool is_one_of_us(int fd) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

void clients_accept(struct clients *clients) {
  for (;;) {
    int fd = accept4(clients->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    struct client *client = NULL;
    if (clients->count < MAX_CLIENTS && is_one_of_us(fd)) client = calloc(1, sizeof *client);
    if (client == NULL) {
      close(fd);
      continue;
    }
    client->fd = fd;
    clients->client[clients->count++] = client;
  }
}

static uint32_t number(const uint8_t *at) {
  uint32_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

/* Until `wanted` bytes are there: 1, 0 not yet, -1. */
static int fill(struct client *client, size_t wanted) {
  struct bytes *in = &client->in;
  while (in->length < wanted) {
    if (bytes_reserve(in, wanted - in->length) < 0) return -1;
    ssize_t got = recv(client->fd, in->data + in->length, wanted - in->length, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return 0;
    if (got <= 0) return -1;
    in->length += (size_t)got;
  }
  return 1;
}

int client_read(struct client *client, uint32_t *type, const uint8_t **payload, uint32_t *length) {
  int result = fill(client, FRAME_HEAD);
  if (result <= 0) return result;
  *type = number(client->in.data);
  *length = number(client->in.data + 4);
  if (*length > FRAME_MAX) return -1;
  result = fill(client, FRAME_HEAD + *length);
  if (result <= 0) return result;
  *payload = client->in.data + FRAME_HEAD;
  client->in.length = 0;
  return 1;
}

void client_write(struct client *client) {
  struct bytes *out = &client->out;
  while (client->out_at < out->length) {
    ssize_t put = send(client->fd, out->data + client->out_at, out->length - client->out_at, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) return;
    if (put < 0) {
      client->deaf = true;
      break;
    }
    client->out_at += (size_t)put;
  }
  if (out->capacity > 4096) bytes_free(out);
  out->length = client->out_at = 0;
}

static size_t queued(const struct client *client) {
  return client->out.length - client->out_at;
}

void client_say(struct client *client, uint32_t type, const void *payload, size_t length) {
  struct bytes *out = &client->out;
  uint32_t head[2] = {type, (uint32_t)length};
  if (client->leaves || client->deaf) return;
  if (client->out_at > 0) {
    memmove(out->data, out->data + client->out_at, queued(client));
    out->length -= client->out_at;
    client->out_at = 0;
  }
  if (bytes_reserve(out, FRAME_HEAD + length) < 0) {
    client->leaves = true; /* it would see a gap */
    return;
  }
  memcpy(out->data + out->length, head, FRAME_HEAD);
  if (length > 0) memcpy(out->data + out->length + FRAME_HEAD, payload, length);
  out->length += FRAME_HEAD + length;
}

void client_ok(struct client *client) {
  client_say(client, SAY_OK, NULL, 0);
}

void client_error(struct client *client, int exit_code, int err, const char *text) {
  uint8_t payload[8 + 4096];
  uint32_t numbers[2] = {(uint32_t)exit_code, (uint32_t)err};
  size_t length = strnlen(text, sizeof payload - 8);
  memcpy(payload, numbers, 8);
  memcpy(payload + 8, text, length);
  client_say(client, SAY_ERROR, payload, 8 + length);
}

void clients_output(struct clients *clients, int stream, const void *data, size_t length) {
  for (size_t i = 0; i < clients->count; i++) {
    struct client *client = clients->client[i];
    if (!(client->attached & ATTACH_OUTPUT)) continue;
    if (!(client->attached & ATTACH_LOSSLESS) && queued(client) + length > DROPPED_AT) {
      client_error(client, 0, ENOBUFS, "this client reads too slowly");
      client->leaves = true;
      continue;
    }
    client_say(client, stream == 0 ? SAY_STDOUT : SAY_STDERR, data, length);
  }
}

void clients_exit(struct clients *clients, uint32_t exit_code, uint32_t signal, uint32_t bits) {
  uint32_t payload[3] = {exit_code, signal, bits};
  for (size_t i = 0; i < clients->count; i++)
    if (clients->client[i]->attached != 0 || clients->client[i]->waits)
      client_say(clients->client[i], SAY_EXIT, payload, sizeof payload);
}

bool clients_congested(const struct clients *clients) {
  for (size_t i = 0; i < clients->count; i++)
    if (clients->client[i]->attached & ATTACH_LOSSLESS && queued(clients->client[i]) > CONGESTED_AT) return true;
  return false;
}

bool clients_have_queued(const struct clients *clients) {
  for (size_t i = 0; i < clients->count; i++)
    if (queued(clients->client[i]) > 0) return true;
  return false;
}

size_t clients_attached(const struct clients *clients, unsigned what) {
  size_t count = 0;
  for (size_t i = 0; i < clients->count; i++) count += (clients->client[i]->attached & what) != 0;
  return count;
}
